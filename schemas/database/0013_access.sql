-- 0013: rights in the database: a person who is appointed for a unit sees nothing of the others, whatever the program in
-- between has checked (services/shared/access/decide.ts is the other half; for classified letters see 0012).
--
-- A transaction states the units that its person is confined to (services/shared/runtime/database.ts): AGENCY/UNIT, separated
-- by commas. Nothing stated, or nothing of an agency: the whole agency. Workers, programs and clerks' tokens state nothing. What
-- belongs to no unit is not of his. Books and how far they go stay seen: numbers are no letters.

alter table appointment add constraint unit_is_one_word check (unit !~ '[,/[:space:]]');
-- No classified letter belongs to a unit: an order that says otherwise would open nothing.
alter table appointment add constraint classified_for_the_agency check (unit is null or "right" not like 'classified-%');

create function whole_agencies() returns boolean language sql stable
  as $$ select coalesce(current_setting('saraban.units', true), '') = '' $$;
comment on function whole_agencies() is 'True when the transaction confines nobody to a unit: asked once a statement, so that the rest costs nothing then.';
create function bound_units() returns table (agency text, unit text) language sql stable
  as $$ select split_part(u, '/', 1), split_part(u, '/', 2) from unnest(string_to_array(current_setting('saraban.units', true), ',')) u $$;
create function unit_bound(of_agency text) returns boolean language sql stable set search_path = saraban, pg_temp
  as $$ select exists (select from bound_units() u where u.agency = of_agency) $$;
comment on function unit_bound(text) is 'True when the transaction''s person is confined to units of this agency.';
create function in_units(of_agency text, of_unit text) returns boolean language sql stable set search_path = saraban, pg_temp
  as $$ select not unit_bound(of_agency) or exists (select from bound_units() u where u.agency = of_agency and u.unit = of_unit) $$;
comment on function in_units(text, text) is 'True when the transaction''s person may see what belongs to this unit (null: to none).';

-- ---------------------------------------------------------------------------------------------------------------
-- Letters of our own belong to the unit of who drafted them, and so do the files for them.

alter table outbound_letter add column unit text;
alter table uploaded_file add column unit text;
comment on column outbound_letter.unit is 'The unit that its author was confined to when he drafted it; null: he works for the whole agency.';
comment on column uploaded_file.unit is 'As outbound_letter.unit, of who gave it.';
create function unit_of_person(actor text, of_agency text) returns text
  language sql stable security definer set search_path = saraban, pg_temp
  as $$
    select case when bool_or(a.unit is null) then null else min(a.unit collate "C") end
      from appointment_in_force a
     where a.person_id = substring(actor from '^person:(.+)$') and a.agency_id = of_agency
       and a."right" in ('registry-clerk', 'registry-head', 'drafter', 'approver')
  $$;
comment on function unit_of_person(text, text) is 'The unit that a person is confined to in an agency, of several the first; null: none. unitOfDraft() in services/shared/access/acting.ts says the same.';
create function unit_of_author() returns trigger language plpgsql security definer set search_path = saraban, pg_temp
  as $$ begin
    new.unit := unit_of_person(case tg_table_name when 'uploaded_file' then to_jsonb(new) ->> 'uploaded_by' else to_jsonb(new) ->> 'drafted_by' end, new.agency_id);
    return new;
  end $$;
create trigger unit_of_author before insert on outbound_letter for each row execute function unit_of_author();
create trigger unit_of_author before insert on uploaded_file for each row execute function unit_of_author();

-- By them alone a person who is confined finds his lines: most lines have no unit and no place here.
create index entry_by_unit on entry (agency_id, unit, registered_at) where unit is not null;
create index outbound_letter_by_unit on outbound_letter (agency_id, unit) where unit is not null;

-- ---------------------------------------------------------------------------------------------------------------
-- What belongs to his units. Asked row by row, and only of a person who is confined.

create function arrival_in_units(of_agency text, arrival uuid) returns boolean
  language sql stable security definer set search_path = saraban, pg_temp
  as $$ select not unit_bound(of_agency) or exists (
          select from intake i where i.id = arrival and i.agency_id = of_agency and in_units(of_agency, i.unit)) $$;
create function letter_in_units(of_agency text, letter uuid) returns boolean
  language sql stable security definer set search_path = saraban, pg_temp
  as $$ select not unit_bound(of_agency) or exists (
          select from outbound_letter o where o.id = letter and o.agency_id = of_agency and in_units(of_agency, o.unit)) $$;
