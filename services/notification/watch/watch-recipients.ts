import type { Calendar } from "../../shared/letter/holidays.ts";
import { handOn } from "../../shared/letter/outbox.ts";
import type { TrustedNow } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { inTransaction, type Kysely } from "../../shared/runtime/database.ts";
import type { Log } from "../../shared/runtime/log.ts";
import { judgeSilence, type WatchRules } from "./judge-silence.ts";
import {
  claimWatched,
  insertSilences,
  lookAgain,
  type Silence,
  sendingAgencies,
  watchNoMore,
} from "./watch-store.ts";

export interface WatchParts {
  readonly database: Kysely<Tables>;
  readonly calendar: Calendar;
  readonly now: TrustedNow;
  readonly rules: WatchRules;
  readonly log: Log;
  /** Recipients in one transaction. */
  readonly batch?: number;
}

/** What one look came to, in recipients. */
export interface Looked {
  readonly looked: number;
  readonly warned: number;
  readonly escalated: number;
  /** Years (B.E.) whose holidays would have been needed. */
  readonly missingYears: readonly number[];
}

const BATCH = 200;
/** What is left after so many batches waits for the next look: a look ends, whatever the clock does. */
const MOST_BATCHES = 500;

/**
 * Looks at each recipient whose turn has come: records that he was silent for too long, and has the letter's owner told.
 * Several processes may do so at once.
 */
export async function lookAtRecipients(parts: WatchParts): Promise<Looked> {
  const agencies = await sendingAgencies(parts.database);
  const counts = { looked: 0, warned: 0, escalated: 0 };
  const missing = new Set<number>();
  for (let batches = 0; batches < MOST_BATCHES; batches++) {
    const { looked, silences } = await lookAtSome(parts, agencies);
    counts.looked += looked;
    for (const { what, missingYears } of silences) {
      counts[what] += 1;
      for (const year of missingYears) missing.add(year);
    }
    if (looked < (parts.batch ?? BATCH)) break;
  }
  return { ...counts, missingYears: [...missing] };
}

async function lookAtSome(
  { database, calendar, now, rules, batch = BATCH }: WatchParts,
  agencies: readonly string[],
): Promise<{ looked: number; silences: readonly Silence[] }> {
  return inTransaction(database, { actor: "worker:notification", agencies }, async (transaction) => {
    const stamp = now();
    const watched = await claimWatched(transaction, stamp.at, batch);
    const silences: Silence[] = [];
    const looks: { recipientId: string; at: Date }[] = [];
    const over: string[] = [];
    const toTell = new Map<string, string>();
    for (const recipient of watched) {
      const { recipientId, letterId, agencyId, since } = recipient;
      const { tell, tellAgain, lookAt } = judgeSilence(recipient, rules, calendar, stamp.at);
      if (tell && since) silences.push({ recipientId, letterId, agencyId, since, ...tell });
      if (tell || tellAgain) toTell.set(letterId, agencyId);
      if (lookAt === null) over.push(recipientId);
      else looks.push({ recipientId, at: lookAt });
    }
    await insertSilences(transaction, silences, stamp);
    await lookAgain(transaction, looks);
    await watchNoMore(transaction, over);
    const work = [...toTell].map(
      ([subjectId, agencyId]) => ({ job: "notify-owner", agencyId, subjectId }) as const,
    );
    await handOn(transaction, "notification", work);
    return { looked: watched.length, silences };
  });
}

/** Looks at once and then every so many seconds, until stopped. */
export function watchRecipients(parts: WatchParts & { readonly everySeconds: number }): {
  stop(): Promise<void>;
} {
  const { log, everySeconds } = parts;
  const told = new Set<number>();
  const look = async (): Promise<void> => {
    const { warned, escalated, missingYears } = await lookAtRecipients(parts);
    if (warned + escalated > 0) log.info({ warned, escalated }, "letters that were not answered");
    for (const year of missingYears) {
      if (told.has(year)) continue;
      told.add(year);
      log.warn(
        { year },
        "the holidays of this year (B.E.) are not known: hours by the clock are counted as working hours",
      );
    }
  };
  let stopped = false;
  let looking: Promise<void> | undefined;
  const lookUnlessLooking = (): void => {
    if (stopped || looking) return;
    looking = look()
      .catch((error: unknown) => log.warn({ err: error }, "who has not answered cannot be looked up"))
      .finally(() => {
        looking = undefined;
      });
  };
  lookUnlessLooking();
  const timer = setInterval(lookUnlessLooking, everySeconds * 1000);
  timer.unref();
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await looking;
    },
  };
}
