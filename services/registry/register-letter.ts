import type { HandedOnBy } from "../shared/letter/flow.ts";
import { finish, handOn, type Work } from "../shared/letter/outbox.ts";
import type { ClockState, Stamp, TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Kysely, type Transaction, together } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import { type AgencyRules, agencyRules, type Deem } from "./agency-rules.ts";
import { insertOutcomes, takeTurn, waitingLetters } from "./book-store.ts";
import { type Decided, decideOutcomes } from "./decide-outcome.ts";
import { type Drained, drain } from "./drain-book.ts";
import { findEarlier } from "./earlier-store.ts";
import { insertEntries } from "./entry-store.ts";
import { ClockHeld, nextPlace } from "./next-place.ts";
import { insertQuarantine, type KeepDays } from "./quarantine-store.ts";

/** Registrations made without a clerk are signed with the rule's name. */
export const RULE = "rule:automatic";

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

/** The job "register-letter": drains a book's waiting letters. */
export function drainBook(parts: RegistryParts, agencyId: string, bookId: string): Promise<Drained> {
  return drain(parts, { job: "register-letter", waiting: waitingLetters, drainBatch }, agencyId, bookId);
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
    await takeTurn(transaction, bookId, agencyId);
    const waiting = await waitingLetters(transaction, bookId, limit, onlyIntakeId);
    if (waiting.length === 0) return 0;
    // The moment of registration is taken under the lock: it decides the year, and entries stand in its order.
    const stamp = parts.now();
    const held = parts.reasonToHold(stamp.clock);
    if (held !== null) throw new ClockHeld(held);
    const [rules, earlier] = await together(
      agencyRules(transaction, agencyId, parts.deem),
      findEarlier(transaction, agencyId, waiting),
    );
    const decided = decideOutcomes(waiting, earlier, rules.registeredByClerk);
    await takeNumbers(transaction, bookId, agencyId, decided, stamp, rules);
    await together(
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

async function takeNumbers(
  transaction: Transaction<Tables>,
  bookId: string,
  agencyId: string,
  decided: readonly Decided[],
  stamp: Stamp,
  rules: AgencyRules,
): Promise<void> {
  const letters = decided.filter(({ outcome }) => outcome === "registered").map(({ letter }) => letter);
  if (letters.length === 0) return;
  const place = await nextPlace(transaction, bookId, stamp);
  await insertEntries(
    transaction,
    bookId,
    agencyId,
    letters.map((letter, index) => ({
      letter,
      ...place,
      number: place.number + index,
      clock: stamp.clock,
      registeredBy: RULE,
      deemed: rules.deem(letter.arrivedAt),
    })),
  );
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
