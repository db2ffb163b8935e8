-- 0005: what senders can prove (receipts as signed evidence), outbound letters and what became of each recipient.

-- ---------------------------------------------------------------------------------------------------------------
-- The directory: how a partner is reached, and by whose keys its receipts are checked.

alter table agency
  add column outbound jsonb not null default '{}',
  add column receipts jsonb not null default '{}',
  add column roman_code text;
comment on column agency.outbound is '{fourEyes}: whether who drafted a letter may sign it off; what is not said has the default of shared/letter/outbound.ts.';
comment on column agency.receipts is '{handedOver}: whether the sender is told when the responsible officer has opened the letter.';
comment on column agency.roman_code is 'รหัสตัวอักษรโรมัน that the names of its own files begin with (Annex 7).';

alter table partner
  add column mailbox text,
  add column keys_url text;
comment on column partner.mailbox is 'Its central address (saraban@…), where letters for it go.';
comment on column partner.keys_url is 'Where it publishes the keys that its receipts are signed with (/.well-known/jwks.json).';

create table partner_key (
  domain text not null references partner,
  kid text not null check (kid <> ''),
  jwk jsonb not null,
  source text not null check (source in ('config', 'url')),
  active boolean not null default true,
  seen_at timestamptz not null default now(),
  primary key (domain, kid)
);
comment on table partner_key is 'Public Ed25519 keys of partners (RFC 8037): from config/partners.yaml, or fetched from keys_url. What was signed by one that is no longer published is no longer believed.';
grant select on partner_key to saraban_notification, saraban_registry, saraban_http;
grant insert, update (jwk, active, seen_at) on partner_key to saraban_notification;

-- ---------------------------------------------------------------------------------------------------------------
-- Receipts: evidence that is signed once and never changed (Annex 6 §1.1). Written by room notification only.

create table signing_key (
  kid text primary key,
  jwk jsonb not null,
  made_at timestamptz not null,
  retired_at timestamptz,
  revoked_at timestamptz,
  revoked_because text,
  check ((revoked_at is null) = (revoked_because is null))
);
comment on table signing_key is 'Public halves of the keys that receipts are signed with; the private halves are files that only the service may read. retired: signs no more, and what it signed stands; revoked: it got into wrong hands.';
grant select on signing_key to saraban_notification, saraban_registry, saraban_http, saraban_audit;
grant insert, update (retired_at) on signing_key to saraban_notification;

create table receipt (
  id uuid primary key,
  agency_id text not null,
  intake_id uuid not null,
  type text not null check (type in ('arrived', 'registered', 'handed-over', 'refused', 'rejected', 'invalid', 'quarantined',
                                     'corrected', 'cancelled', 'recall-accepted', 'recall-refused')),
  event_id uuid,
  facts jsonb not null,
  jws text not null,
  kid text not null references signing_key,
  code text not null unique check (code ~ '^[0-9A-HJKMNP-TV-Z]{16}$'),
  replaces uuid references receipt,
  made_at timestamptz not null,
  clock jsonb not null,
  constraint receipt_once unique nulls not distinct (intake_id, type, event_id),
  foreign key (intake_id, agency_id) references intake
);
comment on table receipt is 'One statement to a sender, as it was signed. A retry and a letter that came again carry the same one; a correction is a new one that names the old.';
comment on column receipt.facts is 'schemas/evidence.schema.json: the payload of the JWS. Never the letter''s subject or contents.';
comment on column receipt.jws is 'Compact JWS (RFC 7515) over the canonical form of facts (RFC 8785), Ed25519 (RFC 8037).';
comment on column receipt.event_id is 'The event in the book that it tells of; null for the letter''s own arrival, registration or refusal.';
comment on column receipt.code is '80 random bits, Crockford base 32: by it anyone who holds the paper finds the receipt at /verify.';
create index receipt_by_replaced on receipt (replaces) where replaces is not null;
-- From the moment a key is retired or revoked nothing more is signed with it, whatever a process still has in memory.
create function refuse_key_out_of_force() returns trigger language plpgsql set search_path = saraban, pg_temp
  as $$ begin
    perform from signing_key k where k.kid = new.kid and k.retired_at is null and k.revoked_at is null;
    if not found then
      raise exception 'key % signs no more', new.kid using errcode = 'restrict_violation';
    end if;
    return new;
  end $$;
create trigger key_in_force before insert on receipt for each row execute function refuse_key_out_of_force();
create trigger append_only before update or delete on receipt for each row execute function refuse_change();
create trigger no_truncate before truncate on receipt for each statement execute function refuse_change();
alter table receipt enable row level security;
create policy own_agency on receipt using (acting_for(agency_id)) with check (acting_for(agency_id));
grant select, insert on receipt to saraban_notification;
grant select on receipt to saraban_http, saraban_audit, saraban_registry;
-- As for the other tables that are read whole (0003).
create policy whole_register on receipt for select to saraban_audit
  using ((select acting()) and agency_id = any ((select string_to_array(current_setting('saraban.agencies', true), ','))::text[]));

