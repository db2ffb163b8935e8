-- 0001: the foundation. Forward only: a mistake here is mended by a later file, never by an edit.
--
-- Who may do what: every room (services/<room>) works under a role of its own, with just the rights it needs.
-- None of the roles owns a table, none is a superuser, none has BYPASSRLS: row-level security holds for all of them.
-- A role is a group without login; a login (or the one DATABASE_URL) is a member of the roles of the rooms it runs.

do $$
declare room text;
begin
  foreach room in array array['saraban_intake', 'saraban_reading', 'saraban_registry', 'saraban_notification', 'saraban_queue', 'saraban_http', 'saraban_bullmq'] loop
    if not exists (select from pg_roles where rolname = room) then
      begin
        execute format('create role %I nologin nosuperuser nobypassrls', room);
      exception when duplicate_object or unique_violation then
        null; -- another migration of the same cluster made it a moment ago
      end;
    end if;
    -- From PostgreSQL 16 on, who made a role is a member that may not act as it: SET has to be granted as well.
    if not pg_has_role(current_user, room, case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end) then
      execute format('grant %I to current_user', room);
    end if;
    if room <> 'saraban_bullmq' then
      execute format('grant usage on schema saraban to %I', room);
    end if;
  end loop;
end $$;

-- saraban_bullmq works in BullMQ's own schema (PostgreSQL backend) and sees nothing of ours.

-- ---------------------------------------------------------------------------------------------------------------
-- Who acts. Each transaction states it (services/shared/runtime/database.ts); where nothing is stated nothing is seen.

create function acting() returns boolean language sql stable
  as $$ select coalesce(current_setting('saraban.actor', true), '') ~ '^(worker|person|client):.' $$;
comment on function acting() is 'True when the transaction says who acts: worker:NAME, person:NAME or client:NAME.';

create function acting_for(agency text) returns boolean language sql stable
  as $$ select coalesce(current_setting('saraban.actor', true), '') ~ '^(worker|person|client):.'
           and agency = any (string_to_array(current_setting('saraban.agencies', true), ',')) $$;
comment on function acting_for(text) is 'True when the transaction says who acts and that it acts for this agency.';

create function refuse_change() returns trigger language plpgsql
  as $$ begin
    raise exception '% is append-only: % refused', tg_table_name, lower(tg_op) using errcode = 'restrict_violation';
  end $$;
comment on function refuse_change() is 'Trigger of append-only tables: no update, no delete, no truncate, whoever asks.';

-- ---------------------------------------------------------------------------------------------------------------
-- Agencies that this installation serves, and those it knows. Public facts, read from config/ at start.

create table agency (
  id text primary key check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name_th text not null,
  name_en text not null,
  domain text not null check (domain = lower(domain)),
  mailbox text not null check (mailbox = lower(mailbox)),
  receiver_name text not null,
  active boolean not null default true,
  updated_at timestamptz not null default now()
);
create unique index agency_by_domain on agency (domain) where active;
comment on table agency is 'Agencies served here. An agency taken out of config/agencies.yaml becomes inactive: its books stay.';
comment on column agency.mailbox is 'Local part of the central mailbox (saraban), in lower case; a unit''s is mailbox_UNIT.';
comment on column agency.receiver_name is 'ชื่อ-สกุลผู้รับ on receipts of automatically registered letters (Annex 6 §1.1).';

create table partner (
  domain text primary key check (domain = lower(domain)),
  name_th text not null,
  code_letters text,
  active boolean not null default true,
  updated_at timestamptz not null default now()
);
comment on table partner is 'Agencies that letters come from; a letter from a domain that is not here waits for an officer.';

comment on column partner.code_letters is 'รหัสตัวพยัญชนะ of its letter numbers (Annex 1), such as นร; tells its own number from one that it cites.';

grant select on agency, partner to saraban_intake, saraban_reading, saraban_registry, saraban_notification, saraban_http;

-- ---------------------------------------------------------------------------------------------------------------
-- Intake: what arrived, byte for byte. Written by room intake only.

-- Only book refers to agency by a foreign key. Each arrival's agency is checked once a statement (trigger known_agency): a
-- key would lock the agency's one row again for every letter. All other tables refer to an arrival with its agency.

create table stored_body (
  agency_id text not null,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  size_bytes bigint not null check (size_bytes >= 0),
  content bytea,
  stored_at timestamptz not null default now(),
  -- The hash first: the condition of row-level security must never look like the better way into the index.
  primary key (sha256, agency_id),
  check (content is null or octet_length(content) = size_bytes)
);
alter table stored_body alter column content set storage external; -- mail is mostly base64: compressing it costs CPU at the door
comment on table stored_body is 'Raw messages by SHA-256, for each agency. Small ones are here, committed with their intake row; larger ones in files.';
comment on column stored_body.content is 'The octets; null when they are in the file store under the same SHA-256 (fsynced before this row commits).';

