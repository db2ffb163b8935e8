import { Readable } from "node:stream";
import { speedCodeOf } from "../../shared/ecms/codes.ts";
import { readGovernmentDocument } from "../../shared/ecms/read-government-document.ts";
import { wireTime } from "../../shared/ecms/wire-text.ts";
import type { WireDocument } from "../../shared/ecms/write-document.ts";
import { openArrivedFile } from "../../shared/letter/arrival/open-arrived-file.ts";
import type { ArrivedLetter } from "./arrival-store.ts";
import { echoDocument, type OpenDocument } from "./echo-document.ts";
import type { EcmsCall } from "./ecms-call.ts";
import { filesOfLetter } from "./letter-files.ts";

/**
 * A letter as a GovernmentDocument, by whatever door it came: one of this protocol as its sender wrote it, any other from its
 * facts in the book. Files are streamed out of the octets as they arrived.
 * @param receiver the agency that it came to
 * @throws when the octets are not there any more
 */
export async function letterOfArrival(
  { parts }: Pick<EcmsCall, "parts">,
  letter: ArrivedLetter,
  receiver: { readonly organisationId: string | null },
): Promise<OpenDocument> {
  const openRaw = (): Readable =>
    letter.content === null ? parts.letters.openStored(letter.sha256) : Readable.from([letter.content]);
  if (letter.door === "ecms") {
    // A client's request, or what another node has answered.
    const document = await readGovernmentDocument(openRaw(), "digest");
    if ("fault" in document) throw new Error(`arrival ${letter.intakeId} cannot be read again`);
    return echoDocument(document, openRaw);
  }
  const sender = letter.senderDomain === null ? null : await parts.offices.byDomain(letter.senderDomain);
  const document: WireDocument = {
    id: letter.number,
    correspondenceDate: letter.date,
    subject: letter.subject,
    secretCode: "001",
    speedCode: speedCodeOf(letter.urgency),
    sender: party(letter.from, sender?.organisationId ?? null),
    receiver: party(letter.to, receiver.organisationId),
    references: letter.citations.map(({ number, printed, date }) => ({
      id: number ?? printed,
      date,
      subject: null,
    })),
    attachmentText: letter.enclosures.length === 0 ? null : letter.enclosures.join(", "),
    sendDate: wireTime(letter.arrivedAt),
    description: null,
    objects: filesOfLetter(letter.attachments).map(({ role, mimeCode, partId }) => ({
      role,
      mimeCode,
      open: async () => (await openArrivedFile(openRaw(), letter.mediaType, partId)).content,
    })),
  };
  return { document, close: async () => {} };
}

/** The wire has fields for a person; a letter in the book names an office. */
function party(jobTitle: string | null, departmentId: string | null): WireDocument["sender"] {
  return { givenName: null, familyName: null, jobTitle, departmentId };
}