-- Who holds a receipt's code or its id may ask whether it is genuine, without being anybody here.
create function find_receipt(wanted text) returns table (facts jsonb, jws text, replaced_by uuid)
  language sql stable security definer set search_path = saraban, pg_temp
  as $$
    select r.facts, r.jws, (select n.id from receipt n where n.replaces = r.id order by n.made_at desc limit 1)
      from receipt r where r.code = wanted or r.id = case when wanted ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then wanted::uuid end
  $$;
comment on function find_receipt(text) is 'The receipt with this short code or evidence id, and the newest one that replaces it. Receipts hold nothing of a letter''s content.';
revoke all on function find_receipt(text) from public;
grant execute on function find_receipt(text) to saraban_http;

-- ---------------------------------------------------------------------------------------------------------------
-- Outbound letters: drafted, checked, signed off, numbered, sent, tracked (Annex 6 §2.2.1). Files are taken in by room
-- http; everything else is written by the registry, which carries out what clerks ask for.

alter table clerk add column rights text[] not null default '{}'
  check (rights <@ array['approve']);
comment on column clerk.rights is 'approve: may sign letters of the agency off. What every clerk may do needs no right.';
grant select (id, rights, active) on clerk to saraban_registry;

create table uploaded_file (
  id uuid primary key,
  agency_id text not null references agency,
  name text not null check (name <> '' and length(name) <= 255),
  media_type text not null,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  size_bytes bigint not null check (size_bytes >= 0),
  content bytea,
  uploaded_by text not null,
  uploaded_at timestamptz not null,
  check (content is null or octet_length(content) = size_bytes)
);
alter table uploaded_file alter column content set storage external;
comment on table uploaded_file is 'A file for an outbound letter, as a clerk gave it. Small ones are here; larger ones in the file store under their SHA-256.';
create trigger append_only before update or delete on uploaded_file for each row execute function refuse_change();
create trigger no_truncate before truncate on uploaded_file for each statement execute function refuse_change();
alter table uploaded_file enable row level security;
create policy own_agency on uploaded_file using (acting_for(agency_id)) with check (acting_for(agency_id));
grant select, insert on uploaded_file to saraban_http;
grant select on uploaded_file to saraban_registry, saraban_notification;

create table outbound_letter (
  id uuid primary key,
  agency_id text not null references agency,
  series text not null check (series in ('ordinary', 'circular')),
  state text not null check (state in ('draft', 'checked', 'approved', 'sent', 'withdrawn')),
  version integer not null check (version > 0),
  facts jsonb not null,
  drafted_by text not null,
  drafted_by_name text not null,
  drafted_at timestamptz not null,
  book_id text,
  year integer,
  number integer,
  replaces uuid references outbound_letter,
  sent_at timestamptz,
  recalled_at timestamptz,
  unique (book_id, year, number),
  foreign key (book_id, year, number) references entry,
  check (num_nulls(book_id, year, number) in (0, 3)),
  check (state not in ('approved', 'sent') or number is not null),
  check ((state = 'sent') = (sent_at is not null)),
  check (recalled_at is null or state = 'sent')
);
comment on table outbound_letter is 'A letter of our own: หนังสือส่ง. Its facts may change until it is sent, and never after.';
comment on column outbound_letter.facts is 'OutboundFacts (shared/letter/outbound.ts): what the line of the book will say, the recipients, the files.';
comment on column outbound_letter.version is 'Raised with each change: who checked or signed off saw this one.';
comment on column outbound_letter.recalled_at is 'When its recall was asked for; what each recipient answered stands in recipient_event.';
create index outbound_letter_by_agency on outbound_letter (agency_id, drafted_at desc, id desc);
create index outbound_letter_by_replaced on outbound_letter (replaces) where replaces is not null;

create function keep_sent_letter() returns trigger language plpgsql
  as $$ begin
    if tg_op = 'UPDATE' and new.id = old.id and new.agency_id = old.agency_id and new.version >= old.version
       and (old.number is null or (new.series, new.book_id, new.year, new.number) = (old.series, old.book_id, old.year, old.number))
       and old.state <> 'withdrawn'
       and (old.state <> 'sent' or new.state = 'sent' and new.facts = old.facts and new.version = old.version and new.sent_at = old.sent_at
            and new.replaces is not distinct from old.replaces and (old.recalled_at is null or new.recalled_at = old.recalled_at)) then
      return new;
    end if;
    raise exception 'what was sent or withdrawn stays as it was, and a number stays with its letter' using errcode = 'restrict_violation';
  end $$;
create trigger keep_sent_letter before update or delete on outbound_letter for each row execute function keep_sent_letter();
create trigger no_truncate before truncate on outbound_letter for each statement execute function refuse_change();

