import { createHash } from "node:crypto";
import {
  type ClosedFile,
  type ClosedParty,
  type LetterFacts,
  NO_PARTY,
  numberOf,
} from "../../shared/letter/closed-facts.ts";
import type { Letter } from "../../shared/letter/exchange-types.ts";

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

function partyOfJson(party: Letter["from"]): ClosedParty {
  if (party === undefined) return NO_PARTY;
  const { name = null, organisationId = null, domain = null, person = null, position = null } = party;
  return { name, organisationId, domain, person, position };
}

function oneLine(text: string): string {
  return text.replace(/\s+/gu, " ").trim();
}
