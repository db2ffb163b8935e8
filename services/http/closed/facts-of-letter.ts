import { createHash } from "node:crypto";
import {
  CLOSED_FACTS_SCHEMA,
  type ClosedFacts,
  type ClosedFile,
  type ClosedParty,
  NO_PARTY,
} from "../../shared/closed/closed-facts.ts";
import type { ClosedLevel } from "../../shared/closed/key-provider.ts";
import { mediaTypeOfMimeCode, tenDigits, urgencyOfCode } from "../../shared/ecms/codes.ts";
import type { GovernmentDocument, Party } from "../../shared/ecms/read-government-document.ts";
import { isoDateOf } from "../../shared/ecms/wire-date.ts";
import type { Letter } from "../../shared/letter/exchange-types.ts";
import { normaliseLetterNumber } from "../../shared/letter/letter-number.ts";
import type { Office } from "../letters/office-directory.ts";

/** What a letter says, by whatever form it came; its class, its office and how it was handed in are the door's to add. */
export type LetterFacts = Omit<ClosedFacts, "schema" | "level" | "office" | "handedIn">;

/** A file as it passed by, where what goes by has been measured already. */
export type PassedFile = Pick<ClosedFile, "role" | "name" | "mediaType" | "sizeBytes" | "sha256">;

const NOTHING_BESIDE = { text: null, action: null, remarks: null } as const;

/** Of the JSON of a letter, its files being in it. */
export function factsOfJson(letter: Letter): LetterFacts {
  const files = (letter.files ?? []).map(({ role, name, mediaType, content }, index): ClosedFile => {
    const octets = Buffer.from(content, "base64");
    const sha256 = createHash("sha256").update(octets).digest("hex");
    return { role, name, mediaType, sizeBytes: octets.length, sha256, part: 0, place: String(index + 1) };
  });
  return {
    ...numberOf(letter.number),
    date: letter.date,
    from: partyOfJson(letter.from),
    to: partyOfJson(letter.to),
    subject: oneLine(letter.subject),
    urgency: letter.urgency ?? "normal",
    letterKind: letter.letterKind ?? "external",
    references: (letter.references ?? []).map(({ number = null, date = null, subject = null }) => ({
      number,
      date,
      subject,
    })),
    enclosures: letter.enclosures ?? [],
    ...NOTHING_BESIDE,
    files,
  };
}

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
    ...NOTHING_BESIDE,
    text: document.description,
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

/** The same with the files of a form, of which the first part is the letter itself. */
export function withFormFiles(facts: LetterFacts, files: readonly PassedFile[]): LetterFacts {
  return {
    ...facts,
    files: files.map(({ role, name, mediaType, sizeBytes, sha256 }, index) => ({
      ...{ role, name, mediaType, sizeBytes, sha256 },
      part: 0,
      place: String(index + 2),
    })),
  };
}

/** All that is sealed. @param office the sender's, as the directory has it */
export function closedFacts(
  facts: LetterFacts,
  level: ClosedLevel,
  office: Office | null,
  handedIn: NonNullable<ClosedFacts["handedIn"]>,
): ClosedFacts {
  return {
    schema: CLOSED_FACTS_SCHEMA,
    level,
    ...facts,
    office: office && {
      domain: office.domain,
      nameThai: office.nameThai,
      organisationId: office.organisationId,
    },
    handedIn,
  };
}

function numberOf(printed: string | null): Pick<LetterFacts, "number" | "numberPrinted"> {
  return { number: printed === null ? null : normaliseLetterNumber(printed), numberPrinted: printed };
}

function partyOfJson(party: Letter["from"]): ClosedParty {
  if (party === undefined) return NO_PARTY;
  const { name = null, organisationId = null, domain = null, person = null, position = null } = party;
  return { name, organisationId, domain, person, position };
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

function oneLine(text: string): string {
  return text.replace(/\s+/gu, " ").trim();
}