create function line_in_units(of_agency text, of_book text, of_year integer, of_number integer) returns boolean
  language sql stable security definer set search_path = saraban, pg_temp
  as $$ select not unit_bound(of_agency)
          or exists (select from entry e where e.book_id = of_book and e.year = of_year and e.number = of_number
                        and e.agency_id = of_agency and in_units(of_agency, e.unit))
          or exists (select from outbound_letter o where o.book_id = of_book and o.year = of_year and o.number = of_number
                        and o.agency_id = of_agency and in_units(of_agency, o.unit)) $$;
create function notice_in_units(of_agency text, wanted uuid) returns boolean
  language sql stable security definer set search_path = saraban, pg_temp
  as $$ select not unit_bound(of_agency) or exists (
          select from notice n where n.id = wanted and n.agency_id = of_agency
             and (n.intake_id is not null and arrival_in_units(of_agency, n.intake_id)
                  or n.letter_id is not null and letter_in_units(of_agency, n.letter_id))) $$;
create function file_in_units(of_agency text, file uuid, of_unit text) returns boolean
  language sql stable security definer set search_path = saraban, pg_temp
  as $$ select in_units(of_agency, of_unit) or exists (
          select from outbound_file f where f.file_id = file and letter_in_units(of_agency, f.letter_id)) $$;
create function act_in_units(
  of_agency text, arrival uuid, earlier uuid, of_book text, of_year integer, of_number integer, letter uuid
) returns boolean
  language sql stable security definer set search_path = saraban, pg_temp
  as $$
    select not unit_bound(of_agency) or (
      -- What makes a line of its own accord (enter, reserve) makes one of no unit.
      num_nonnulls(arrival, of_number, letter) > 0
      and (arrival is null or arrival_in_units(of_agency, arrival))
      and (earlier is null or arrival_in_units(of_agency, earlier))
      and (of_number is null or line_in_units(of_agency, of_book, of_year, of_number))
      and (letter is null or letter_in_units(of_agency, letter)))
  $$;
create function new_letter(letter uuid) returns boolean language sql stable security definer set search_path = saraban, pg_temp
  as $$ select letter is not null and not exists (select from outbound_letter o where o.id = letter) $$;
comment on function new_letter(uuid) is 'True of the id that somebody drafts a letter under: nobody''s yet.';
create function result_in_units(of_agency text, of_act uuid) returns boolean
  language sql stable security definer set search_path = saraban, pg_temp
  as $$ select not unit_bound(of_agency) or exists (
          select from act a where a.id = of_act and a.agency_id = of_agency and (a.made_by = current_setting('saraban.actor', true)
             or act_in_units(of_agency, a.intake_id, a.earlier_intake_id, a.book_id, a.year, a.number, a.letter_id))) $$;
create function print_in_units(of_agency text, wanted_order uuid) returns boolean
  language sql stable security definer set search_path = saraban, pg_temp
  as $$ select not unit_bound(of_agency) or exists (
          select from print_order p where p.id = wanted_order and p.made_by = current_setting('saraban.actor', true)) $$;

