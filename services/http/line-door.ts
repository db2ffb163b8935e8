import type { FastifyInstance } from "fastify";
import { keyText, type LineKey } from "../shared/letter/read-lines.ts";
import { buddhistYear } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Transaction } from "../shared/runtime/database.ts";
import { type Arrival, readArrival } from "./arrival-store.ts";
import { type Actor, actorOf, mayRead } from "./clerk-access.ts";
import type { DoorParts } from "./door-parts.ts";
import { type LineEvent, type LineInFull, readLineEvents, readLineInFull } from "./line-store.ts";
import { problem } from "./problem.ts";
import { isBookId } from "./read-parameters.ts";
import { showChecks } from "./show-arrival.ts";
import { readLetterOfLine } from "./show-outbound.ts";
import { recallOf } from "./show-recall.ts";
import { linesNumbered, linesReferringTo, type ThreadLine } from "./thread-store.ts";

/** Of events, and of lines in each direction of a thread. */
const MOST_BESIDE_A_LINE = 100;

/** A line, what happened to it, and the letters before and after it, as GET /lines/BOOK/YEAR/NUMBER answers. */
export interface LineAnswer {
  readonly line: LineInFull & {
    readonly yearBuddhist: number;
    /** What came with the letter, as reading found it; empty for a line that no arrival stands behind. */
    readonly attachments: Arrival["attachments"];
  };
  /** How its letter was checked and answered; null for a line that no arrival stands behind. */
  readonly arrival: ReturnType<typeof checksOf> | null;
  /** The letter of our own that the line is of, and where it stands at its recipients; null where there is none. */
  readonly letter: Awaited<ReturnType<typeof readLetterOfLine>>;
  /** Whether the sender wants the letter back, and what was answered; null where nobody asked. */
  readonly recall: ReturnType<typeof recallOf>;
  readonly events: readonly LineEvent[];
  readonly thread: {
    readonly refersTo: readonly ThreadLine[];
    /** Numbers it refers to that no line of the agency's open books bears. */
    readonly unresolved: readonly string[];
    readonly referredToBy: readonly ThreadLine[];
  };
  /** False when there are more than 100 events, or more than 100 lines in one direction of the thread. */
  readonly complete: boolean;
}

/** GET /lines/BOOK/YEAR/NUMBER: one line of an open book, by the book's id and the year of the Christian era. */
export function lineDoor(api: FastifyInstance, { database }: DoorParts): void {
  api.get<{ Params: { book: string; year: string; number: string } }>(
    "/lines/:book/:year/:number",
    { config: { scopes: ["read-inbound", "read-outbound"] } },
    async (request) => {
      const { book, year, number } = request.params;
      if (!isBookId(book) || !/^[12]\d{3}$/.test(year) || !/^[1-9]\d{0,8}$/.test(number))
        throw problem("not-found");
      const key = { bookId: book, year: Number(year), number: Number(number) };
      const caller = actorOf(request);
      const answer = await inTransaction(database, caller.acting, (transaction) =>
        readLineAnswer(transaction, key),
      );
      if (!answer || !mayRead(caller, answer.line.direction)) throw problem("not-found");
      return withinScopes(answer, caller);
    },
  );
}

/** @returns undefined when there is no such line, or none that the transaction may see */
export async function readLineAnswer(
  transaction: Transaction<Tables>,
  key: LineKey,
): Promise<LineAnswer | undefined> {
  const line = await readLineInFull(transaction, key);
  if (!line) return undefined;
  const most = MOST_BESIDE_A_LINE + 1;
  const numbers = line.referenceNumbers.slice(0, most);
  const { agencyId, letterNumber } = line;
  const events = await readLineEvents(transaction, key, most);
  const earlier = numbers.length === 0 ? [] : await linesNumbered(transaction, agencyId, numbers, most);
  const later =
    letterNumber === null ? [] : await linesReferringTo(transaction, agencyId, letterNumber, most);
  const arrival = line.intakeId === null ? undefined : await readArrival(transaction, line.intakeId);
  const found = new Set(earlier.map((other) => other.letterNumber));
  const others = (lines: readonly ThreadLine[]) => lines.filter((other) => keyText(other) !== keyText(key));
  return {
    line: { ...line, yearBuddhist: buddhistYear(line.year), attachments: arrival?.attachments ?? [] },
    arrival: arrival ? checksOf(arrival) : null,
    letter: line.direction === "outbound" ? await readLetterOfLine(transaction, key) : null,
    recall: recallOf(events),
    events: events.slice(-MOST_BESIDE_A_LINE),
    thread: {
      refersTo: others(earlier).slice(0, MOST_BESIDE_A_LINE),
      unresolved: numbers.filter((number) => !found.has(number)),
      referredToBy: others(later).slice(0, MOST_BESIDE_A_LINE),
    },
    complete: [events, numbers, earlier, later].every(({ length }) => length < most),
  };
}

/** The thread of a letter leads through both books; a program sees of it the lines of those that it may read. */
function withinScopes({ thread, ...answer }: LineAnswer, caller: Actor): LineAnswer {
  const seen = (lines: readonly ThreadLine[]) => lines.filter(({ direction }) => mayRead(caller, direction));
  return {
    ...answer,
    thread: { ...thread, refersTo: seen(thread.refersTo), referredToBy: seen(thread.referredToBy) },
  };
}

function checksOf({ attachments: _besideTheLine, ...arrival }: Arrival) {
  return showChecks(arrival);
}
