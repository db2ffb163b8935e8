import { type ActDetails, normaliseFacts, oneLine } from "../shared/letter/act.ts";
import type { OutboundFacts, RecipientFacts } from "../shared/letter/outbound.ts";
import { normaliseThai } from "../shared/letter/thai-text.ts";
import { type Fault, SAYS_NOTHING } from "./problem.ts";

/** What an act says besides columns, in one spelling. Idempotent. @param details as schemas/act.schema.json allows them */
export function normaliseDetails(details: ActDetails): ActDetails {
  const { letter, answer, officer, recipientId, replacedBy, ...rest } = details;
  return {
    ...rest,
    ...(letter === undefined ? {} : { letter: normaliseLetter(letter) }),
    ...(recipientId === undefined ? {} : { recipientId: recipientId.toLowerCase() }),
    ...(replacedBy === undefined ? {} : { replacedBy: replacedBy.toLowerCase() }),
    ...(officer === undefined ? {} : { officer: oneLine(officer) }),
    ...(answer === undefined
      ? {}
      : {
          answer: {
            ...answer,
            ...(answer.receiveNumber === undefined ? {} : { receiveNumber: oneLine(answer.receiveNumber) }),
            // PostgreSQL takes no offset of 16 hours or more, which a reader of the instant would fail at.
            ...(answer.at === undefined ? {} : { at: new Date(answer.at).toISOString() }),
          },
        }),
  };
}

function normaliseLetter(letter: OutboundFacts): OutboundFacts {
  const { series, text, recipients, files, ownerMail, replaces, ...columns } = letter;
  // What follows from the references is found again when the line is written.
  const { referenceNumbers: _, ...facts } = normaliseFacts(columns);
  const words = text === undefined ? "" : normaliseThai(text).trim();
  return {
    ...facts,
    series,
    ...(words === "" ? {} : { text: words }),
    recipients: recipients.map(normaliseRecipient),
    files: files.map((id) => id.toLowerCase()),
    ...(ownerMail === undefined ? {} : { ownerMail: normaliseAddress(ownerMail) }),
    ...(replaces === undefined ? {} : { replaces: replaces.toLowerCase() }),
  };
}

function normaliseRecipient({ name, partner, channel, address }: RecipientFacts): RecipientFacts {
  const shown = name === undefined ? "" : oneLine(name);
  return {
    ...(shown === "" ? {} : { name: shown }),
    ...(partner === undefined ? {} : { partner: partner.toLowerCase() }),
    ...(channel === undefined ? {} : { channel }),
    ...(address === undefined ? {} : { address: normaliseAddress(address) }),
  };
}

/** The domain alone: what stands before the @ is its server's to judge (RFC 5321 §2.4). */
function normaliseAddress(address: string): string {
  const at = address.lastIndexOf("@");
  return `${address.slice(0, at)}${address.slice(at).toLowerCase()}`;
}

/** What the schema cannot say: texts that are none once they are normalised, and recipients that stand there twice. */
export function detailsFaults({ letter, officer, answer }: ActDetails): Fault[] {
  const faults: Fault[] = [];
  const says = (pointer: string, text: string | null | undefined): void => {
    if (text === "" || text === null) faults.push({ pointer, ...SAYS_NOTHING });
  };
  says("/details/officer", officer);
  says("/details/answer/receiveNumber", answer?.receiveNumber);
  says("/details/letter/subject", letter?.subject);
  const seen = new Set<string>();
  for (const [index, { partner, address }] of (letter?.recipients ?? []).entries()) {
    const key = partner ?? address?.toLowerCase() ?? "";
    if (seen.has(key)) {
      faults.push({
        pointer: `/details/letter/recipients/${index}`,
        en: "stands there twice",
        th: "ระบุผู้รับซ้ำ",
      });
    }
    seen.add(key);
  }
  return faults;
}
