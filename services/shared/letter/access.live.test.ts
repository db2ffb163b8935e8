import { sql } from "kysely";
import { inject, test } from "vitest";
import { type Acting, inTransaction, type RoomRole } from "../runtime/database.ts";
import { adminQueries, letReadLettersWait, roomDatabase } from "../testing/arrivals.ts";
import { databaseForTest } from "../testing/database.ts";

const LETTER_TABLES = [
  "stored_body",
  "intake",
  "reading",
  "book",
  "book_year",
  "entry",
  "outcome",
  "notice",
  "delivery_attempt",
  "outbox",
  "entry_event",
  "act",
  "act_result",
  "tray_decision",
  "tray_opening",
  "tray_lying",
  "print_order",
  "print_progress",
  "search_row",
  "search_progress",
  "imap_mailbox",
  "imap_message",
  "quarantine",
  "delivery_report",
  "receipt",
  "uploaded_file",
  "outbound_letter",
  "outbound_event",
  "outbound_file",
  "outbound_recipient",
  "recipient_event",
  "recipient_watch",
  "unanswered_recipient",
  "webhook",
  "webhook_call",
  "webhook_attempt",
  "client_call",
  "submission",
  "ecms_document",
  "ecms_pulled",
  "ecms_node",
  "client_item",
  "closed_letter",
  "closed_body",
  "closed_gram",
  "closed_index_key",
  "closed_document",
  "closed_reader",
  "closed_event",
  "closed_copy",
];
const ROLES: RoomRole[] = [
  "saraban_intake",
  "saraban_reading",
  "saraban_registry",
  "saraban_notification",
  "saraban_http",
  "saraban_audit",
];

test("every table that holds letters carries its agency and has row-level security, and no room can bypass it", async (context) => {
  const query = adminQueries(context, await databaseForTest(inject("testServer"), context));
  const tables = await query<{ name: string; secured: boolean; agency: boolean }>(
    `select c.relname as name, c.relrowsecurity as secured,
            exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'agency_id') as agency
       from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'saraban' and c.relkind = 'r'`,
  );
  for (const name of LETTER_TABLES) {
    context
      .expect(
        tables.find((table) => table.name === name),
        name,
      )
      .toMatchObject({ secured: true, agency: true });
  }
  // A new table with letters must come into the list above, or be named here as one without.
  const without = [
    "agency",
    "partner",
    "partner_key",
    "signing_key",
    "clerk",
    "client",
    "client_secret",
    "search_gram",
    "greylist",
    "report_key",
    // People and their proofs: no word of a letter.
    "person",
    "appointment",
    "break_glass",
    "person_password",
    "person_password_before",
    "person_totp",
    "recovery_code",
    "session",
    "sign_in_guard",
    "oidc_login",
    "audit_event",
    "audit_leaf",
    "audit_checkpoint",
    "heartbeat",
    "applied_file",
    "clock_sample",
    "kysely_migration",
    "kysely_migration_lock",
  ];
  context.expect(tables.map(({ name }) => name).sort()).toEqual([...LETTER_TABLES, ...without].sort());
  const roles = await query(
    "select rolname from pg_roles where rolname like 'saraban%' and (rolsuper or rolbypassrls)",
  );
  context.expect(roles).toEqual([]);
});

test("without a stated actor, or for another agency, a room sees and writes nothing", async (context) => {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const [id] = await letReadLettersWait(query, [{}, { agencyId: "agency-b" }]);
  for (const role of ROLES) {
    const database = roomDatabase(context, address, role, 1);
    const count = (acting: Acting) =>
      inTransaction(database, acting, async (transaction) => {
        const { rows } = await sql<{
          n: number;
          agency: string;
        }>`select count(*) as n, min(agency_id) as agency from intake`.execute(transaction);
        return rows[0];
      });
    const { rows } = await sql<{ n: number }>`select count(*) as n from intake`.execute(database);
    context.expect(rows[0]?.n, `${role} without an actor`).toBe(0);
    context.expect(await count({ actor: "worker:test", agencies: [] })).toMatchObject({ n: 0 });
    context
      .expect(await count({ actor: "worker:test", agencies: ["agency-a"] }))
      .toEqual({ n: 1, agency: "agency-a" });
    // The statement ends with its transaction: the same connection shows nothing afterwards.
    const after = await sql<{ n: number }>`select count(*) as n from intake`.execute(database);
    context.expect(after.rows[0]?.n, `${role} afterwards`).toBe(0);
  }
  const registry = roomDatabase(context, address, "saraban_registry", 1);
  await context
    .expect(
      inTransaction(registry, { actor: "worker:registry", agencies: ["agency-b"] }, (transaction) =>
        sql`insert into outcome (intake_id, agency_id, outcome, reason, decided_at, decided_by)
              values (${id}, 'agency-a', 'ignored', 'x', now(), 'x')`.execute(transaction),
      ),
    )
    .rejects.toThrow(/row-level security/);
});

