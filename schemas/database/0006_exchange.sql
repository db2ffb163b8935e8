-- 0006: the exchange API and the e-CMS protocol: programs that hand letters in, fetch what is for them, and other nodes.

-- ---------------------------------------------------------------------------------------------------------------
-- The directory: offices by their number in the government's list, and the e-CMS nodes by which they are reached.

alter table agency
  add column organisation_id text check (organisation_id ~ '^[0-9]{10}$'),
  add column ecms jsonb not null default '{}';
comment on column agency.organisation_id is 'Ten digits, the first two of them the ministry''s; the older five-digit form is the first five.';
comment on column agency.ecms is '{node: {url, dialect, pollSeconds}}: the node of others that this agency uses, if it uses one; shared/letter/directory.ts.';
create unique index agency_by_organisation on agency (organisation_id) where active and organisation_id is not null;

alter table partner
  add column organisation_id text check (organisation_id ~ '^[0-9]{10}$'),
  add column ecms jsonb not null default '{}';
comment on column partner.ecms is '{url, dialect}: its e-CMS node, to which letters and notifiers for it are posted; empty: it has none, or fetches from us.';
create index partner_by_organisation on partner (organisation_id) where active and organisation_id is not null;

-- ---------------------------------------------------------------------------------------------------------------
-- Clients: programs that an administrator has registered (saraban client).