create table outbound_event (
  id uuid primary key,
  letter_id uuid not null references outbound_letter,
  agency_id text not null,
  event_no integer not null check (event_no > 0),
  what text not null check (what in ('drafted', 'changed', 'checked', 'returned', 'approved', 'sent', 'resent', 'recall-requested', 'withdrawn', 'answer-noted')),
  version integer not null,
  recipient_id uuid,
  details jsonb not null default '{}',
  reason text not null default '',
  made_by text not null,
  made_by_name text not null,
  made_at timestamptz not null,
  clock jsonb not null,
  unique (letter_id, event_no)
);
comment on table outbound_event is 'What people did with an outbound letter: who, when, with which version. The id is that of the act.';

create table outbound_file (
  letter_id uuid not null references outbound_letter,
  agency_id text not null,
  no integer not null check (no > 0),
  file_id uuid not null references uploaded_file,
  name text not null check (name <> ''),
  primary key (letter_id, no)
);
comment on table outbound_file is 'The files of a letter as they were sent: 1 the letter itself, then its enclosures. Written when it is sent.';
create index outbound_file_by_file on outbound_file (file_id);
comment on column outbound_file.name is 'Annex 7: Roman code, owner number, letter number, B.E. year.';

create table outbound_recipient (
  id uuid primary key,
  letter_id uuid not null references outbound_letter,
  agency_id text not null,
  no integer not null check (no > 0),
  name text not null,
  domain text not null,
  address text not null,
  channel text not null check (channel in ('mail')),
  unique (letter_id, no)
);
comment on table outbound_recipient is 'To whom a letter was sent, over which channel: each is tracked by itself. Written when it is sent.';

do $$
declare kept text;
begin
  foreach kept in array array['outbound_event', 'outbound_file', 'outbound_recipient'] loop
    execute format('create trigger append_only before update or delete on %I for each row execute function refuse_change()', kept);
    execute format('create trigger no_truncate before truncate on %I for each statement execute function refuse_change()', kept);
  end loop;
  foreach kept in array array['outbound_letter', 'outbound_event', 'outbound_file', 'outbound_recipient'] loop
    execute format('alter table %I enable row level security', kept);
    execute format('create policy own_agency on %I using (acting_for(agency_id)) with check (acting_for(agency_id))', kept);
    execute format('grant select, insert on %I to saraban_registry', kept);
    execute format('grant select on %I to saraban_http, saraban_notification', kept);
  end loop;
end $$;
grant update (state, version, facts, series, replaces, book_id, year, number, sent_at, recalled_at) on outbound_letter to saraban_registry;
-- A reserved number that a letter has filled reads so in the view only.
grant select on register_line to saraban_notification;
grant execute on function lines_numbered to saraban_notification;

-- What is known of a recipient, and how surely. Written by room notification; what a clerk was told by other ways is an
-- outbound_event "answer-noted".
create table recipient_event (
  id bigint primary key generated always as identity,
  recipient_id uuid not null references outbound_recipient,
  letter_id uuid not null references outbound_letter,
  agency_id text not null,
  what text not null check (what in ('accepted', 'delayed', 'failed', 'delivered', 'displayed', 'answered', 'arrived', 'registered',
                                     'handed-over', 'corrected', 'cancelled', 'refused', 'rejected', 'invalid', 'quarantined',
                                     'recall-sent', 'recall-accepted', 'recall-refused', 'warned', 'escalated')),
  source text not null check (source in ('server', 'dsn', 'mdn', 'receipt', 'answer', 'watch')),
  proof text not null check (proof in ('signature', 'token', 'claim', 'own')),
  intake_id uuid,
  evidence_id uuid,
  details jsonb not null default '{}',
  happened_at timestamptz not null,
  recorded_at timestamptz not null,
  clock jsonb not null
);
comment on table recipient_event is 'What became of a letter at one recipient. details: {reply, status, receiveNumber, receiveYear, receivedAt, registeredAt, reason …}.';
comment on column recipient_event.proof is 'signature: a receipt signed by the partner''s key; token: it came to the return path that only our message carried; claim: it names our message, which anyone could; own: seen by this system itself.';
comment on column recipient_event.evidence_id is 'The id of the partner''s receipt: the same one that comes twice is recorded once.';
create index recipient_event_by_recipient on recipient_event (recipient_id, id);
create unique index recipient_event_evidence_once on recipient_event (recipient_id, evidence_id) where evidence_id is not null;
-- Once for each time that it was sent (details.since): who does not answer a letter that was sent again is told of again.
create unique index recipient_event_watch_once on recipient_event (recipient_id, what, (details ->> 'since')) where source = 'watch';
create trigger append_only before update or delete on recipient_event for each row execute function refuse_change();
create trigger no_truncate before truncate on recipient_event for each statement execute function refuse_change();
alter table recipient_event enable row level security;
create policy own_agency on recipient_event using (acting_for(agency_id)) with check (acting_for(agency_id));
grant select, insert on recipient_event to saraban_notification;
grant select on recipient_event to saraban_http, saraban_registry;

