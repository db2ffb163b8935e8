/**
 * AUDIT: `saraban verify`
 *
 * Reads       every table that proves something, classified books too, and the stored octets. No word of a letter: the
 *             role saraban_audit has no right to a column that holds one, but for the octets, which are hashed and not read:
 *             those of letters received, and those of the files that our own were sent with. Of classified letters it
 *             reads them as they lie, sealed: it has no key.
 * Writes      nothing.
 * Promises    a register in order gives no violation, while its services run as well; a broken rule is named with its
 *             place. What the database already refuses is checked all the same: triggers can be switched off, keys may be
 *             missing after a restore, and a hand may have been at work.
 * Limits      what was taken away with every trace of it (the last lines of a book with their arrivals, and book_year set
 *             back) cannot be told from what never was: that needs a signed close of each day, kept elsewhere.
 */
import type { Tables } from "../shared/letter/tables.ts";
import type { Acting, Kysely, Transaction } from "../shared/runtime/database.ts";
import { checkAcknowledgements } from "./check-acknowledgements.ts";
import { checkActs } from "./check-acts.ts";
import { checkBooks } from "./check-books.ts";
import { checkClosed } from "./check-closed.ts";
import { checkEvents } from "./check-events.ts";
import { checkOutbound } from "./check-outbound.ts";
import { checkOutcomes } from "./check-outcomes.ts";
import { checkReceipts } from "./check-receipts.ts";
import type { CheckCode, CheckResult } from "./check-result.ts";
import { checkSentFileRows, checkSentFiles } from "./check-sent-files.ts";
import { checkBodyRows, checkStoredFiles } from "./check-stored-files.ts";
import { inSnapshot } from "./snapshot-store.ts";

/** How far a stamp may be ahead of this clock; as far as a book may be before it stops (registry). */
const MOST_AHEAD_MS = 60 * 60 * 1000;

export interface VerifyParts {
  /** Under the role saraban_audit. */
  readonly database: Kysely<Tables>;
  readonly acting: Acting;
  /** Whether `acting` has all agencies. */
  readonly isWhole: boolean;
  readonly storeDir: string;
  readonly uploadsDir: string;
  readonly checkedAt: Date;
  /** Open work may be as old. */
  readonly stuckAfterMs: number;
  /** Leaves the stored octets unread. */
  readonly skipFiles: boolean;
  /** Called with 0 … 1 while octets are read. */
  readonly progress: (share: number) => void;
}

export interface Verification {
  readonly verified: boolean;
  readonly checkedAt: Date;
  readonly agencies: readonly string[];
  readonly checks: readonly CheckResult[];
}

export async function verifyRegister(parts: VerifyParts): Promise<Verification> {
  const { database, acting, checkedAt } = parts;
  const seen = await inSnapshot(database, acting, (transaction) => checkTables(transaction, parts));
  const checks: CheckResult[] = [];
  for (const rows of seen) {
    const readOctets = parts.skipFiles ? undefined : OCTETS[rows.code];
    checks.push(readOctets ? await readOctets(parts, rows) : rows);
  }
  return { verified: checks.every(({ ok }) => ok), checkedAt, agencies: acting.agencies, checks };
}

/** Checks that go on where the tables end. */
const OCTETS: Readonly<
  Partial<Record<CheckCode, (parts: VerifyParts, rows: CheckResult) => Promise<CheckResult>>>
> = { "sent-files": checkSentFiles, "stored-files": checkStoredFiles };

/** All that can be seen in the tables; no octets have been read. */
export async function checkTables(
  transaction: Transaction<Tables>,
  { checkedAt, stuckAfterMs }: Pick<VerifyParts, "checkedAt" | "stuckAfterMs">,
): Promise<CheckResult[]> {
  const latest = new Date(checkedAt.getTime() + MOST_AHEAD_MS);
  const stuckBefore = new Date(checkedAt.getTime() - stuckAfterMs);
  return [
    await checkBooks(transaction, latest),
    await checkEvents(transaction, latest),
    await checkOutcomes(transaction, stuckBefore, latest),
    await checkAcknowledgements(transaction, stuckBefore),
    await checkActs(transaction, stuckBefore),
    await checkOutbound(transaction),
    await checkReceipts(transaction),
    await checkSentFileRows(transaction),
    await checkBodyRows(transaction),
    await checkClosed(transaction),
  ];
}
