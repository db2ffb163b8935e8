import { sql } from "kysely";
import pg from "pg";
import { test } from "vitest";
import { verifyCheckpoint } from "../shared/audit-log/checkpoint.ts";
import { EVENT_COLUMNS } from "../shared/audit-log/event-columns.ts";
import { type EventRow, eventForm, eventLeaf } from "../shared/audit-log/event-form.ts";
import { openFrontier } from "../shared/audit-log/merkle.ts";
import { recordAccess } from "../shared/audit-log/record-access.ts";
import { readOwnKeys } from "../shared/letter/evidence/public-key-store.ts";
import { inTransaction } from "../shared/runtime/database.ts";
import { logScene } from "./testing/log-scene.ts";

const acting = { actor: "worker:test", agencies: [] } as const;

test("events become leaves in order, and a signed checkpoint says their root", async (context) => {
  const { expect } = context;
  const scene = await logScene(context);
  const witness = scene.witness();
  await scene.settle();
  expect(await witness.look()).toBe(0);
  expect(await scene.checkpoints()).toEqual([]);
  for (let n = 0; n < 5; n++) await scene.record({ detail: { n, ratio: 0.1, word: "ก\0ข" } });
  await scene.settle();
  expect(await witness.look()).toBe(5);
  expect(await scene.leafSeqs()).toEqual([1, 2, 3, 4, 5]);

  const { rows } = await sql<EventRow>`select ${EVENT_COLUMNS} from audit_event e order by seq`.execute(
    scene.database,
  );
  expect(JSON.parse(eventForm(rows[1] as EventRow))).toMatchObject({
    form: 1,
    seq: 2,
    actor: "person:somsri",
    actorName: "สมศรี ทดสอบ",
    at: scene
      .now()
      .at.toISOString()
      .replace(/(\.\d{3})Z/, "$1000Z"),
    subject: { kind: "letter", id: "0192f000-0000-7000-8000-000000000000" },
    detail: { n: 1, ratio: 0.1, word: "กข" },
  });
  const tree = openFrontier();
  for (const row of rows) tree.append(eventLeaf(row));
  const [first] = await scene.checkpoints();
  expect(first).toMatchObject({ tree_size: 5, root: tree.root() });
  const keys = await inTransaction(scene.database, acting, readOwnKeys);
  const verified = verifyCheckpoint(first?.jws ?? "", keys);
  expect(verified).toMatchObject({
    state: "genuine",
    checkpoint: {
      treeSize: 5,
      root: tree.root().toString("base64url"),
      previous: null,
      coversUntil: scene.now().at.toISOString(),
      origin: "https://saraban.example.go.th",
    },
  });
  const tampered = `${first?.jws.slice(0, -4)}AAAA`;
  expect(verifyCheckpoint(tampered, keys).state).toBe("tampered");
  expect(verifyCheckpoint(first?.jws ?? "", []).state).toBe("unknown-key");

  // The next one is due half a minute later, and names the one before it; without anything new there is none.
  await scene.record();
  scene.later(29);
  await scene.settle();
  expect(await witness.look()).toBe(1);
  expect(await scene.checkpoints()).toHaveLength(1);
  scene.later(1);
  await scene.settle();
  await witness.look();
  scene.later(300);
  await scene.settle();
  await witness.look();
  const [, second, ...more] = await scene.checkpoints();
  expect(more).toEqual([]);
  expect(verifyCheckpoint(second?.jws ?? "", keys)).toMatchObject({
    checkpoint: { treeSize: 6, previous: { treeSize: 5, root: tree.root().toString("base64url") } },
  });
});

test("a number that JavaScript would round is not that of its neighbour", async (context) => {
  const { expect } = context;
  const scene = await logScene(context);
  await scene.record({ detail: { n: 0.1 } });
  const read = async (): Promise<EventRow> => {
    const { rows } = await sql<EventRow>`select ${EVENT_COLUMNS} from audit_event e`.execute(scene.database);
    return rows[0] as EventRow;
  };
  const before = eventForm(await read());
  const change = async (set: string): Promise<void> => {
    await scene.query(
      `begin; set local session_replication_role = replica; update saraban.audit_event set ${set}; commit`,
    );
  };
  const { atEpoch } = await read();
  for (const [set, back] of [
    [`detail = '{"n": 0.1000000000000000055511151231257827}'`, `detail = '{"n": 0.1}'`],
    [`detail = '{"n": 0.10}'`, `detail = '{"n": 0.1}'`],
    ["at = at + interval '1 microsecond'", `at = to_timestamp(${atEpoch})`],
    [
      "at = (to_char(at, 'YYYY-MM-DD HH24:MI:SS.US') || '+00 BC')::timestamptz",
      `at = to_timestamp(${atEpoch})`,
    ],
    ["at = 'infinity'", `at = to_timestamp(${atEpoch})`],
    ["agency_id = null", "agency_id = 'agency-a'"],
    ["actor_name = actor_name || U&'\\200B'", "actor_name = 'สมศรี ทดสอบ'"],
  ] as const) {
    await change(set);
    expect(eventForm(await read()), set).not.toBe(before);
    await change(back);
    expect(eventForm(await read()), back).toBe(before);
  }
});

