import { urgencyOfCode } from "../../shared/ecms/codes.ts";
import type { GovernmentDocument, Party } from "../../shared/ecms/read-government-document.ts";
import { type Act, oneLine } from "../../shared/letter/act.ts";
import { normaliseLetterNumber } from "../../shared/letter/letter-number.ts";
import type { PassedOnLetter } from "./judge-letter.ts";

const LONGEST_LINE = 1_000;
const LONGEST_TEXT = 20_000;
const MOST_REFERENCES = 50;

/** What an act says of a letter that is passed on: as its sender has written it, with its own number. @param files their ids */
export function letterToPassOn(
  document: GovernmentDocument,
  { key, sender, partner }: PassedOnLetter,
  files: readonly string[],
): Pick<Act, "facts" | "details"> {
  const { references, attachmentText, description, subject, speedCode } = document;
  const canonical = normaliseLetterNumber(key.letterId) ?? oneLine(key.letterId);
  const letter = {
    series: canonical.includes("/ว") ? "circular" : "ordinary",
    letterDate: key.correspondenceDate,
    from: nameIn(document.sender) ?? oneLine(sender.nameThai),
    to: nameIn(document.receiver) ?? oneLine(partner.nameThai),
    subject: line(subject ?? ""),
    urgency: urgencyOfCode(speedCode) ?? "normal",
    references: references.slice(0, MOST_REFERENCES).map(referenceWords),
    enclosures: attachmentText === null ? [] : [line(attachmentText)],
    ...(description === null ? {} : { text: description.slice(0, LONGEST_TEXT).toWellFormed() }),
    recipients: [{ partner: partner.domain, name: nameIn(document.receiver) ?? partner.nameThai }],
    files,
  } as const;
  return {
    // As it was written: by it the client knows its letter again.
    facts: { letterNumberPrinted: key.letterId, letterNumber: canonical },
    details: { letter },
  };
}

function nameIn({ jobTitle, givenName, familyName }: Party): string | null {
  const person = [givenName, familyName].filter((name) => name !== null).join(" ");
  return line(jobTitle ?? person) || null;
}

function referenceWords({ id, date, subject }: GovernmentDocument["references"][number]): string {
  const words = [id, date && `ลงวันที่ ${date}`, subject && `เรื่อง ${subject}`];
  return line(words.filter(Boolean).join(" "));
}

function line(text: string): string {
  return oneLine(text.slice(0, LONGEST_LINE).toWellFormed());
}