create table client (
  id text primary key check (id ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  agency_id text not null references agency,
  name text not null check (name <> ''),
  sender_domain text,
  scopes text[] not null check (cardinality(scopes) > 0
    and scopes <@ array['submit', 'read-inbound', 'read-outbound', 'send-outbound', 'receipts', 'directory']),
  level text not null default 'normal' check (level in ('normal', 'confidential', 'secret')),
  certificates text[] not null default '{}',
  networks cidr[] not null default '{}',
  ecms_dialect text not null default '2.0' check (ecms_dialect in ('1.0', '2.0')),
  active boolean not null default true,
  made_at timestamptz not null default now()
);
comment on table client is 'Programs that use the exchange API or the e-CMS door for one agency served here: its own systems, or those of an office that sends it letters.';
comment on column client.sender_domain is 'In whose name it hands letters in: a partner''s domain, or the agency''s own; null: a node that passes on letters of every office in the directory, and is nobody''s own system.';
comment on column client.level is 'The gravest class of letters that it is appointed to hand in and fetch.';
comment on column client.certificates is 'SHA-256 of each certificate (DER, hex) by which it is known in mutual TLS.';
comment on column client.networks is 'From where it may use the e-CMS door without credentials (old clients send none); only where ecms.byAddress is on.';
create table client_secret (
  secret_sha256 text primary key check (secret_sha256 ~ '^[0-9a-f]{64}$'),
  client_id text not null references client,
  made_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz
);
comment on table client_secret is 'Secrets of 256 random bits, of which only the hash stands here; two at a time, so that one can be changed without a gap.';
create index client_secret_by_client on client_secret (client_id);
grant select on client, client_secret to saraban_http;
-- registry: whether a program may sign off for an agency that wants no second person for it, and whether a partner's program
-- fetches here; notification: whose inboxes there are.
grant select (id, agency_id, sender_domain, scopes, active) on client to saraban_registry, saraban_notification;

create table client_call (
  id bigint primary key generated always as identity,
  client_id text not null references client,
  agency_id text not null,
  door text not null check (door in ('api', 'ecms', 'token')),
  operation text not null,
  status integer not null,
  remote_address text not null,
  subject_id uuid,
  took_ms integer not null,
  called_at timestamptz not null
);
comment on table client_call is 'Each call of a client: what, from where, and how it was answered; no word of a letter.';
create index client_call_by_client on client_call (client_id, id desc);
create trigger append_only before update or delete on client_call for each row execute function refuse_change();
create trigger no_truncate before truncate on client_call for each statement execute function refuse_change();
alter table client_call enable row level security;
create policy own_agency on client_call using (acting_for(agency_id)) with check (acting_for(agency_id));
grant insert on client_call to saraban_http;

-- ---------------------------------------------------------------------------------------------------------------
-- Arrivals by program: room http takes them in by the same narrow place as room intake (shared/letter/arrival).

alter table intake
  add column media_type text,
  add column client_id text references client,
  add column sender_domain text;
alter table intake drop constraint intake_door_check;
alter table intake add constraint intake_door_check check (door in ('smtp', 'imap', 'api', 'ecms')),
  add check ((media_type is not null) = (door in ('api', 'ecms')));
comment on column intake.media_type is 'Of a request''s body, as its Content-Type says it (with the boundary); null for mail.';
comment on column intake.client_id is 'The client that handed it in; null for mail, and for what was fetched from another node.';
comment on column intake.sender_domain is 'In whose name it came by program.';
create index intake_by_client on intake (client_id, arrival_seq desc) where client_id is not null;

alter table entry drop constraint entry_channel_check;
alter table entry add constraint entry_channel_check check (channel in ('smtp', 'imap', 'paper', 'api', 'ecms'));

grant insert on intake to saraban_http;
grant select, insert on stored_body to saraban_http;
grant update (content, removed_at) on stored_body to saraban_http;
-- Only what was removed: the octets of a letter that is there nobody writes again.
create policy stored_again_by_http on stored_body as restrictive for update to saraban_http using (removed_at is not null) with check (removed_at is null);
drop policy http_hands_on on outbox;
create policy http_hands_on on outbox for insert to saraban_http
  with check (acting_for(agency_id) and job in ('do-act', 'print-register', 'read-letter'));

create table submission (
  intake_id uuid primary key,
  agency_id text not null,
  client_id text not null references client,
  idempotency_key text check (length(idempotency_key) between 1 and 255),
  request_sha256 text not null check (request_sha256 ~ '^[0-9a-f]{64}$'),
  foreign key (intake_id, agency_id) references intake,
  constraint submission_key unique (client_id, idempotency_key)
);
comment on table submission is 'A letter that a client handed in by the exchange API: asked again under the same key, it is told of the same arrival.';
create index submission_by_request on submission (client_id, request_sha256);
create function known_request() returns trigger language plpgsql set search_path = saraban, pg_temp
  as $$ begin
    -- Two of the same octets at once wait for each other at stored_body, which is written first.
    if new.idempotency_key is null and exists (
        select from submission s join intake i on i.id = s.intake_id and i.agency_id = s.agency_id
         where s.client_id = new.client_id and s.request_sha256 = new.request_sha256
           and i.arrived_at > (select arrived_at from intake where id = new.intake_id and agency_id = new.agency_id) - interval '1 day') then
      raise exception 'this request came in the last day' using errcode = 'unique_violation', constraint = 'submission_request';
    end if;
    return new;
  end $$;
comment on function known_request() is 'A client that asks again without a key is told of the same arrival for a day.';
create trigger known_request before insert on submission for each row execute function known_request();

create function letters_waiting(most integer) returns integer
  language sql stable security definer set search_path = saraban, pg_temp
  as $$ select count(*)::integer from (select from outbox where job in ('read-letter', 'register-letter') and failed_at is null limit most) o $$;
comment on function letters_waiting(integer) is 'How many letters of all agencies wait to be read and registered, counted as far as most: doors refuse more while there are too many.';
revoke all on function letters_waiting(integer) from public;
grant execute on function letters_waiting(integer) to saraban_http;

-- Programs that wait for a letter's number (Prefer: wait) are woken; the tables say what there is.
create function tell_outcome() returns trigger language plpgsql
  as $$ begin perform pg_notify('saraban_outcome', ''); return null; end $$;
comment on function tell_outcome() is 'One word a transaction to whoever waits for what became of a letter; no id, no content.';
create trigger tell_outcome after insert on outcome for each statement execute function tell_outcome();
create function tell_receipt() returns trigger language plpgsql set search_path = saraban, pg_temp
  as $$ begin
    -- Nobody waits for what came by mail; and transactions that notify commit one after the other.
    if exists (select from added r join intake i on i.id = r.intake_id and i.agency_id = r.agency_id where i.client_id is not null) then
      perform pg_notify('saraban_outcome', '');
    end if;
    return null;
  end $$;
comment on function tell_receipt() is 'As tell_outcome, when the receipt is a program''s.';
create trigger tell_receipt after insert on receipt referencing new table as added for each statement execute function tell_receipt();
create trigger tell_outcome after insert on tray_decision for each statement execute function tell_outcome();

create table ecms_document (
  process_id uuid primary key,
  agency_id text not null,
  intake_id uuid,
  act_id uuid references act,
  letter_id text not null,
  correspondence_date text not null,
  sender_department text not null check (sender_department ~ '^[0-9]{10}$'),
  accept_department text not null check (accept_department ~ '^[0-9]{10}$'),
  came_at timestamptz not null,
  deleted_at timestamptz,
  foreign key (intake_id, agency_id) references intake,
  check ((intake_id is null) <> (act_id is null))
);
comment on column ecms_document.act_id is 'Of a letter that is passed on to an office elsewhere: the act that has it passed on; the process is the outbound letter.';
comment on table ecms_document is 'A letter by e-CMS under its identity on the wire: a second one is refused until its sender has deleted the first (which stays in the book).';
create unique index ecms_document_once on ecms_document (letter_id, correspondence_date, sender_department, accept_department) where deleted_at is null;
create index ecms_document_by_intake on ecms_document (intake_id);

create table ecms_pulled (
  agency_id text not null references agency,
  node text not null,
  process_id text not null,
  intake_id uuid,
  note text not null default '',
  pulled_at timestamptz not null,
  deleted_at timestamptz,
  primary key (agency_id, node, process_id)
);
comment on table ecms_pulled is 'What was fetched from another e-CMS node: fetched once, deleted there after the commit that holds it.';
create table ecms_node (
  agency_id text primary key references agency,
  url text not null,
  looked_at timestamptz,
  trouble text,
  trouble_since timestamptz,
  active boolean not null default true
);
comment on table ecms_node is 'The node that an agency uses (agency.ecms), and how it stands with its queue there.';
comment on column ecms_node.looked_at is 'When the queue there was last read to its end.';

-- ---------------------------------------------------------------------------------------------------------------
-- The inbox of a client: what it has not fetched and acknowledged yet, oldest first. Filled by room notification.

create table client_item (
  id uuid primary key,
  seq bigint not null generated always as identity,
  client_id text not null references client,
  agency_id text not null,
  kind text not null check (kind in ('letter', 'receipt', 'news', 'dispute', 'sent-letter', 'recall')),
  intake_id uuid,
  receipt_id uuid references receipt,
  news_id bigint references recipient_event,
  notice_id uuid references notice,
  made_at timestamptz not null,
  first_fetched_at timestamptz,
  receive_told_at timestamptz,
  done_at timestamptz,
  withdrawn_at timestamptz,
  constraint client_item_once unique nulls not distinct (client_id, kind, intake_id, receipt_id, news_id, notice_id),
  check (case kind when 'letter' then intake_id is not null when 'dispute' then intake_id is not null
                   when 'receipt' then receipt_id is not null when 'news' then news_id is not null else notice_id is not null end),
  check (withdrawn_at is null or (done_at is not null and first_fetched_at is null))
);
comment on table client_item is 'letter: a letter in the agency''s book; receipt: what a letter became that this client handed in; news: what became of a letter of the agency at a recipient; dispute: an office says that a number of ours is wrong; sent-letter: a letter of the agency for the office whose program this is; recall: it is asked back.';
comment on column client_item.notice_id is 'Of sent-letter and recall: the notice, whose facts it tells and whose recipient is the client''s own office.';
comment on column client_item.id is 'Also the e-CMS ProcessID under which it is fetched and deleted.';
comment on column client_item.receive_told_at is 'e-CMS knows two notifiers where one receipt says both, that a letter has arrived and its number: the first of them was fetched and deleted.';
comment on column client_item.done_at is 'Acknowledged (JSON), or deleted (e-CMS): it is not offered again.';
comment on column client_item.withdrawn_at is 'A letter that was called back, or laid there once more, before this one was fetched: nobody has seen it.';
create index client_item_by_notice on client_item (notice_id) where notice_id is not null;
create index client_item_waiting on client_item (client_id, seq) where done_at is null;
create function keep_item() returns trigger language plpgsql
  as $$ begin
    if tg_op = 'UPDATE' and (new.id, new.client_id, new.agency_id, new.kind, new.made_at) = (old.id, old.client_id, old.agency_id, old.kind, old.made_at)
       and (new.intake_id, new.receipt_id, new.news_id, new.notice_id) is not distinct from (old.intake_id, old.receipt_id, old.news_id, old.notice_id)
       and (old.done_at is null or (new.done_at = old.done_at and new.withdrawn_at is not distinct from old.withdrawn_at)) then
      return new;
    end if;
    raise exception 'what a client was told stays as it was' using errcode = 'restrict_violation';
  end $$;
create trigger keep_item before update or delete on client_item for each row execute function keep_item();
create trigger no_truncate before truncate on client_item for each statement execute function refuse_change();
create function note_item_done() returns trigger language plpgsql security definer set search_path = saraban, pg_temp
  as $$ begin
    insert into outbox (job, agency_id, subject_id, work_key)
      select 'send-letter', n.agency_id, n.recipient_id, n.recipient_id::text from notice n where n.id = new.notice_id
      on conflict (job, subject_id, agency_id) do update set next_send_at = least(outbox.next_send_at, now());
    return null;
  end $$;
comment on function note_item_done() is 'That a partner''s program has taken a letter of ours is news of its recipient, which room notification alone records: its job runs once more.';
create trigger note_item_done after update on client_item for each row
  when (new.notice_id is not null and old.done_at is null and new.done_at is not null and new.withdrawn_at is null)
  execute function note_item_done();

do $$
declare kept text;
begin
  foreach kept in array array['submission', 'ecms_document', 'ecms_pulled', 'ecms_node', 'client_item'] loop
    execute format('alter table %I enable row level security', kept);
    execute format('create policy own_agency on %I using (acting_for(agency_id)) with check (acting_for(agency_id))', kept);
  end loop;
end $$;
grant select, insert on submission, ecms_document to saraban_http;
grant update (deleted_at) on ecms_document to saraban_http;
grant select, insert on ecms_document, ecms_pulled to saraban_intake;
grant update (intake_id, note, deleted_at) on ecms_pulled to saraban_intake;
-- What a node gives once more was deleted there by its sender; our row of it ends when we have refused or sent back the first.
grant update (deleted_at) on ecms_document to saraban_intake;
grant select on tray_decision to saraban_intake;
grant select, insert, update on ecms_node to saraban_intake;
grant select on ecms_node, ecms_pulled to saraban_http;
grant select on ecms_document to saraban_notification;
grant select, insert, update (done_at, withdrawn_at) on client_item to saraban_notification;
grant select, update (first_fetched_at, receive_told_at, done_at) on client_item to saraban_http;
create function tell_client_item() returns trigger language plpgsql
  as $$ begin perform pg_notify('saraban_client_item', ''); return null; end $$;
comment on function tell_client_item() is 'Clients that wait for something are told that there may be: one word a transaction, of nobody and nothing.';
create trigger tell_client_item after insert on client_item for each statement execute function tell_client_item();
grant select on client_item to saraban_audit;
create policy whole_register on client_item for select to saraban_audit
  using ((select acting()) and agency_id = any ((select string_to_array(current_setting('saraban.agencies', true), ','))::text[]));

-- ---------------------------------------------------------------------------------------------------------------
-- Notices and recipients: two more ways besides mail.

alter table notice add column channel text not null default 'mail' check (channel in ('mail', 'inbox', 'ecms'));
comment on column notice.channel is 'mail; inbox: laid into the inbox of the client that handed the letter in, or of the clients of the office that a letter of ours is for; ecms: posted to the other office''s node.';
grant select (channel) on notice to saraban_audit;
-- A notifier of another office is kept like any other report of ours: by the number that it names, from the office itself.
alter table delivery_report drop constraint delivery_report_kind_check, drop constraint delivery_report_matched_by_check;
alter table delivery_report
  add constraint delivery_report_kind_check check (kind in ('bounce', 'mdn', 'auto-reply', 'acknowledgement', 'notifier')),
  add constraint delivery_report_matched_by_check check (matched_by in ('token', 'message-id', 'number', 'nothing'));
alter table delivery_attempt drop constraint delivery_attempt_channel_check;
alter table delivery_attempt add constraint delivery_attempt_channel_check check (channel in ('smarthost', 'mx', 'file', 'inbox', 'ecms'));
alter table outbound_recipient drop constraint outbound_recipient_channel_check;
alter table outbound_recipient add constraint outbound_recipient_channel_check check (channel in ('mail', 'ecms'));
comment on column outbound_recipient.channel is 'mail; ecms: posted to a node, or laid into the inbox of the office''s own program, which fetches it here.';
comment on column outbound_recipient.address is 'A mail address, or the ten digits of the office for e-CMS.';
alter table recipient_event drop constraint recipient_event_source_check, drop constraint recipient_event_proof_check;
alter table recipient_event
  add constraint recipient_event_source_check check (source in ('server', 'dsn', 'mdn', 'receipt', 'answer', 'watch', 'ecms')),
  add constraint recipient_event_proof_check check (proof in ('signature', 'token', 'claim', 'own', 'client'));
comment on column recipient_event.proof is 'signature: a receipt signed by the partner''s key; token: it came to the return path that only our message carried; client: the partner''s own program said so, under its credentials; claim: it names our message, which anyone could; own: seen by this system itself.';

-- ---------------------------------------------------------------------------------------------------------------
-- Letters that a system of the agency's own numbers in its own book and hands in by e-CMS for an office elsewhere: passed on.

alter table act drop constraint act_act_check, drop constraint act_place_check;
alter table act
  add constraint act_act_check check (act in (
    'register', 'reject', 'invalid', 'not-a-letter', 'merge', 'enter', 'reserve', 'fill', 'correct', 'cancel', 'hand-over', 'answer-recall',
    'draft', 'check', 'return', 'approve', 'send', 'resend', 'recall', 'withdraw', 'note-answer', 'pass-on')),
  add constraint act_place_check check (
    case when act in ('register', 'reject', 'invalid', 'not-a-letter', 'merge') then intake_id is not null
         when act in ('enter', 'reserve') then book_id is not null and intake_id is null
         when act in ('draft', 'check', 'return', 'approve', 'send', 'resend', 'recall', 'withdraw', 'note-answer', 'pass-on') then letter_id is not null and intake_id is null
         else book_id is not null and year is not null and number is not null end);

alter table outbound_letter
  add column origin text not null default 'registry' check (origin in ('registry', 'client')),
  add column client_number text check (client_number <> ''),
  add column client_number_printed text check (client_number_printed <> ''),
  drop constraint outbound_letter_check1,
  add constraint outbound_letter_numbered check (state not in ('approved', 'sent') or number is not null or origin = 'client'),
  add constraint outbound_letter_of_client check (case origin
    when 'client' then state = 'sent' and number is null and num_nulls(client_number, client_number_printed) = 0
    else num_nulls(client_number, client_number_printed) = 2 end);
comment on column outbound_letter.origin is 'registry: numbered by our book, in which it has a line; client: a system of the agency''s own has numbered it in its own book, and it is passed on.';
comment on column outbound_letter.client_number is 'Of a letter that is passed on: its number in canonical form, as lines have it in letter_number.';
create index outbound_letter_by_client_number on outbound_letter (agency_id, client_number) where client_number is not null;
grant select (origin) on outbound_letter to saraban_audit;

create view outbound_line with (security_invoker = true) as
  select o.id as letter_id, o.agency_id,
         coalesce(l.letter_number, o.client_number) as letter_number,
         coalesce(l.letter_number_printed, o.client_number_printed) as letter_number_printed,
         case o.origin when 'client' then (o.facts ->> 'letterDate')::date else l.letter_date end as letter_date,
         case o.origin when 'client' then o.facts ->> 'subject' else l.subject end as subject,
         case o.origin when 'client' then o.facts ->> 'from' else l.letter_from end as letter_from,
         case o.origin when 'client' then coalesce(o.facts ->> 'urgency', 'normal') else l.urgency end as urgency,
         case o.origin when 'client' then 'normal' else l.secrecy end as secrecy,
         case o.origin when 'client' then array(select jsonb_array_elements_text(coalesce(o.facts -> 'references', '[]'))) else l."references" end as "references",
         case o.origin when 'client' then array(select jsonb_array_elements_text(coalesce(o.facts -> 'enclosures', '[]'))) else l.enclosures end as enclosures
    from outbound_letter o
    left join register_line l on l.book_id = o.book_id and l.year = o.year and l.number = o.number
   where l.number is not null or o.origin = 'client';
comment on view outbound_line is 'What the book says of a letter of our own: ours of those that it numbers, and of those that are passed on the book of the client, as the letter says it.';
grant select on outbound_line to saraban_http, saraban_notification;

create function letters_numbered(agency text, numbers text[]) returns table (letter_id uuid)
  language sql stable set search_path = saraban, pg_temp
  as $$
    select o.id from lines_numbered(agency, numbers) n
      join outbound_letter o on o.book_id = n.book_id and o.year = n.year and o.number = n.number
    union all
    select o.id from outbound_letter o where o.agency_id = agency and o.client_number = any (numbers)
  $$;
comment on function letters_numbered is 'Letters of our own under one of these numbers, by whichever book; row-level security is that of the reader.';
revoke all on function letters_numbered from public;
grant execute on function letters_numbered to saraban_http, saraban_notification;
