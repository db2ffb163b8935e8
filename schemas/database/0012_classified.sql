-- 0012: classified letters (ลับ, ลับมาก): closed from the first octet, opened by those who are appointed and named.

-- ---------------------------------------------------------------------------------------------------------------
-- Who may: asked by policies, whatever the program in between has checked (shared/access/decide.ts is the other half).

create function acting_person() returns text language sql stable
  as $$ select substring(current_setting('saraban.actor', true) from '^person:(.+)$') $$;
comment on function acting_person() is 'The person who acts; null for workers and programs.';
create function level_rank(level text) returns integer language sql immutable
  as $$ select array_position(array['normal', 'confidential', 'secret', 'top-secret'], level) $$;
create function appointed_for(agency text, wanted text) returns boolean
  language sql stable security definer set search_path = saraban, pg_temp
  as $$ select acting_for(agency) and current_setting('saraban.second_factor', true) = 'yes' and exists (
          select from appointment_in_force a
           where a.person_id = acting_person() and a.agency_id = agency and a."right" like 'classified-%'
             and level_rank(a.level) >= level_rank(wanted)) $$;
comment on function appointed_for(text, text) is 'True for a person who holds a classified appointment of the agency for that level or a graver one, and has shown the second factor (Annex 6 §2.1.2, §2.2.9).';

-- ---------------------------------------------------------------------------------------------------------------
-- The letters. An arrival by program is an ordinary row of intake whose octets are sealed; here is what opens them.

alter table intake add column closed_level text check (closed_level in ('confidential', 'secret')),
  add check (closed_level is null or media_type = 'application/vnd.saraban.sealed');
comment on column intake.closed_level is 'Of a classified letter: its level on arrival. sha256 and size are those of the sealed octets.';
alter table outbox drop constraint if exists outbox_check;
alter table outbox add constraint outbox_by_book_check check ((job in ('register-letter', 'register-closed')) = (arrival_seq is not null));
create index outbox_closed_by_book on outbox (work_key, arrival_seq) where job = 'register-closed';

create table closed_letter (
  id uuid primary key,
  agency_id text not null references agency,
  direction text not null check (direction in ('inbound', 'outbound')),
  level text not null check (level in ('normal', 'confidential', 'secret')),
  level_at_birth text not null check (level_at_birth in ('confidential', 'secret')),
  intake_id uuid,
  act_id uuid unique,
  sealed_facts bytea not null,
  wrapped_key text not null,
  key_version integer not null check (key_version > 0),
  made_at timestamptz not null,
  clock jsonb not null,
  handed_in_sha256 text check (handed_in_sha256 ~ '^[0-9a-f]{64}$'),
  handed_in_bytes bigint check (handed_in_bytes >= 0),
  likeness bytea check (octet_length(likeness) = 32),
  unique (intake_id),
  unique (id, agency_id),
  foreign key (intake_id, agency_id) references intake,
  check (num_nulls(intake_id, handed_in_sha256, handed_in_bytes, likeness) in (0, 4)),
  check ((intake_id is null) or direction = 'inbound'),
  check ((intake_id is null) <> (act_id is null))
);
comment on table closed_letter is 'A classified letter: what the register says of it, sealed under a key of its own (schemas/closed-facts.schema.json). Arrived by program (id = intake_id), or written in by a classified registrar (act_id).';
comment on column closed_letter.level is 'Today''s: changed by closed_event alone; normal after declassification.';
comment on column closed_letter.wrapped_key is 'The letter''s key under the agency''s key of the level (version key_version). From it come a key for the facts and one for the blind index; the contents have another.';
comment on column closed_letter.handed_in_sha256 is 'Of an arrival: SHA-256 of the octets as its program handed them in, which its receipt states; handed_in_bytes: how many. intake and stored_body know the sealed ones.';
comment on column closed_letter.likeness is 'Keyed hash (HMAC-SHA-256) of the program and of what its request said: equal for the same request of the same program, and to who has not the key it says nothing.';
create index closed_letter_by_likeness on closed_letter (agency_id, likeness) where likeness is not null;
create table closed_body (
  letter_id uuid not null,
  agency_id text not null,
  part integer not null check (part >= 0),
  sha256 text not null,
  size_bytes bigint not null,
  wrapped_key text not null,
  key_version integer not null check (key_version > 0),
  primary key (letter_id, part),
  foreign key (letter_id, agency_id) references closed_letter (id, agency_id),
  foreign key (agency_id, sha256) references stored_body (agency_id, sha256)
);
comment on table closed_body is 'What opens the contents: part 0 is what the program handed in, or the first file that was written in by hand.';
create table closed_gram (
  agency_id text not null,
  letter_id uuid not null,
  gram bytea not null check (octet_length(gram) = 8),
  primary key (gram, letter_id),
  foreign key (letter_id, agency_id) references closed_letter (id, agency_id)
);
comment on table closed_gram is 'Blind index: keyed hashes of the parts of what a cleared person may search for. Without the key it says how many different parts a letter has, and which letters share one.';
create table closed_index_key (
  agency_id text not null references agency,
  level text not null check (level in ('confidential', 'secret')),
  wrapped_key text not null,
  key_version integer not null check (key_version > 0),
  made_at timestamptz not null,
  primary key (agency_id, level)
);
comment on table closed_index_key is 'What closed_gram is keyed with, for letters that came with that level; wrapped as letters'' keys are. Made with the first letter. Another one would mean indexing all of them anew.';
create trigger no_truncate before truncate on closed_index_key for each statement execute function refuse_change();
create trigger keep_place before update on closed_index_key for each row when (old.agency_id <> new.agency_id or old.level <> new.level or old.made_at <> new.made_at) execute function refuse_change();
create trigger append_only before delete on closed_index_key for each row execute function refuse_change();
alter table closed_index_key enable row level security;
create policy own_agency on closed_index_key using (acting_for(agency_id)) with check (acting_for(agency_id));
grant select, insert on closed_index_key to saraban_http, saraban_classified;
grant select on closed_index_key to saraban_audit;


