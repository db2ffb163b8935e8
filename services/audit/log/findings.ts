/** One thing in the audit log that is not as it was written. */
export interface Finding {
  /** Which rule is broken, such as "event-changed". Stable, for programs. */
  readonly code: FindingCode;
  /** event/SEQ, leaf/INDEX, leaf/FROM-TO, checkpoint/SIZE, or the place that says otherwise. */
  readonly at: string;
  /** What is wrong, where, and what it means. Ids, numbers and times; no word of a letter. */
  readonly says: string;
}

export type FindingCode =
  | "event-changed"
  | "event-removed"
  | "event-not-in-tree"
  | "event-late"
  | "event-ahead"
  | "leaf-changed"
  | "leaf-removed"
  | "leaf-repeated"
  | "root-differs"
  | "not-signed"
  | "checkpoint-changed"
  | "checkpoint-not-signed"
  | "checkpoint-removed"
  | "checkpoint-inserted"
  | "elsewhere-differs"
  | "elsewhere-not-signed";

/** Named findings; one cause may break thousands of rows, and their number says as much as their names. */
export const MOST_FINDINGS = 100;

/** Gathers findings in bounded memory. */
export interface Findings {
  readonly named: readonly Finding[];
  readonly total: number;
  add(code: FindingCode, at: string, says: string): void;
  /** Further ones of which nothing is told but that they are there. */
  addMore(count: number): void;
}

export function openFindings(): Findings {
  const named: Finding[] = [];
  let total = 0;
  return {
    named,
    get total() {
      return total;
    },
    add(code, at, says) {
      total += 1;
      if (named.length < MOST_FINDINGS) named.push({ code, at, says });
    },
    addMore(count) {
      total += count;
    },
  };
}

/** What stands in an audit log, and whether it is what was written. */
export interface LogVerification {
  readonly verified: boolean;
  readonly checkedAt: Date;
  readonly figures: {
    readonly leaves: number;
    readonly waiting: number;
    readonly checkpoints: number;
    /** Leaves under the newest checkpoint. */
    readonly signed: number;
    /** Checkpoints found elsewhere (second places, receipts, what --against named) and compared. */
    readonly elsewhere: number;
  };
  readonly newest: { readonly treeSize: number; readonly root: string; readonly madeAt: string } | null;
  readonly violations: readonly Finding[];
  /** How many there are beyond them. */
  readonly more: number;
  /** What is no violation and worth knowing. */
  readonly notes: readonly string[];
}
