-- 0010: people: who they are, what an order appoints them for, how they prove it.

-- Three more roles (see 0001): signing in, what is closed (0012), the audit log (0011).
do $$
declare room text;
begin
  foreach room in array array['saraban_access', 'saraban_classified', 'saraban_witness'] loop
    if not exists (select from pg_roles where rolname = room) then
      begin
        execute format('create role %I nologin nosuperuser nobypassrls', room);
      exception when duplicate_object or unique_violation then
        null; -- another migration of the same cluster made it a moment ago
      end;
    end if;
    if not pg_has_role(current_user, room, case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end) then
      execute format('grant %I to current_user', room);
    end if;
    execute format('grant usage on schema saraban to %I', room);
  end loop;
end $$;

-- ---------------------------------------------------------------------------------------------------------------
-- People and appointments. Written by an administrator, on the command line or in person; read at each request.

create table person (
  id text primary key check (id ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  name text not null check (name <> ''),
  email text check (email ~ '^[^@\s]+@[^@\s]+$'),
  active boolean not null default true,
  oidc_issuer text,
  oidc_subject text,
  made_at timestamptz not null,
  made_by text not null,
  unique (oidc_issuer, oidc_subject),
  check ((oidc_issuer is null) = (oidc_subject is null))
);
comment on table person is 'People who may sign in (Annex 6 §1.2.4.2). Never deleted: what they did is signed with their id for ever.';
comment on column person.name is 'ชื่อ-สกุล, as it stands on receipts, prints and in the audit log.';
comment on column person.oidc_subject is 'Who this is to the OpenID provider oidc_issuer; null: signs in by password.';

-- A clerk's token and a person act under one kind of name (person:ID), so one id is never both.
create function one_name() returns trigger language plpgsql security definer set search_path = saraban, pg_temp
  as $$ begin
    perform pg_advisory_xact_lock(hashtext('saraban.person'), hashtext(new.id));
    if (tg_table_name = 'person' and exists (select from clerk where id = new.id))
       or (tg_table_name = 'clerk' and exists (select from person where id = new.id)) then
      raise exception 'the id % is in use', new.id using errcode = 'unique_violation';
    end if;
    return new;
  end $$;
comment on function one_name() is 'Acts are signed person:ID, be it by a person or by a clerk''s token: no id is ever both.';
create trigger one_name before insert on person for each row execute function one_name();
create trigger one_name before insert on clerk for each row execute function one_name();
create trigger no_truncate before truncate on person for each statement execute function refuse_change();

create table appointment (
  id uuid primary key,
  person_id text not null references person,
  agency_id text references agency,
  unit text check (unit <> ''),
  "right" text not null check ("right" in ('registry-clerk', 'registry-head', 'drafter', 'approver', 'classified-registrar',
                                            'classified-assistant', 'auditor', 'administrator')),
  level text check (level in ('confidential', 'secret')),
  order_number text not null check (order_number <> ''),
  order_date date not null,
  from_at timestamptz not null,
  until_at timestamptz check (until_at > from_at),
  made_at timestamptz not null,
  made_by text not null,
  ended_at timestamptz,
  ended_by text,
  end_reason text,
  check (("right" like 'classified-%') = (level is not null)),
  check (agency_id is not null or ("right" in ('auditor', 'administrator') and unit is null)),
  check ((ended_at is null) = (ended_by is null) and (ended_at is null) = (end_reason is null))
);
comment on table appointment is 'What somebody may do, by which order (คำสั่งแต่งตั้ง: number, date), from when until when. An ended one stays, with who ended it and why.';
comment on column appointment.agency_id is 'Null: of the whole installation (administrator and auditor alone).';
comment on column appointment.unit is 'Null: of the whole agency.';
comment on column appointment.level is 'Of classified registrars and their assistants: the gravest class they are appointed for (confidential ลับ, secret ลับมาก).';
create index appointment_by_person on appointment (person_id);
create function keep_appointment() returns trigger language plpgsql
  as $$ begin
    if tg_op = 'DELETE' or old.ended_at is not null
       or (to_jsonb(new) - array['ended_at', 'ended_by', 'end_reason']) <> (to_jsonb(old) - array['ended_at', 'ended_by', 'end_reason']) then
      raise exception 'an appointment is ended, never changed or removed' using errcode = 'restrict_violation';
    end if;
    return new;
  end $$;
create trigger keep_appointment before update or delete on appointment for each row execute function keep_appointment();
create trigger no_truncate before truncate on appointment for each statement execute function refuse_change();

create view appointment_in_force as
  select a.id, a.person_id, a.agency_id, a.unit, a."right", a.level, a.order_number, a.order_date, a.from_at, a.until_at
    from appointment a join person p on p.id = a.person_id
   where p.active and a.ended_at is null and a.from_at <= now() and (a.until_at is null or a.until_at > now());
comment on view appointment_in_force is 'What people are appointed for at this moment; all of a person''s end with the person.';
grant select on person, appointment, appointment_in_force to saraban_access, saraban_classified;
grant select (id, name, active) on person to saraban_http, saraban_registry, saraban_print;
grant select on appointment_in_force to saraban_http, saraban_registry;

-- Break-glass: the administrator reads no letters. When it must be, a second person agrees, it ends by itself, and shouts.
create table break_glass (
  id uuid primary key,
  agency_id text not null references agency,
  asked_by text not null references person,
  reason text not null check (length(reason) >= 10),
  asked_at timestamptz not null,
  agreed_by text references person check (agreed_by <> asked_by),
  agreed_at timestamptz,
  until_at timestamptz check (until_at <= agreed_at + interval '1 hour'),
  ended_at timestamptz,
  check ((agreed_by is null) = (agreed_at is null) and (agreed_at is null) = (until_at is null))
);
comment on table break_glass is 'An administrator asks to see ordinary letters of an agency for a reason; a second administrator or the head of the registry agrees; at most an hour. Classified letters are never opened so.';
create trigger no_truncate before truncate on break_glass for each statement execute function refuse_change();
grant select, insert, update (agreed_by, agreed_at, until_at, ended_at) on break_glass to saraban_access;

-- ---------------------------------------------------------------------------------------------------------------
-- Proofs of identity. For role saraban_access alone: no room that sees letters sees them.

create table person_password (
  person_id text primary key references person,
  phc text not null check (phc like '$argon2id$%'),
  set_at timestamptz not null,
  must_change boolean not null default false,
  expires_at timestamptz
);
comment on table person_password is 'Argon2id (RFC 9106) in PHC form. A one-time password must be changed at the first sign-in and expires.';
create table person_password_before (
  person_id text not null references person,
  phc text not null,
  set_at timestamptz not null,
  primary key (person_id, set_at)
);
comment on table person_password_before is 'The last few, so that none is taken again.';
create table person_totp (
  person_id text primary key references person,
  sealed_secret bytea,
  confirmed_at timestamptz,
  last_step bigint not null default 0,
  sealed_next bytea,
  next_made_at timestamptz,
  check ((sealed_secret is null) = (confirmed_at is null)),
  check ((sealed_next is null) = (next_made_at is null)),
  check (sealed_secret is not null or sealed_next is not null)
);
comment on table person_totp is 'Second factor (RFC 6238). The secret is sealed with the installation''s access key, so that a copy of the database makes no codes.';
comment on column person_totp.sealed_next is 'Of an authenticator that is being set up: in force when a code of it has been shown, until then the one before is.';
comment on column person_totp.last_step is 'The time step of the last code that was taken: none is taken twice (RFC 6238 §5.2).';
create table recovery_code (
  person_id text not null references person,
  code_sha256 text not null check (code_sha256 ~ '^[0-9a-f]{64}$'),
  made_at timestamptz not null,
  used_at timestamptz,
  primary key (person_id, code_sha256)
);
comment on table recovery_code is 'In place of the second factor, each once: 80 random bits, of which only the hash stands here.';
create table session (
  id uuid primary key,
  token_sha256 text not null unique check (token_sha256 ~ '^[0-9a-f]{64}$'),
  person_id text not null references person,
  made_at timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null,
  second_factor_at timestamptz,
  address text not null,
  user_agent text not null check (length(user_agent) <= 300),
  ended_at timestamptz,
  end_reason text check (end_reason in ('signed-out', 'revoked', 'password-changed', 'idle', 'replaced', 'person-ended')),
  check ((ended_at is null) = (end_reason is null))
);
comment on table session is 'Who is signed in. The cookie holds 256 random bits, of which only the hash stands here.';
comment on column session.second_factor_at is 'When the second factor was last shown in this session; classified rights want a recent one.';
create index session_by_person on session (person_id, made_at desc);
create table sign_in_guard (
  key text primary key,
  failures integer not null,
  last_failure_at timestamptz not null,
  locked_until timestamptz
);
comment on table sign_in_guard is 'Failed sign-ins by person and by address (keys are hashes, so that a mistyped password in the name field stands nowhere); the lock grows with each.';
create table oidc_login (
  state_sha256 text primary key,
  code_verifier text not null,
  nonce text not null,
  return_to text not null,
  made_at timestamptz not null
);
comment on table oidc_login is 'A sign-in that is under way at the OpenID provider; removed when it comes back or after ten minutes.';
grant select, insert, update, delete on person_password, person_password_before, person_totp, recovery_code, sign_in_guard, oidc_login to saraban_access;
grant select, insert, update (seen_at, expires_at, second_factor_at, ended_at, end_reason) on session to saraban_access;
grant update (name, email, active, oidc_issuer, oidc_subject) on person to saraban_access;
grant insert on person, appointment to saraban_access;
grant select on agency to saraban_access;
grant update (ended_at, ended_by, end_reason) on appointment to saraban_access;
