-- 0004: intake in depth: mailboxes pulled by IMAP, who sent a letter, what a scanner said of it, reports on what we sent,
-- and how long a copy that may not be opened is kept.

-- ---------------------------------------------------------------------------------------------------------------
-- One more door.

alter table intake drop constraint intake_door_check;
alter table intake add constraint intake_door_check check (door in ('smtp', 'imap'));
alter table entry drop constraint entry_channel_check;
alter table entry add constraint entry_channel_check check (channel in ('smtp', 'imap', 'paper'));

alter table agency
  add column senders jsonb not null default '{}',
  add column contacts jsonb not null default '{}';
comment on column agency.senders is 'Standing of a sender → register, tray or refuse; what is not said has the default of services/shared/letter/sender-rules.ts.';
comment on column agency.contacts is 'Mail addresses inside the agency that are told of what nobody may open: classifiedRegistrar, clerk.';

alter table partner add column roman_code text;
comment on column partner.roman_code is 'รหัสตัวอักษรโรมัน that the names of its files begin with (Annex 7), such as OPDC.';

-- Messages of a mailbox that is hosted elsewhere. A message has its row in the transaction of its intake row: what is
-- fetched again after a broken connection, or under a new UIDVALIDITY, is known and not taken in twice.
create table imap_mailbox (
  id text primary key check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  agency_id text not null references agency,
  place text not null,
  authserv_id text,
  active boolean not null default true,
  numbering integer not null default 0,
  uid_validity bigint,
  last_uid bigint not null default 0,
  looked_at timestamptz,
  trouble text,
  trouble_since timestamptz
);
comment on table imap_mailbox is 'How far a mailbox of config/mailboxes.yaml has been read: messages up to last_uid of its numbering are all in imap_message, or older than the file asks for.';
comment on column imap_mailbox.numbering is 'Raised whenever the UIDs begin anew: with another UIDVALIDITY, or another place.';
comment on column imap_mailbox.place is 'user@host/folder: UIDs speak of that folder alone; when it changes, reading starts again from UID 1.';
comment on column imap_mailbox.authserv_id is 'Name in the Authentication-Results that the hosting server itself adds (RFC 8601); null: none of them is believed.';
comment on column imap_mailbox.active is 'Whether the file still names it.';
comment on column imap_mailbox.trouble is 'Why it could not be read the last time, without secrets; null when it could.';

create table imap_message (
  mailbox_id text not null references imap_mailbox,
  numbering integer not null,
  uid bigint not null,
  uid_validity bigint not null,
  agency_id text not null,
  intake_id uuid,
  sha256 text,
  delivered_at timestamptz,
  taken_at timestamptz not null default now(),
  filed_at timestamptz,
  note text not null default '',
  primary key (mailbox_id, numbering, uid),
  foreign key (intake_id, agency_id) references intake
);
create index imap_message_by_digest on imap_message (mailbox_id, sha256);
create index imap_message_not_taken on imap_message (mailbox_id, taken_at) where intake_id is null;
create index imap_message_unfiled on imap_message (mailbox_id) where filed_at is null and intake_id is not null;
comment on table imap_message is 'A message of a mailbox and the arrival it became; without an arrival: why none (note).';
comment on column imap_message.delivered_at is 'INTERNALDATE: when the hosting server says it got the message. Evidence; what decides is intake.arrived_at, when it entered this system (Annex 6 §2.2.5).';
comment on column imap_message.filed_at is 'When it was flagged and moved in the mailbox; null while that is still to be done.';

alter table imap_mailbox enable row level security;
alter table imap_message enable row level security;
create policy own_agency on imap_mailbox using (acting_for(agency_id)) with check (acting_for(agency_id));
create policy own_agency on imap_message using (acting_for(agency_id)) with check (acting_for(agency_id));
grant select, insert, update on imap_mailbox to saraban_intake;
grant select, insert on imap_message to saraban_intake;
grant update (filed_at, note) on imap_message to saraban_intake;
grant select on imap_mailbox, imap_message to saraban_http, saraban_reading;
grant select on outcome to saraban_intake;

-- Who has been asked to come again (RFC 6647). No row of it is worth a flush: what is lost is asked once more.
create unlogged table greylist (
  triplet text primary key,
  first_at timestamptz not null default now(),
  last_at timestamptz not null default now(),
  passed boolean not null default false
);
comment on table greylist is 'SHA-256 over client network, envelope sender and recipient, or over the network alone; passed: it has come again in time.';
create index greylist_by_age on greylist (last_at);
grant select, insert, update, delete on greylist to saraban_intake;

-- ---------------------------------------------------------------------------------------------------------------
-- Reading: who sent it, where sources disagree, what the scanner said.

alter table reading
  add column standing text not null default 'unchecked'
    check (standing in ('unchecked', 'proved', 'unproved', 'forged', 'undecided')),
  add column sender_check jsonb not null default '{}',
  add column conflicts jsonb not null default '[]',
  add column letter_digest text,
  add column scan jsonb not null default '{}',
  add column report jsonb,
  add check (secrecy = 'normal' or (conflicts = '[]' and letter_digest is null));