create table closed_document (
  process_id uuid primary key,
  agency_id text not null,
  intake_id uuid not null,
  client_id text references client,
  identity bytea not null check (octet_length(identity) = 32),
  named bytea not null check (octet_length(named) = 32),
  came_at timestamptz not null,
  deleted_at timestamptz,
  foreign key (intake_id, agency_id) references intake
);
comment on table closed_document is 'A classified letter by e-CMS under its identity on the wire, as ecms_document has the others; a second one is refused until its sender has deleted the first.';
comment on column closed_document.identity is 'Keyed hash (HMAC-SHA-256) of number, date, sender and receiver: equal for the same ones, and to who has not the key it says nothing.';
comment on column closed_document.named is 'The same of number and date alone, by which notifiers name a letter.';
comment on column closed_document.process_id is 'Told to the program with the acceptance; notifiers name the letter by it, for its number is sealed.';
create unique index closed_document_once on closed_document (agency_id, identity) where deleted_at is null;
create index closed_document_by_intake on closed_document (intake_id);

create table closed_reader (
  id uuid primary key,
  letter_id uuid not null,
  agency_id text not null,
  person_id text not null references person,
  may text[] not null check (cardinality(may) > 0 and may <@ array['read', 'print', 'export']),
  from_at timestamptz not null,
  until_at timestamptz not null check (until_at > from_at),
  reason text not null check (reason <> ''),
  named_by text not null,
  named_at timestamptz not null,
  ended_at timestamptz,
  ended_by text,
  foreign key (letter_id, agency_id) references closed_letter (id, agency_id),
  check ((ended_at is null) = (ended_by is null))
);
comment on table closed_reader is 'Who needs to know (จำกัดให้ทราบเท่าที่จำเป็น): named for one letter, for acts, for a time. Naming opens nothing for who is not appointed for the level.';
create index closed_reader_by_letter on closed_reader (letter_id, person_id);
create function named_for(letter uuid, wanted text) returns boolean
  language sql stable security definer set search_path = saraban, pg_temp
  as $$ select exists (
          select from closed_reader r join closed_letter l on l.id = r.letter_id
           where r.letter_id = letter and r.person_id = acting_person() and r.ended_at is null
             and r.from_at <= now() and r.until_at > now() and (wanted = any (r.may))
             and appointed_for(l.agency_id, l.level)) $$;