-- Who has yet to answer: a row comes with each recipient, and goes when he has answered or the owner has been told the last
-- thing. A look at those who are due costs the same however many letters were ever sent (Annex 6 §2.2.8).
create table recipient_watch (
  recipient_id uuid primary key references outbound_recipient,
  letter_id uuid not null references outbound_letter,
  agency_id text not null,
  look_at timestamptz not null default '-infinity'
);
comment on table recipient_watch is 'Recipients that room notification has an eye on. Rows come by triggers alone.';
comment on column recipient_watch.look_at is 'When to look again what has become of the letter there.';
create index recipient_watch_due on recipient_watch (look_at);
alter table recipient_watch enable row level security;
create policy own_agency on recipient_watch using (acting_for(agency_id)) with check (acting_for(agency_id));
grant select, delete, update (look_at) on recipient_watch to saraban_notification;
create function watch_recipient() returns trigger language plpgsql security definer set search_path = saraban, pg_temp
  as $$ begin
    insert into recipient_watch (recipient_id, letter_id, agency_id) select id, letter_id, agency_id from added;
    return null;
  end $$;
comment on function watch_recipient() is 'Nobody to whom a letter is sent is forgotten, whatever the program that sends it does …';
create trigger watch_recipient after insert on outbound_recipient referencing new table as added
  for each statement execute function watch_recipient();
create function watch_again() returns trigger language plpgsql security definer set search_path = saraban, pg_temp
  as $$ begin
    insert into recipient_watch (recipient_id, letter_id, agency_id)
      select id, letter_id, agency_id from outbound_recipient
       where letter_id = new.letter_id and id = coalesce(new.recipient_id, id)
      on conflict (recipient_id) do update set look_at = excluded.look_at;
    -- Where it is known to be there the receipt that comes again is the one that is known, and would end no waiting.
    insert into unanswered_recipient (recipient_id, letter_id, agency_id)
      select id, letter_id, agency_id from outbound_recipient p
       where letter_id = new.letter_id and id = coalesce(new.recipient_id, id)
         and not exists (select from recipient_event e where e.recipient_id = p.id and e.proof <> 'claim'
           and e.what in ('arrived', 'registered', 'handed-over', 'corrected', 'cancelled', 'recall-accepted'))
      on conflict (recipient_id) do nothing;
    return null;
  end $$;
comment on function watch_again() is '… nor who gets it once more.';
create trigger watch_again after insert on outbound_event for each row when (new.what = 'resent') execute function watch_again();

-- Who has not answered (ยังไม่ได้รับการตอบรับ), as clerks are shown it: until an answer comes that is proved, or that a clerk
-- notes, however long that takes. Beside recipient_event the list would be looked for among all letters that were ever sent.
create table unanswered_recipient (
  recipient_id uuid primary key references outbound_recipient,
  letter_id uuid not null references outbound_letter,
  agency_id text not null
);
comment on table unanswered_recipient is 'Recipients whose office has not answered. Rows come and go by triggers alone.';
-- Ids follow the time (RFC 9562 version 7): who waits longest comes first.
create index unanswered_recipient_by_agency on unanswered_recipient (agency_id, recipient_id);
create index unanswered_recipient_by_letter on unanswered_recipient (letter_id);
alter table unanswered_recipient enable row level security;
create policy own_agency on unanswered_recipient using (acting_for(agency_id)) with check (acting_for(agency_id));
grant select on unanswered_recipient to saraban_http;
create function await_answer() returns trigger language plpgsql security definer set search_path = saraban, pg_temp
  as $$ begin
    insert into unanswered_recipient (recipient_id, letter_id, agency_id) select id, letter_id, agency_id from added;
    return null;
  end $$;
create trigger await_answer after insert on outbound_recipient referencing new table as added
  for each statement execute function await_answer();
create function note_answer() returns trigger language plpgsql security definer set search_path = saraban, pg_temp
  as $$ begin
    delete from unanswered_recipient where recipient_id = new.recipient_id and letter_id = new.letter_id;
    return null;
  end $$;
comment on function note_answer() is 'An answer that nothing proves ends no waiting: anybody could have made it.';
create trigger note_answer after insert on recipient_event for each row when (new.proof <> 'claim' and new.what in (
    'arrived', 'registered', 'handed-over', 'refused', 'rejected', 'invalid', 'quarantined', 'corrected', 'cancelled', 'recall-accepted'))
  execute function note_answer();
create trigger note_answer after insert on outbound_event for each row when (new.what = 'answer-noted') execute function note_answer();

