import type { Secrecy } from "../../shared/letter/letter.ts";
import type { LetterFile } from "../attachments/letter-file.ts";
import type { KnownSender } from "../reading.ts";
import type { FileLetter } from "./file-letter.ts";
import { findFacts } from "./find-facts.ts";
import type { Stated } from "./pdf-top.ts";
import type { OfficeText } from "./read-office-document.ts";

// Of a letter the head is read for facts; what stands further down is its text and its annexes.
const MAX_LETTER_LINES = 200;
const OWN_NUMBER = 0.9;
// A text that can still be typed into is less than the pages that were signed.
const CONFIDENCE = 0.85;

/**
 * What a document says that is typed as a letter: ที่ with its number, เรื่อง and เรียน, each in its place. Anything less is
 * a report, a form or a draft, and states nothing.
 *
 * @returns `secrecy` as its เรื่อง and ที่ say it, where it has เรื่อง and เรียน; `letter` null where it is no whole letter
 */
export function letterOfOffice(
  file: LetterFile,
  { lines }: OfficeText,
  sender: KnownSender | null,
): { letter: FileLetter | null; secrecy: Secrecy } {
  // A paragraph ends where it ends: without a blank line, what follows would be taken for its next line.
  const found = findFacts("", [lines.slice(0, MAX_LETTER_LINES).join("\n\n")], sender);
  const { facts, sources } = found;
  const state = (field: "date" | "subject" | "from" | "to"): Stated | null => {
    const source = sources[field];
    if (source === undefined || source.source !== "body" || facts[field] === null) return null;
    return { value: facts[field], confidence: Math.min(source.confidence, CONFIDENCE) };
  };
  const [subject, to] = [state("subject"), state("to")];
  if (subject === null || to === null) return { letter: null, secrecy: "normal" };
  const sure = (sources.number?.confidence ?? 0) >= OWN_NUMBER && found.problems.length === 0;
  if (facts.number === null || !sure) return { letter: null, secrecy: facts.secrecy };
  const kind = sources.letterKind;
  const letter: FileLetter = {
    file,
    source: "document",
    number: {
      value: facts.number,
      printed: facts.numberPrinted ?? facts.number,
      confidence: CONFIDENCE,
    },
    date: state("date"),
    subject,
    from: state("from"),
    to,
    urgency: facts.urgency === "normal" ? null : facts.urgency,
    kind: kind === undefined ? null : { kind: found.letterKind, place: "body", confidence: kind.confidence },
    citations: found.citations,
    enclosures: found.enclosures,
  };
  return { letter, secrecy: facts.secrecy };
}
