import type { DatabaseAddress } from "../runtime/database.ts";
import type { Ears } from "../runtime/ears.ts";
import type { Log } from "../runtime/log.ts";
import { QUEUES, type QueueName, type WorkingRoom } from "./flow.ts";
import { giveBack, keepTaken, openTakingDatabase, takeDue, type Wanted } from "./take-work-store.ts";
import { openWorkPlaces, type PerformJob, type WorkPlaces } from "./work-places.ts";

/** A process looks by itself this often, for all its rooms at once: work that was put off wakes nobody. */
const LOOK_EVERY_MS = 500;
/** While a room is at work it takes more no sooner than this after the last time: what came meanwhile is taken together. */
const GATHER_MS = 15;
/** The same while less than half of its places are free: soon one statement can fill more of them. */
const FEW_PLACES_MS = 60;
/** After an error: the database is away. */
const AFTER_ERROR_MS = 1_000;
/** Rows of books, of which a drain ends any number. */
const MOST_OF_BOOKS = 500;

/** The rooms' way to their work where the outbox itself is the queue. */
export interface WorkTaker {
  /** Has a room's work done, at most `places` pieces of it at once, until closed; closing waits for what is under way. */
  work(room: WorkingRoom, places: number, perform: PerformJob): { close(): Promise<void> };
  stop(): Promise<void>;
}

interface Taking {
  readonly queues: readonly QueueName[];
  readonly howMany: number;
  readonly places: WorkPlaces;
  /** Whether there may be work that nobody has been asked for yet. */
  mayBeDue: boolean;
  takenAtMs: number;
}

/**
 * Takes due work for the rooms of this process, as many rows as there are free places, for all of them in one statement: at
 * once when a room is woken that has nothing to do, a little later while it works, so that under load one statement serves
 * many. What a process has taken is its own for `leaseSeconds`, and for longer while it says so; when it dies, another one
 * takes it then.
 */
export function openWorkTaker(parts: {
  readonly address: DatabaseAddress;
  readonly ears: Ears;
  readonly leaseSeconds: number;
  readonly log: Log;
}): WorkTaker {
  const { address, ears, leaseSeconds, log } = parts;
  const database = openTakingDatabase(address, log);
  const rooms = new Set<Taking>();
  let taking: Promise<void> | undefined;
  let keeping: Promise<void> | undefined;
  let notBeforeMs = 0;
  let pause: NodeJS.Timeout | undefined;
  let turn: NodeJS.Immediate | undefined;

  const readyAtMs = ({ mayBeDue, places, howMany, takenAtMs }: Taking): number => {
    const free = places.free();
    if (!mayBeDue || free === 0) return Number.POSITIVE_INFINITY;
    if (places.isIdle()) return 0;
    return takenAtMs + (free * 2 >= howMany ? GATHER_MS : FEW_PLACES_MS);
  };

  const take = async (): Promise<void> => {
    const asked = [...rooms].filter(({ mayBeDue, places }) => mayBeDue && places.free() > 0);
    const wanted = asked.flatMap(({ queues, places }) =>
      queues.map((queue): Wanted => ({ queue, most: isOfBooks(queue) ? MOST_OF_BOOKS : places.free() })),
    );
    if (wanted.length === 0) return;
    for (const room of asked) {
      room.mayBeDue = false;
      room.takenAtMs = performance.now();
    }
    try {
      const jobs = await takeDue(database, wanted, leaseSeconds);
      for (const room of asked) {
        const own = jobs.filter(({ queue }) => room.queues.includes(queue));
        const isFull = wanted.some(
          ({ queue, most }) =>
            room.queues.includes(queue) && own.filter((job) => job.queue === queue).length === most,
        );
        if (isFull) room.mayBeDue = true;
        room.places.begin(own);
      }
    } catch (error) {
      log.warn({ err: error }, "work cannot be taken from the outbox; trying again");
      for (const room of asked) room.mayBeDue = true;
      notBeforeMs = performance.now() + AFTER_ERROR_MS;
    }
  };

  /** Takes work when the first room is ready for it; in the next turn of the loop: what is heard in this one goes together. */
  const plan = (): void => {
    clearTimeout(pause);
    if (taking || turn) return;
    const atMs = Math.max(notBeforeMs, Math.min(...[...rooms].map(readyAtMs)));
    const inMs = atMs - performance.now();
    if (inMs > LOOK_EVERY_MS) return;
    if (inMs > 0) {
      pause = setTimeout(plan, Math.ceil(inMs));
      return;
    }
    turn = setImmediate(() => {
      turn = undefined;
      taking = take().finally(() => {
        taking = undefined;
        plan();
      });
    });
  };
  const wake = (woken: (room: Taking) => boolean): void => {
    for (const room of rooms) if (woken(room)) room.mayBeDue = true;
    plan();
  };

  const keepAll = async (): Promise<void> => {
    const keep = (ids: readonly number[]) => keepTaken(database, ids, leaseSeconds);
    for (const { places } of rooms) await places.keep((leaseSeconds * 1000) / 3, keep);
  };
  const look = setInterval(
    () => {
      wake(() => true);
      keeping ??= keepAll()
        .catch((error: unknown) => log.warn({ err: error }, "work under way cannot be kept; trying again"))
        .finally(() => {
          keeping = undefined;
        });
    },
    Math.min(LOOK_EVERY_MS, (leaseSeconds * 1000) / 6),
  );
  const heard = ears.listen("saraban_outbox", (word) => {
    const named = word?.split(",");
    wake(({ queues }) => named === undefined || queues.some((queue) => named.includes(queue)));
  });

  return {
    work(room, howMany, perform) {
      const places = openWorkPlaces(howMany, perform, plan);
      const taker: Taking = { queues: queuesOf(room), howMany, places, mayBeDue: true, takenAtMs: 0 };
      rooms.add(taker);
      plan();
      return {
        async close() {
          const left = [...places.close()];
          await taking; // what is being taken at this moment is not begun either
          left.push(...places.close());
          if (left.length > 0)
            await giveBack(database, left).catch((error: unknown) =>
              log.warn(
                { err: error, count: left.length },
                "work cannot be given back; it is taken again later",
              ),
            );
          await places.ended();
          rooms.delete(taker);
        },
      };
    },
    async stop() {
      heard.stop();
      clearInterval(look);
      clearTimeout(pause);
      clearImmediate(turn);
      await taking;
      await keeping;
      await database.destroy();
    },
  };
}

function queuesOf(room: WorkingRoom): QueueName[] {
  return QUEUES.filter((queue) => queue === room || queue === `${room}-books`);
}

function isOfBooks(queue: QueueName): boolean {
  return queue.endsWith("-books");
}
