import type { HandedOnBy } from "../shared/letter/flow.ts";
import { finish, handOn, type Work } from "../shared/letter/outbox.ts";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Transaction, together } from "../shared/runtime/database.ts";
import { agencyRules } from "./agency-rules.ts";
import { takeTurn } from "./book-store.ts";
import {
  type ClosedArrival,
  type ClosedLevel,
  type ClosedOutcome,
  findLike,
  insertClosedOutcomes,
  waitingClosed,
} from "./closed-store.ts";
import { type Drained, drain } from "./drain-book.ts";
import { type EnteredLetter, insertEntries } from "./entry-store.ts";
import { ClockHeld, nextPlace } from "./next-place.ts";
import { type RegistryParts, RULE } from "./register-letter.ts";

/** The job "register-closed": drains a classified book (ทขล.๑). */
export function drainClosedBook(parts: RegistryParts, agencyId: string, bookId: string): Promise<Drained> {
  return drain(parts, { job: "register-closed", waiting: waitingClosed, drainBatch }, agencyId, bookId);
}

/** A line of a classified book: its level and times. What the letter says is sealed, and its line has no place for it. */
export function lineWithoutWords(
  level: ClosedLevel,
  letter: Partial<Pick<EnteredLetter, "intakeId" | "arrivedAt" | "channel">> = {},
): EnteredLetter {
  return {
    intakeId: null,
    arrivedAt: null,
    channel: "paper",
    ...letter,
    unit: null,
    senderDomain: null,
    number: null,
    numberPrinted: null,
    letterDate: null,
    from: null,
    to: null,
    subject: null,
    urgency: "normal",
    secrecy: level,
    kind: "external",
    references: [],
    referenceNumbers: [],
    enclosures: [],
  };
}

/** One batch in one transaction under the book's lock, as that of ordinary letters. */
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
    const waiting = await waitingClosed(transaction, bookId, limit, onlyIntakeId);
    if (waiting.length === 0) return 0;
    const stamp = parts.now();
    const held = parts.reasonToHold(stamp.clock);
    if (held !== null) throw new ClockHeld(held);
    const decided = decide(waiting, await findLike(transaction, agencyId, waiting));
    await takeNumbers(parts, transaction, bookId, agencyId, decided, stamp);
    await together(
      insertClosedOutcomes(transaction, agencyId, decided, stamp, RULE),
      handOn(transaction, "registry", decided.flatMap(noticeFor(agencyId))),
      finish(
        transaction,
        "register-closed",
        waiting.map(({ intakeId }) => intakeId),
      ),
    );
    return waiting.length;
  });
}

/**
 * A letter that a program was appointed for has its number, with one exception: the same request of the same program
 * again. Of what the letter says nothing can be compared; and there is no tray in which anybody could decide on it.
 */
function decide(
  waiting: readonly ClosedArrival[],
  like: ReadonlyMap<string, string>,
): readonly ClosedOutcome[] {
  const first = new Map(like);
  return waiting.map((arrival) => {
    const earlierIntakeId = first.get(arrival.likeness);
    if (earlierIntakeId !== undefined) return { arrival, outcome: "duplicate", earlierIntakeId };
    first.set(arrival.likeness, arrival.intakeId);
    return { arrival, outcome: "registered", earlierIntakeId: null };
  });
}

async function takeNumbers(
  parts: RegistryParts,
  transaction: Transaction<Tables>,
  bookId: string,
  agencyId: string,
  decided: readonly ClosedOutcome[],
  { at, clock }: Stamp,
): Promise<void> {
  const arrivals = decided.flatMap(({ arrival, outcome }) => (outcome === "registered" ? [arrival] : []));
  if (arrivals.length === 0) return;
  const [place, rules] = await together(
    nextPlace(transaction, bookId, { at, clock }),
    agencyRules(transaction, agencyId, parts.deem),
  );
  await insertEntries(
    transaction,
    bookId,
    agencyId,
    arrivals.map(({ level, ...arrival }, index) => ({
      letter: lineWithoutWords(level, arrival),
      ...place,
      number: place.number + index,
      clock,
      registeredBy: RULE,
      deemed: rules.deem(arrival.arrivedAt),
    })),
  );
}

function noticeFor(agencyId: string): (decided: ClosedOutcome) => Work<HandedOnBy<"registry">>[] {
  return ({ arrival, outcome }) =>
    outcome === "duplicate" ? [] : [{ job: "notify-sender", agencyId, subjectId: arrival.intakeId }];
}