comment on function named_for(uuid, text) is 'True for a person who is appointed for the letter''s level and named for the letter and the act, now.';

create table closed_event (
  id uuid primary key,
  letter_id uuid not null,
  agency_id text not null,
  event_no integer not null check (event_no > 0),
  what text not null check (what in ('reclassified', 'declassified', 'note')),
  old_level text not null,
  new_level text not null check (new_level in ('normal', 'confidential', 'secret')),
  sealed_note bytea,
  reason text not null check (reason <> ''),
  made_by text not null,
  made_by_name text not null,
  made_at timestamptz not null,
  clock jsonb not null,
  unique (letter_id, event_no),
  foreign key (letter_id, agency_id) references closed_letter (id, agency_id),
  check (case what when 'note' then new_level = old_level when 'declassified' then new_level = 'normal' else new_level not in (old_level, 'normal') end)
);
comment on table closed_event is 'What happened to a classified letter''s level: who, when, why, old and new. reason is for the register and names nothing of the letter.';
create function move_level() returns trigger language plpgsql security definer set search_path = saraban, pg_temp
  as $$
declare now_level text;
begin
  select level into now_level from closed_letter where id = new.letter_id and agency_id = new.agency_id for update;
  if now_level is distinct from new.old_level then
    raise exception 'the letter is % and not %', now_level, new.old_level using errcode = 'check_violation';
  end if;
  if new.event_no <> coalesce((select max(event_no) from closed_event where letter_id = new.letter_id), 0) + 1 then
    raise exception 'event % does not follow the last one', new.event_no using errcode = 'check_violation';
  end if;
  update closed_letter set level = new.new_level where id = new.letter_id and level <> new.new_level;
  return new;
end $$;
create trigger move_level before insert on closed_event for each row execute function move_level();

create table closed_copy (
  letter_id uuid not null,
  copy_number integer not null check (copy_number > 0),
  agency_id text not null,
  what text not null check (what in ('print', 'export', 'download', 'handed-on')),
  person_id text not null references person,
  person_name text not null,
  holder text not null default '',
  made_at timestamptz not null,
  clock jsonb not null,
  returned_at timestamptz,
  destroyed_at timestamptz,
  witness text,
  primary key (letter_id, copy_number),
  foreign key (letter_id, agency_id) references closed_letter (id, agency_id)
);
comment on table closed_copy is 'Each copy of a classified letter by its number: the control register (ทะเบียนควบคุมข้อมูลข่าวสารลับ, ทขล.๓).';

do $$
declare kept text;
begin
  foreach kept in array array['closed_body', 'closed_gram', 'closed_event', 'closed_document'] loop
    execute format('create trigger no_truncate before truncate on %I for each statement execute function refuse_change()', kept);
  end loop;
  foreach kept in array array['closed_letter', 'closed_body', 'closed_gram', 'closed_document', 'closed_reader', 'closed_event', 'closed_copy'] loop
    execute format('alter table %I enable row level security', kept);
  end loop;
end $$;
create trigger append_only before update or delete on closed_event for each row execute function refuse_change();
-- A letter's facts, direction and birth never change; its keys are wrapped anew, its level follows its events.
create function keep_closed() returns trigger language plpgsql
  as $$ begin
    if tg_op = 'DELETE' or (to_jsonb(new) - array['level', 'wrapped_key', 'key_version']) <> (to_jsonb(old) - array['level', 'wrapped_key', 'key_version']) then
      raise exception 'a classified letter stays as it came' using errcode = 'restrict_violation';
    end if;
    return new;
  end $$;
create trigger keep_closed before update or delete on closed_letter for each row execute function keep_closed();
create trigger keep_closed before update or delete on closed_body for each row execute function keep_closed();

