import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { inject, type TestContext } from "vitest";
import { newId } from "../../shared/runtime/ids.ts";
import { adminQueries, letReadLettersWait, roomDatabase } from "../../shared/testing/arrivals.ts";
import { appointProgram, letClosedLettersWait } from "../../shared/testing/closed-arrivals.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import type { CheckResult } from "../check-result.ts";
import { checkTables, type VerifyParts, verifyRegister } from "../verify-register.ts";
import { closedSceneSql } from "./closed-scene.ts";
import { outboundSceneSql } from "./outbound-scene.ts";
import { signSceneReceipts } from "./receipt-scene.ts";
import { ACTS, type Ids, LETTERS, OWN, RECEIPTS, sceneSql } from "./scene-sql.ts";

/** When the scene is looked at; everything in it happened before. */
export const CHECKED_AT = new Date("2026-05-10T00:00:00Z");

const STUCK_AFTER_MS = 60 * 60 * 1000;

/** A clean register (scene-sql.ts) in a database of its own. */
export async function registerScene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const waiting = await letReadLettersWait(
    query,
    LETTERS.map((name) => ({
      agencyId: name === "other" ? "agency-b" : "agency-a",
      arrivedAt: new Date(ARRIVED[name] ?? "2026-05-01T02:00:00Z"),
    })),
  );
  await appointProgram(query);
  const [closed = ""] = await letClosedLettersWait(query, [{ arrivedAt: new Date("2026-05-01T02:00:00Z") }]);
  const ids: Ids = {
    closed,
    letter: byName(LETTERS, waiting),
    act: byName(
      ACTS,
      ACTS.map(() => newId()),
    ),
    own: byName(
      OWN,
      OWN.map(() => newId()),
    ),
    receipt: byName(
      RECEIPTS,
      RECEIPTS.map(() => newId()),
    ),
  };
  const plant = (text: string) =>
    query(
      `begin; set local search_path = saraban; set local session_replication_role = replica; ${text}; commit`,
    );
  await query(sceneSql(ids));
  await query(outboundSceneSql(ids));
  await query(closedSceneSql(closed));
  // The hash of these octets is that of the letter's id.
  await plant(`update saraban.stored_body b set content = convert_to(i.id::text, 'utf8'), size_bytes = 36
    from saraban.intake i where i.sha256 = b.sha256; update saraban.intake set size_bytes = 36`);
  // And of what a classified letter's row says were sealed octets.
  const sealed = Buffer.from(`SARBSEAL${closed}`);
  const sha256 = createHash("sha256").update(sealed).digest("hex");
  await plant(`update saraban.stored_body set content = decode('${sealed.toString("hex")}', 'hex'), size_bytes = ${sealed.length}, sha256 = '${sha256}'
      where sha256 = (select sha256 from intake where id = '${closed}');
    update saraban.intake set sha256 = '${sha256}', size_bytes = ${sealed.length} where id = '${closed}';
    update saraban.closed_body set sha256 = '${sha256}', size_bytes = ${sealed.length} where letter_id = '${closed}'`);
  await signSceneReceipts(query, ids);

  const storeDir = await mkdtemp(join(tmpdir(), "saraban-audit-"));
  context.onTestFinished(() => rm(storeDir, { recursive: true, force: true }));
  const uploadsDir = join(storeDir, "uploads");
  const database = roomDatabase(context, address, "saraban_audit", 1);
  /** What is seen after a plant, in a transaction that is rolled back: the scene stays as it was. */
  const checkPlanted = async (text: string): Promise<CheckResult[]> => {
    let checks: CheckResult[] = [];
    const rollback = new Error("rolled back");
    await database
      .transaction()
      .execute(async (transaction) => {
        await sql
          .raw(`set local role postgres; set local session_replication_role = replica; ${text};
          set local role saraban_audit; set local saraban.actor = 'person:auditor';
          set local saraban.agencies = 'agency-a,agency-b'`)
          .execute(transaction);
        checks = await checkTables(transaction, { checkedAt: CHECKED_AT, stuckAfterMs: STUCK_AFTER_MS });
        throw rollback;
      })
      .catch((error: unknown) => {
        if (error !== rollback) throw error;
      });
    return checks;
  };
  const verify = (parts: Partial<VerifyParts> = {}) =>
    verifyRegister({
      database,
      acting: { actor: "person:auditor", agencies: ["agency-a", "agency-b"] },
      isWhole: true,
      storeDir,
      uploadsDir,
      checkedAt: CHECKED_AT,
      stuckAfterMs: STUCK_AFTER_MS,
      skipFiles: false,
      progress: () => {},
      ...parts,
    });
  return {
    address,
    query,
    ...ids,
    storeDir,
    uploadsDir,
    verify,
    checkPlanted,
    /** Statements with all rights and without triggers, as somebody with the owner's rights may run them. */
    plant,
  };
}

const ARRIVED: Readonly<Record<string, string>> = {
  lastYear: "2025-12-31T16:50:00Z",
  onItsWay: "2026-05-09T23:30:00Z",
};

/** Everything that is wrong, as "check code at". */
export function faultsOf(checks: readonly CheckResult[]): string[] {
  return checks.flatMap((check) => check.violations.map(({ code, at }) => `${check.code} ${code} ${at}`));
}

function byName<Name extends string>(names: readonly Name[], ids: readonly string[]): Record<Name, string> {
  return Object.fromEntries(names.map((name, index) => [name, ids[index]])) as Record<Name, string>;
}
