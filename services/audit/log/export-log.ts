import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Transaction } from "kysely";
import { eventForm } from "../../shared/audit-log/event-form.ts";
import { jwks } from "../../shared/letter/evidence/public-key.ts";
import { readOwnKeys } from "../../shared/letter/evidence/public-key-store.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Acting, Kysely } from "../../shared/runtime/database.ts";
import { projectDir } from "../../shared/runtime/settings.ts";
import { inSnapshot } from "../snapshot-store.ts";
import { allCheckpoints, type CheckpointRow, checkpointNear, leavesWithEvents } from "./log-store.ts";
import { leavesOfTime } from "./read-log-store.ts";
import { type FileSet, openFileSet } from "./write-files.ts";

export const EXPORT_FORMAT = "saraban-audit-export/1";
/** Beside this file, and nothing of the project in them: an auditor's machine has Node.js and no more. */
const OFFLINE = join(projectDir, "services/audit/log/offline");

export interface ExportOrder {
  readonly from: Date;
  /** Up to before this moment. */
  readonly until: Date;
  /** Events of other agencies are left out, but for their hashes. */
  readonly agency: string | undefined;
  /** A folder, or an archive (.zip). */
  readonly out: string;
  readonly madeAt: Date;
}

export interface Exported {
  /** Events that stand there in full. */
  readonly events: number;
  /** Events beside them, of which only the hash does. */
  readonly hidden: number;
  readonly checkpoints: number;
  /** Events of that time that no checkpoint covers yet, and that are left out. */
  readonly notSigned: number;
}

/**
 * What an auditor needs to see for himself that the events of a time are those that were signed: the events between two
 * checkpoints, the checkpoints, the public keys, and a program of two hundred lines that compares them. Of events that are not
 * asked for only the leaf's hash stands there, which proves the others and says nothing.
 * @returns null when there is no event of that time under a checkpoint
 */
export function exportLog(
  database: Kysely<Tables>,
  acting: Acting,
  order: ExportOrder,
): Promise<Exported | null> {
  return inSnapshot(database, acting, async (transaction) => {
    const span = await leavesOfTime(transaction, order.from, order.until, order.agency);
    const end =
      span &&
      ((await checkpointNear(transaction, span.to, "from")) ??
        (await checkpointNear(transaction, span.to, "upTo")));
    if (!span || !end || end.treeSize <= span.from) return null;
    const base = await checkpointNear(transaction, span.from, "upTo");
    const files = await openFileSet(order.out);
    try {
      const exported = await writeFiles(transaction, files, order, base, end);
      await files.close();
      return { ...exported, notSigned: Math.max(0, span.to - end.treeSize) };
    } catch (error) {
      await files.abandon();
      throw error;
    }
  });
}

async function writeFiles(
  transaction: Transaction<Tables>,
  files: FileSet,
  { from, until, agency, madeAt }: ExportOrder,
  base: CheckpointRow | undefined,
  end: CheckpointRow,
): Promise<Omit<Exported, "notSigned">> {
  let events = 0;
  let hidden = 0;
  let checkpoints = 0;
  const first = base?.treeSize ?? 0;
  const isWanted = (atMs: number, agencyId: string | null): boolean =>
    atMs >= from.getTime() && atMs < until.getTime() && (agency === undefined || agencyId === agency);
  async function* eventLines() {
    for await (const leaves of leavesWithEvents(transaction, { from: first, to: end.treeSize })) {
      let text = "";
      for (const { hash, event } of leaves) {
        const isFull = event !== null && isWanted(Number(event.atEpoch) * 1000, event.agencyId);
        text += isFull ? `${eventForm(event)}\n` : `{"leafHash":"${hash.toString("base64url")}"}\n`;
        if (isFull) events += 1;
        else hidden += 1;
      }
      yield text;
    }
  }
  async function* checkpointLines() {
    for await (const { treeSize, jws, frontier } of allCheckpoints(transaction, first, end.treeSize)) {
      checkpoints += 1;
      const nodes = frontier.map((node) => node.toString("base64url"));
      yield `${JSON.stringify({ treeSize, jws, frontier: nodes })}\n`;
    }
  }
  await files.write("README.txt", [await readFile(join(OFFLINE, "README.txt"), "utf8")]);
  await files.write("verify.mjs", [await readFile(join(OFFLINE, "verify.mjs"), "utf8")]);
  await files.write("keys.json", [`${JSON.stringify(jwks(await readOwnKeys(transaction)), null, 2)}\n`]);
  await files.write("checkpoints.jsonl", checkpointLines());
  await files.write("events.jsonl", eventLines());
  const manifest = {
    format: EXPORT_FORMAT,
    madeAt: madeAt.toISOString(),
    from: from.toISOString(),
    until: until.toISOString(),
    agency: agency ?? null,
    firstLeaf: first,
    treeSize: end.treeSize,
    events,
    hidden,
    checkpoints,
  };
  await files.write("manifest.json", [`${JSON.stringify(manifest, null, 2)}\n`]);
  return { events, hidden, checkpoints };
}
