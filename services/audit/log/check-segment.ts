import type { Checkpoint } from "../../shared/audit-log/checkpoint.ts";
import { type EventRow, eventLeaf, instant } from "../../shared/audit-log/event-form.ts";
import { type Frontier, type Hash, openFrontier } from "../../shared/audit-log/merkle.ts";
import type { Findings } from "./findings.ts";
import type { LeafRow } from "./log-store.ts";

/**
 * How far an event's own time may lie from that of the checkpoints around it. Transactions of ours last seconds; one that is open
 * for longer than this, or a clock that was wrong by as much, is worth a look as well.
 */
export const MOST_APART_MS = 10 * 60_000;

/** What stands between two checkpoints, leaf by leaf. */
export interface Segment {
  add(row: LeafRow): void;
  /** The end: a checkpoint whose signature is proved, or null behind the newest one. */
  close(checkpoint: Checkpoint | null): SegmentEnd;
}

export interface SegmentEnd {
  /** Whether the checkpoint's root is that of the leaves, or of the events. */
  readonly isRight: boolean;
  /** Whether anything was found leaf by leaf: it needs no further word on the root. */
  readonly isExplained: boolean;
  /** The tree as it stands there. */
  readonly frontier: Frontier;
}

interface Fault {
  readonly index: number;
  readonly event: EventRow;
}

const MOST_KEPT = 100;

/**
 * @param begun the tree at the checkpoint before, which its signature proves
 * @param coversUntil of that checkpoint: by then all events of before were in the tree
 */
export function openSegment(begun: Frontier, coversUntil: string | null, findings: Findings): Segment {
  const stored = openFrontier(begun.size, begun.nodes);
  const made = openFrontier(begun.size, begun.nodes);
  const coveredMs = coversUntil === null ? Number.NEGATIVE_INFINITY : Date.parse(coversUntil);
  const faults: Fault[] = [];
  let faultCount = 0;
  let hasHole = false;
  let newest: { readonly seq: number; readonly ms: number } | undefined;

  const append = (storedHash: Hash, madeHash: Hash): void => {
    stored.append(storedHash);
    made.append(madeHash);
  };
  const checkTime = (event: EventRow): void => {
    const ms = Number(event.atEpoch) * 1000;
    if (ms < coveredMs - MOST_APART_MS)
      findings.add(
        "event-late",
        `event/${event.seq}`,
        `${eventWords(event)}: it came into the log only after ${coversUntil}, when all that had been written was in it: it was inserted later, or its transaction was open for so long.`,
      );
    if (newest === undefined || ms > newest.ms) newest = { seq: event.seq, ms };
  };

  /** Places of leaves that are not there stay empty; the root says so too. */
  const skipTo = (index: number): void => {
    const first = stored.size;
    const last = index - 1;
    hasHole = true;
    findings.add(
      "leaf-removed",
      first === last ? `leaf/${first}` : `leaf/${first}-${last}`,
      first === last
        ? `leaf ${first} is not here: its event was taken out of the tree.`
        : `the leaves ${first} to ${last} are not here: their events were taken out of the tree.`,
    );
    while (stored.size < index) append(EMPTY, EMPTY);
  };

  return {
    add({ index, leafSeq, hash, event }) {
      if (index < stored.size) {
        hasHole = true;
        findings.add(
          "leaf-repeated",
          `leaf/${index}`,
          `leaf ${index}, or its event ${leafSeq}, stands there twice.`,
        );
        return;
      }
      if (index > stored.size) skipTo(index);
      if (event === null) {
        hasHole = true;
        findings.add(
          "event-removed",
          `event/${leafSeq}`,
          `event ${leafSeq} is not here: leaf ${index} was made of it.`,
        );
        append(hash, hash);
        return;
      }
      checkTime(event);
      const madeHash = eventLeaf(event);
      if (!madeHash.equals(hash)) {
        faultCount += 1;
        if (faults.length < MOST_KEPT) faults.push({ index, event });
      }
      append(hash, madeHash);
    },
    close(checkpoint) {
      if (checkpoint !== null && stored.size < checkpoint.treeSize) skipTo(checkpoint.treeSize);
      const isOf = (tree: Frontier): boolean => checkpoint?.root === tree.root().toString("base64url");
      const [isStored, isMade] = [isOf(stored), isOf(made)];
      for (const { index, event } of faults) {
        if (isMade)
          findings.add(
            "leaf-changed",
            `leaf/${index}`,
            `leaf ${index} was changed: it is not that of ${eventWords(event)}, which is as it was signed.`,
          );
        else
          findings.add(
            "event-changed",
            `event/${event.seq}`,
            `${eventWords(event)}: ${isStored ? "it was changed after it was signed" : "it is not what its leaf was made of: one of them was changed"} (leaf ${index}).`,
          );
      }
      findings.addMore(faultCount - faults.length);
      if (
        checkpoint !== null &&
        newest !== undefined &&
        newest.ms > Date.parse(checkpoint.madeAt) + MOST_APART_MS
      )
        findings.add(
          "event-ahead",
          `event/${newest.seq}`,
          `event ${newest.seq} bears a time after ${checkpoint.madeAt}, when it was signed.`,
        );
      return {
        isRight: isStored || isMade,
        isExplained: hasHole || faultCount > 0,
        frontier: isMade ? made : stored,
      };
    },
  };
}

const EMPTY = Buffer.alloc(32);

export function eventWords({ seq, id, atEpoch }: Pick<EventRow, "seq" | "id" | "atEpoch">): string {
  return `event ${seq} (${id}, ${instant(atEpoch).slice(0, 19)}Z)`;
}