-- Doors write what they cannot read again: the room http has no right to select any of it.
create policy handed_in on closed_letter for insert to saraban_http
  with check (acting_for(agency_id) and intake_id is not null and current_setting('saraban.actor', true) like 'client:%');
create policy handed_in on closed_body for insert to saraban_http
  with check (acting_for(agency_id) and current_setting('saraban.actor', true) like 'client:%');
create policy handed_in on closed_gram for insert to saraban_http
  with check (acting_for(agency_id) and current_setting('saraban.actor', true) like 'client:%');
grant insert on closed_letter, closed_body, closed_gram to saraban_http;
create policy own_documents on closed_document to saraban_http
  using (acting_for(agency_id) and current_setting('saraban.actor', true) = 'client:' || client_id)
  with check (acting_for(agency_id) and current_setting('saraban.actor', true) = 'client:' || client_id);
grant select, insert, update (deleted_at) on closed_document to saraban_http;
-- What a node gives that the agency has appointed (agency.ecms.node.level) room intake closes in the same way; it has no program.
create policy fetched on closed_letter for insert to saraban_intake
  with check (acting_for(agency_id) and intake_id is not null and current_setting('saraban.actor', true) = 'worker:intake');
create policy fetched on closed_body for insert to saraban_intake
  with check (acting_for(agency_id) and current_setting('saraban.actor', true) = 'worker:intake');
create policy fetched on closed_gram for insert to saraban_intake
  with check (acting_for(agency_id) and current_setting('saraban.actor', true) = 'worker:intake');
grant insert on closed_letter, closed_body, closed_gram to saraban_intake;
create policy fetched on closed_document to saraban_intake
  using (acting_for(agency_id) and client_id is null) with check (acting_for(agency_id) and client_id is null);
grant select, insert on closed_document to saraban_intake;
grant select, insert on closed_index_key to saraban_intake;
-- The registry numbers it: it learns the level and nothing else.
create policy numbered on closed_letter for select to saraban_registry using (acting_for(agency_id));
grant select (id, agency_id, direction, level, level_at_birth, intake_id, act_id, made_at, likeness) on closed_letter to saraban_registry;
create policy told on closed_letter for select to saraban_notification using (acting_for(agency_id));
grant select (id, agency_id, direction, level, intake_id, act_id, handed_in_sha256, handed_in_bytes) on closed_letter to saraban_notification;
-- The appointed.
create policy appointed on closed_letter for select to saraban_classified using (appointed_for(agency_id, level) or (level = 'normal' and acting_for(agency_id)));
create policy appointed_writes on closed_letter for insert to saraban_classified with check (appointed_for(agency_id, level) and act_id is not null);
create policy rewrapped on closed_letter for update to saraban_classified using (appointed_for(agency_id, level_at_birth)) with check (acting_for(agency_id));
create policy named on closed_body for select to saraban_classified using (named_for(letter_id, 'read'));
create policy appointed_writes on closed_body for insert to saraban_classified
  with check (exists (select from closed_letter l where l.id = letter_id and l.act_id is not null and appointed_for(l.agency_id, l.level)));
create policy appointed on closed_gram for select to saraban_classified
  using (exists (select from closed_letter l where l.id = letter_id and appointed_for(l.agency_id, l.level)));
create policy appointed_writes on closed_gram for insert to saraban_classified with check (acting_for(agency_id));
create policy appointed on closed_reader for select to saraban_classified
  using (person_id = acting_person() or exists (select from closed_letter l where l.id = letter_id and appointed_for(l.agency_id, l.level)));
create policy registrar_names on closed_reader for insert to saraban_classified with check (exists (
  select from closed_letter l join appointment_in_force a on a.person_id = acting_person() and a.agency_id = l.agency_id and a."right" = 'classified-registrar'
   where l.id = letter_id and level_rank(a.level) >= level_rank(l.level) and appointed_for(l.agency_id, l.level)));
create policy registrar_ends on closed_reader for update to saraban_classified
  using (exists (select from closed_letter l where l.id = letter_id and appointed_for(l.agency_id, l.level)));
