-- 0002: the clock. What the reference servers said, and the fix that every stamp of this host is told from.
-- Written by room clock only. No word of any letter: no agency, no row-level security.

do $$
begin
  if not exists (select from pg_roles where rolname = 'saraban_clock') then
    begin
      create role saraban_clock nologin nosuperuser nobypassrls;
    exception when duplicate_object or unique_violation then
      null; -- another migration of the same cluster made it a moment ago
    end;
  end if;
  if not pg_has_role(current_user, 'saraban_clock', case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end) then
    execute format('grant saraban_clock to %I', current_user);
  end if;
end $$;
grant usage on schema saraban to saraban_clock;

create table clock_sample (
  id bigint primary key generated always as identity,
  kept_at timestamptz not null default now(),
  measured_by text not null,
  clock_id text not null,
  monotonic_ns bigint not null,
  agreed boolean not null,
  reason text not null,
  servers jsonb not null check (jsonb_typeof(servers) = 'array'),
  measured_at timestamptz,
  offset_ms double precision,
  error_bound_ms double precision check (error_bound_ms >= 0),
  stratum smallint check (stratum between 1 and 15),
  reference text,
  fix jsonb,
  check (agreed = (fix is not null) and agreed = (measured_at is not null) and agreed = (error_bound_ms is not null))
);
comment on table clock_sample is 'Evidence that official times agree with a reference clock (Annex 6 §2.2.4): one row for each answer or missing answer.';
comment on column clock_sample.kept_at is 'Clock of the database server; says when the row came. The reference time of the measurement is measured_at.';
comment on column clock_sample.measured_by is 'The measuring process, host:pid.';
comment on column clock_sample.clock_id is 'The monotonic clock that was measured: boot id of the host, and its time namespace if it has one.';
comment on column clock_sample.monotonic_ns is 'That clock at the measurement; orders samples of one clock_id whatever the system clock did.';
comment on column clock_sample.agreed is 'The servers agreed in this round and a new fix was made; else reason says why not, and the earlier fix goes on.';
comment on column clock_sample.servers is 'Each server: state (used, falseticker, silent …), offset against the system clock, delay, dispersion, root distance, reach.';
comment on column clock_sample.offset_ms is 'Reference time minus system clock, ms.';
comment on column clock_sample.error_bound_ms is 'Reference time at measured_at is right within this, as long as most of the servers are truthful.';
comment on column clock_sample.fix is 'What the processes of this host tell the time from (services/clock/clock-fix.ts); nanoseconds as text.';
create index clock_sample_newest on clock_sample (clock_id, id desc) where fix is not null;
create index clock_sample_by_time on clock_sample (kept_at);

create function keep_clock_samples() returns trigger language plpgsql
  as $$ begin
    if tg_op = 'DELETE' and old.kept_at < now() - interval '90 days' then
      return old;
    end if;
    raise exception '% refused: clock samples are kept unchanged for at least 90 days', lower(tg_op) using errcode = 'restrict_violation';
  end $$;
comment on function keep_clock_samples() is 'Samples are never changed, and removed only when they are older than the log rule asks (90 days).';
create trigger append_only before update or delete on clock_sample for each row execute function keep_clock_samples();
create trigger no_truncate before truncate on clock_sample for each statement execute function refuse_change();

grant select, insert, delete on clock_sample to saraban_clock;
grant select on clock_sample to saraban_intake, saraban_reading, saraban_registry, saraban_notification, saraban_queue, saraban_http;
grant select, insert, update, delete on heartbeat to saraban_clock;