create table intake (
  id uuid not null,
  agency_id text not null,
  arrival_seq bigint not null generated always as identity,
  transaction_id uuid not null,
  door text not null check (door in ('smtp')),
  mail_from text not null,
  recipients text[] not null check (cardinality(recipients) > 0),
  unit text,
  remote_address text not null,
  helo text not null,
  smtp_utf8 boolean not null,
  tls boolean not null,
  bare_newlines boolean not null,
  sha256 text not null,
  size_bytes bigint not null,
  arrived_at timestamptz not null,
  clock jsonb not null,
  primary key (id, agency_id), -- what refers to an arrival names its agency with it: no row of one agency can point at another's
  foreign key (agency_id, sha256) references stored_body (agency_id, sha256)
);
comment on table intake is 'One arrival of one message for one agency: accepted for good (250) once this row is committed.';
comment on column intake.arrival_seq is 'Order of arrival; numbers are given in this order among the letters that are ready.';
comment on column intake.transaction_id is 'Same for all agencies that one SMTP transaction named.';
comment on column intake.mail_from is 'Envelope sender; empty for the null reverse-path (RFC 5321 §4.5.5).';
comment on column intake.arrived_at is 'The time that decides disputes (Annex 6 §2.2.5); clock: how far that time can be trusted.';

create function known_agency() returns trigger language plpgsql security definer set search_path = saraban, pg_temp
  as $$ begin
    if exists (select from added a where not exists (select from agency g where g.id = a.agency_id)) then
      raise exception 'an arrival names an agency that is not served here' using errcode = 'foreign_key_violation';
    end if;
    return null;
  end $$;
comment on function known_agency() is 'What a foreign key to agency would check, once a statement. An agency is never deleted.';
create trigger known_agency after insert on intake referencing new table as added
  for each statement execute function known_agency();
create trigger append_only before update or delete on intake for each row execute function refuse_change();
create trigger no_truncate before truncate on intake for each statement execute function refuse_change();
create trigger append_only before update or delete on stored_body for each row execute function refuse_change();
create trigger no_truncate before truncate on stored_body for each statement execute function refuse_change();

alter table stored_body enable row level security;
alter table intake enable row level security;
create policy own_agency on stored_body using (acting_for(agency_id)) with check (acting_for(agency_id));
create policy own_agency on intake using (acting_for(agency_id)) with check (acting_for(agency_id));
grant select, insert on stored_body, intake to saraban_intake;
grant select on stored_body, intake to saraban_reading;
grant select on intake to saraban_registry, saraban_notification, saraban_http;

-- ---------------------------------------------------------------------------------------------------------------
-- Reading: what a message says. Written by room reading only; can be made again from the stored bytes.

create table reading (
  intake_id uuid primary key,
  agency_id text not null,
  read_at timestamptz not null,
  verdict text not null check (verdict in ('ready', 'triage', 'ignored', 'refused')),
  reason text not null,
  kind text not null,
  message_id text,
  content_digest text,
  sender_address text,
  sender_name text,
  sender_agency text,
  number_printed text,
  number text,
  letter_date date,
  subject text,
  letter_from text,
  letter_to text,
  urgency text not null check (urgency in ('normal', 'urgent', 'very-urgent', 'most-urgent')),
  secrecy text not null check (secrecy in ('normal', 'confidential', 'secret', 'top-secret')),
  "references" text[] not null default '{}',
  sources jsonb not null default '{}',
  attachments jsonb not null default '[]',
  problems text[] not null default '{}',
  foreign key (intake_id, agency_id) references intake,
  -- What is marked as classified came by a door that may not carry it: of what it says nothing is kept here. (An automatic
  -- message so marked is ignored, not refused: nobody is to be answered.)
  check (secrecy = 'normal' or (verdict in ('refused', 'ignored') and number is null and number_printed is null and letter_date is null
    and subject is null and letter_from is null and letter_to is null and attachments = '[]' and sources = '{}'))
);
comment on table reading is 'The facts of a message and the first verdict on it; the registry has the last word (outcome).';
comment on column reading.number is 'Letter number, normalised: Arabic digits, one space after the code letters; number_printed: as it stands in the letter.';
comment on column reading.content_digest is 'SHA-256 over the message without trace fields: equal for the same mail over another relay.';
alter table reading enable row level security;
create policy own_agency on reading using (acting_for(agency_id)) with check (acting_for(agency_id));
create index reading_by_digest on reading (content_digest) where content_digest is not null;
grant select, insert, update on reading to saraban_reading;
grant select on reading to saraban_registry, saraban_notification, saraban_http;

