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
grant select on signing_key to saraban_notification, saraban_http, saraban_audit;
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
create trigger append_only before update or delete on receipt for each row execute function refuse_change();
create trigger no_truncate before truncate on receipt for each statement execute function refuse_change();
alter table receipt enable row level security;
create policy own_agency on receipt using (acting_for(agency_id)) with check (acting_for(agency_id));
grant select, insert on receipt to saraban_notification;
grant select on receipt to saraban_http, saraban_audit, saraban_registry;

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

create function keep_sent_letter() returns trigger language plpgsql
  as $$ begin
    if tg_op = 'UPDATE' and new.id = old.id and new.agency_id = old.agency_id and new.version >= old.version
       and (old.number is null or (new.book_id, new.year, new.number) = (old.book_id, old.year, old.number))
       and old.state <> 'withdrawn'
       and (old.state <> 'sent' or new.state = 'sent' and new.facts = old.facts and new.version = old.version and new.sent_at = old.sent_at) then
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
    execute format('grant select on %I to saraban_http, saraban_notification, saraban_audit', kept);
  end loop;
end $$;
grant update (state, version, facts, book_id, year, number, sent_at, recalled_at) on outbound_letter to saraban_registry;

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
create unique index recipient_event_watch_once on recipient_event (recipient_id, what) where source = 'watch';
create trigger append_only before update or delete on recipient_event for each row execute function refuse_change();
create trigger no_truncate before truncate on recipient_event for each statement execute function refuse_change();
alter table recipient_event enable row level security;
create policy own_agency on recipient_event using (acting_for(agency_id)) with check (acting_for(agency_id));
grant select, insert on recipient_event to saraban_notification;
grant select on recipient_event to saraban_http, saraban_registry, saraban_audit;

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
create index outbox_waiting_letters on outbox (created_at) where job = 'register-letter';
