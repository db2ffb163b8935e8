import type { Calendar } from "../../shared/letter/holidays.ts";
import { workingTimeAfter } from "../../shared/letter/working-time.ts";
import type { WatchedRecipient } from "./watch-store.ts";

export interface WatchRules {
  /** By the clock. */
  readonly warnAfterHours: number;
  /** Of the sending agency's working time. */
  readonly escalateAfterWorkingHours: number;
}

/** What a look at a recipient comes to. */
export interface Judgement {
  /** To be recorded and told; null when there is nothing new. */
  readonly tell: {
    readonly what: "warned" | "escalated";
    readonly hours: number;
    readonly missingYears: readonly number[];
  } | null;
  /** The owner has not heard yet of what was recorded before. */
  readonly tellAgain: boolean;
  /** Null when nobody has to be told any more, whatever happens. */
  readonly lookAt: Date | null;
}

const HOUR_MS = 3_600_000;
/** An answer, a letter sent again or another setting is seen by then at the latest. */
const LONGEST_MS = HOUR_MS;
/** By then the owner has been told, or is to be told once more: work that got lost between two transactions is found here. */
const TOLD_WITHIN_MS = 5 * 60_000;

const OVER: Judgement = { tell: null, tellAgain: false, lookAt: null };

/**
 * Annex 6 §2.2.8: the sender makes sure each time that a letter has got there. What has not been answered is told twice,
 * after hours by the clock and after working hours; one of them when both have passed unseen (the service was down).
 */
export function judgeSilence(
  watched: WatchedRecipient,
  { warnAfterHours, escalateAfterWorkingHours }: WatchRules,
  calendar: Calendar,
  now: Date,
): Judgement {
  const { since, answered, failed, warned, escalated, untold, office } = watched;
  if (answered) return OVER;
  if (failed || escalated) {
    return untold ? { tell: null, tellAgain: true, lookAt: later(now, TOLD_WITHIN_MS) } : OVER;
  }
  if (since === null) return { tell: null, tellAgain: false, lookAt: later(now, LONGEST_MS) };
  const escalation = workingTimeAfter(since, escalateAfterWorkingHours * HOUR_MS, office, calendar);
  if (escalation.at <= now) {
    const { missingYears } = escalation;
    return {
      tell: { what: "escalated", hours: escalateAfterWorkingHours, missingYears },
      tellAgain: false,
      lookAt: later(now, TOLD_WITHIN_MS),
    };
  }
  const warning = later(since, warnAfterHours * HOUR_MS);
  if (!warned && warning <= now) {
    return {
      tell: { what: "warned", hours: warnAfterHours, missingYears: [] },
      tellAgain: false,
      lookAt: later(now, TOLD_WITHIN_MS),
    };
  }
  const next = warned ? escalation.at : earlier(warning, escalation.at);
  return {
    tell: null,
    tellAgain: untold,
    lookAt: earlier(next, later(now, untold ? TOLD_WITHIN_MS : LONGEST_MS)),
  };
}

function later(at: Date, ms: number): Date {
  return new Date(at.getTime() + ms);
}

function earlier(one: Date, other: Date): Date {
  return one < other ? one : other;
}