-- The room http alone works for people. What stands first is whole_agencies(), written out so that planning costs nothing
-- either: asked once a statement, it settles the matter for everybody who is not confined.
do $$
declare kept record;
begin
  for kept in select * from (values
      ('intake', 'in_units(agency_id, unit)'),
      ('entry', 'in_units(agency_id, unit) or line_in_units(agency_id, book_id, year, number)'),
      ('entry_event', 'line_in_units(agency_id, book_id, year, number)'),
      ('reading', 'arrival_in_units(agency_id, intake_id)'),
      ('outcome', 'arrival_in_units(agency_id, intake_id)'),
      ('tray_decision', 'arrival_in_units(agency_id, intake_id)'),
      ('tray_lying', 'arrival_in_units(agency_id, intake_id)'),
      ('quarantine', 'arrival_in_units(agency_id, intake_id)'),
      ('delivery_report', 'arrival_in_units(agency_id, intake_id) or notice_in_units(agency_id, notice_id)'),
      ('receipt', 'arrival_in_units(agency_id, intake_id)'),
      ('notice', 'notice_in_units(agency_id, id)'),
      ('delivery_attempt', 'notice_in_units(agency_id, notice_id)'),
      ('act', 'made_by = current_setting(''saraban.actor'', true) or act_in_units(agency_id, intake_id, earlier_intake_id, book_id, year, number, letter_id)'),
      ('act_result', 'result_in_units(agency_id, act_id)'),
      ('outbound_letter', 'in_units(agency_id, unit)'),
      ('outbound_event', 'letter_in_units(agency_id, letter_id)'),
      ('outbound_file', 'letter_in_units(agency_id, letter_id)'),
      ('outbound_recipient', 'letter_in_units(agency_id, letter_id)'),
      ('recipient_event', 'letter_in_units(agency_id, letter_id)'),
      ('unanswered_recipient', 'letter_in_units(agency_id, letter_id)'),
      ('uploaded_file', 'file_in_units(agency_id, id, unit)'),
      ('print_order', 'not unit_bound(agency_id) or made_by = current_setting(''saraban.actor'', true)'),
      ('print_progress', 'print_in_units(agency_id, order_id)'),
      -- Of programs, of mailboxes, and octets as they came: nothing of it is shown unit by unit.
      ('stored_body', 'not unit_bound(agency_id)'),
      ('submission', 'not unit_bound(agency_id)'),
      ('ecms_document', 'not unit_bound(agency_id)'),
      ('ecms_pulled', 'not unit_bound(agency_id)'),
      ('ecms_node', 'not unit_bound(agency_id)'),
      ('client_item', 'not unit_bound(agency_id)'),
      ('imap_mailbox', 'not unit_bound(agency_id)'),
      ('imap_message', 'not unit_bound(agency_id)'),
      ('webhook', 'not unit_bound(agency_id)'),
      ('webhook_call', 'not unit_bound(agency_id)'),
      ('webhook_attempt', 'not unit_bound(agency_id)'),
      ('outbox', 'not unit_bound(agency_id)')) as t (name, condition)
  loop
    execute format('create policy own_units on %I as restrictive for select to saraban_http
      using ((select coalesce(current_setting(''saraban.units'', true), '''') = '''') or %s)', kept.name, kept.condition);
  end loop;
end $$;
-- Nor does he ask the registry for anything with what he cannot see, or for the print of a whole book.
create policy own_units_only on act as restrictive for insert to saraban_http with check (whole_agencies()
  or act_in_units(agency_id, intake_id, earlier_intake_id, book_id, year, number, letter_id)
  or act = 'draft' and new_letter(letter_id) and num_nonnulls(intake_id, earlier_intake_id, number) = 0);
create policy own_units_only on print_order as restrictive for insert to saraban_http with check (whole_agencies()
  or not unit_bound(agency_id)
  or format like 'stamp-%' and line_in_units(agency_id, book_id, (wanted ->> 'year')::integer, (wanted ->> 'number')::integer));

-- ---------------------------------------------------------------------------------------------------------------
-- Functions that run as the owner ask the same themselves.

create function lines_in_units(agencies text[], from_at timestamptz, to_at timestamptz)
  returns table (agency_id text, book_id text, year integer, number integer)
  language sql stable security definer set search_path = saraban, pg_temp
  set enable_indexscan = on set enable_indexonlyscan = on
  as $$
    select k.* from (
      select e.agency_id, e.book_id, e.year, e.number from bound_units() u
        join entry e on e.agency_id = u.agency and e.unit = u.unit and e.registered_at >= from_at and e.registered_at < to_at
      union
      select e.agency_id, e.book_id, e.year, e.number from bound_units() u
        join outbound_letter o on o.agency_id = u.agency and o.unit = u.unit
        join entry e on e.book_id = o.book_id and e.year = o.year and e.number = o.number
       where e.registered_at >= from_at and e.registered_at < to_at) k
     where k.agency_id = any (agencies) and acting_for(k.agency_id) and opened_book(k.book_id)
  $$;
comment on function lines_in_units is 'All lines that a person who is confined to units may see, of a period: some thousands where an agency has a million.';

create function search_in_units(
  agencies text[], terms text[], wanted_facets text[], from_at timestamptz, to_at timestamptz, letter_from date, letter_to date,
  except_lines text[], direction integer, after_at timestamptz, after_number integer, after_book text, most integer
) returns table (book_id text, year integer, number integer, registered_at timestamptz)
  language sql stable security definer set search_path = saraban, pg_temp
  set enable_indexscan = on set enable_indexonlyscan = on
  as $$
    select r.book_id, r.year, r.number, r.registered_at
      from lines_in_units(agencies, from_at, to_at) k
      join search_row r on r.book_id = k.book_id and r.year = k.year and r.number = k.number
     where r.facets @> wanted_facets and not exists (select from unnest(terms) term where strpos(r.folded, term) = 0)
       and (letter_from is null or r.letter_date >= letter_from) and (letter_to is null or r.letter_date <= letter_to)
       and r.book_id || '/' || r.year || '/' || r.number <> all (except_lines)
       and (after_at is null
            or case when direction < 0 then r.registered_at < after_at else r.registered_at > after_at end
            or r.registered_at = after_at
               and case when direction < 0 then (r.number, r.book_id) < (after_number, after_book)
                        else (r.number, r.book_id) > (after_number, after_book) end)
     order by case when direction > 0 then r.registered_at end, case when direction > 0 then r.number end,
              case when direction > 0 then r.book_id end, r.registered_at desc, r.number desc, r.book_id desc
     limit most
  $$;
comment on function search_in_units is 'What search_lines gives a person who is confined to units: all his lines are looked through, without the keys.';

create or replace function search_lines(
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
  if not whole_agencies() and exists (select from unnest(agencies) a where unit_bound(a)) then
    return query
      select f.book_id, f.year, f.number, f.registered_at from (
          select * from search_in_units(agencies, terms, wanted_facets, from_at, to_at, letter_from, letter_to, except_lines,
            direction, after_at, after_number, after_book, most)
          union all select * from search_lines(array(select a from unnest(agencies) a where not unit_bound(a)), terms, all_grams,
            some_grams, more_grams, wanted_facets, from_at, to_at, letter_from, letter_to, except_lines,
            direction, after_at, after_number, after_book, most)) f
       order by case when direction > 0 then f.registered_at end, case when direction > 0 then f.number end,
                case when direction > 0 then f.book_id end, f.registered_at desc, f.number desc, f.book_id desc
       limit most;
    return;
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

comment on function search_lines is 'Keys of the lines that match, in order of registration, at most so many; read by room http, agency by agency as it acts for them, and of the units that it is confined to.';

create or replace function lines_by_time(
  agencies text[], from_at timestamptz, to_at timestamptz, direction integer, after_at timestamptz, after_number integer,
  after_book text, most integer
) returns table (book_id text, year integer, number integer, registered_at timestamptz)
  language sql stable security definer set search_path = saraban, pg_temp
  as $$
    select n.book_id, n.year, n.number, n.registered_at
      from unnest(agencies) as a(agency)
      cross join lateral lines_from_end(a.agency, '{}', '{}', from_at, to_at, null, null, '{}', direction, after_at, after_number,
        after_book, most, most) n
     where (select whole_agencies()) or not unit_bound(a.agency)
    union all
    select u.book_id, u.year, u.number, u.registered_at
      from search_in_units(agencies, '{}', '{}', from_at, to_at, null, null, '{}', direction, after_at, after_number, after_book, most) u
     where not (select whole_agencies())
  $$;

create or replace function count_lines(agencies text[], from_at timestamptz, to_at timestamptz) returns bigint
  language sql stable security definer set search_path = saraban, pg_temp
  as $$
    -- Numbers have no gaps: how many lines a book had at a moment follows from the last one before it.
    select (select coalesce(sum(line_count(b.id, to_at) - line_count(b.id, from_at)), 0)::bigint
              from book b where b.agency_id = any (agencies) and acting_for(b.agency_id) and opened_book(b.id)
               and ((select whole_agencies()) or not unit_bound(b.agency_id)))
         + case when whole_agencies() then 0 else (select count(*) from lines_in_units(agencies, from_at, to_at)) end
  $$;

create or replace function lines_numbered(agency text, numbers text[]) returns table (book_id text, year integer, number integer)
  language sql stable security definer set search_path = saraban, pg_temp
  set enable_seqscan = off set plan_cache_mode = force_generic_plan -- by the numbers' own indexes, whatever the statistics say
  as $$
    select k.* from (
      select e.book_id, e.year, e.number from entry e where e.letter_number = any (numbers) and e.agency_id = agency
      union
      select h.book_id, h.year, h.number from entry_event h
       where h.changes ? 'letterNumber' and h.changes -> 'letterNumber' ->> 'new' = any (numbers) and h.agency_id = agency) k
     where acting_for(agency) and opened_book(k.book_id)
       and ((select whole_agencies()) or line_in_units(agency, k.book_id, k.year, k.number))
  $$;

create or replace function lines_referring_to(agency text, wanted text) returns table (book_id text, year integer, number integer)
  language sql stable security definer set search_path = saraban, pg_temp
  set enable_seqscan = off set plan_cache_mode = force_generic_plan -- by the numbers' own indexes, whatever the statistics say
  as $$
    select k.* from (
      select e.book_id, e.year, e.number from entry e where e.reference_numbers @> array[wanted] and e.agency_id = agency
      union
      select h.book_id, h.year, h.number from entry_event h
       where h.changes ? 'referenceNumbers' and h.changes -> 'referenceNumbers' -> 'new' @> to_jsonb(wanted) and h.agency_id = agency) k
     where acting_for(agency) and opened_book(k.book_id)
       and ((select whole_agencies()) or line_in_units(agency, k.book_id, k.year, k.number))
  $$;

-- Called by the functions above alone: the first and last moment of an agency is not for who sees a unit of it.
revoke execute on function search_bounds from saraban_http;
revoke all on function unit_of_person, lines_in_units, search_in_units from public;
