import type { Evidence } from "../../shared/letter/evidence/evidence.ts";
import { clockWords, deemedLater } from "../../shared/letter/evidence/evidence-words.ts";
import { type RefusalCode, refusals } from "../../shared/letter/refusals.ts";
import { englishDateTime, thaiDateTime, thaiLetterDate } from "../../shared/letter/stamp.ts";
import type { SenderFacts } from "../notice-facts.ts";
import type { View } from "./read-templates.ts";
import { serviceHours } from "./service-hours.ts";

/** What a notice is composed from: its receipt, and what is told beside it. */
export interface ToldReceipt {
  readonly evidence: Evidence;
  readonly told: SenderFacts["told"];
  /** The letter came again, and this is the receipt that exists. */
  readonly isCopy: boolean;
}

/** The names of template-fields.ts, filled in. What is not known, or does not apply, is an empty text. */
export function receiptView({ evidence, told, isCopy }: ToldReceipt): View {
  const { letter, register, receiver, handedOver, reason, code, verifyUrl } = evidence;
  const clock = clockWords(evidence);
  const hours = serviceHours(told.office);
  return {
    ...agencyView(evidence.agency),
    serviceHoursTh: hours.thai,
    serviceHoursEn: hours.english,
    evidenceId: evidence.evidenceId,
    code,
    verifyUrl: verifyUrl ?? "",
    ...inBoth("receivedAt", evidence.receivedAt),
    ...inBoth("registeredAt", evidence.registeredAt),
    ...inBoth("deemedAt", deemedLater(evidence)),
    ...inBoth("handedOverAt", handedOver?.at ?? null),
    ...inBoth("keptUntil", told.keepUntil),
    clockTh: clock.th,
    clockEn: clock.en,
    letterNumber: letter?.number ?? "",
    letterNumberPrinted: letter?.numberPrinted ?? "",
    letterDateTh: letter?.date ? thaiLetterDate(letter.date) : "",
    letterDateEn: letter?.date ?? "",
    registerNumber: register ? `${register.number}/${register.yearBuddhist}` : "",
    registerYear: register ? String(register.yearBuddhist) : "",
    receiverName: receiver?.name ?? "",
    receivingUnit: receiver?.unit ?? "",
    officer: handedOver?.officer ?? "",
    reason: reason?.words ?? "",
    ...reasonWords(reason?.code),
    replaces: told.replaces ?? evidence.replaces ?? "",
    changes: changeRows(evidence),
    waitsForOfficer: told.waitsFor === "officer" ? "yes" : "",
    isCopy: isCopy ? "yes" : "",
  };
}

/** Names that every template knows. */
export function agencyView({ nameThai, nameEnglish, mailbox }: Evidence["agency"]): Record<string, string> {
  return { agencyTh: nameThai, agencyEn: nameEnglish, mailbox };
}

/** A moment as NAMETh and NAMEEn. @param instant ISO 8601; null for empty texts */
export function inBoth(name: string, instant: string | null): Record<string, string> {
  const at = instant === null ? null : new Date(instant);
  return {
    [`${name}Th`]: at === null ? "" : thaiDateTime(at),
    [`${name}En`]: at === null ? "" : englishDateTime(at),
  };
}

/** The words of refusals.ts for a reason that is one of its codes. */
function reasonWords(code: string | undefined): { reasonTh: string; reasonEn: string } {
  if (code === undefined || !Object.hasOwn(refusals, code)) return { reasonTh: "", reasonEn: "" };
  const { th, en } = refusals[code as RefusalCode];
  return { reasonTh: th, reasonEn: en };
}

const CHANGED: Readonly<Record<string, readonly [thai: string, english: string]>> = {
  "letter.number": ["เลขที่หนังสือ", "Letter number"],
  "letter.numberPrinted": ["เลขที่หนังสือตามที่พิมพ์", "Letter number as printed"],
  "letter.date": ["วันที่หนังสือ", "Letter date"],
};

function changeRows({ changes }: Evidence): Record<string, string>[] {
  return Object.entries(changes ?? {}).map(([field, { old, new: now }]) => {
    const [fieldTh, fieldEn] = CHANGED[field] ?? [field, field];
    const thai = field === "letter.date" ? thaiLetterDate : (text: string) => text;
    return {
      fieldTh,
      fieldEn,
      oldTh: old === null ? "ไม่มี" : thai(old),
      oldEn: old ?? "none",
      newTh: now === null ? "ไม่มี" : thai(now),
      newEn: now ?? "none",
    };
  });
}
