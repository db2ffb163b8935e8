import type { RegisterLine } from "../../services/shared/letter/register-line.ts";
import { bangkokYear, thaiLetterDate } from "../../services/shared/letter/stamp.ts";
import { seededRandom } from "../../services/shared/testing/seeded-random.ts";
import { type Random, shuffled } from "./draw.ts";

export interface LetterPlanOptions {
  /** Same options, same letters, letter for letter. */
  readonly seed: number;
  /** How many, in all agencies and years together. */
  readonly letters: number;
  /** ISO date of the last day; the first is 1 January three years before its year. */
  readonly lastDay: string;
}

export interface Day {
  /** ISO date. */
  readonly date: string;
  /** "9 เมษายน 2563" */
  readonly thaiDate: string;
  /** Midnight in Bangkok. */
  readonly startMs: number;
  /** C.E. */
  readonly year: number;
  /** 0 to 11 */
  readonly month: number;
  readonly working: boolean;
  /** Index of the first letter that is registered on it; the day's last letter is the one before the next day's first. */
  readonly firstLetter: number;
  readonly firstLetterOfYear: number;
}

/** Agency and book that a letter is registered in. */
export interface Slot extends Pick<RegisterLine, "direction" | "series"> {
  readonly agencyIndex: number;
}

/** When each letter is registered, and in which book: all that letters have to agree on among themselves. */
export interface LetterPlan extends LetterPlanOptions {
  readonly days: readonly Day[];
  /** One round; letters take their slots in turn. */
  readonly slots: readonly Slot[];
  /** For each slot of the round: how many of the round's first 0, 1, 2 … slots are of the same book. */
  readonly taken: readonly Int32Array[];
}

// The shares of agencies and books in percent; 400 slots are the fewest in which each of their products is whole.
const AGENCY_SHARES = [45, 25, 15, 10, 5];
const BOOK_SHARES = [
  [80, "inbound", "ordinary"],
  [15, "outbound", "ordinary"],
  [5, "outbound", "circular"],
] as const;
const ROUND = 400;

const DAY_MS = 24 * 60 * 60 * 1000;
/** Days without letters before the first, for the dates of letters that were written earlier. */
const LEAD_DAYS = 92;
// Month and day of holidays that stand on a fixed day; those that follow the moon are left out.
const HOLIDAYS = /-(01-01|04-06|04-1[345]|05-01|10-13|10-23|12-05|12-10|12-31)$/;

export function planLetters(options: LetterPlanOptions): LetterPlan {
  const slots = shuffledSlots(seededRandom(options.seed));
  const taken = slots.map((book) => {
    const counts = new Int32Array(ROUND + 1);
    slots.forEach((slot, index) => {
      counts[index + 1] = (counts[index] ?? 0) + (sameBook(slot, book) ? 1 : 0);
    });
    return counts;
  });
  return { ...options, days: spreadOverDays(options), slots, taken };
}

/** The slot of the letter, and its number in its book-year: without a gap, the same whichever letters are made. */
export function slotOf(plan: LetterPlan, index: number, day: Day): Slot & { readonly number: number } {
  const turn = index % ROUND;
  const slot = plan.slots[turn] as Slot;
  const counts = plan.taken[turn] as Int32Array;
  const before = (letters: number): number =>
    Math.floor(letters / ROUND) * (counts[ROUND] as number) + (counts[letters % ROUND] as number);
  return { ...slot, number: before(index) - before(day.firstLetterOfYear) + 1 };
}

/** Place in `plan.days` of the day on which the letter is registered: the last whose first letter is not a later one. */
export function dayOf({ days }: LetterPlan, index: number): number {
  let low = 0;
  let high = days.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((days[middle] as Day).firstLetter <= index) low = middle;
    else high = middle;
  }
  return low;
}

function sameBook(a: Slot, b: Slot): boolean {
  return a.agencyIndex === b.agencyIndex && a.direction === b.direction && a.series === b.series;
}

function shuffledSlots(random: Random): Slot[] {
  const slots = AGENCY_SHARES.flatMap((agencyShare, agencyIndex) =>
    BOOK_SHARES.flatMap(([bookShare, direction, series]) =>
      Array<Slot>((agencyShare * bookShare * ROUND) / 10_000).fill({ agencyIndex, direction, series }),
    ),
  );
  return shuffled(random, slots);
}

function spreadOverDays({ letters, lastDay }: LetterPlanOptions): Day[] {
  const firstYear = Number(lastDay.slice(0, 4)) - 3;
  const dates: string[] = [];
  for (let day = Date.UTC(firstYear, 0, 1) - LEAD_DAYS * DAY_MS; day <= Date.parse(lastDay); day += DAY_MS) {
    dates.push(new Date(day).toISOString().slice(0, 10));
  }
  const weights = dates.map((date, place) => (place < LEAD_DAYS ? 0 : busyness(date)));
  const allWeights = weights.reduce((sum, weight) => sum + weight, 0);
  let weightBefore = 0;
  let firstLetterOfYear = 0;
  return dates.map((date, place) => {
    const firstLetter = Math.round((weightBefore / allWeights) * letters);
    weightBefore += weights[place] as number;
    if (date.endsWith("-01-01")) firstLetterOfYear = firstLetter;
    const startMs = Date.parse(`${date}T00:00:00+07:00`);
    return {
      date,
      thaiDate: thaiLetterDate(date),
      startMs,
      year: bangkokYear(new Date(startMs)),
      month: Number(date.slice(5, 7)) - 1,
      working: isWorking(date),
      firstLetter,
      firstLetterOfYear,
    };
  });
}

function isWorking(date: string): boolean {
  const weekday = new Date(date).getUTCDay();
  return weekday !== 0 && weekday !== 6 && !HOLIDAYS.test(date);
}

/** Letters of a day beside those of a plain working day: mail comes on holidays too, and most before the fiscal year ends. */
function busyness(date: string): number {
  if (!isWorking(date)) return 0.02;
  const monday = new Date(date).getUTCDay() === 1 ? 1.2 : 1;
  return date.slice(5, 7) === "09" ? 1.4 * monday : monday;
}