test("who is killed between a leaf and its checkpoint is followed by one who signs what is there", async (context) => {
  const { expect } = context;
  const scene = await logScene(context);
  const first = scene.witness();
  await scene.recordMany(7);
  await scene.settle();
  await first.look();
  await scene.recordMany(6);
  await scene.settle();
  await first.look(); // leaves; the checkpoint is not due, and this witness is heard of no more
  expect(await scene.leafSeqs()).toHaveLength(13);
  expect(await scene.checkpoints()).toHaveLength(1);
  const second = scene.witness();
  scene.later(31);
  await scene.recordMany(1);
  await scene.settle();
  expect(await second.look()).toBe(1);
  const { rows } = await sql<EventRow>`select ${EVENT_COLUMNS} from audit_event e order by seq`.execute(
    scene.database,
  );
  const tree = openFrontier();
  for (const row of rows) tree.append(eventLeaf(row));
  expect((await scene.checkpoints()).at(-1)).toMatchObject({ tree_size: 14, root: tree.root() });
  await scene.recordMany(1);
  await scene.settle();
  await second.look();
  await second.close();
  expect((await scene.checkpoints()).at(-1)).toMatchObject({ tree_size: 15 });
});

test("two witnesses at once write one tree", async (context) => {
  const { expect } = context;
  const scene = await logScene(context);
  const witnesses = [scene.witness(), scene.witness({ checkpointSeconds: 1 })];
  let made = 0;
  for (let round = 0; round < 12; round++) {
    await scene.recordMany(40);
    scene.later(1);
    await scene.settle();
    const grown = await Promise.all(witnesses.map((witness) => witness.look()));
    made += grown.reduce((sum, leaves) => sum + leaves, 0);
  }
  expect(made).toBe(480);
  expect(await scene.leafSeqs()).toEqual(Array.from({ length: 480 }, (_, at) => at + 1));
  const { rows } = await sql<EventRow>`select ${EVENT_COLUMNS} from audit_event e order by seq`.execute(
    scene.database,
  );
  const tree = openFrontier();
  const roots = new Map<number, string>();
  for (const row of rows) {
    tree.append(eventLeaf(row));
    roots.set(tree.size, tree.root().toString("hex"));
  }
  const checkpoints = await scene.checkpoints();
  expect(checkpoints.length).toBeGreaterThan(5);
  for (const { tree_size, root } of checkpoints) expect(root.toString("hex")).toBe(roots.get(tree_size));
});

test("a transaction that is open is waited for; one that stays open comes in later, and a given-up number never", async (context) => {
  const { expect } = context;
  const scene = await logScene(context);
  const patient = scene.witness({ patienceSeconds: 3600 });
  const client = new pg.Client(scene.address);
  await client.connect();
  context.onTestFinished(() => client.end());
  const insert = `insert into saraban.audit_event (id, at, clock, actor, action, door, outcome)
    values (gen_random_uuid(), now(), '{"state": "unsynchronised", "reason": "x"}', 'worker:slow', 'x', 'worker', 'allowed')`;
  await scene.record();
  await client.query("begin");
  await client.query(insert); // 2
  await scene.record(); // 3
  await scene.record(); // 4
  await scene.settle(1);
  expect(await patient.look()).toBe(1);
  await client.query("commit");
  await scene.settle();
  expect(await patient.look()).toBe(3);
  expect(await scene.leafSeqs()).toEqual([1, 2, 3, 4]);

  // Nothing is waited for: 5 is open while 6 becomes a leaf, and comes behind it.
  const hasty = scene.witness({ patienceSeconds: -1 });
  await client.query("begin");
  await client.query(insert); // 5
  await scene.record(); // 6
  expect(await hasty.look()).toBe(1);
  await client.query("commit");
  expect(await hasty.look()).toBe(1);
  expect(await scene.leafSeqs()).toEqual([1, 2, 3, 4, 6, 5]);

  // 7 is given up; 8 is open when another witness starts.
  await client.query("begin");
  await client.query(insert);
  await client.query("rollback");
  await client.query("begin");
  await client.query(insert);
  await scene.record(); // 9
  await hasty.look();
  const late = scene.witness({ patienceSeconds: -1 });
  expect(await late.look()).toBe(0);
  await client.query("commit");
  expect(await late.look()).toBe(1);
  expect(await scene.leafSeqs()).toEqual([1, 2, 3, 4, 6, 5, 9, 8]);
});

