-- 0011: the audit log: what people and programs did or were denied, in a Merkle tree that cannot be quietly changed.

create table audit_event (
  seq bigint primary key generated always as identity,
  id uuid not null unique,
  agency_id text,
  at timestamptz not null,
  clock jsonb not null,
  actor text not null check (actor ~ '^(worker|person|client|operator|nobody):?.*'),
  actor_name text,
  action text not null,
  door text not null check (door in ('page', 'json', 'xml', 'ecms', 'cli', 'export', 'worker')),
  address text,
  subject_kind text,
  subject_id text,
  outcome text not null check (outcome in ('allowed', 'denied', 'failed')),
  rule text not null default '',
  detail jsonb not null default '{}',
  transaction xid8 not null default pg_current_xact_id()
);
comment on table audit_event is 'One access, denied attempt or change of rights: who, when (with the clock''s state), what, by which door, from where, how it ended, by which rule. Never a word of a letter.';
comment on column audit_event.subject_id is 'Id of the letter, person, client or setting that it was about; in an event of a classified letter too, ids say nothing.';
comment on column audit_event.transaction is 'Rows become leaves when no transaction that is older can still commit, so that their order never changes.';
create index audit_event_by_actor on audit_event (actor, seq desc);
create index audit_event_by_subject on audit_event (subject_id, seq desc) where subject_id is not null;
create trigger append_only before update or delete on audit_event for each row execute function refuse_change();
create trigger no_truncate before truncate on audit_event for each statement execute function refuse_change();

create table audit_leaf (
  leaf_index bigint primary key check (leaf_index >= 0),
  event_seq bigint not null unique references audit_event,
  hash bytea not null check (octet_length(hash) = 32)
);
comment on table audit_leaf is 'Leaf n of the tree: SHA-256 of 0x00 and the canonical form (RFC 8785) of the event (RFC 6962 §2.1).';
create trigger append_only before update or delete on audit_leaf for each row execute function refuse_change();
create trigger no_truncate before truncate on audit_leaf for each statement execute function refuse_change();

create table audit_checkpoint (
  tree_size bigint primary key check (tree_size >= 0),
  root bytea not null check (octet_length(root) = 32),
  frontier bytea[] not null,
  jws text not null,
  kid text not null references signing_key,
  made_at timestamptz not null,
  clock jsonb not null
);
comment on table audit_checkpoint is 'Signed statements of the log''s size and root, at least one a minute while anything is logged; each also stands in a second place, and the newest in each receipt.';
comment on column audit_checkpoint.frontier is 'Roots of the full subtrees, left to right: from them the next root is made without reading the log again.';
create trigger append_only before update or delete on audit_checkpoint for each row execute function refuse_change();
create trigger no_truncate before truncate on audit_checkpoint for each statement execute function refuse_change();

grant insert on audit_event to saraban_access, saraban_classified, saraban_http, saraban_intake, saraban_registry, saraban_notification, saraban_print, saraban_reading;
grant select on audit_event, audit_leaf, audit_checkpoint to saraban_witness, saraban_audit;
grant insert on audit_leaf, audit_checkpoint to saraban_witness;
grant select on signing_key to saraban_witness;
grant select (tree_size, root, made_at) on audit_checkpoint to saraban_notification, saraban_http;
create function newest_audit_event() returns bigint language sql stable security definer set search_path = saraban, pg_temp
  as $$ select coalesce(max(seq), 0) from audit_event $$;
revoke all on function newest_audit_event() from public;
grant execute on function newest_audit_event() to saraban_http;
