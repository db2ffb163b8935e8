import { isoDateOf } from "../../shared/ecms/wire-date.ts";
import type { JsonLetter } from "../../shared/letter/arrival/json-letter.ts";
import type { Secrecy } from "../../shared/letter/letter.ts";
import { normaliseLetterNumber } from "../../shared/letter/letter-number.ts";
import type { LetterFile } from "../attachments/letter-file.ts";
import { emptyAttachment } from "../attachments/mark-attachment.ts";
import { citationOf, type FileLetter, letterOfDocument, secrecyOf } from "../facts/file-letter.ts";
import type { StatedFacts } from "./program-letter.ts";

/** What the program says of the letter, as if a file beside its files said it; the request itself is that file. */
export interface StatedLetter {
  readonly letter: FileLetter;
  /** Null for a word or code that no list has. */
  readonly secrecy: Secrecy | null;
  /** จาก in the sender's words, where the directory does not know it. */
  readonly from: string | null;
}

export function statedLetter(stated: StatedFacts): StatedLetter {
  // Everything that came stands in the request: part ids below it begin with nothing.
  const file: LetterFile = { attachment: emptyAttachment(null, "", ""), content: null, forwarded: false };
  if (stated.form === "document") {
    const { document } = stated;
    return {
      letter: letterOfDocument(file, document),
      secrecy: secrecyOf(document),
      from: document.sender.jobTitle,
    };
  }
  const { letter } = stated;
  return { letter: letterOfJson(file, letter), secrecy: letter.secrecy, from: letter.from.name };
}

const SURE = 0.99;

function letterOfJson(file: LetterFile, letter: JsonLetter): FileLetter {
  const { number, to, letterKind } = letter;
  const canonical = number === null ? null : normaliseLetterNumber(number);
  const sure = (value: string | null) => (value === null ? null : { value, confidence: SURE });
  return {
    file,
    source: "api",
    number: canonical === null ? null : { value: canonical, printed: number ?? "", confidence: SURE },
    date: sure(isoDateOf(letter.date)),
    subject: sure(letter.subject?.slice(0, 1_000).toWellFormed() ?? null),
    from: null,
    to: sure(to.name ?? to.position ?? to.person),
    urgency: letter.urgency,
    kind: letterKind === null ? null : { kind: letterKind, place: "body", confidence: SURE },
    citations: letter.references
      .slice(0, 50)
      .map(({ number: cited, date, subject }) => citationOf(cited, date, subject)),
    enclosures: letter.enclosures,
  };
}