-- ---------------------------------------------------------------------------------------------------------------
-- Registry: books, numbers, outcomes. Written by room registry only.

create table book (
  id text primary key,
  agency_id text not null references agency,
  direction text not null check (direction in ('inbound', 'outbound')),
  series text not null check (series in ('ordinary')),
  turn bigint not null default 0,
  unique (agency_id, direction, series),
  check (id = agency_id || '.' || direction || '.' || series)
);
comment on table book is 'A register book (ทะเบียนหนังสือรับ …). Its row is the lock under which numbers are taken.';
comment on column book.turn is 'Raised by each worker that takes the book''s lock: one turn after the other, never two at once.';

create table book_year (
  book_id text not null references book,
  agency_id text not null references agency,
  year integer not null check (year between 2000 and 2999),
  last_number integer not null check (last_number > 0),
  last_registered_at timestamptz not null,
  primary key (book_id, year)
);
comment on table book_year is 'Highest number of a book in a calendar year (C.E.). Written by the trigger of entry alone: no role may.';

create table entry (
  book_id text not null references book,
  year integer not null,
  number integer not null check (number > 0),
  agency_id text not null,
  intake_id uuid not null unique,
  registered_at timestamptz not null,
  clock jsonb not null,
  registered_by text not null,
  arrived_at timestamptz not null,
  letter_number text not null,
  letter_number_printed text not null,
  letter_date date,
  letter_from text,
  letter_to text,
  subject text,
  urgency text not null,
  unit text,
  sender_domain text,
  primary key (book_id, year, number),
  foreign key (intake_id, agency_id) references intake
);
comment on table entry is 'One registered letter: a line of the book. Never changed, never deleted; corrections will be events beside it.';
comment on column entry.number is 'เลขทะเบียนรับ: 1, 2, 3 … through the calendar year without a gap (Annex 6 §2.2.3).';
comment on column entry.year is 'Calendar year (C.E.) of the registration moment in Asia/Bangkok; shown as B.E. = C.E. + 543.';
create index entry_by_letter on entry (letter_number);

-- The book's own rule, in the database so that no program can break it: the numbers of a statement continue the book
-- exactly where it stands, in time order, in the year of their registration moment. Statement level: a batch of a
-- thousand entries costs one update of book_year.
create function continue_book() returns trigger language plpgsql security definer set search_path = saraban, pg_temp
  as $$
declare part record;
begin
  for part in
    select e.book_id, e.agency_id, e.year, min(e.number) as first, max(e.number) as last, count(*) as entries,
           min(e.registered_at) as earliest, max(e.registered_at) as latest,
           bool_and(extract(year from e.registered_at at time zone 'Asia/Bangkok') = e.year) as in_year,
           bool_and(b.agency_id = e.agency_id) as own_book
      from added e join book b on b.id = e.book_id
     group by e.book_id, e.agency_id, e.year
  loop
    if not part.in_year then
      raise exception 'book %, year %: registration moment lies in another year', part.book_id, part.year using errcode = 'check_violation';
    end if;
    if not part.own_book then
      raise exception 'book % is not a book of agency %', part.book_id, part.agency_id using errcode = 'check_violation';
    end if;
    if part.last - part.first + 1 <> part.entries then
      raise exception 'book %, year %: hole between % and %', part.book_id, part.year, part.first, part.last using errcode = 'check_violation';
    end if;
    if exists (select from (select registered_at, lag(registered_at) over (order by number) as before from added
                             where book_id = part.book_id and year = part.year) t where t.registered_at < t.before) then
      raise exception 'book %, year %: registration time falls', part.book_id, part.year using errcode = 'check_violation';
    end if;
    if exists (select from book_year y where y.book_id = part.book_id and y.year > part.year) then
      raise exception 'book %, year %: a later year has begun', part.book_id, part.year using errcode = 'check_violation';
    end if;
    if part.first = 1 then
      insert into book_year (book_id, agency_id, year, last_number, last_registered_at)
        values (part.book_id, part.agency_id, part.year, part.last, part.latest);
    else
      update book_year set last_number = part.last, last_registered_at = part.latest
       where book_id = part.book_id and year = part.year
         and last_number = part.first - 1 and last_registered_at <= part.earliest;
      if not found then
        raise exception 'book %, year %: % does not follow the last number, or its time is earlier', part.book_id, part.year, part.first
          using errcode = 'check_violation';
      end if;
    end if;
  end loop;
  return null;