-- A letter of our own that goes out by mail came by no door, and a line may tell more than corrections.
alter table entry drop constraint entry_check;
alter table entry add constraint entry_check check (channel = 'paper' or intake_id is not null or split_part(book_id, '.', 2) = 'outbound');
alter table entry_event drop constraint entry_event_what_check;
alter table entry_event add constraint entry_event_what_check
  check (what in ('corrected', 'filled', 'cancelled', 'handed-over', 'recall-requested', 'recall-accepted', 'recall-refused'));
alter table entry_event add column details jsonb not null default '{}';
comment on column entry_event.details is 'Of a recall: {evidenceId, letterNumber, reason, replacedBy, intakeId}; of a handing over: {officer}.';

-- ---------------------------------------------------------------------------------------------------------------
-- Acts: what clerks ask of the registry.

alter table act add column letter_id uuid, add column details jsonb not null default '{}';
comment on column act.details is 'What the act says besides a line''s columns: ActDetails (shared/letter/act.ts).';
alter table act drop constraint act_act_check, drop constraint act_check1, drop constraint act_check3;
alter table act add constraint act_act_check check (act in (
    'register', 'reject', 'invalid', 'not-a-letter', 'merge', 'enter', 'reserve', 'fill', 'correct', 'cancel', 'hand-over', 'answer-recall',
    'draft', 'check', 'return', 'approve', 'send', 'resend', 'recall', 'withdraw', 'note-answer')),
  add constraint act_place_check check (
    case when act in ('register', 'reject', 'invalid', 'not-a-letter', 'merge') then intake_id is not null
         when act in ('enter', 'reserve') then book_id is not null and intake_id is null
         when act in ('draft', 'check', 'return', 'approve', 'send', 'resend', 'recall', 'withdraw', 'note-answer') then letter_id is not null and intake_id is null
         else book_id is not null and year is not null and number is not null end),
  add constraint act_reason_check check (
    reason <> '' or act not in ('reject', 'invalid', 'not-a-letter', 'correct', 'cancel', 'return', 'recall', 'withdraw'));
alter table tray_decision drop constraint tray_decision_decision_check;
alter table tray_decision add constraint tray_decision_decision_check check (decision in ('registered', 'rejected', 'invalid', 'not-a-letter', 'merged'));
comment on column act.letter_id is 'The outbound letter; for draft the asker''s own choice, so that the same draft sent twice is one.';

-- ---------------------------------------------------------------------------------------------------------------
-- Notices: also to recipients of our letters, and to our own people.

alter table notice
  alter column intake_id drop not null,
  add column letter_id uuid references outbound_letter,
  add column recipient_id uuid references outbound_recipient,
  add column event_id uuid,
  add column receipt_id uuid references receipt;
alter table notice drop constraint notice_kind_check;
alter table notice add constraint notice_kind_check check (kind in (
  'arrival', 'acknowledgement', 'copy', 'refusal', 'rejection', 'alert', 'handover', 'correction', 'cancellation', 'recall-answer',
  'letter', 'recall', 'owner'));
alter table notice drop constraint notice_by_intake;
alter table notice add constraint notice_once unique nulls not distinct (intake_id, letter_id, recipient_id, kind, event_id);
alter table notice add check ((intake_id is null) <> (letter_id is null));
alter table delivery_attempt drop constraint delivery_attempt_channel_check;
alter table delivery_attempt add constraint delivery_attempt_channel_check check (channel in ('smarthost', 'mx', 'file'));
alter table notice add check (recipient_id is null or letter_id is not null);
create index notice_by_letter on notice (letter_id) where letter_id is not null;
comment on column notice.kind is 'To the sender of an arrival: arrival, acknowledgement, refusal, rejection, handover, correction, cancellation, recall-answer; copy: the acknowledgement of the same letter''s first arrival once more. alert: to a person of the agency. To a recipient of our letter: letter, recall. owner: to who drafted it.';
comment on column notice.event_id is 'The event that it tells of, where there may be several of a kind.';
comment on column notice.receipt_id is 'The signed receipt that it carries; null for what proves nothing to anybody.';

