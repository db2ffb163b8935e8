import type {
  InboxFile,
  InboxRecall,
  InboxSendingAgency,
  InboxSentLetter,
} from "../../shared/letter/exchange-types.ts";
import type { AskedBack, SendingAgency, SentFile, SentLetter } from "./sent-item-store.ts";

/** A letter of the agency as the program of its recipient is told of it. @param self address of the item */
export function showSentLetter(letter: SentLetter, self: string): InboxSentLetter {
  const { agency, organisationId, cover, sentAt, files, isResent } = letter;
  const { number, date, subject, from, to, urgency, references, enclosures, text } = cover;
  return {
    sender: showAgency(agency),
    receiver: { organisationId },
    ...{ number, date, subject, from, to, urgency, references, enclosures, text, sentAt, isResent },
    files: files.map((file, index) => showFile(file, index + 1, self)),
  };
}

export function showRecall({ agency, replacedBy, ...asked }: AskedBack): InboxRecall {
  const { number, numberPrinted, date, reason, issuedAt, jws } = asked;
  return {
    sender: showAgency(agency),
    ...{ number, numberPrinted, date, reason, issuedAt, jws },
    ...(replacedBy === null ? {} : { replacedBy }),
  };
}

function showAgency({ nameThai, nameEnglish, domain, organisationId }: SendingAgency): InboxSendingAgency {
  return { nameThai, nameEnglish, domain, organisationId };
}

function showFile({ name, mediaType, sizeBytes, sha256 }: SentFile, no: number, self: string): InboxFile {
  const role = no === 1 ? "main" : "enclosure";
  return { no, name, mediaType, sizeBytes, sha256, role, marks: [], href: `${self}/files/${no}` };
}