create policy appointed on closed_event for select to saraban_classified
  using (exists (select from closed_letter l where l.id = letter_id and appointed_for(l.agency_id, l.level)) or acting_for(agency_id) and new_level = 'normal');
create policy registrar_moves on closed_event for insert to saraban_classified with check (exists (
  select from appointment_in_force a where a.person_id = acting_person() and a.agency_id = closed_event.agency_id and a."right" = 'classified-registrar'
     and level_rank(a.level) >= greatest(level_rank(old_level), level_rank(new_level)) and appointed_for(closed_event.agency_id, old_level)));
create policy appointed on closed_copy for select to saraban_classified
  using (exists (select from closed_letter l where l.id = letter_id and appointed_for(l.agency_id, l.level)));
create policy named_copies on closed_copy for insert to saraban_classified
  with check (person_id = acting_person() and named_for(letter_id, case what when 'print' then 'print' when 'export' then 'export' else 'read' end));
create policy registrar_keeps on closed_copy for update to saraban_classified
  using (exists (select from closed_letter l where l.id = letter_id and appointed_for(l.agency_id, l.level)));
grant select, insert on closed_letter, closed_body, closed_gram, closed_reader, closed_event, closed_copy to saraban_classified;
grant update (wrapped_key, key_version) on closed_letter, closed_body to saraban_classified;
grant update (ended_at, ended_by) on closed_reader to saraban_classified;
grant update (holder, returned_at, destroyed_at, witness) on closed_copy to saraban_classified;
grant select on agency, book, book_year, entry, intake, stored_body to saraban_classified;
grant insert on stored_body, act to saraban_classified;
grant select on act_result to saraban_classified;

-- ---------------------------------------------------------------------------------------------------------------
-- The books: a line of a classified book holds a number, a level and times, and no word of the letter.

alter table entry add constraint classified_says_nothing check (secrecy = 'normal' or (
  letter_number is null and letter_number_printed is null and letter_date is null and letter_from is null and letter_to is null and subject is null
  and action is null and remarks is null and "references" = '{}' and reference_numbers = '{}' and enclosures = '{}' and sender_domain is null and unit is null)) not valid;
do $$ -- the number of a classified letter is sealed, whoever registers it
declare was text;
begin
  select conname into was from pg_constraint where conrelid = 'saraban.entry'::regclass and contype = 'c'
     and pg_get_constraintdef(oid) like '%letter_number IS NOT NULL%' and pg_get_constraintdef(oid) like '%person:%';
  execute format('alter table entry drop constraint %I', was);
end $$;
alter table entry add check (letter_number is not null or registered_by like 'person:%' or secrecy <> 'normal');

alter table entry_event add constraint classified_says_nothing check (opened_book(book_id) or (changes = '{}' and details = '{}')) not valid;
-- What is asked of a classified book: a level, and when a letter on paper came in; its text is in closed_letter.act_id.
alter table act add constraint classified_says_nothing check (book_id is null or opened_book(book_id) or intake_id is not null or (
  facts - array['secrecy', 'receivedAt'] = '{}' and details = '{}' and act in ('enter', 'cancel'))) not valid;
create policy appointed_acts on act as restrictive for insert to saraban_classified
  with check (made_by = current_setting('saraban.actor', true) and not opened_book(book_id) and case act
    when 'enter' then appointed_for(agency_id, facts ->> 'secrecy')
    else exists (select from entry e where e.book_id = act.book_id and e.year = act.year and e.number = act.number
                    and appointed_for(e.agency_id, e.secrecy)) end);
create policy open_acts on act_result as restrictive for select to saraban_http using (exists (select from act a where a.id = act_id));

-- Notification has to tell the sender the number; in such a line there is nothing else to be learned.
do $$
declare told text;
begin
  foreach told in array array['entry', 'entry_event', 'book_year', 'book'] loop
    execute format('alter policy opened_books on %I to saraban_http, saraban_search, saraban_print', told);
  end loop;
  -- The appointed see the lines of their level; counts of a book only who is appointed for the gravest.
  execute 'create policy appointed_lines on entry as restrictive for select to saraban_classified using (secrecy = ''normal'' or appointed_for(agency_id, secrecy))';
  execute 'create policy appointed_years on book_year as restrictive for select to saraban_classified using (opened_book(book_id) or appointed_for(agency_id, ''secret''))';
