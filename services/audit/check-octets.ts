import { type CheckResult, type Found, MOST_NAMED, resultOf, type Violation } from "./check-result.ts";
import { type FileState, judgeFile } from "./kept-files.ts";

/** Rows of a page: with at most 64 KiB each in the database, the server reads 16 MB for one. */
export const PAGE = 256;

/** Octets that a row of a table stands for. */
export interface KeptOctets {
  readonly sha256: string;
  readonly agencyId: string;
  readonly sizeBytes: number;
  /** Whether octets in the row itself have this hash and this size; null when they are in a file. */
  readonly isGood: boolean | null;
}

/** A table of such rows, and the store in which their files are. */
export interface KeptTable<Row extends KeptOctets> {
  readonly table: string;
  readonly storeDir: string;
  /** The next page, PAGE rows or the rest. @param last the row that it begins after; undefined for the first page */
  read(last: Row | undefined): Promise<readonly Row[]>;
  /** What a violation is named by, and what its words call it. */
  name(row: Row): { readonly at: string; readonly words: string };
  /** Whether a file that is not there is in order after all. */
  isGone?(row: Row): Promise<boolean>;
  /** Called behind each page but the last one. */
  passed?(last: Row): void;
}

export interface OctetsFound extends Found {
  readonly hashed: number;
  readonly bytes: number;
}

/** Reads all octets of a table, wherever they are, and compares each with its hash and its size. */
export async function findDamage<Row extends KeptOctets>(kept: KeptTable<Row>): Promise<OctetsFound> {
  const violations: Violation[] = [];
  let [total, hashed, bytes] = [0, 0, 0];
  for await (const { row, state } of judgeRows(kept)) {
    hashed += 1;
    bytes += row.sizeBytes;
    if (state === "good" || (state === "missing" && (await kept.isGone?.(row)) === true)) continue;
    total += 1;
    if (violations.length < MOST_NAMED) violations.push(violationOf(kept, row, state));
  }
  return { violations, total, hashed, bytes };
}

/** What was seen in the tables, and then in the octets themselves. */
export function withOctets(
  { code, looked, figures, violations, more }: CheckResult,
  { hashed, bytes, ...found }: OctetsFound,
  notes: readonly string[] = [],
): CheckResult {
  const known: Found = { violations, total: violations.length + more };
  return resultOf(code, looked, { ...figures, hashed, bytes }, [known, found], notes);
}

async function* judgeRows<Row extends KeptOctets>({
  storeDir,
  read,
  passed,
}: KeptTable<Row>): AsyncGenerator<{ readonly row: Row; readonly state: FileState }> {
  let last: { readonly row: Row; readonly state: FileState } | undefined;
  for (;;) {
    const page = await read(last?.row);
    for (const row of page) {
      // Rows that share a file stand one after the other where they are read by their hash.
      const isShared =
        row.isGood === null &&
        last?.row.isGood === null &&
        last.row.sha256 === row.sha256 &&
        last.row.sizeBytes === row.sizeBytes;
      last = { row, state: isShared && last ? last.state : await stateOf(row, storeDir) };
      yield last;
    }
    if (page.length < PAGE) return;
    if (last) passed?.(last.row);
  }
}

async function stateOf({ isGood, sha256, sizeBytes }: KeptOctets, storeDir: string): Promise<FileState> {
  if (isGood === null) return judgeFile(storeDir, sha256, sizeBytes);
  return isGood ? "good" : "damaged";
}

function violationOf<Row extends KeptOctets>(
  { table, name }: KeptTable<Row>,
  row: Row,
  state: Exclude<FileState, "good">,
): Violation {
  const { agencyId, isGood } = row;
  const { at, words } = name(row);
  const kind = typeof state === "string" ? state : "unreadable";
  const where = isGood === null ? "file" : `row of ${table}`;
  const what = {
    missing: `the file is not in the store. Restore it from a backup`,
    damaged: `the content has another hash or size. Restore the ${where} from a backup, and look for the cause: a disk fault, or a hand`,
    unreadable: `the file cannot be read (${typeof state === "string" ? "" : state.unreadable}). Run this as the service's user; if it was so, look after the disk`,
  }[kind];
  const code = kind === "damaged" ? "octets-damaged" : `file-${kind}`;
  return { code, agencyId, at, says: `${words}: ${what}.` };
}