test("each room has just the rights it needs", async (context) => {
  const address = await databaseForTest(inject("testServer"), context);
  const refused: [RoomRole, string][] = [
    ["saraban_intake", "select 1 from entry"],
    ["saraban_intake", "insert into entry select * from entry"],
    ["saraban_reading", "insert into outcome select * from outcome"],
    ["saraban_registry", "select content from stored_body"],
    ["saraban_registry", "update book_year set last_number = 0"],
    ["saraban_registry", "update entry set number = 1"],
    ["saraban_notification", "select content from stored_body"],
    ["saraban_notification", "insert into entry select * from entry"],
    ["saraban_queue", "select 1 from intake"],
    ["saraban_queue", "select 1 from reading"],
    // What programs hand in goes through this room, and is no more its to change than the intake's.
    ["saraban_http", "update intake set mail_from = ''"],
    ["saraban_http", "delete from stored_body"],
    ["saraban_http", "insert into entry select * from entry"],
    ["saraban_http", "insert into client_item default values"],
    ["saraban_http", "update client set scopes = '{}'"],
    ["saraban_intake", "select 1 from client_secret"],
    ["saraban_reading", "select 1 from client_secret"],
    ["saraban_notification", "select 1 from client_secret"],
    ["saraban_reading", "select 1 from client"],
    ["saraban_notification", "select certificates from client"],
    // It lays items there and withdraws what nobody has seen; that one was fetched is the door's alone to say.
    ["saraban_notification", "update client_item set first_fetched_at = now()"],
    ["saraban_notification", "select 1 from submission"],
    ["saraban_http", "update client_item set withdrawn_at = now()"],
    ["saraban_http", "select 1 from client_call"],
    ["saraban_intake", "select 1 from client_item"],
    ["saraban_reading", "select 1 from ecms_document"],
    ["saraban_registry", "select certificates from client"],
    ["saraban_http", "create table saraban.x (a int)"],
    // Proofs of identity are for the role of signing in alone, and what opens a classified letter for the appointed.
    ["saraban_http", "select 1 from person_password"],
    ["saraban_http", "select 1 from session"],
    ["saraban_classified", "select 1 from person_totp"],
    ["saraban_http", "select 1 from closed_letter"],
    ["saraban_http", "select 1 from closed_body"],
    ["saraban_registry", "select sealed_facts from closed_letter"],
    ["saraban_registry", "select wrapped_key from closed_letter"],
    ["saraban_notification", "select wrapped_key from closed_letter"],
    ["saraban_notification", "select 1 from closed_body"],
    ["saraban_registry", "select handed_in_sha256 from closed_letter"],
    ["saraban_notification", "select likeness from closed_letter"],
    ["saraban_registry", "select 1 from closed_document"],
    ["saraban_notification", "select 1 from closed_document"],
    ["saraban_intake", "select 1 from closed_letter"],
    ["saraban_intake", "select 1 from closed_body"],
    ["saraban_intake", "update closed_document set deleted_at = now()"],
    ["saraban_classified", "select 1 from closed_document"],
    ["saraban_http", "update closed_document set identity = ''"],
    ["saraban_http", "delete from closed_document"],
    ["saraban_http", "select 1 from closed_gram"],
    ["saraban_access", "select 1 from intake"],
    ["saraban_access", "select 1 from closed_letter"],
    ["saraban_witness", "select 1 from intake"],
    ["saraban_witness", "update audit_event set action = ''"],
    ["saraban_http", "select 1 from audit_event"],
  ];
  for (const [role, statement] of refused) {
    const database = roomDatabase(context, address, role, 1);
    await context
      .expect(sql.raw(statement).execute(database), `${role}: ${statement}`)
      .rejects.toThrow(/permission denied/);
  }
});

test("a room hands on its own jobs only, and touches no other room's work", async (context) => {
  const { expect } = context;
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const [id] = await letReadLettersWait(query, [{}]);
  const acting = { actor: "worker:test", agencies: ["agency-a"] } as const;
  const insert = (role: RoomRole, job: string) =>
    inTransaction(roomDatabase(context, address, role, 1), acting, (transaction) =>
      sql`insert into outbox (job, agency_id, subject_id, work_key) values (${job}, 'agency-a', gen_random_uuid(), 'x')`.execute(
        transaction,
      ),
    );
  await expect(insert("saraban_intake", "notify-sender")).rejects.toThrow(/row-level security/);
  await expect(insert("saraban_reading", "notify-sender")).rejects.toThrow(/row-level security/);
  await expect(insert("saraban_registry", "read-letter")).rejects.toThrow(/row-level security/);
  await expect(insert("saraban_http", "register-letter")).rejects.toThrow(/row-level security/);
  await insert("saraban_intake", "read-letter");
  for (const role of ["saraban_reading", "saraban_notification"] as const) {
    const { numAffectedRows } = await inTransaction(
      roomDatabase(context, address, role, 1),
      acting,
      (transaction) => sql`delete from outbox where subject_id = ${id}`.execute(transaction),
    );
    expect(numAffectedRows, role).toBe(0n);
  }
});