end $$;

-- To everybody else the letter does not exist: rows that follow from a closed arrival are for the program that handed it in.
create function own_or_open(client text, level text) returns boolean language sql stable
  as $$ select level is null or current_setting('saraban.actor', true) = 'client:' || client $$;
create policy closed_arrivals on intake as restrictive for select to saraban_http using (own_or_open(client_id, closed_level));
create policy appointed_arrivals on intake as restrictive for select to saraban_classified using (closed_level is null or appointed_for(agency_id, closed_level));
create policy closed_octets on stored_body as restrictive for select to saraban_classified using (exists (
  select from closed_body b where b.sha256 = stored_body.sha256 and b.agency_id = stored_body.agency_id and named_for(b.letter_id, 'read')));
alter table outcome add column closed_client text;
comment on column outcome.closed_client is 'Of a classified arrival: the program that handed it in, which alone hears of it.';
alter table notice add column closed_client text;
alter table receipt add column closed_client text;
create policy closed_arrivals on outcome as restrictive for select to saraban_http using (own_or_open(closed_client, closed_client));
create policy closed_arrivals on notice as restrictive for select to saraban_http using (own_or_open(closed_client, closed_client));
create policy closed_arrivals on receipt as restrictive for select to saraban_http using (own_or_open(closed_client, closed_client));

-- What was handed in and what lies in an inbox is the program's own; the room itself looks up ids for requests that wait.
create function own_program(client text) returns boolean language sql stable
  as $$ select current_setting('saraban.actor', true) in ('client:' || client, 'worker:http') $$;
create policy own_program on submission as restrictive for select to saraban_http using (own_program(client_id));
create policy own_program on client_item as restrictive for select to saraban_http using (own_program(client_id));
create policy open_notices on delivery_attempt as restrictive for select to saraban_http using (exists (select from notice n where n.id = notice_id));
create function closed_place(intake uuid) returns jsonb
  language sql stable security definer set search_path = saraban, pg_temp
  as $$
    select jsonb_build_object('book', l.book_id, 'number', l.number, 'year', l.year, 'registeredAt', l.registered_at,
             'deemedReceivedAt', l.deemed_received_at, 'receiver', coalesce(l.registered_by_name, a.receiver_name), 'state', l.status)
      from intake i join register_line l on l.intake_id = i.id and l.agency_id = i.agency_id join agency a on a.id = i.agency_id
     where i.id = intake and i.closed_level is not null and acting_for(i.agency_id)
       and current_setting('saraban.actor', true) = 'client:' || i.client_id
  $$;
comment on function closed_place(uuid) is 'Where a classified letter stands, for the program that handed it in and nobody else.';
create function settled_arrivals(intakes uuid[]) returns setof uuid
  language sql stable security definer set search_path = saraban, pg_temp
  as $$
    select o.intake_id from outcome o
     where o.intake_id = any (intakes) and acting_for(o.agency_id)
       and (o.outcome <> 'registered' or exists (select from receipt r where r.intake_id = o.intake_id and r.type = 'registered'))
  $$;
comment on function settled_arrivals(uuid[]) is 'Those of the arrivals of which it is known what became of them; of registered ones also their receipt is signed. Ids alone: whoever waits then reads under its own name.';
create function is_identity_used(agency text, identities bytea[]) returns boolean
  language sql stable security definer set search_path = saraban, pg_temp
  as $$ select acting_for(agency) and exists (
          select from closed_document where agency_id = agency and identity = any (identities) and deleted_at is null) $$;