end $$;
comment on function continue_book() is 'Refuses a repeated number, a hole, a falling time and a wrong year; moves book_year on (Annex 6 §2.2.3).';

create trigger continue_book after insert on entry referencing new table as added
  for each statement execute function continue_book();
create trigger append_only before update or delete on entry for each row execute function refuse_change();
create trigger no_truncate before truncate on entry for each statement execute function refuse_change();

create table outcome (
  intake_id uuid primary key,
  agency_id text not null,
  outcome text not null check (outcome in ('registered', 'duplicate', 'possible-duplicate', 'triage', 'ignored', 'refused')),
  reason text not null,
  earlier_intake_id uuid,
  decided_at timestamptz not null,
  clock jsonb not null,
  decided_by text not null,
  foreign key (intake_id, agency_id) references intake,
  foreign key (earlier_intake_id, agency_id) references intake
);
comment on table outcome is 'What became of an arrival: exactly one row for each intake.';
comment on column outcome.earlier_intake_id is 'For a duplicate or possible duplicate: the arrival it repeats.';
create trigger append_only before update or delete on outcome for each row execute function refuse_change();
create trigger no_truncate before truncate on outcome for each statement execute function refuse_change();

alter table book enable row level security;
alter table book_year enable row level security;
alter table entry enable row level security;
alter table outcome enable row level security;
create policy own_agency on book using (acting_for(agency_id)) with check (acting_for(agency_id));
create policy own_agency on book_year using (acting_for(agency_id));
create policy own_agency on entry using (acting_for(agency_id)) with check (acting_for(agency_id));
create policy own_agency on outcome using (acting_for(agency_id)) with check (acting_for(agency_id));
grant select, insert on book, entry, outcome to saraban_registry;
grant update (turn) on book to saraban_registry;
grant select on book_year to saraban_registry;
grant select on book, book_year, entry, outcome to saraban_http, saraban_notification;

-- ---------------------------------------------------------------------------------------------------------------
-- Notification: what was promised to whom, and each try to say it. Written by room notification only.

create table notice (
  id uuid primary key,
  agency_id text not null,
  intake_id uuid not null,
  kind text not null check (kind in ('acknowledgement', 'refusal')),
  recipient text not null,
  message_id text not null unique,
  facts jsonb not null,
  made_at timestamptz not null,
  clock jsonb not null,
  state text not null check (state in ('due', 'delivered', 'failed', 'withheld')),
  reason text not null default '',
  settled_at timestamptz,
  unique (intake_id),
  foreign key (intake_id, agency_id) references intake
);
comment on table notice is 'One promised message to a sender. A second try sends the same message again, Message-ID included.';
comment on column notice.facts is 'What the message says, fixed when it was promised; for refusals without any of the letter''s words.';
comment on column notice.state is 'due; delivered: the next server took it; failed: permanently refused or given up; withheld: must not be sent (RFC 3834).';

create table delivery_attempt (
  id bigint primary key generated always as identity,
  agency_id text not null,
  notice_id uuid not null references notice,
  channel text not null check (channel in ('smarthost', 'file')),
  started_at timestamptz not null,
  ended_at timestamptz not null,
  result text not null check (result in ('accepted', 'transient', 'permanent', 'unknown')),
  reply text not null
);
comment on table delivery_attempt is 'Each try to hand a notice on, with the other server''s answer. unknown: the line broke before the answer.';
create index delivery_attempt_by_notice on delivery_attempt (notice_id);
create trigger append_only before update or delete on delivery_attempt for each row execute function refuse_change();
create trigger no_truncate before truncate on delivery_attempt for each statement execute function refuse_change();

alter table notice enable row level security;
alter table delivery_attempt enable row level security;
create policy own_agency on notice using (acting_for(agency_id)) with check (acting_for(agency_id));
create policy own_agency on delivery_attempt using (acting_for(agency_id)) with check (acting_for(agency_id));
grant select, insert on notice, delivery_attempt to saraban_notification;
grant update (state, reason, settled_at) on notice to saraban_notification;
grant select on notice, delivery_attempt to saraban_http;

-- ---------------------------------------------------------------------------------------------------------------
-- Outbox: work that follows from a committed change. Inserted in the same transaction as the change, deleted in the
-- same transaction as the result: a queue that loses everything loses nothing of ours. It carries ids, never content.