comment on column reading.standing is 'How sure the sender is: proved (DMARC, or an aligned signature), unproved, forged (DMARC failed), undecided (no answer of DNS), unchecked (checks are off).';
comment on column reading.sender_check is 'Verdicts of SPF, DKIM, DMARC and ARC with the domains they speak of (RFC 8601), and when they were made.';
comment on column reading.conflicts is '[{field, values: [{value, source, confidence}]}]: facts on which the sources of one letter disagree.';
comment on column reading.letter_digest is 'SHA-256 over the letter''s own contents (its files, else its text): equal for the same letter in another message or over another channel.';
comment on column reading.scan is 'What the virus scanner said: {state, signature, at}; empty without a scanner.';
comment on column reading.report is 'What a delivery status or disposition notification says (RFC 3464, RFC 8098).';
create index reading_by_letter_digest on reading (letter_digest) where letter_digest is not null;

-- ---------------------------------------------------------------------------------------------------------------
-- Registry: copies of what was refused.

create table quarantine (
  intake_id uuid primary key,
  agency_id text not null,
  reason text not null,
  since timestamptz not null,
  keep_until timestamptz not null,
  removed_at timestamptz,
  foreign key (intake_id, agency_id) references intake
);
comment on table quarantine is 'Arrivals that were refused, whose octets nobody opens: classified by plain mail, infected, forged. Removed after keep_until.';
create index quarantine_due on quarantine (keep_until) where removed_at is null;
alter table quarantine enable row level security;
create policy own_agency on quarantine using (acting_for(agency_id)) with check (acting_for(agency_id));
grant select, insert on quarantine to saraban_registry;
grant select on quarantine to saraban_intake, saraban_audit, saraban_http;
create policy not_for_clerks on quarantine as restrictive for select to saraban_http using (reason <> 'classified');
create index quarantine_by_agency on quarantine (agency_id, since desc, intake_id desc);
-- What became of a letter that came again is shown with its first arrival; few outcomes name an earlier one.
create index outcome_by_earlier on outcome (earlier_intake_id) where earlier_intake_id is not null;

-- stored_body stays append-only but for this one way: the octets of a quarantined copy whose time is over.
alter table stored_body add column removed_at timestamptz;
comment on column stored_body.removed_at is 'When the octets of a quarantined copy were removed; its hash and size stay as evidence.';
create index stored_body_removed on stored_body (removed_at) where removed_at is not null;
create function refuse_change_but_removal() returns trigger language plpgsql
  as $$ begin
    if tg_op = 'UPDATE'
       and (new.agency_id, new.sha256, new.size_bytes, new.stored_at) = (old.agency_id, old.sha256, old.size_bytes, old.stored_at)
       and (old.removed_at is null and new.removed_at is not null and new.content is null
         -- The same octets have come again: they are stored again, or a letter answered with 250 would be lost.
         or old.removed_at is not null and new.removed_at is null
           and (new.content is null or encode(sha256(new.content), 'hex') = new.sha256)) then
      return new;
    end if;
    raise exception '% is append-only: % refused', tg_table_name, lower(tg_op) using errcode = 'restrict_violation';
  end $$;
drop trigger append_only on stored_body;
create trigger append_only before update or delete on stored_body for each row execute function refuse_change_but_removal();

create function remove_quarantined(which uuid, of_agency text, as_of timestamptz)
  returns table (sha256 text, file boolean) language plpgsql security definer set search_path = saraban, pg_temp
  as $$
declare body record;
begin
  if not acting_for(of_agency) then
    raise exception 'not acting for the agency' using errcode = 'insufficient_privilege';
  end if;
  update quarantine q set removed_at = as_of
   where q.intake_id = which and q.agency_id = of_agency and q.removed_at is null and q.keep_until <= as_of;
  if not found then return; end if;
  select b.* into body from intake i join stored_body b on b.agency_id = i.agency_id and b.sha256 = i.sha256
   where i.id = which and i.agency_id = of_agency for update of b;
  -- The same octets may be another arrival's, which is still kept.
  if exists (select from intake i left join quarantine q on q.intake_id = i.id
              where i.agency_id = of_agency and i.sha256 = body.sha256 and q.removed_at is null) then
    return;
  end if;
  update stored_body b set content = null, removed_at = as_of
   where b.agency_id = of_agency and b.sha256 = body.sha256 and b.removed_at is null;
  -- A file is shared by all agencies that hold the same octets.
  return query select body.sha256, body.content is null
    and not exists (select from stored_body o where o.sha256 = body.sha256 and o.removed_at is null);
end $$;
comment on function remove_quarantined(uuid, text, timestamptz) is 'Removes the octets of a quarantined arrival whose time is over. Tells the hash, and whether a file of it may go.';
revoke all on function remove_quarantined(uuid, text, timestamptz) from public;
grant execute on function remove_quarantined(uuid, text, timestamptz) to saraban_intake;
grant update (content, removed_at) on stored_body to saraban_intake;
-- The door stores again what was removed; to remove is for the function above alone, which looks whether it is due.
create policy stored_again on stored_body as restrictive for update to saraban_intake using (true) with check (removed_at is null);
grant select on quarantine to saraban_notification;