-- Who is asked to call, when something becomes of a letter of its agency (webhooks).
create table webhook (
  id text primary key check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  agency_id text not null references agency,
  url text not null,
  active boolean not null default true,
  made_at timestamptz not null default now()
);
comment on table webhook is 'Programs of an agency that are told of each receipt and each answer: signed with our key, so no secret is shared.';
create table webhook_call (
  id uuid primary key,
  seq bigint not null generated always as identity,
  webhook_id text not null references webhook,
  agency_id text not null,
  letter_key uuid not null,
  event jsonb not null,
  made_at timestamptz not null,
  state text not null check (state in ('due', 'delivered', 'failed')),
  settled_at timestamptz,
  reason text not null default ''
);
comment on column webhook_call.letter_key is 'The arrival or the outbound letter: calls about one letter are made in order.';
create index webhook_call_due on webhook_call (webhook_id, letter_key, seq) where state = 'due';
create table webhook_attempt (
  id bigint primary key generated always as identity,
  call_id uuid not null references webhook_call,
  agency_id text not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  status integer,
  result text not null check (result in ('accepted', 'transient', 'permanent', 'unknown')),
  reply text not null
);
comment on table webhook_attempt is 'Each call and its answer.';
create index webhook_attempt_by_call on webhook_attempt (call_id);
create trigger append_only before update or delete on webhook_attempt for each row execute function refuse_change();
create trigger no_truncate before truncate on webhook_attempt for each statement execute function refuse_change();
alter table webhook enable row level security;
alter table webhook_call enable row level security;
alter table webhook_attempt enable row level security;
create policy own_agency on webhook using (acting_for(agency_id)) with check (acting_for(agency_id));
create policy own_agency on webhook_call using (acting_for(agency_id)) with check (acting_for(agency_id));
create policy own_agency on webhook_attempt using (acting_for(agency_id)) with check (acting_for(agency_id));
grant select on webhook to saraban_notification, saraban_http;
grant select, insert on webhook_call, webhook_attempt to saraban_notification;
grant update (state, settled_at, reason) on webhook_call to saraban_notification;
grant select on webhook_call, webhook_attempt to saraban_http;

-- ---------------------------------------------------------------------------------------------------------------
-- Who hands on what.

drop policy registry_hands_on on outbox;
create policy registry_hands_on on outbox for insert to saraban_registry
  with check (acting_for(agency_id) and job in ('notify-sender', 'send-letter'));
create policy reading_hands_on_recalls on outbox for insert to saraban_reading with check (acting_for(agency_id) and job = 'record-recall');
create policy registry_puts_off_recalls on outbox for update to saraban_registry using (acting_for(agency_id) and job = 'record-recall');
create policy registry_finishes_recalls on outbox for delete to saraban_registry using (acting_for(agency_id) and job = 'record-recall');
drop policy notification_tries_again on outbox;
create policy notification_hands_on on outbox for insert to saraban_notification
  with check (acting_for(agency_id) and job in ('notify-sender', 'send-letter', 'tell-arrival', 'notify-owner', 'call-webhook'));
create policy notification_puts_off_more on outbox for update to saraban_notification
  using (acting_for(agency_id) and job in ('send-letter', 'tell-arrival', 'notify-owner', 'call-webhook'));
create policy notification_finishes_more on outbox for delete to saraban_notification
  using (acting_for(agency_id) and job in ('send-letter', 'tell-arrival', 'notify-owner', 'call-webhook'));
-- There may be news for work that is open already: the row is locked and woken, so that nobody ends it without them.
create policy registry_wakes_notices on outbox for update to saraban_registry
  using (acting_for(agency_id) and job in ('notify-sender', 'send-letter'));
create index outbox_waiting_letters on outbox (created_at) where job = 'register-letter';

-- ---------------------------------------------------------------------------------------------------------------
-- Audit: what proves something of letters of our own, and no word of one.

grant select (id, agency_id, series, state, version, drafted_by, drafted_at, book_id, year, number, replaces, sent_at, recalled_at)
  on outbound_letter to saraban_audit;
