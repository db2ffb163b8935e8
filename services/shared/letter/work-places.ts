import { flow, type JobData, type JobName } from "./flow.ts";
import type { TakenJob } from "./take-work-store.ts";

/** Does a job. Resolves when it is over, whatever came of it. */
export type PerformJob = (name: JobName, data: JobData) => Promise<void>;

/** The places of a room, and the work that has one. */
export interface WorkPlaces {
  free(): number;
  isIdle(): boolean;
  /** Begins work that was taken; what finds no place waits for one. */
  begin(jobs: readonly TakenJob[]): void;
  /** Says of the rows that have been ours for longer than `ms`, and are not done, that they still are. */
  keep(ms: number, keepTaken: (ids: readonly number[]) => Promise<void>): Promise<void>;
  /** Begins nothing more. @returns rows that were taken and will not be begun */
  close(): readonly number[];
  /** Resolves when nothing is under way. */
  ended(): Promise<void>;
}

/** What is done in one go: a job of a subject, or all of a book's that were taken. */
interface Piece {
  /** The newest: a drain that cannot go on puts off its row. */
  newest: TakenJob;
  readonly ids: number[];
  heldSinceMs: number;
}

/**
 * Does at most `places` pieces of work at once, and none of them twice at once: what comes for a piece that is under way (a
 * book's next letters, news for a letter) is done in exactly one more go afterwards.
 * @param freed called when a place has become free
 */
export function openWorkPlaces(places: number, perform: PerformJob, freed: () => void): WorkPlaces {
  const underWay = new Map<string, Piece>();
  const waiting = new Map<string, Piece>();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let isClosed = false;

  const beginWaiting = (): void => {
    for (const [key, piece] of waiting) {
      if (isClosed || underWay.size >= places) return;
      if (underWay.has(key)) continue;
      waiting.delete(key);
      underWay.set(key, piece);
      const { job, outboxId, agencyId, subjectId, workKey } = piece.newest;
      void perform(job, { outboxId, agencyId, subjectId, workKey }).then(() => {
        underWay.delete(key);
        beginWaiting();
        if (isClosed && underWay.size === 0) end();
        freed();
      });
    }
  };

  return {
    free() {
      const newPieces = [...waiting.keys()].filter((key) => !underWay.has(key)).length;
      return isClosed ? 0 : Math.max(0, places - underWay.size - newPieces);
    },
    isIdle: () => underWay.size === 0,
    begin(jobs) {
      for (const job of jobs) {
        const key = keyOf(job);
        const known = waiting.get(key);
        if (!known) waiting.set(key, { newest: job, ids: [job.outboxId], heldSinceMs: performance.now() });
        else {
          known.ids.push(job.outboxId);
          if (job.outboxId > known.newest.outboxId) known.newest = job;
        }
      }
      beginWaiting();
    },
    async keep(ms, keepTaken) {
      const nowMs = performance.now();
      const held = [...underWay.values(), ...waiting.values()].filter(
        ({ heldSinceMs }) => nowMs - heldSinceMs >= ms,
      );
      if (held.length === 0) return;
      await keepTaken(held.flatMap(({ ids }) => ids));
      for (const piece of held) piece.heldSinceMs = nowMs;
    },
    close() {
      isClosed = true;
      if (underWay.size === 0) end();
      const left = [...waiting.values()].flatMap(({ ids }) => ids);
      waiting.clear();
      return left;
    },
    ended: () => ended,
  };
}

/** What must not be done twice at once. */
function keyOf({ job, workKey, subjectId }: TakenJob): string {
  return `${job} ${flow[job].key === "book" ? workKey : subjectId}`;
}