-- ---------------------------------------------------------------------------------------------------------------
-- Notification: more than one notice for an arrival, and what other servers report of our notices.

alter table notice drop constraint notice_kind_check;
alter table notice add constraint notice_kind_check check (kind in ('acknowledgement', 'copy', 'refusal', 'rejection', 'alert'));
alter table notice drop constraint notice_intake_id_key;
alter table notice add constraint notice_by_intake unique (intake_id, kind);
create index notice_alerts on notice (agency_id, made_at) where kind = 'alert';
comment on column notice.kind is 'acknowledgement, refusal, rejection: to the sender; copy: the acknowledgement of the same letter''s first arrival once more; alert: to a person of the agency (contacts), without any of the letter''s words.';

create table report_key (
  id smallint primary key generated always as identity,
  secret bytea not null check (octet_length(secret) >= 32),
  made_at timestamptz not null default now()
);
comment on table report_key is 'Keys of the tokens in our return paths: only a report on what we really sent carries one. The newest signs, all verify.';
grant select, insert on report_key to saraban_notification;

create table delivery_report (
  intake_id uuid primary key,
  agency_id text not null,
  notice_id uuid references notice,
  matched_by text not null check (matched_by in ('token', 'message-id', 'nothing')),
  kind text not null check (kind in ('bounce', 'mdn', 'auto-reply', 'acknowledgement')),
  action text,
  status text,
  recipient text,
  diagnostic text,
  recorded_at timestamptz not null,
  clock jsonb not null,
  foreign key (intake_id, agency_id) references intake,
  check ((notice_id is null) = (matched_by = 'nothing'))
);
comment on table delivery_report is 'What another server or reader says of a message of ours: delivery evidence, with the mail that says it (intake).';
comment on column delivery_report.matched_by is 'token: the report came to the return path that only our message carried; message-id: it names our Message-ID, which anyone could.';
create index delivery_report_by_notice on delivery_report (notice_id);
create trigger append_only before update or delete on delivery_report for each row execute function refuse_change();
create trigger no_truncate before truncate on delivery_report for each statement execute function refuse_change();
alter table delivery_report enable row level security;
create policy own_agency on delivery_report using (acting_for(agency_id)) with check (acting_for(agency_id));
grant select, insert on delivery_report to saraban_notification;
grant select on delivery_report to saraban_http;

create policy reading_hands_on_reports on outbox for insert to saraban_reading with check (acting_for(agency_id) and job = 'record-report');
create policy notification_puts_off_reports on outbox for update to saraban_notification using (acting_for(agency_id) and job = 'record-report');
create policy notification_finishes_reports on outbox for delete to saraban_notification using (acting_for(agency_id) and job = 'record-report');

-- ---------------------------------------------------------------------------------------------------------------
-- Search: over several agencies so many of the newest lines were looked at in each as if it were alone. That was slow, and
-- wrong where a term stood in one agency's older lines only: another's, older still, were found in their place.

create function search_edge(
  agencies text[], from_at timestamptz, to_at timestamptz, direction integer, after_at timestamptz, reach integer
) returns timestamptz
  language sql stable security definer set search_path = saraban, pg_temp
  -- Over what search_lines forbids: without the index of times all of an agency's lines would be sorted.
  set enable_seqscan = off set enable_indexscan = on set enable_indexonlyscan = on set plan_cache_mode = force_generic_plan
  as $$
    -- How far so many lines of all the agencies reach is told by the busiest one's part of them. Numbers have no gaps: the
    -- last ones of the newest years say how busy each is. A wrong guess costs time only.
    with busy as (
      select y.agency_id, sum(y.last_number) as lines from book_year y
       where y.agency_id = any (agencies) and acting_for(y.agency_id)
         and y.year >= (select max(n.year) - 1 from book_year n where n.agency_id = any (agencies))
       group by y.agency_id),
    busiest as (
      select agency_id, (reach * lines / sum(lines) over ())::bigint as lines from busy order by lines desc limit 1)
    select case when direction < 0 then
        (select r.registered_at from search_row r
          where r.agency_id = b.agency_id and r.registered_at >= from_at and r.registered_at <= least(to_at, coalesce(after_at, to_at))
          order by r.registered_at desc offset b.lines limit 1)
      else
        (select r.registered_at from search_row r
          where r.agency_id = b.agency_id and r.registered_at >= greatest(from_at, coalesce(after_at, from_at)) and r.registered_at < to_at
          order by r.registered_at offset b.lines limit 1)
      end
      from busiest b
  $$;
comment on function search_edge is 'About the moment up to which so many lines of all the agencies lie from the wanted end of a period; null: all of it.';
revoke all on function search_edge from public;

create or replace function search_lines(
  agencies text[], patterns text[], all_grams integer[], some_grams integer[], more_grams integer[], wanted_facets text[],
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
        cross join lateral lines_from_end(a.agency, patterns, wanted_facets, seen_from, seen_to, letter_from, letter_to,
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
             and r.facets @> wanted_facets and r.folded like all (patterns)
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