create table outbox (
  id bigint primary key generated always as identity,
  job text not null,
  agency_id text not null,
  subject_id uuid not null,
  work_key text not null,
  created_at timestamptz not null default now(),
  next_send_at timestamptz not null default now(),
  sends integer not null default 0,
  failures integer not null default 0,
  not_before timestamptz,
  last_error text,
  failed_at timestamptz,
  unique (job, subject_id, agency_id)
);
comment on table outbox is 'Work to be done. The relay hands it to the queue when next_send_at has come, and again when it is not done in time.';
comment on column outbox.work_key is 'Rows of one job with the same key are woken together (a book); otherwise the subject''s id.';
comment on column outbox.not_before is 'After a failure: not tried before this, also when other work with the same key is.';
comment on column outbox.failed_at is 'Set when the work has failed too often: it waits for `saraban jobs retry`.';
create index outbox_due on outbox (next_send_at) where failed_at is null;
create index outbox_by_book on outbox (work_key) where job = 'register-letter';

create function wake_relay() returns trigger language plpgsql
  as $$ begin perform pg_notify('saraban_outbox', ''); return null; end $$;
comment on function wake_relay() is 'One wake-up a statement; the relay also looks by itself, so a lost one only costs time.';
create trigger wake_relay after insert on outbox for each statement execute function wake_relay();

alter table outbox enable row level security;
-- Each room hands on its own jobs and touches no other room's work; the relay sees ids of all of them.
create policy own_agency on outbox for select using (acting_for(agency_id));
create policy intake_hands_on on outbox for insert to saraban_intake with check (acting_for(agency_id) and job = 'read-letter');
create policy reading_hands_on on outbox for insert to saraban_reading with check (acting_for(agency_id) and job = 'register-letter');
create policy registry_hands_on on outbox for insert to saraban_registry with check (acting_for(agency_id) and job = 'notify-sender');
create policy notification_tries_again on outbox for insert to saraban_notification with check (acting_for(agency_id) and job = 'notify-sender');
create policy reading_puts_off on outbox for update to saraban_reading using (acting_for(agency_id) and job = 'read-letter');
create policy reading_finishes on outbox for delete to saraban_reading using (acting_for(agency_id) and job = 'read-letter');
create policy registry_puts_off on outbox for update to saraban_registry using (acting_for(agency_id) and job = 'register-letter');
create policy registry_finishes on outbox for delete to saraban_registry using (acting_for(agency_id) and job = 'register-letter');
create policy notification_puts_off on outbox for update to saraban_notification using (acting_for(agency_id) and job = 'notify-sender');
create policy notification_finishes on outbox for delete to saraban_notification using (acting_for(agency_id) and job = 'notify-sender');
create policy relay_all on outbox to saraban_queue using (acting()) with check (acting());
grant select, insert on outbox to saraban_intake, saraban_reading, saraban_registry, saraban_notification; -- select: for on conflict
grant delete on outbox to saraban_reading, saraban_registry, saraban_notification;
grant update (next_send_at, failures, not_before, last_error, failed_at) on outbox to saraban_reading, saraban_registry, saraban_notification;
grant select on outbox to saraban_queue;
grant update (next_send_at, sends, failures, not_before, last_error, failed_at) on outbox to saraban_queue;

-- ---------------------------------------------------------------------------------------------------------------
-- Operation: which services live, and the figures that /metrics and /readyz show. No letter can be read from here.

create table heartbeat (
  service text not null,
  instance text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  ready boolean not null,
  detail text not null,
  primary key (service, instance)
);
comment on table heartbeat is 'Each running service says every few seconds that it lives and whether it can work.';
grant select, insert, update, delete on heartbeat to saraban_intake, saraban_reading, saraban_registry, saraban_notification, saraban_queue, saraban_http;

create function figures() returns table (name text, agency_id text, label text, value double precision)
  language sql stable security definer set search_path = saraban, pg_temp
  as $$
    select 'intakes', i.agency_id, '', count(*)::double precision from intake i group by 2
    union all select 'outcomes', o.agency_id, case when o.outcome in ('refused', 'ignored') then 'not-registered' else o.outcome end,
      count(*)::double precision from outcome o group by 2, 3
    union all select 'notices', n.agency_id, n.state, count(*)::double precision from notice n group by 2, 3
    union all select 'jobs', '', job || case when failed_at is null then ':open' else ':failed' end, count(*)::double precision from outbox group by 3
    union all select 'oldest_job_seconds', '', '', coalesce(extract(epoch from now() - min(created_at)), 0) from outbox where failed_at is null
  $$;
comment on function figures() is 'Counts for operators: no letter''s content, and nothing that counts classified letters.';
revoke all on function figures() from public;
grant execute on function figures() to saraban_http;