comment on function is_identity_used(text, bytea[]) is 'Whether the same letter is here under another program''s name: who asks has it in his hands, and is told that it came twice.';
revoke all on function closed_place(uuid), settled_arrivals(uuid[]), is_identity_used(text, bytea[]) from public;
grant execute on function closed_place(uuid), settled_arrivals(uuid[]), is_identity_used(text, bytea[]) to saraban_http;
create or replace function letters_waiting(most integer) returns integer
  language sql stable security definer set search_path = saraban, pg_temp
  as $$ select count(*)::integer from (
          select from outbox where job in ('read-letter', 'register-letter', 'register-closed') and failed_at is null limit most) o $$;
-- Counted is what everybody may know of. Work on classified letters stands among that on the others.
create or replace function figures() returns table (name text, agency_id text, label text, value double precision)
  language sql stable security definer set search_path = saraban, pg_temp
  as $$
    select 'intakes', i.agency_id, '', count(*)::double precision from intake i where i.closed_level is null group by 2
    union all select 'outcomes', o.agency_id, case when o.outcome in ('refused', 'ignored') then 'not-registered' else o.outcome end,
      count(*)::double precision from outcome o where o.closed_client is null group by 2, 3
    union all select 'notices', n.agency_id, n.state, count(*)::double precision from notice n where n.closed_client is null group by 2, 3
    union all select 'jobs', '', case job when 'register-closed' then 'register-letter' else job end || case when failed_at is null then ':open' else ':failed' end,
      count(*)::double precision from outbox group by 3
    union all select 'oldest_job_seconds', '', '', coalesce(extract(epoch from now() - min(created_at)), 0) from outbox where failed_at is null
  $$;

create policy no_closed_work on outbox as restrictive for select to saraban_http, saraban_intake, saraban_reading using (job <> 'register-closed');
create policy registry_finishes_closed on outbox for delete to saraban_registry using (acting_for(agency_id) and job = 'register-closed');
create policy registry_puts_off_closed on outbox for update to saraban_registry using (acting_for(agency_id) and job = 'register-closed');
create policy intake_hands_on_closed on outbox for insert to saraban_intake with check (acting_for(agency_id) and job = 'register-closed');
drop policy http_hands_on on outbox;
create policy http_hands_on on outbox for insert to saraban_http
  with check (acting_for(agency_id) and job in ('do-act', 'print-register', 'read-letter', 'register-closed'));
create policy classified_hands_on on outbox for insert to saraban_classified with check (acting_for(agency_id) and job = 'do-act');
create policy own_agency_classified on outbox for select to saraban_classified using (acting_for(agency_id) and job = 'do-act');
grant select, insert on outbox to saraban_classified;
grant insert on audit_event to saraban_classified;

-- Verification sees all of it, sealed as it is.
do $$
declare proof text;
begin
  foreach proof in array array['closed_letter', 'closed_body', 'closed_document', 'closed_event', 'closed_copy', 'closed_reader'] loop
    execute format('grant select on %I to saraban_audit', proof);
    execute format('create policy whole_register on %I for select to saraban_audit
      using ((select acting()) and agency_id = any ((select string_to_array(current_setting(''saraban.agencies'', true), '',''))::text[]))', proof);
  end loop;
end $$;
grant select (closed_client) on notice to saraban_audit;
-- Whether a line of a classified book says anything can be asked without reading what it says.
create function lines_that_speak() returns table (agency_id text, book_id text, year integer, number integer)
  language sql stable security definer set search_path = saraban, pg_temp
  as $$
    select e.agency_id, e.book_id, e.year, e.number from entry e
     where e.secrecy <> 'normal' and acting_for(e.agency_id) and (
       num_nonnulls(e.letter_number, e.letter_number_printed, e.letter_date, e.letter_from, e.letter_to, e.subject, e.action, e.remarks,
                    e.sender_domain, e.unit) > 0
       or e."references" <> '{}' or e.reference_numbers <> '{}' or e.enclosures <> '{}'
       or exists (select from entry_event h where h.book_id = e.book_id and h.year = e.year and h.number = e.number
                     and (h.changes <> '{}' or h.details <> '{}')))
  $$;
comment on function lines_that_speak() is 'Lines of classified books that hold a word; the rules of entry allow none.';
revoke all on function lines_that_speak() from public;
grant execute on function lines_that_speak() to saraban_audit;
