import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { sql } from "kysely";
import { inject, type TestContext } from "vitest";
import { type AccessEvent, recordAccess } from "../../shared/audit-log/record-access.ts";
import { openIssuer } from "../../shared/letter/evidence/signing-keys.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import { openLog } from "../../shared/runtime/log.ts";
import { adminQueries, roomDatabase } from "../../shared/testing/arrivals.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import { openWitness, type Witness, type WitnessParts } from "../grow-tree.ts";

/** An installation's audit log, with a clock that the test moves, and as many witnesses as it wants. */
export async function logScene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-audit-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const lines: { level: string; msg: string }[] = [];
  const log = openLog("warn", "test", { write: (line) => void lines.push(JSON.parse(line)) });
  const http = roomDatabase(context, address, "saraban_http", 4);
  const database = roomDatabase(context, address, "saraban_witness", 4);
  // A whole second: by default the log's times are those of the database, or what is not settled would seem to be old.
  let nowMs = Date.now();
  const now = (): Stamp => ({
    at: new Date(nowMs),
    clock: { state: "unsynchronised", reason: "no reference clock is configured" },
  });
  return {
    address,
    query,
    dataDir,
    database,
    http,
    lines,
    log,
    now,
    later(seconds: number): void {
      nowMs += seconds * 1000;
    },
    witness: (parts: Partial<WitnessParts> = {}): Witness =>
      openWitness({
        database,
        issuer: openIssuer({ dataDir, publicUrl: "https://saraban.example.go.th", log }),
        now,
        checkpointSeconds: 30,
        patienceSeconds: 30,
        log,
        ...parts,
      }),
    record: (event: Partial<AccessEvent> = {}): Promise<void> =>
      recordAccess(http, { ...EVENT, ...event }, now()),
    /** Many at once, each with its own id and detail; quicker than one by one. */
    async recordMany(count: number): Promise<void> {
      await sql`
        insert into audit_event (id, agency_id, at, clock, actor, action, door, address, subject_kind, subject_id, outcome, detail)
        select gen_random_uuid(), 'agency-a', ${now().at}, ${JSON.stringify(now().clock)}::jsonb, 'person:somsri', 'letter.read', 'page',
               '192.0.2.7', 'letter', gen_random_uuid()::text, 'allowed', jsonb_build_object('page', n, 'note', 'หน้า ' || n)
          from generate_series(1, ${count}::integer) n`.execute(http);
    },
    /**
     * Waits until nothing older than these events can be committed: tests beside this one have transactions in the same
     * cluster. @param seq up to this event; by default all of them
     */
    async settle(seq?: number): Promise<void> {
      for (let tries = 0; tries < 600; tries++) {
        const [row] = await query<{ open: number }>(
          `select count(*) as open from saraban.audit_event
            where seq <= coalesce($1, seq) and transaction between pg_snapshot_xmin(pg_current_snapshot()) and pg_snapshot_xmax(pg_current_snapshot())`,
          [seq ?? null],
        );
        if (row?.open === 0) return;
        await pause(50);
      }
      throw new Error("a transaction stays open");
    },
    /** In the order of leaves. */
    async leafSeqs(): Promise<number[]> {
      const rows = await query<{ event_seq: number }>(
        "select event_seq from saraban.audit_leaf order by leaf_index",
      );
      return rows.map(({ event_seq }) => event_seq);
    },
    checkpoints: () =>
      query<{ tree_size: number; root: Buffer; jws: string; kid: string }>(
        "select tree_size, root, jws, kid from saraban.audit_checkpoint order by tree_size",
      ),
  };
}

const EVENT: AccessEvent = {
  agencyId: "agency-a",
  actor: "person:somsri",
  actorName: "สมศรี ทดสอบ",
  action: "letter.read",
  door: "page",
  address: "192.0.2.7",
  subject: { kind: "letter", id: "0192f000-0000-7000-8000-000000000000" },
  outcome: "allowed",
  rule: "registry-clerk reads",
  detail: { page: 1, note: "หน้าแรก" },
};
