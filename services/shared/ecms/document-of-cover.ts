import type { LetterCover } from "../letter/letter-cover.ts";
import { findLetterNumbers } from "../letter/letter-number.ts";
import { findThaiDates } from "../letter/thai-date.ts";
import type { WireDocument, WireObject } from "./write-document.ts";
import { documentOfFacts, type GovernmentDocumentFacts, NO_PARTY } from "./write-government-document.ts";

/** Ten digits of the offices; null leaves one out. */
export interface Departments {
  readonly own: string | null;
  readonly other: string | null;
}

/** The facts of a letter of ours in the words of a GovernmentDocument. @param sentAt ISO 8601 */
export function documentFactsOf(
  cover: LetterCover,
  sentAt: string,
  { own, other }: Departments,
): GovernmentDocumentFacts {
  return {
    number: cover.number,
    date: cover.date,
    subject: cover.subject,
    urgency: cover.urgency,
    sender: { ...NO_PARTY, jobTitle: cover.from, departmentId: own },
    receiver: { ...NO_PARTY, jobTitle: cover.to, departmentId: other },
    references: cover.references.map(referenceOf),
    enclosures: cover.enclosures,
    sentAt: new Date(sentAt),
    description: null,
  };
}

/** อ้างถึง as the document has it: the number and the date by themselves; what has no number is told in words. */
function referenceOf(printed: string) {
  const number = findLetterNumbers(printed)[0]?.printed ?? null;
  if (number === null) return { number, date: null, subject: printed };
  return { number, date: findThaiDates(printed)[0]?.iso ?? null, subject: null };
}

/** What a file of a letter of ours is on the wire. */
export interface CoveredFile {
  readonly mediaType: string;
  readonly sizeBytes: number;
}

export interface SizedObject extends WireObject {
  readonly sizeBytes: number;
}

/**
 * The objects of a letter of ours: its first file is the letter; where there is none its words are.
 * @param open opens one of the files; called when its turn comes, anew each time
 */
export function objectsOfCover<File extends CoveredFile>(
  { text }: Pick<LetterCover, "text">,
  files: readonly File[],
  open: (file: File) => ReturnType<WireObject["open"]>,
): SizedObject[] {
  if (files.length === 0) {
    const words = Buffer.from(text ?? "");
    return [{ role: "main", mimeCode: "text/plain", sizeBytes: words.length, open: () => piecesOf(words) }];
  }
  return files.map((file, index) => ({
    role: index === 0 ? "main" : "attachment",
    mimeCode: file.mediaType.replace(/;.*$/s, "").trim(),
    sizeBytes: file.sizeBytes,
    open: () => open(file),
  }));
}

/** A letter of ours as it goes over the wire. @param hasFiles whether the words of its cover stand beside files */
export function documentOfCover(
  cover: LetterCover,
  sentAt: string,
  departments: Departments,
  objects: readonly WireObject[],
  hasFiles: boolean,
): WireDocument {
  // The words of who sends it, where they are not the letter itself.
  const description = hasFiles ? cover.text : null;
  return documentOfFacts({ ...documentFactsOf(cover, sentAt, departments), description }, objects);
}

/** Octets as a stream of one piece. */
export async function* piecesOf(octets: Uint8Array): AsyncGenerator<Uint8Array> {
  yield octets;
}
