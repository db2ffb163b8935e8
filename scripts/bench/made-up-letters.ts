import type { Urgency } from "../../services/shared/letter/letter.ts";
import type { Channel, LetterKind, RegisterLine } from "../../services/shared/letter/register-line.ts";
import { buddhistYear } from "../../services/shared/letter/stamp.ts";
import { arabicToThaiDigits } from "../../services/shared/letter/thai-text.ts";
import { seededRandom } from "../../services/shared/testing/seeded-random.ts";
import { chance, pick, pickByRank, type Random, weighted, whole } from "./draw.ts";
import { pickOffice, writeNumber, writeOfficeNumber } from "./letter-offices.ts";
import { type Day, dayOf, type LetterPlan, slotOf } from "./letter-plan.ts";
import { makeSubject } from "./letter-subjects.ts";
import { ACTIONS, CANCELLATIONS, ENCLOSURES, REMARKS } from "./letter-words.ts";

/** A line of a register book, made up; `subject` and `letterNumberPrinted` as they arrive, before normaliseThai. */
export interface MadeUpLetter
  extends Pick<
    RegisterLine,
    | "direction"
    | "series"
    | "year"
    | "number"
    | "status"
    | "letterNumber"
    | "letterNumberPrinted"
    | "letterDate"
    | "action"
    | "remarks"
    | "urgency"
    | "kind"
    | "references"
    | "enclosures"
    | "channel"
    | "registeredAt"
  > {
  /** In MADE_UP_AGENCIES. */
  readonly agencyIndex: number;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
}

/** The biggest first: 45, 25, 15, 10 and 5 % of all letters. */
export const MADE_UP_AGENCIES = [
  { name: "หน่วยงานทดสอบ ก", codeLetters: "ทก" },
  { name: "หน่วยงานทดสอบ ข", codeLetters: "ทข" },
  { name: "หน่วยงานทดสอบ ค", codeLetters: "ทค" },
  { name: "หน่วยงานทดสอบ ง", codeLetters: "ทง" },
  { name: "หน่วยงานทดสอบ จ", codeLetters: "ทจ" },
] as const;
const OWN_UNITS = ["0101", "0101.2", "0102.1", "0103"];

const URGENCIES = weighted<Urgency>([
  [80, "normal"],
  [10, "urgent"],
  [6, "very-urgent"],
  [4, "most-urgent"],
]);
const KINDS = weighted<LetterKind>([
  [80, "external"],
  [8, "stamped"],
  [6, "internal"],
  [3, "order"],
  [2, "public"],
  [1, "evidence"],
]);
const CHANNELS = weighted<Channel>([
  [7, "smtp"],
  [3, "paper"],
]);

/** All letters of the plan, in the order of their registration. */
export function* madeUpLetters(plan: LetterPlan): Generator<MadeUpLetter, void, undefined> {
  for (let index = 0; index < plan.letters; index++) yield letterAt(plan, index);
}

/** The letter with this index, 0 to plan.letters - 1; within an agency a higher index is never registered earlier. */
export function letterAt(plan: LetterPlan, index: number): MadeUpLetter {
  // Odd factors lead indexes to different seeds of the 2^32.
  const random = seededRandom(Math.imul(index, 0x9e3779b1) + Math.imul(plan.seed, 0x85ebca6b));
  const place = dayOf(plan, index);
  const day = plan.days[place] as Day;
  const slot = slotOf(plan, index, day);
  const channel = pick(random, CHANNELS);
  const cancelled = chance(random, 0.01);
  return {
    ...slot,
    year: day.year,
    status: cancelled ? "cancelled" : "registered",
    ...(slot.direction === "inbound"
      ? inboundFacts(random, plan, place, slot.agencyIndex, channel)
      : outboundFacts(random, day, slot)),
    subject: makeSubject(random, { year: buddhistYear(day.year), month: day.month }),
    action: chance(random, 0.7) ? pickByRank(random, ACTIONS) : null,
    remarks: cancelled
      ? pick(random, CANCELLATIONS)
      : chance(random, 0.06)
        ? pickByRank(random, REMARKS)
        : null,
    urgency: pick(random, URGENCIES),
    kind: pick(random, KINDS),
    references: makeReferences(random, plan, place),
    enclosures: makeEnclosures(random),
    channel,
    registeredAt: moment(random, plan, place, index),
  };
}

