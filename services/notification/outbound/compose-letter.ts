import { documentFactsOf } from "../../shared/ecms/document-of-cover.ts";
import { writeGovernmentDocument } from "../../shared/ecms/write-government-document.ts";
import { coverOf } from "../../shared/letter/letter-cover.ts";
import type { MailFile, OutgoingMail } from "../mail/outgoing-mail.ts";
import type { Notice } from "../notice-store.ts";
import type { LetterNoticeFacts } from "./letter-facts.ts";
import type { SentFile } from "./outbound-store.ts";

/** Opens a file of a letter: as octets when it is small, else anew for each try. */
export type OpenFile = (file: SentFile) => Promise<MailFile["content"]>;

/**
 * The mail that brings a letter: subject and labelled text for people, the files under their Annex 7 names, and the facts
 * once more as a GovernmentDocument for programs. It is a person's letter: nothing in it says that a machine sent it.
 * @param returnPath where reports come back to; "" where there are no tokens: then to the mailbox itself, because a letter
 *   from the null reverse-path is taken for a notification and read by nobody (RFC 5321 §4.5.5)
 */
export async function composeLetter(
  { id, recipient, messageId, madeAt }: Notice,
  { agency, cover, sentAt, files }: LetterNoticeFacts,
  returnPath: string,
  open: OpenFile,
): Promise<OutgoingMail> {
  const opened: MailFile[] = [];
  for (const file of files)
    opened.push({
      filename: file.name,
      contentType: file.mediaType,
      content: await open(file),
      sizeBytes: file.sizeBytes,
    });
  return {
    from: { name: agency.nameThai, address: agency.mailbox },
    to: recipient,
    ...coverOf(cover),
    files: [...opened, documentOf(cover, sentAt, files)],
    messageId,
    date: madeAt,
    inReplyTo: null,
    autoSubmitted: null,
    returnPath: returnPath === "" ? agency.mailbox : returnPath,
    envelopeId: id,
  };
}

function documentOf(
  cover: LetterNoticeFacts["cover"],
  sentAt: string,
  [letter]: readonly SentFile[],
): MailFile {
  const content = writeGovernmentDocument(documentFactsOf(cover, sentAt, { own: null, other: null }));
  const stem = letter?.name.replace(/\.[A-Za-z0-9]{1,5}$/, "") ?? "letter";
  return { filename: `${stem}.xml`, contentType: "application/xml; charset=utf-8", content };
}
