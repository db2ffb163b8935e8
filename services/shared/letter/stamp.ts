import { dayOf, yearOfDay } from "./bangkok-day.ts";

/** How far an official time can be trusted; stored with every stamp (Annex 6 §2.2.4). */
export type ClockState =
  | ({ readonly state: "unsynchronised"; readonly reason: string } & Partial<MeasuredClock>)
  | ({ readonly state: "synchronised" | "warning" | "non-compliant" } & MeasuredClock);

export interface MeasuredClock {
  /** The stated time minus the system clock, ms. */
  readonly offsetMs: number;
  /** The stated time is wrong by no more, ms. */
  readonly errorBoundMs: number;
  /** Since the newest answer of a reference server. */
  readonly ageSeconds: number;
  /** Of the best server. */
  readonly stratum: number;
  readonly reference: string;
  /** The servers that agreed. */
  readonly servers: readonly string[];
}

/** An official time with the state of the clock it was taken from (Annex 6 §2.2.4). */
export interface Stamp {
  readonly at: Date;
  readonly clock: ClockState;
}

/** Where times come from; a parameter everywhere, so that tests can stop it or move it over New Year. */
export type TrustedNow = () => Stamp;

/**
 * Why registration has to wait for the clock; null when it need not. `auto` waits where reference clocks are configured:
 * who names a reference clock wants no number without it.
 */
export function reasonToHold(
  clock: ClockState,
  settings: { readonly servers: string; readonly policy: "auto" | "flag" | "hold" },
): string | null {
  const holds = settings.policy === "hold" || (settings.policy === "auto" && settings.servers !== "");
  if (!holds) return null;
  if (clock.state === "unsynchronised") return `the clock is unsynchronised: ${clock.reason}`;
  if (clock.state === "non-compliant") return `the clock may be wrong by ${clock.errorBoundMs} ms`;
  return null;
}

/** The system clock, never falling within this process: a clock set back stands still until it has caught up. */
export function systemClock(readMs: () => number = Date.now): TrustedNow {
  let lastMs = 0;
  return () => {
    lastMs = Math.max(lastMs, readMs());
    return {
      at: new Date(lastMs),
      clock: { state: "unsynchronised", reason: "no reference clock is configured" },
    };
  };
}

/** Calendar year (C.E.) in Asia/Bangkok: decides the book-year of a registration (Annex 6 §2.2.3). */
export function bangkokYear(at: Date): number {
  return yearOfDay(dayOf(at.getTime()));
}

const BUDDHIST_ERA = 543;

/** B.E. year as it is shown and printed. */
export function buddhistYear(year: number): number {
  return year + BUDDHIST_ERA;
}

/** C.E. year of a year of the Buddhist Era. */
export function christianYear(buddhist: number): number {
  return buddhist - BUDDHIST_ERA;
}

/** C.E. year of a year that may be of either era: from 2400 on it is B.E. (C.E. 1857 and later). */
export function yearOfEitherEra(year: number): number {
  return year >= 2400 ? christianYear(year) : year;
}

const thaiDate = new Intl.DateTimeFormat("th-TH-u-ca-buddhist-nu-latn", {
  dateStyle: "long",
  timeZone: "Asia/Bangkok",
});
const thaiTime = new Intl.DateTimeFormat("th-TH-u-nu-latn", {
  timeStyle: "medium",
  timeZone: "Asia/Bangkok",
});
const englishTime = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "long",
  timeStyle: "medium",
  timeZone: "Asia/Bangkok",
});

/** For example "21 พฤศจิกายน 2569 เวลา 08:30:00 น." */
export function thaiDateTime(at: Date): string {
  return `${thaiDate.format(at)} เวลา ${thaiTime.format(at)} น.`;
}

/** For example "21 November 2026 at 08:30:00 (UTC+7)" */
export function englishDateTime(at: Date): string {
  return `${englishTime.format(at)} (UTC+7)`;
}

/** A letter's date (ISO, without time) in Thai: "9 เมษายน 2563". */
export function thaiLetterDate(isoDate: string): string {
  return thaiDate.format(new Date(`${isoDate}T00:00:00+07:00`));
}