type Facts = Pick<MadeUpLetter, "letterNumber" | "letterNumberPrinted" | "letterDate" | "from" | "to">;

function inboundFacts(
  random: Random,
  plan: LetterPlan,
  place: number,
  agencyIndex: number,
  channel: Channel,
): Facts {
  const to = `ผู้อำนวยการ${MADE_UP_AGENCIES[agencyIndex]?.name}`;
  // What people hand in at the counter bears no number.
  if (channel === "paper" && chance(random, 0.03)) {
    return { letterNumber: null, letterNumberPrinted: null, letterDate: null, from: "ราษฎรในพื้นที่", to };
  }
  const office = pickOffice(random);
  const written = workingDay(plan, place - Math.floor(12 ** random() - 1));
  const { canonical, printed } = writeOfficeNumber(random, office, yearShare(written));
  return {
    letterNumber: canonical,
    letterNumberPrinted: printed,
    letterDate: written.date,
    from: office.name,
    to,
  };
}

/** The running number of an outbound letter is its number in the book (Annex 6 §2.2.7). */
function outboundFacts(random: Random, day: Day, slot: ReturnType<typeof slotOf>): Facts {
  const { name, codeLetters } = MADE_UP_AGENCIES[slot.agencyIndex] as (typeof MADE_UP_AGENCIES)[number];
  const circular = slot.series === "circular";
  const { canonical, printed } = writeNumber(
    random,
    { codeLetters, sub: "", unit: pickByRank(random, OWN_UNITS) },
    circular,
    String(slot.number),
  );
  return {
    letterNumber: canonical,
    letterNumberPrinted: printed,
    letterDate: day.date,
    from: name,
    to: circular ? "หัวหน้าส่วนราชการในสังกัด" : pickOffice(random).head,
  };
}

function makeReferences(random: Random, plan: LetterPlan, place: number): string[] {
  if (!chance(random, 0.3)) return [];
  return Array.from({ length: chance(random, 0.25) ? 2 : 1 }, () => {
    const office = pickOffice(random);
    const written = workingDay(plan, place - 3 - whole(random, 60));
    const { printed } = writeOfficeNumber(random, office, yearShare(written));
    const text = `หนังสือ${office.name} ${chance(random, 0.15) ? "ด่วนที่สุด " : ""}ที่ ${printed} ลงวันที่ ${written.thaiDate}`;
    return chance(random, 0.7) ? arabicToThaiDigits(text) : text;
  });
}

function makeEnclosures(random: Random): string[] {
  if (!chance(random, 0.45)) return [];
  return Array.from({ length: chance(random, 0.2) ? 2 : 1 }, () => {
    const [paper, counter] = pickByRank(random, ENCLOSURES).split("/");
    return `${paper} จำนวน ${1 + whole(random, 3)} ${counter}`;
  });
}

/** That day, or the last working one before it. */
function workingDay({ days }: LetterPlan, place: number): Day {
  let at = place;
  while (at > 0 && !(days[at] as Day).working) at--;
  return days[at] as Day;
}

function yearShare({ startMs, year }: Day): number {
  return (startMs - Date.UTC(year, 0, 0)) / (366 * 24 * 60 * 60 * 1000);
}

const HOUR_MS = 60 * 60 * 1000;

/** Office hours are 08:30 to 16:30 with an hour at noon; of a day's letters the last 3 % come in the evening. */
function moment(random: Random, { days, letters }: LetterPlan, place: number, index: number): Date {
  const { firstLetter, startMs } = days[place] as Day;
  const share = (index - firstLetter + random()) / ((days[place + 1]?.firstLetter ?? letters) - firstLetter);
  const hour =
    share < 0.5
      ? 8.5 + share * 7
      : share < 0.97
        ? 13 + ((share - 0.5) / 0.47) * 3.5
        : 16.5 + ((share - 0.97) / 0.03) * 5;
  return new Date(startMs + Math.floor(hour * HOUR_MS));
}
