import { buddhistYear } from "../shared/letter/stamp.ts";

export type CheckCode =
  | "books"
  | "events"
  | "outcomes"
  | "acknowledgements"
  | "stored-files"
  | "acts"
  | "outbound"
  | "receipts"
  | "sent-files"
  | "classified";

/** One thing that is not as it must be. */
export interface Violation {
  /** Which rule is broken, such as "number-missing". Stable, for programs. */
  readonly code: string;
  readonly agencyId: string;
  /** BOOK/YEAR/NUMBER, BOOK/event/NUMBER, or the id of the letter, the act, the receipt, the stored octets or the file. */
  readonly at: string;
  /** What is wrong, where, and what to do. Ids, numbers and times; no word of a letter. */
  readonly says: string;
}

/** What one check found. */
export interface CheckResult {
  readonly code: CheckCode;
  readonly ok: boolean;
  /** How many things were looked at: lines, events, arrivals, promised notices, stored octets, acts, letters of our own and their files, receipts, classified letters. */
  readonly looked: number;
  readonly figures: Readonly<Record<string, number>>;
  /** The first hundred. */
  readonly violations: readonly Violation[];
  /** How many there are beyond them. */
  readonly more: number;
  /** What is no violation and worth knowing. */
  readonly notes: readonly string[];
}

/** Named violations of a check; one cause may break thousands of lines, and their number says as much as their names. */
export const MOST_NAMED = 100;

/** What every query for faults answers with, at most MOST_NAMED rows; `total` is how many there are. */
export interface FaultRow {
  readonly fault: string;
  readonly agencyId: string;
  readonly total: number;
}

/** The violations of one query, and how many there are in all. */
export interface Found {
  readonly violations: readonly Violation[];
  readonly total: number;
}

/** Puts rows of one query into words. */
export function named<Row extends FaultRow>(
  rows: readonly Row[],
  at: (row: Row) => string,
  says: (row: Row) => string,
): Found {
  return {
    violations: rows.map((row) => ({
      code: row.fault,
      agencyId: row.agencyId,
      at: at(row),
      says: says(row),
    })),
    total: rows[0]?.total ?? 0,
  };
}

export function resultOf(
  code: CheckCode,
  looked: number,
  figures: Readonly<Record<string, number>>,
  found: readonly Found[],
  notes: readonly string[] = [],
): CheckResult {
  const total = found.reduce((sum, one) => sum + one.total, 0);
  const violations = found.flatMap((one) => one.violations).slice(0, MOST_NAMED);
  return { code, ok: total === 0, looked, figures, violations, more: total - violations.length, notes };
}

/** For what no room has the rights to do: rows changed or taken away behind the service. */
export const BY_HAND =
  "No service can do this: compare with a backup, and find out who changed the database by hand.";

export interface Place {
  readonly bookId: string;
  readonly year: number;
  readonly number: number | null;
}

export function placeId({ bookId, year, number }: Place): string {
  return [bookId, year, number].filter((part) => part !== null).join("/");
}

/** For example "book agency-a.inbound.ordinary, year 2569 (2026), number 5". */
export function placeWords({ bookId, year, number }: Place): string {
  return `book ${bookId}, year ${buddhistYear(year)} (${year})${number === null ? "" : `, number ${number}`}`;
}

export function letterWords({
  intakeId,
  agencyId,
}: {
  readonly intakeId: string;
  readonly agencyId: string;
}): string {
  return `letter ${intakeId} of ${agencyId}`;
}

/** What to do about work that has failed too often. */
export function retryWords(workId: number | null): string {
  return `its work was set aside: look into saraban jobs, mend the cause, then saraban jobs retry ${workId}`;
}
