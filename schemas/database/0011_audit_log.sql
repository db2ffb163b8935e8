-- 0011: the audit log: what people and programs did or were denied, in a Merkle tree that cannot be quietly changed.
--
-- What each part protects: privileges and triggers keep every service from changing what stands here; the tree and its
-- signed checkpoints show what somebody has changed who could switch those off; the second place (setting
-- audit.secondPlace) and receipts, in which checkpoints stand too, what somebody has changed who had the key as well.

create table audit_event (
  seq bigint primary key generated always as identity,
  id uuid not null unique,
  agency_id text,
  at timestamptz not null,
  clock jsonb not null,
  actor text not null check (actor ~ '^(nobody|(worker|person|client|operator):.+)$'),
  actor_name text,
  action text not null check (action <> ''),
  door text not null check (door in ('page', 'json', 'xml', 'ecms', 'cli', 'export', 'worker')),
  address text,
  subject_kind text,
  subject_id text,
  outcome text not null check (outcome in ('allowed', 'denied', 'failed')),
  rule text not null default '',
  detail jsonb not null default '{}' check (jsonb_typeof(detail) = 'object'),
  transaction xid8 not null default pg_current_xact_id(),
  check ((subject_kind is null) = (subject_id is null))
);
comment on table audit_event is 'One access, denied attempt or change of rights: who, when (with the clock''s state), what, by which door, from where, how it ended, by which rule. Never a word of a letter.';
comment on column audit_event.seq is 'Order of writing. A number may be missing: its transaction was given up.';
comment on column audit_event.subject_id is 'Id of the letter, person, client or setting that it was about; in an event of a classified letter too, ids say nothing.';
comment on column audit_event.transaction is 'Rows become leaves when no transaction that is older can still commit, so that they stand in the order of seq. No part of the leaf: it means nothing in another cluster.';
create index audit_event_by_actor on audit_event (actor, seq desc);
create index audit_event_by_subject on audit_event (subject_id, seq desc) where subject_id is not null;
-- Times run along with seq: a few pages of index for millions of rows.
create index audit_event_by_time on audit_event using brin (at) with (pages_per_range = 16, autosummarize = on);
create trigger append_only before update or delete on audit_event for each row execute function refuse_change();
create trigger no_truncate before truncate on audit_event for each statement execute function refuse_change();

-- No foreign key to audit_event: it would lock, and so write, each event's row once more. The witness reads what it makes a
-- leaf of, no role may remove it, and `saraban audit verify` looks.
create table audit_leaf (
  leaf_index bigint primary key check (leaf_index >= 0),
  event_seq bigint not null unique,
  hash bytea not null check (octet_length(hash) = 32)
);
comment on table audit_leaf is 'Leaf n of the tree: SHA-256 of 0x00 and the canonical form (RFC 8785) of the event (RFC 6962 §2.1).';
create trigger append_only before update or delete on audit_leaf for each row execute function refuse_change();
create trigger no_truncate before truncate on audit_leaf for each statement execute function refuse_change();

create table audit_checkpoint (
  tree_size bigint primary key check (tree_size > 0),
  root bytea not null check (octet_length(root) = 32),
  frontier bytea[] not null,
  jws text not null,
  kid text not null references signing_key,
  made_at timestamptz not null,
  clock jsonb not null
);
comment on table audit_checkpoint is 'Signed statements of the log''s size and root, at least one a minute while anything is logged; each also stands in a second place, and the newest in each receipt.';
comment on column audit_checkpoint.frontier is 'Roots of the full subtrees, left to right: from them the next root is made without reading the log again. Proved by the root, which is made of them.';
comment on column audit_checkpoint.jws is 'Compact JWS (RFC 7515) of type saraban-checkpoint+jws: size, root, time, clock, and the checkpoint before it.';
-- As for receipts (0005): from the moment a key is retired or revoked nothing more is signed with it.
create trigger key_in_force before insert on audit_checkpoint for each row execute function refuse_key_out_of_force();
create trigger append_only before update or delete on audit_checkpoint for each row execute function refuse_change();
create trigger no_truncate before truncate on audit_checkpoint for each statement execute function refuse_change();

create table audit_place (
  place text primary key,
  tree_size bigint not null check (tree_size >= 0),
  told_at timestamptz not null,
  trouble text
);
comment on table audit_place is 'Up to which checkpoint a second place was told. Where to go on, and no proof of anything: what the place itself says counts.';

-- The other way round: this installation is the second place of another agency's log.
create table seen_checkpoint (
  id uuid primary key,
  holder text not null,
  origin text not null,
  tree_size bigint not null check (tree_size > 0),
  root bytea not null check (octet_length(root) = 32),
  jws text not null,
  kid text not null,
  made_at timestamptz not null,
  seen_at timestamptz not null,
  unique (holder, origin, tree_size)
);
comment on table seen_checkpoint is 'Checkpoints of partners'' audit logs, as they were signed there: each follows from the one before it, which a consistency proof has shown (RFC 9162 §2.1.4).';
comment on column seen_checkpoint.holder is 'Domain of the partner whose key has signed it.';
create trigger append_only before update or delete on seen_checkpoint for each row execute function refuse_change();
create trigger no_truncate before truncate on seen_checkpoint for each statement execute function refuse_change();

-- No service chooses where in the order its event stands: seq and transaction are the database's.
grant insert (id, agency_id, at, clock, actor, actor_name, action, door, address, subject_kind, subject_id, outcome, rule, detail)
  on audit_event to saraban_access, saraban_classified, saraban_http, saraban_intake, saraban_registry, saraban_notification, saraban_print, saraban_reading, saraban_audit;
grant select on audit_event, audit_leaf, audit_checkpoint, audit_place to saraban_witness, saraban_audit;
grant select on sequence audit_event_seq_seq to saraban_witness;
grant insert on audit_leaf, audit_checkpoint to saraban_witness;
grant insert, update on audit_place to saraban_witness;
-- The witness signs with the keys of receipts, and makes one where there is none yet.
grant select, insert on signing_key to saraban_witness;
grant select on clock_sample to saraban_witness;
grant select, insert, update, delete on heartbeat to saraban_witness;
grant select (tree_size, root, made_at) on audit_checkpoint to saraban_notification, saraban_http;
grant select, insert on seen_checkpoint to saraban_http;
grant select on seen_checkpoint to saraban_audit;

create function audit_log_figures()
  returns table (leaves bigint, waiting bigint, checkpoint_age_seconds double precision, untold_seconds double precision)
  language sql stable security definer set search_path = saraban, pg_temp
  as $$
    select coalesce((select max(leaf_index) + 1 from audit_leaf), 0),
           (select count(*) from (select from audit_event
                                   where seq > coalesce((select max(event_seq) from audit_leaf
                                                          where event_seq <= (select last_value from audit_event_seq_seq)), 0)
                                   limit 100000) waiting),
           (select extract(epoch from now() - made_at)::double precision from audit_checkpoint order by tree_size desc limit 1),
           coalesce((select extract(epoch from now() - made_at)::double precision from audit_checkpoint
                      where tree_size > coalesce((select tree_size from audit_place order by told_at desc limit 1), 0)
                      order by tree_size limit 1), 0)
  $$;
comment on function audit_log_figures() is 'For /metrics: leaves of the tree, events that wait to become one (100,000 at most), age of the newest checkpoint (null: there is none), and of the oldest one that no second place was told of (0: there is none).';
revoke all on function audit_log_figures() from public;
grant execute on function audit_log_figures() to saraban_http;
