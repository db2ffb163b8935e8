import type { Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import type { Acting, Kysely } from "../shared/runtime/database.ts";
import {
  type Body,
  type BodyFault,
  countBodies,
  findBodyFaults,
  findNamed,
  isRemoved,
  readBodies,
} from "./bodies-store.ts";
import {
  BY_HAND,
  type CheckResult,
  type Found,
  letterWords,
  MOST_NAMED,
  named,
  resultOf,
  type Violation,
} from "./check-result.ts";
import { type FileState, judgeFile, listFiles, writtenAtMs } from "./kept-files.ts";

/** Rows of a page: with at most 64 KiB each in the database, the server reads 16 MB for one. */
const PAGE = 256;

/** A file is there before the row that names it: one that is younger may belong to an arrival that is just being accepted. */
const JUST_ARRIVING_MS = 60 * 60 * 1000;

export interface FilesToCheck {
  readonly database: Kysely<Tables>;
  readonly acting: Acting;
  /** The folder of the byte store. */
  readonly storeDir: string;
  /** Whether `acting` has all agencies: only then can be told which files belong to none. */
  readonly isWhole: boolean;
  readonly checkedAt: Date;
  /** Called with 0 … 1. */
  readonly progress: (share: number) => void;
}

/** Each arrival's octets have a row of the same size. Run in the snapshot; their content is read by checkStoredFiles. */
export async function checkBodyRows(transaction: Transaction<Tables>): Promise<CheckResult> {
  const { bodies, ...figures } = await countBodies(transaction);
  const faults = await findBodyFaults(transaction);
  return resultOf("stored-files", bodies, figures, [
    named(
      faults,
      ({ intakeId }) => intakeId,
      (row) => `${letterWords(row)}: ${WORDS[row.fault](row)} ${BY_HAND}`,
    ),
  ]);
}

const WORDS: Readonly<Record<BodyFault["fault"], (row: BodyFault) => string>> = {
  "octets-missing": ({ sha256 }) => `its octets, SHA-256 ${sha256}, are not stored.`,
  "octets-removed": ({ sha256 }) =>
    `its octets, SHA-256 ${sha256}, were removed, though no quarantine of this arrival has ended. Restore them from a backup.`,
  "size-differs": ({ sha256 }) =>
    `its octets, SHA-256 ${sha256}, are stored with another size than they had on arrival.`,
};

/**
 * All octets are what they were on arrival: each stored content, in the database or in a file, has its hash and size. Files
 * that no row names are no fault: an arrival that was never committed leaves one.
 * @param rows what checkBodyRows found
 */
export async function checkStoredFiles(parts: FilesToCheck, rows: CheckResult): Promise<CheckResult> {
  const violations: Violation[] = [];
  let total = 0;
  let hashed = 0;
  let bytes = 0;
  for await (const { body, state } of judgeBodies(parts)) {
    hashed += 1;
    bytes += body.sizeBytes;
    if (state === "good") continue;
    if (state === "missing" && (await isRemoved(parts.database, parts.acting, body))) continue;
    total += 1;
    if (violations.length < MOST_NAMED) violations.push(violationOf(body, state));
  }
  const notes = parts.isWhole ? await noteStrangers(parts) : [];
  const known: Found = { violations: rows.violations, total: rows.violations.length + rows.more };
  return resultOf(
    "stored-files",
    rows.looked,
    { ...rows.figures, hashed, bytes },
    [known, { violations, total }],
    notes,
  );
}

async function* judgeBodies({
  database,
  acting,
  storeDir,
  progress,
}: FilesToCheck): AsyncGenerator<{ body: Body; state: FileState }> {
  let last: { readonly body: Body; readonly state: FileState } | undefined;
  for (;;) {
    const page = await readBodies(database, acting, last?.body ?? { sha256: "", agencyId: "" }, PAGE);
    for (const body of page) {
      // Agencies that got the same message share its file, and stand one after the other.
      const isShared =
        body.isGood === null &&
        last?.body.isGood === null &&
        last.body.sha256 === body.sha256 &&
        last.body.sizeBytes === body.sizeBytes;
      last = { body, state: isShared && last ? last.state : await stateOf(body, storeDir) };
      yield last;
    }
    if (page.length < PAGE) break;
    // Hashes are spread evenly: how far we are in them is how far we are.
    progress(Number.parseInt(last?.body.sha256.slice(0, 8) ?? "0", 16) / 2 ** 32);
  }
  progress(1);
}

async function stateOf({ isGood, sha256, sizeBytes }: Body, storeDir: string): Promise<FileState> {
  if (isGood === null) return judgeFile(storeDir, sha256, sizeBytes);
  return isGood ? "good" : "damaged";
}

function violationOf({ sha256, agencyId, isGood }: Body, state: Exclude<FileState, "good">): Violation {
  const kind = typeof state === "string" ? state : "unreadable";
  const where = isGood === null ? "file" : "row of stored_body";
  const what = {
    missing: `the file is not in the store. Restore it from a backup`,
    damaged: `the content has another hash or size. Restore the ${where} from a backup, and look for the cause: a disk fault, or a hand`,
    unreadable: `the file cannot be read (${typeof state === "string" ? "" : state.unreadable}). Run this as the service's user; if it was so, look after the disk`,
  }[kind];
  return {
    code: kind === "damaged" ? "octets-damaged" : `file-${kind}`,
    agencyId,
    at: sha256,
    says: `octets ${sha256} of ${agencyId}: ${what}.`,
  };
}

async function noteStrangers({ database, acting, storeDir, checkedAt }: FilesToCheck): Promise<string[]> {
  let strangers = 0;
  try {
    for await (const names of listFiles(storeDir, PAGE)) {
      const known = await findNamed(database, acting, names);
      for (const name of names) {
        if (known.has(name)) continue;
        const writtenMs = await writtenAtMs(storeDir, name);
        if (writtenMs !== null && checkedAt.getTime() - writtenMs > JUST_ARRIVING_MS) strangers += 1;
      }
    }
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    return [
      `the folders of the store cannot all be listed (${code}): files that no row names were not looked for.`,
    ];
  }
  if (strangers === 0) return [];
  return [
    `${strangers} files in the store are named by no row: arrivals that were never committed leave them; they harm nothing.`,
  ];
}
