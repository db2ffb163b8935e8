import type { HandedOnBy } from "../shared/letter/flow.ts";
import { finish, handOn, recordFailure, type Work } from "../shared/letter/outbox.ts";
import type { ClockState, Stamp, TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, isDataFault, type Kysely, together } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import { type AgencyRules, agencyRules, type Deem } from "./agency-rules.ts";
import { insertOutcomes, lastOfBook, takeTurn, waitingLetters } from "./book-store.ts";
import { type Decided, decideOutcomes } from "./decide-outcome.ts";
import { findEarlier } from "./earlier-store.ts";
import { insertEntries, type Registration } from "./entry-store.ts";
import { ClockHeld, type LastEntry, placeAfter } from "./next-place.ts";
import { insertQuarantine, type KeepDays } from "./quarantine-store.ts";

/** Registrations made without a clerk are signed with the rule's name. */
const RULE = "rule:automatic";

export interface RegistryParts {
  readonly database: Kysely<Tables>;
  readonly now: TrustedNow;
  readonly batchSize: number;
  readonly maxFailures: number;
  /** Why no number may be given at a moment with this state of the clock; null when it may. */
  readonly reasonToHold: (clock: ClockState) => string | null;
  /** When an arrival counts as received, by an agency's working hours. */
  readonly deem: Deem;
  /** How long the octets of what was refused are kept. */
  readonly quarantine: KeepDays;
  readonly log: Log;
}

/** What came of a wake-up: how many letters got their outcome, and why the rest waits for the clock, if it does. */
export interface Drained {
  readonly letters: number;
  readonly held: string | null;
}

/**
 * The job "register-letter" is a wake-up for a book: it drains the book's waiting letters, oldest arrival first, in
 * batches of one transaction each, until none is left. Why batches: one commit a letter under one lock is bound by the
 * disk's flush, some 150 numbers a second on a disk that takes 5 ms; a batch shares the flush.
 */
export async function drainBook(parts: RegistryParts, agencyId: string, bookId: string): Promise<Drained> {
  let letters = 0;
  for (;;) {
    let count: number;
    try {
      count = await drainBatch(parts, agencyId, bookId, parts.batchSize);
    } catch (error) {
      if (error instanceof ClockHeld) return { letters, held: error.message };
      parts.log.warn({ err: error, book: bookId }, "a batch failed; its letters are tried one by one");
      return { letters: letters + (await drainOneByOne(parts, agencyId, bookId)), held: null };
    }
    letters += count;
    if (count < parts.batchSize) return { letters, held: null };
  }
}

/** One letter that cannot be registered must not hold up the others: each gets a transaction of its own. */
async function drainOneByOne(parts: RegistryParts, agencyId: string, bookId: string): Promise<number> {
  const acting = { actor: "worker:registry", agencies: [agencyId] } as const;
  const waiting = await inTransaction(parts.database, acting, (transaction) =>
    waitingLetters(transaction, bookId, parts.batchSize),
  );
  let done = 0;
  for (const { intakeId } of waiting) {
    try {
      done += await drainBatch(parts, agencyId, bookId, 1, intakeId);
    } catch (error) {
      // The database's or the clock's fault is no letter's: the wake-up is tried again as a whole.
      if (!isDataFault(error)) throw error;
      parts.log.error(
        { err: error, letter: intakeId },
        "a letter cannot be registered; it will be tried again",
      );
      await inTransaction(parts.database, acting, (transaction) =>
        recordFailure(transaction, "register-letter", intakeId, error, parts.maxFailures),
      );
    }
  }
  return done;
}

/**
 * One batch in one transaction. The update of the book's row is the lock, and the fence: a worker that was stopped in
 * the middle holds the lock until the server ends its session, and then its whole batch is rolled back; it cannot come
 * back later and commit the numbers of an old turn.
 */
function drainBatch(
  parts: RegistryParts,
  agencyId: string,
  bookId: string,
  limit: number,
  onlyIntakeId?: string,
): Promise<number> {
  const acting = { actor: "worker:registry", agencies: [agencyId] } as const;
  return inTransaction(parts.database, acting, async (transaction) => {
    const look = () =>
      together(
        waitingLetters(transaction, bookId, limit, onlyIntakeId),
        lastOfBook(transaction, bookId),
        agencyRules(transaction, agencyId, parts.deem),
      );
    // Asked for behind the turn, so seen behind it, but sent with it.
    const [isBehindTurn, seen] = await together(takeTurn(transaction, bookId, agencyId), look());
    const [waiting, last, rules] = isBehindTurn ? seen : await look();
    if (waiting.length === 0) return 0;
    // The moment of registration is taken under the lock: it decides the year, and entries stand in its order.
    const stamp = parts.now();
    const held = parts.reasonToHold(stamp.clock);
    if (held !== null) throw new ClockHeld(held);
    const earlier = await findEarlier(transaction, agencyId, waiting);
    const decided = decideOutcomes(waiting, earlier, rules.registeredByClerk);
    await together(
      insertEntries(transaction, bookId, agencyId, registrationsOf(decided, last, stamp, rules)),
      insertOutcomes(transaction, agencyId, decided, stamp, RULE),
      insertQuarantine(transaction, agencyId, refusedOf(decided), stamp.at, parts.quarantine),
      handOn(transaction, "registry", decided.flatMap(noticeFor(agencyId))),
      finish(
        transaction,
        "register-letter",
        waiting.map(({ intakeId }) => intakeId),
      ),
    );
    return waiting.length;
  });
}

function registrationsOf(
  decided: readonly Decided[],
  last: LastEntry,
  stamp: Stamp,
  rules: AgencyRules,
): Registration[] {
  const letters = decided.filter(({ outcome }) => outcome === "registered").map(({ letter }) => letter);
  if (letters.length === 0) return [];
  const place = placeAfter(last, stamp);
  return letters.map((letter, index) => ({
    letter,
    ...place,
    number: place.number + index,
    clock: stamp.clock,
    registeredBy: RULE,
    deemed: rules.deem(letter.arrivedAt),
  }));
}

/**
 * What nobody may open. A second copy of a refused letter is a duplicate by its outcome, and holds the same octets; so does a
 * machine's message that is marked as classified.
 */
function refusedOf(decided: readonly Decided[]): { intakeId: string; reason: string }[] {
  return decided
    .map(({ letter }) => letter)
    .filter(({ verdict, isMarked }) => verdict === "refused" || isMarked)
    .map(({ intakeId, verdict, reason }) => ({
      intakeId,
      reason: verdict === "refused" ? reason : "classified",
    }));
}

/** Whatever has become of a letter, its sender may have to hear of it; of a second copy and of what is no letter nobody has. */
function noticeFor(agencyId: string): (decided: Decided) => Work<HandedOnBy<"registry">>[] {
  return ({ letter, outcome }) =>
    outcome === "duplicate" || outcome === "ignored"
      ? []
      : [{ job: "notify-sender", agencyId, subjectId: letter.intakeId }];
}
