import { isDeepStrictEqual } from "node:util";
import type { Act, NormalisedFacts } from "../shared/letter/act.ts";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { TrayLetter } from "./act-store.ts";
import type { EnteredLetter } from "./entry-store.ts";
import type { Changes, CurrentLine } from "./line-store.ts";

/** The letter as reading found it (null: it came by no door) with what the clerk has written over it. */
export function overlaid(found: TrayLetter | null, facts: NormalisedFacts): EnteredLetter {
  return {
    intakeId: found?.intakeId ?? null,
    arrivedAt: found?.arrivedAt ?? null,
    channel: found?.channel ?? "paper",
    unit: found?.unit ?? null,
    senderDomain: found?.senderDomain ?? null,
    number: chosen(facts.letterNumber, found?.number),
    numberPrinted: chosen(facts.letterNumberPrinted, found?.numberPrinted),
    letterDate: chosen(facts.letterDate, found?.letterDate),
    from: chosen(facts.from, found?.from),
    to: chosen(facts.to, found?.to),
    subject: chosen(facts.subject, found?.subject),
    action: facts.action ?? null,
    remarks: facts.remarks ?? null,
    secrecy: facts.secrecy ?? "normal",
    urgency: facts.urgency ?? found?.urgency ?? "normal",
    kind: facts.kind ?? found?.kind ?? "external",
    references: facts.references ?? found?.references ?? [],
    referenceNumbers: facts.referenceNumbers ?? found?.referenceNumbers ?? [],
    enclosures: facts.enclosures ?? found?.enclosures ?? [],
  };
}

function chosen(written: string | null | undefined, found: string | null | undefined): string | null {
  return written === undefined ? (found ?? null) : written;
}

/** ที่ of a letter of our own: code, then the number, circulars with ว (Annex 1); null without a code. */
export function composedNumber(
  letterCode: string | null,
  series: string | undefined,
  number: number,
): string | null {
  if (letterCode === null) return null;
  return `${letterCode}/${series === "circular" ? "ว " : ""}${number}`;
}

/** What facts change in a line: only fields that differ. */
export function changesOf(line: CurrentLine, facts: NormalisedFacts): Changes {
  const changes: Record<string, { old: unknown; new: unknown }> = {};
  for (const [field, value] of Object.entries(facts)) {
    const old = (line as unknown as Record<string, unknown>)[field] ?? null;
    if (!isDeepStrictEqual(old, value)) changes[field] = { old, new: value };
  }
  return changes;
}

/** Who has made a line by which act, under which clock. */
export function signature(act: Act, stamp: Stamp) {
  return {
    clock: stamp.clock,
    registeredBy: act.madeBy,
    registeredByName: act.madeByName,
    actId: act.id,
  };
}
