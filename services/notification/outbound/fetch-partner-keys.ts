import { readJwks } from "../../shared/letter/evidence/public-key.ts";
import type { TrustedNow } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { inTransaction, type Kysely } from "../../shared/runtime/database.ts";
import type { Log } from "../../shared/runtime/log.ts";
import { fetchKeySet } from "./fetch-key-set.ts";
import {
  findKeyPublisher,
  findKeyPublishers,
  type KeyPublisher,
  storePartnerKeys,
} from "./partner-key-store.ts";

/** Keeps the keys of partners that publish them. */
export interface PartnerKeys {
  /**
   * Fetches the keys of the office of this domain, unless that was done within the last minute (5 s, when it failed):
   * whoever sends us receipts by unknown keys must not make us knock at a partner's door again and again.
   * @returns whether that went well, the last time; null when that office publishes none
   * @throws for a fault of our database alone
   */
  refresh(domain: string): Promise<boolean | null>;
  /** Ends the timer and waits for what is under way. */
  stop(): Promise<void>;
}

/** The last time that an office's keys were asked for. */
interface Attempt {
  readonly atMs: number;
  readonly fetched: Promise<boolean>;
  /** So often in a row it did not go well; this time counts when it has ended. */
  failures: number;
}

const EVERY_MS = 6 * 60 * 60 * 1000;
/** A partner who did not answer is asked again after a minute, 2, 4 … at most so long. */
const FAILED_EVERY_MS = 60_000;
const FAILED_LONGEST_MS = 60 * 60 * 1000;
const AGAIN_AFTER_MS = 60_000;
/** A receipt waits while its office's keys cannot be fetched, so that is tried again sooner. */
const AFTER_FAILURE_MS = 5_000;

/**
 * Fetches the keys of all partners at once and then every 6 hours, one partner after the other; sooner where that did not go
 * well.
 */
export function keepPartnerKeys(parts: {
  readonly database: Kysely<Tables>;
  readonly now: TrustedNow;
  readonly log: Log;
  /** 0: only when asked. */
  readonly everyMs?: number;
}): PartnerKeys {
  const { database, now, log, everyMs = EVERY_MS } = parts;
  const tried = new Map<string, Attempt>();

  const fetchNow = async ({ domain, url }: KeyPublisher): Promise<boolean> => {
    try {
      const keys = readJwks(await fetchKeySet(url), domain);
      if (keys === null) throw new Error("it is no key set");
      const acting = { actor: "worker:notification", agencies: [] } as const;
      await inTransaction(database, acting, (transaction) =>
        storePartnerKeys(transaction, domain, keys, now().at),
      );
      return true;
    } catch (error) {
      log.warn({ partner: domain, why: (error as Error).message }, "a partner's keys cannot be fetched");
      return false;
    }
  };
  const fetchOne = (publisher: KeyPublisher): Promise<boolean> => {
    const fetched = fetchNow(publisher);
    const before = tried.get(publisher.domain)?.failures ?? 0;
    const attempt = { atMs: performance.now(), fetched, failures: before };
    tried.set(publisher.domain, attempt);
    return fetched.then((isFetched) => {
      attempt.failures = isFetched ? 0 : before + 1;
      return isFetched;
    });
  };
  let stopped = false;
  const fetchThose = async (isWanted: (domain: string) => boolean): Promise<void> => {
    for (const publisher of await findKeyPublishers(database)) {
      if (stopped) return;
      if (isWanted(publisher.domain)) await fetchOne(publisher);
    }
  };
  let fetching: Promise<void> | undefined;
  const fetchUnlessFetching = (isWanted: (domain: string) => boolean): void => {
    fetching ??= fetchThose(isWanted)
      .catch((error: unknown) => log.warn({ err: error }, "the partners' keys cannot be looked up"))
      .finally(() => {
        fetching = undefined;
      });
  };
  // Two offices that start at the same moment do not find each other's keys at first.
  const isToBeTriedAgain = (domain: string): boolean => {
    const { atMs = 0, failures = 0 } = tried.get(domain) ?? {};
    const waitMs = Math.min(FAILED_LONGEST_MS, FAILED_EVERY_MS * 2 ** Math.min(failures - 1, 10));
    return failures > 0 && performance.now() - atMs >= waitMs;
  };
  const timers =
    everyMs > 0
      ? [
          setInterval(() => fetchUnlessFetching(() => true), everyMs),
          setInterval(() => fetchUnlessFetching(isToBeTriedAgain), FAILED_EVERY_MS),
        ]
      : [];
  for (const timer of timers) timer.unref();
  if (everyMs > 0) fetchUnlessFetching(() => true);
  return {
    async refresh(domain) {
      const publisher = await findKeyPublisher(database, domain);
      if (!publisher) return null;
      const last = tried.get(publisher.domain);
      // Several receipts at the same moment wait for the same answer.
      const againMs = last && last.failures > 0 ? AFTER_FAILURE_MS : AGAIN_AFTER_MS;
      return last && performance.now() - last.atMs < againMs ? last.fetched : fetchOne(publisher);
    },
    async stop() {
      stopped = true;
      for (const timer of timers) clearInterval(timer);
      await fetching;
    },
  };
}
