-- 0007: workers take their work from the outbox itself. Where Redis is the queue, the relay carries it there as before.

-- ---------------------------------------------------------------------------------------------------------------
-- Taking work. A worker writes until when a row is its own. That stands in a column that no index has, so that PostgreSQL
-- writes no index for it, and beside next_send_at, so that news for work under way gives it to no second worker.

alter table outbox
  add column taken_until timestamptz,
  add column queue text generated always as (case
    when job = 'read-letter' then 'reading'
    when job = 'register-letter' then 'registry-books'
    when job in ('do-act', 'record-recall') then 'registry'
    when job in ('notify-sender', 'record-report', 'tell-arrival', 'send-letter', 'notify-owner', 'call-webhook') then 'notification'
    when job = 'print-register' then 'printing'
  end) stored;
comment on table outbox is 'Work to be done, when next_send_at has come: workers take it from here; where Redis is the queue, the relay hands it over, and again when it is not done in time.';
comment on column outbox.taken_until is 'A worker is at it until then; it says so again while it takes longer. Null: nobody is.';
comment on column outbox.queue is 'Whose work it is, as shared/letter/flow.ts says: a room''s; jobs that are keyed by book wait apart, because one of them ends many rows.';
-- A row is written several times in its short life: what was left free here keeps that out of the indexes.
alter table outbox set (fillfactor = 60);
create index outbox_queue on outbox (queue, next_send_at, id) where failed_at is null;
drop index outbox_due;

grant update (taken_until) on outbox to saraban_queue, saraban_reading, saraban_registry, saraban_notification, saraban_print;

-- ---------------------------------------------------------------------------------------------------------------
-- Wake-ups. They name the queues, so that only workers look whom it concerns; what is not due yet wakes nobody. Every
-- transaction that notifies wakes every process that listens, and such transactions commit one after the other.

drop trigger wake_relay on outbox;
drop function wake_relay();
create function wake_workers() returns trigger language plpgsql
  as $$ begin
    perform pg_notify('saraban_outbox', string_agg(distinct queue, ','))
       from added where next_send_at <= now() having count(queue) > 0;
    return null;
  end $$;
comment on function wake_workers() is 'One wake-up a statement, with the names of the queues; workers also look by themselves, so a lost one only costs time.';
create trigger wake_workers after insert on outbox referencing new table as added for each statement execute function wake_workers();
create function wake_worker() returns trigger language plpgsql
  as $$ begin perform pg_notify('saraban_outbox', new.queue); return null; end $$;
comment on function wake_worker() is 'The same for work that is to be done sooner, or again.';
create trigger wake_worker after update of next_send_at on outbox for each row
  when (new.next_send_at <= now() and new.failed_at is null and new.queue is not null) execute function wake_worker();

-- ---------------------------------------------------------------------------------------------------------------
-- Operation: how much is to be done, and whether anybody is at it.

create function open_work() returns table (queue text, waiting bigint, untouched_seconds double precision)
  language sql stable security definer set search_path = saraban, pg_temp
  as $$
    select w.queue, count(*),
           case when bool_or(w.taken_until > now()) then 0 else extract(epoch from now() - min(w.next_send_at))::double precision end
      from outbox w where w.queue is not null and w.failed_at is null and w.next_send_at <= now() group by w.queue
  $$;
comment on function open_work() is 'Of each queue that has work: how many jobs wait or are being done, and for how long nobody has been at any of them.';
revoke all on function open_work() from public;
grant execute on function open_work() to saraban_http;

-- ---------------------------------------------------------------------------------------------------------------
-- BullMQ worked in PostgreSQL too, in a schema of its own, when there was no Redis. Nothing that is only there is lost: each of
-- its jobs stands in the outbox. Its role stays, without a right here: other databases of the server may still use it.

do $$ begin
  -- Of that name, but made by somebody else, it is none of ours.
  if to_regnamespace('bullmq') is not null and has_schema_privilege('saraban_bullmq', 'bullmq', 'usage') then
    drop schema bullmq cascade;
  end if;
end $$;