test("a row with a number far ahead does not keep those behind it out of the tree", async (context) => {
  const { expect } = context;
  const scene = await logScene(context);
  const witness = scene.witness();
  await scene.record();
  await scene.query(
    `insert into saraban.audit_event (seq, id, at, clock, actor, action, door, outcome) overriding system value
      values (1000000000000, gen_random_uuid(), now(), '{}', 'nobody', 'x', 'worker', 'allowed')`,
  );
  await scene.settle();
  expect(await witness.look()).toBe(2);
  await scene.record();
  await scene.record();
  await scene.settle();
  expect(await witness.look()).toBe(2);
  await scene.settle();
  expect(await scene.witness().look()).toBe(0);
  expect(await scene.leafSeqs()).toEqual([1, 1_000_000_000_000, 2, 3]);
});

test("rows that a dump brought from another cluster do not wait for its transactions", async (context) => {
  const { expect } = context;
  const scene = await logScene(context);
  await scene.record();
  await scene.query(
    `begin; set local session_replication_role = replica;
     update saraban.audit_event set transaction = '900000000000'::xid8; commit`,
  );
  await scene.settle();
  expect(await scene.witness({ patienceSeconds: 3600 }).look()).toBe(1);
});

test("what was removed behind the service is told, and nothing grows over its place", async (context) => {
  const { expect } = context;
  const scene = await logScene(context);
  const witness = scene.witness();
  await scene.recordMany(10);
  await scene.settle();
  await witness.look();
  await scene.query(
    "begin; set local session_replication_role = replica; delete from saraban.audit_leaf where leaf_index >= 8; commit",
  );
  await scene.record();
  await scene.settle();
  await witness.look();
  expect(witness.trouble()).toMatch(/removed: saraban audit verify/);
  const indexes = await scene.query("select leaf_index from saraban.audit_leaf where leaf_index >= 7");
  expect(indexes).toEqual([{ leaf_index: 7 }, { leaf_index: 10 }]);
  // One that starts later knows it from the checkpoint.
  await scene.query(
    "begin; set local session_replication_role = replica; delete from saraban.audit_leaf where leaf_index >= 8; commit",
  );
  const next = scene.witness();
  await scene.settle();
  await next.look();
  expect(next.trouble()).toMatch(/removed/);
  expect(scene.lines.map(({ msg }) => msg)).toContainEqual(expect.stringContaining("were removed"));
});

test("no room changes the log, chooses an event's place, or writes leaves", async (context) => {
  const { expect } = context;
  const scene = await logScene(context);
  await scene.record();
  await scene.settle();
  await scene.witness().look();
  for (const statement of [
    "select 1 from audit_event",
    "update audit_event set actor = 'nobody'",
    "delete from audit_event",
    "insert into audit_leaf values (1, 2, ''::bytea)",
    "insert into audit_event (transaction, id, at, clock, actor, action, door, outcome) values ('1', gen_random_uuid(), now(), '{}', 'nobody', 'x', 'cli', 'denied')",
    "insert into audit_event (seq, id, at, clock, actor, action, door, outcome) overriding system value values (9, gen_random_uuid(), now(), '{}', 'nobody', 'x', 'cli', 'denied')",
    "select jws from audit_checkpoint",
  ])
    await expect(sql.raw(statement).execute(scene.http), statement).rejects.toThrow(/permission denied/);
  for (const table of ["audit_event", "audit_leaf", "audit_checkpoint"]) {
    await expect(scene.query(`delete from saraban.${table}`)).rejects.toThrow(/append-only/);
    await expect(scene.query(`truncate saraban.${table}`)).rejects.toThrow(/append-only/);
  }
  await expect(sql`delete from audit_leaf`.execute(scene.database)).rejects.toThrow(/permission denied/);
});

test("an event is written with what it tells of, or not at all", async (context) => {
  const { expect } = context;
  const scene = await logScene(context);
  await expect(
    inTransaction(scene.http, acting, async (transaction) => {
      await recordAccess(
        transaction,
        { agencyId: null, actor: "nobody", action: "x", door: "json", outcome: "denied" },
        scene.now(),
      );
      throw new Error("given up");
    }),
  ).rejects.toThrow("given up");
  expect(await scene.query("select 1 from saraban.audit_event")).toEqual([]);
});
