/**
 * INDEXING
 *
 * Receives    nothing; it follows the books as they grow (a wake-up from the database, and a look every few seconds).
 * Writes      search_row and search_progress: a projection of the books that can be made again at any time
 *             (`saraban search --rebuild`).
 * Promises    a line is found by any substring of its searched fields. What is not indexed yet is found too: whoever
 *             searches reads the books from where the index ends (services/http/search-register.ts).
 * May not     see a classified book: row-level security shows it none.
 * Settings    database.*.
 * Fails       killed in a batch: it is rolled back and done again. Away: searches get slower as books grow, never wrong;
 *             beyond 20,000 lines they are refused until it has caught up.
 */
import { startHeartbeat } from "../shared/letter/heartbeat.ts";
import type { StartRoom } from "../shared/letter/room.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { openDatabase } from "../shared/runtime/database.ts";
import { followBooks } from "./follow-books.ts";

const LOOK_EVERY_MS = 5_000;
/** What comes within it is indexed together. Nobody waits for that: a search reads in the books what is not indexed yet. */
const GATHER_MS = 1_000;
/** So many lines at once are worth a word in the log: a rebuild, or a service that was away. */
const MANY_LINES = 10_000;

export const start: StartRoom = async ({ address, ears, log }) => {
  const database = openDatabase<Tables>(address, "saraban_search", 2, log);
  let stopped = false;
  let trouble: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let following: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    try {
      const lines = await followBooks(database);
      trouble = null;
      if (lines >= MANY_LINES) log.info({ lines }, "the index has caught up with the books");
    } catch (error) {
      trouble = error instanceof Error ? error.message : "unknown";
      log.warn({ err: error }, "the books cannot be indexed; trying again");
    }
  };
  let isSoon = false;
  let isWoken = false;
  const lookIn = (soon: boolean, ms: number): void => {
    clearTimeout(timer);
    if (stopped) return;
    isSoon = soon;
    timer = setTimeout(() => {
      isWoken = false;
      following = look().finally(() => {
        following = undefined;
        lookIn(isWoken, isWoken ? GATHER_MS : LOOK_EVERY_MS);
      });
    }, ms);
  };
  const heard = ears.listen("saraban_register", () => {
    // While it looks, a wake-up is remembered: the round under way may have passed that book already.
    if (following) isWoken = true;
    else if (!isSoon) lookIn(true, GATHER_MS);
  });
  const heartbeat = await startHeartbeat(database, "indexing", () => trouble, log);
  lookIn(true, 0);
  return {
    name: "indexing",
    says: [],
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await heartbeat.stop();
      heard.stop();
      await following;
      await database.destroy();
    },
  };
};
