import { isDataFault } from "../../shared/runtime/database.ts";
import type { Log } from "../../shared/runtime/log.ts";

/** One call of a client, as table client_call keeps it. */
export interface ClientCall {
  readonly clientId: string;
  readonly agencyId: string;
  readonly door: CallDoor;
  /** "POST /api/v1/letters", or the name of an e-CMS operation. */
  readonly operation: string;
  /** Of the HTTP answer; 499 when the client went away before it had the answer. */
  readonly status: number;
  readonly remoteAddress: string;
  /** The letter that it was about, where there is one. */
  readonly subjectId: string | null;
  readonly tookMs: number;
  readonly calledAt: Date;
}
export type CallDoor = "api" | "ecms" | "token";

export interface ClientCalls {
  add(call: ClientCall): void;
  /** Writes what is still to be written. */
  stop(): Promise<void>;
}

const WRITE_EVERY_MS = 1_000;
const MOST_IN_A_BATCH = 500;
/** While the database is away; at the highest rate some minutes of calls. */
const MOST_WAITING = 50_000;

/**
 * Keeps calls for the table of calls and writes them a batch at a time: no client waits for it. What a crash can lose is
 * the last second; what each call did is in the books themselves.
 */
export function openClientCalls(
  write: (calls: readonly ClientCall[]) => Promise<void>,
  log: Log,
): ClientCalls {
  let waiting: ClientCall[] = [];
  let lost = 0;
  let writing: Promise<void> = Promise.resolve();
  const flush = (): Promise<void> => {
    writing = writing.then(async () => {
      let oneByOne = 0;
      while (waiting.length > 0) {
        const batch = waiting.slice(0, oneByOne > 0 ? 1 : MOST_IN_A_BATCH);
        try {
          await write(batch);
        } catch (err) {
          // A row that the database never takes must keep no other one out.
          if (isDataFault(err) && batch.length > 1) {
            oneByOne = batch.length;
            continue;
          }
          log.error({ err, waiting: waiting.length }, "calls of clients cannot be written down now");
          if (!isDataFault(err)) return;
        }
        waiting = waiting.slice(batch.length);
        oneByOne = Math.max(0, oneByOne - 1);
      }
      if (lost > 0) log.error({ lost }, "calls of clients were not written down: there were too many");
      lost = 0;
    });
    return writing;
  };
  const regularly = setInterval(() => {
    if (waiting.length > 0) void flush();
  }, WRITE_EVERY_MS);
  regularly.unref();
  return {
    add(call) {
      if (waiting.length >= MOST_WAITING) lost += 1;
      else waiting.push(call);
      if (waiting.length === MOST_IN_A_BATCH) void flush();
    },
    async stop() {
      clearInterval(regularly);
      await flush();
    },
  };
}
