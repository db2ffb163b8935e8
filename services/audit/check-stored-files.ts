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
import { findDamage, PAGE, withOctets } from "./check-octets.ts";
import { BY_HAND, type CheckResult, letterWords, named, resultOf } from "./check-result.ts";
import { listFiles, writtenAtMs } from "./kept-files.ts";

/** A file is there before the row that names it: one that is younger may belong to an arrival that is just being accepted. */
const JUST_ARRIVING_MS = 60 * 60 * 1000;

export interface FilesToCheck {
  readonly database: Kysely<Tables>;
  readonly acting: Acting;
  /** The folder of the byte store: octets of letters received. */
  readonly storeDir: string;
  /** That of files for letters of our own. */
  readonly uploadsDir: string;
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
  const { database, acting, storeDir, progress } = parts;
  const found = await findDamage<Body>({
    table: "stored_body",
    storeDir,
    read: (last) => readBodies(database, acting, last ?? { sha256: "", agencyId: "" }, PAGE),
    name: ({ sha256, agencyId }) => ({ at: sha256, words: `octets ${sha256} of ${agencyId}` }),
    isGone: (body) => isRemoved(database, acting, body),
    // Hashes are spread evenly: how far we are in them is how far we are.
    passed: ({ sha256 }) => progress(Number.parseInt(sha256.slice(0, 8), 16) / 2 ** 32),
  });
  progress(1);
  const notes = parts.isWhole ? await noteStrangers(parts) : [];
  return withOctets(rows, found, notes);
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