grant select (id, letter_id, agency_id, event_no, what, version, recipient_id, made_by, made_at) on outbound_event to saraban_audit;
grant select (id, letter_id, agency_id, no, channel) on outbound_recipient to saraban_audit;
grant select (letter_id, agency_id, no, file_id) on outbound_file to saraban_audit;
-- The octets to be hashed, as those of stored_body are; not what a clerk called the file.
grant select (id, agency_id, sha256, size_bytes, content) on uploaded_file to saraban_audit;
grant select (letter_id, recipient_id, event_id, receipt_id) on notice to saraban_audit;
grant select (letter_id) on act to saraban_audit;
do $$
declare proof text;
begin
  foreach proof in array array['outbound_letter', 'outbound_event', 'outbound_recipient', 'outbound_file', 'uploaded_file'] loop
    execute format('create policy whole_register on %I for select to saraban_audit
      using ((select acting()) and agency_id = any ((select string_to_array(current_setting(''saraban.agencies'', true), '',''))::text[]))', proof);
  end loop;
end $$;

create function letters_unlike_their_lines() returns table (letter_id uuid)
  language sql stable security definer set search_path = saraban, pg_temp
  as $$
    with said as (
      select o.id, o.book_id, o.year, o.number, f.field, o.facts ->> f.field as fact,
             case f.field when 'subject' then l.subject when 'letterDate' then l.letter_date::text when 'from' then l.letter_from else l.letter_to end as line
        from outbound_letter o
        join register_line l on l.book_id = o.book_id and l.year = o.year and l.number = o.number
       cross join (values ('subject'), ('letterDate'), ('from'), ('to')) as f (field)
       where o.state in ('approved', 'sent') and acting_for(o.agency_id))
    select distinct s.id from said s
     where s.fact is distinct from s.line
       -- A line may have been corrected after its letter was sent; what was sent stands in the correction.
       and not exists (select from entry_event h where h.book_id = s.book_id and h.year = s.year and h.number = s.number
         and h.what = 'corrected' and h.changes ? s.field and h.changes -> s.field ->> 'old' is not distinct from s.fact)
  $$;
comment on function letters_unlike_their_lines() is 'Letters that say something else than their lines in the book. Compares words, and tells none.';
revoke all on function letters_unlike_their_lines() from public;
grant execute on function letters_unlike_their_lines() to saraban_audit;

-- ---------------------------------------------------------------------------------------------------------------
-- Search: a term is looked for as it is, by octets. LIKE goes from character to character and took twice as long on Thai
-- text; of the thousand lines that a total counts that was most of the time.

drop function lines_from_end, search_lines;
create function lines_from_end(
  agency text, terms text[], wanted_facets text[], from_at timestamptz, to_at timestamptz, letter_from date, letter_to date,
  except_lines text[], direction integer, after_at timestamptz, after_number integer, after_book text, looked_at integer, most integer
) returns table (book_id text, year integer, number integer, registered_at timestamptz)
  language sql stable security definer set search_path = saraban, pg_temp
  set enable_indexscan = on set plan_cache_mode = force_generic_plan
  as $$
    select n.book_id, n.year, n.number, n.registered_at from (
        (select * from search_row r
          where acting_for(agency) and direction < 0 and r.agency_id = agency and r.registered_at >= from_at and r.registered_at < to_at
            and (r.registered_at, r.number, r.book_id)
                < (coalesce(after_at, 'infinity'), coalesce(after_number, 2147483647), coalesce(after_book, '~'))
          order by r.registered_at desc, r.number desc, r.book_id desc limit looked_at)
        union all
        (select * from search_row r
          where acting_for(agency) and direction > 0 and r.agency_id = agency and r.registered_at >= from_at and r.registered_at < to_at
            and (r.registered_at, r.number, r.book_id) > (coalesce(after_at, '-infinity'), coalesce(after_number, 0), coalesce(after_book, ''))
          order by r.registered_at, r.number, r.book_id limit looked_at)) n
     where n.facets @> wanted_facets and strpos(n.folded, coalesce(terms[1], '')) > 0 and (terms[2] is null or strpos(n.folded, terms[2]) > 0)
             and (terms[3] is null or not exists (select from unnest(terms[3:]) term where strpos(n.folded, term) = 0))
       and (letter_from is null or n.letter_date >= letter_from) and (letter_to is null or n.letter_date <= letter_to)
       and n.book_id || '/' || n.year || '/' || n.number <> all (except_lines)
     limit most
  $$;

create function search_lines(
  agencies text[], terms text[], all_grams integer[], some_grams integer[], more_grams integer[], wanted_facets text[],
  from_at timestamptz, to_at timestamptz, letter_from date, letter_to date, except_lines text[],
  direction integer, after_at timestamptz, after_number integer, after_book text, most integer
) returns table (book_id text, year integer, number integer, registered_at timestamptz)
  language plpgsql stable security definer set search_path = saraban, pg_temp
  -- Only the grams' index, never the table: how often a gram occurs is not in the planner's statistics.
  set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off set jit = off
  set plan_cache_mode = force_generic_plan set work_mem = '64MB' -- an exact total sorts all that match
  as $$
declare
  -- Each key costs a look-up for each month of each agency, and a common one sorts out little.
  rarest integer[] := array(select g from unnest(all_grams) g left join search_gram f on f.gram = g order by coalesce(f.lines, 0), g limit 5);
  -- Of all lines, at most, as far as the keys tell: the rarest one, and a term of two letters by all that may follow it.
  share double precision := least(
      (select coalesce(sum(f.lines), 0) from search_gram f where f.gram = any (rarest[1:1])),
      (select coalesce(sum(f.lines), 0) from search_gram f where f.gram = any (coalesce(some_grams, rarest[1:1]))))::float
    / greatest((select f.lines from search_gram f where f.gram = 0), 1);
  newest_lines line_place[];
  reach double precision;
  seen_from timestamptz := from_at;
  seen_to timestamptz := to_at;
  bounds record;
  oldest integer;
  newest integer;
  span integer := 1;
  months integer := 0;
  found bigint := 0;
  got bigint;
begin
  -- What is not asked for must not cost anything: the rarest key again.
  some_grams := coalesce(some_grams, rarest[1:1]);
  more_grams := coalesce(more_grams, rarest[1:1]);
  if exists (select from unnest(agencies) a where not acting_for(a)) then
    raise exception 'not acting for each of the agencies' using errcode = 'insufficient_privilege';
  end if;
  -- What stands in many lines is found quicker by looking at the newest of them than by sorting a month of hits: by the
  -- newest of all the agencies together, a third more than should do. Where that would be too many, or was not enough, the
  -- keys are used. (Line by line some 1.5 µs; a line found by its keys costs ten times as much.)
  reach := least(1.3 * most / greatest(share, 0.001), 1e9);
  if most <= 10000 and reach <= 12000 + 3 * most::bigint then
    if cardinality(agencies) > 1 then
      select coalesce(case when direction < 0 then greatest(from_at, e.at) end, from_at),
             coalesce(case when direction > 0 then least(to_at, e.at + interval '1 microsecond') end, to_at)
        into seen_from, seen_to
        from (select search_edge(agencies, from_at, to_at, direction, after_at, reach::integer) as at) e;
    end if;
    newest_lines := array(
      select row(n.book_id, n.year, n.number, n.registered_at)::line_place
        from unnest(agencies) as a(agency)
        cross join lateral lines_from_end(a.agency, terms, wanted_facets, seen_from, seen_to, letter_from, letter_to,
          except_lines, direction, after_at, after_number, after_book,
          -- Several agencies are each looked through to the same moment: ended earlier, one would lack lines that are newer
          -- than those found in another.
          case when cardinality(agencies) > 1 then 2000000000 else (1.5 * reach)::integer end, most) n
       order by case when direction > 0 then n.registered_at end, case when direction > 0 then n.number end,
                case when direction > 0 then n.book_id end, n.registered_at desc, n.number desc, n.book_id desc
       limit most);
    if cardinality(newest_lines) >= most then
      return query select * from unnest(newest_lines);
      return;
    end if;
  end if;
  select min(b.registered_at) as first_at, max(b.registered_at) as last_at into bounds from search_bounds(agencies) b;
  if bounds.first_at is null then
    return;
  end if;
  oldest := search_month(greatest(from_at, bounds.first_at));
  newest := search_month(least(to_at, bounds.last_at));
  if after_at is not null then
    if direction < 0 then newest := least(newest, search_month(after_at)); else oldest := greatest(oldest, search_month(after_at)); end if;
  end if;
  -- From the wanted end in spans of months until the page is full: a common term is found in the first month; for a rare
  -- one the spans get longer, as what was found so far lets expect, and each month costs a few look-ups.
  while oldest <= newest loop
    return query
      select m.book_id, m.year, m.number, m.registered_at
        from (select a.agency, search_salt(a.agency, c.month) as salt, month_start(c.month) as starts, month_start(c.month + 1) as ends
                from unnest(agencies) as a(agency)
                cross join generate_series(case when direction < 0 then greatest(oldest, newest - span + 1) else oldest end,
                                           case when direction < 0 then newest else least(newest, oldest + span - 1) end) as c(month)
               offset 0) s -- offset 0: or the salt would be reckoned again for every gram
        cross join lateral (
          select r.book_id, r.year, r.number, r.registered_at from search_row r
           where r.grams @> array(select g # s.salt from unnest(rarest) g)
             and r.grams && array(select g # s.salt from unnest(some_grams) g)
             and r.grams && array(select g # s.salt from unnest(more_grams) g)
             and r.facets @> wanted_facets and strpos(r.folded, coalesce(terms[1], '')) > 0 and (terms[2] is null or strpos(r.folded, terms[2]) > 0)
             and (terms[3] is null or not exists (select from unnest(terms[3:]) term where strpos(r.folded, term) = 0))
             -- "is true" keeps the planner from another index, by which it would read whole years.
             -- Two mixed keys may be the same number: a line counts in its own month only.
             and (r.agency_id = s.agency and r.registered_at >= s.starts and r.registered_at < s.ends
                  and r.registered_at >= from_at and r.registered_at < to_at) is true
             and (letter_from is null or r.letter_date >= letter_from) and (letter_to is null or r.letter_date <= letter_to)
             and r.book_id || '/' || r.year || '/' || r.number <> all (except_lines)
             and (after_at is null
                  or case when direction < 0 then r.registered_at < after_at else r.registered_at > after_at end
                  or r.registered_at = after_at
                     and case when direction < 0 then (r.number, r.book_id) < (after_number, after_book)
                              else (r.number, r.book_id) > (after_number, after_book) end)) m
       order by case when direction > 0 then m.registered_at end, case when direction > 0 then m.number end,
                case when direction > 0 then m.book_id end, m.registered_at desc, m.number desc, m.book_id desc
       limit most - found;
    get diagnostics got = row_count;
    found := found + got;
    months := months + span;
    exit when found >= most;
    if direction < 0 then newest := newest - span; else oldest := oldest + span; end if;
    span := least(span * 4, ceil(1.2 * (most - found) * months / greatest(found, 1)))::integer;
  end loop;
end $$;

comment on function search_lines is 'Keys of the lines that match, in order of registration, at most so many; read by room http, agency by agency as it acts for them.';
comment on function lines_from_end is 'Matching lines of an agency among the first so many from the wanted end of a period, by the index of times.';
revoke all on function search_lines, lines_from_end from public;
grant execute on function search_lines to saraban_http;
