import { createHash } from "node:crypto";
import { mediaTypeOfMimeCode, tenDigits, urgencyOfCode } from "../../ecms/codes.ts";
import type { GovernmentDocument, Party } from "../../ecms/read-government-document.ts";
import { isoDateOf } from "../../ecms/wire-date.ts";
import { type ClosedParty, type LetterFacts, NO_PARTY, numberOf } from "../closed-facts.ts";

/** Of a GovernmentDocument, its objects being in it. */
export function factsOfDocument(document: GovernmentDocument): LetterFacts {
  return {
    ...numberOf(document.id),
    date: isoDateOf(document.correspondenceDate),
    from: partyOfDocument(document.sender),
    to: partyOfDocument(document.receiver),
    subject: document.subject,
    urgency: urgencyOfCode(document.speedCode) ?? "normal",
    letterKind: "external",
    references: document.references.map(({ id, date, subject }) => ({ number: id, date, subject })),
    enclosures: document.attachmentText === null ? [] : [document.attachmentText],
    text: document.description,
    action: null,
    remarks: null,
    files: document.objects.map(({ role, mimeCode, sizeBytes, sha256, place }) => ({
      role: role === "main" ? "main" : "enclosure",
      name: null,
      mediaType: mimeCode.startsWith("text/plain") ? mimeCode : mediaTypeOfMimeCode(mimeCode),
      sizeBytes,
      sha256,
      part: 0,
      place: String(place),
    })),
  };
}

/** Equal for the same letter, whatever envelope is around it, lower-case hex. */
export function fingerprintOfDocument({ objects, ...document }: GovernmentDocument): string {
  const files = objects.map(({ role, mimeCode, sha256 }) => [role, mimeCode, sha256]);
  return createHash("sha256")
    .update(JSON.stringify([document, files]))
    .digest("hex");
}

function partyOfDocument({ givenName, familyName, jobTitle, departmentId }: Party): ClosedParty {
  const person = [givenName, familyName].filter((each) => each !== null).join(" ");
  return {
    ...NO_PARTY,
    organisationId: tenDigits(departmentId) ?? departmentId,
    person: person === "" ? null : person,
    position: jobTitle,
  };
}
