import {
  looksLikeGovernmentDocument,
  readGovernmentDocument,
} from "../../shared/ecms/read-government-document.ts";
import { type Markings, markingsOnLine, strongest, UNMARKED } from "../../shared/letter/classification.ts";
import { graverSecrecy, type Secrecy } from "../../shared/letter/letter.ts";
import { normaliseThai } from "../../shared/letter/thai-text.ts";
import { decodeText } from "../../shared/mime/charset.ts";
import type { PartContent } from "../../shared/mime/part-content.ts";
import type { LetterFile } from "../attachments/letter-file.ts";
import { htmlToText } from "../mime/html-text.ts";
import type { PdfReader } from "../pdf/read-pdf.ts";
import type { Attachment, FactSource, KnownSender, KnownSenders, ReadingProblem } from "../reading.ts";
import { type FileLetter, letterOfDocument, secrecyOf } from "./file-letter.ts";
import { findCitations } from "./find-citations.ts";
import { findEnclosures } from "./find-enclosures.ts";
import { findLetterKind } from "./letter-kind.ts";
import { letterOfOffice } from "./letter-of-office.ts";
import { type FileNameFacts, readFileName } from "./read-file-name.ts";
import {
  isOldWord,
  OFFICE_BYTES,
  type OfficeText,
  officeFormat,
  readOfficeDocument,
} from "./read-office-document.ts";
import { readPdfLetter } from "./read-pdf-letter.ts";
import { isRtf, readRtfText } from "./rtf-text.ts";

/** What the files of a message say, for settle-facts.ts to set against the mail. */
export interface FileFacts {
  /** In the order of trust: XML documents, then PDFs, then typed documents, each in the order of the mail. */
  readonly letters: readonly FileLetter[];
  /** What each file's name says. */
  readonly names: ReadonlyMap<LetterFile, FileNameFacts>;
  /** Of which no text can be had, or only recognised text: PDFs and documents of pictures, and Word as it was until 2007. */
  readonly scans: ReadonlySet<LetterFile>;
  /** The gravest marking in any document or name, and where it stands. */
  readonly secrecy: { readonly value: Secrecy; readonly source: FactSource };
  readonly problems: readonly ReadingProblem[];
  /** Of the sender's letter numbers, where the directory has them. */
  readonly codeLetters: string | null;
}

export const NO_FILES: FileFacts = {
  letters: [],
  names: new Map(),
  scans: new Set(),
  secrecy: { value: "normal", source: "file-name" },
  problems: [],
  codeLetters: null,
};

const MAX_DOCUMENTS = 20;
const MAX_FILES = 400;
const MAX_NAME_DEPTH = 8;
const MAX_TEXT_BYTES = 1024 * 1024;
const MAX_TEXT_LINES = 20_000;

/** What cannot be looked through may carry a marking: an officer looks. */
const FAULTS: Readonly<
  Record<NonNullable<OfficeText["fault"]>, [Attachment["marks"][number], ReadingProblem]>
> = {
  damaged: ["unreadable", "undecodable-attachment"],
  encrypted: ["encrypted", "encrypted-attachment"],
  limit: ["not-unpacked", "archive-too-large"],
};

/**
 * Reads the documents among the files, at most 20, and the names of all. What cannot be read is marked on its attachment
 * and told as a problem. `attachments` are all that came, the archives that `files` are unpacked from among them: their
 * names may carry a marking too. Rejects only when a file's octets cannot be had, or the PDF reader is closed.
 */
export async function readFiles(
  files: readonly LetterFile[],
  sender: KnownSender | null,
  known: KnownSenders,
  readPdf: PdfReader,
  attachments: readonly Attachment[] = [],
): Promise<FileFacts> {
  const taken = files.slice(0, MAX_FILES);
  const names = new Map(taken.map((file) => [file, readFileName(file.attachment.name, sender, known)]));
  const letters: FileLetter[] = [];
  const scans = new Set<LetterFile>();
  const problems = new Set<ReadingProblem>();
  let secrecy: FileFacts["secrecy"] = NO_FILES.secrecy;
  const mark = (value: Secrecy, source: FactSource): void => {
    if (graverSecrecy(secrecy.value, value) !== secrecy.value) secrecy = { value, source };
  };

  let documents = 0;
  const documentsOf = (isOne: (file: LetterFile) => boolean): LetterFile[] => {
    const chosen = taken.filter(isOne).slice(0, MAX_DOCUMENTS - documents);
    documents += chosen.length;
    return chosen;
  };
  for (const file of documentsOf(({ content }) => content !== null && looksLikeGovernmentDocument(content))) {
    const document = file.content === null ? null : await readGovernmentDocument(file.content, null);
    if (document === null || ("fault" in document && document.fault === "not-a-document")) continue;
    if ("fault" in document) {
      note(file.attachment, "unreadable");
      problems.add("undecodable-attachment");
      continue;
    }
    const secrecyOfDocument = secrecyOf(document);
    // A level that no list has is nobody's to guess: the officer looks.
    if (secrecyOfDocument === null) problems.add("sensitivity-header");
    mark(secrecyOfDocument ?? "normal", "xml");
    letters.push(letterOfDocument(file, document));
  }
  // The letter itself first, whose pages must not be the ones that the limit leaves out.
  for (const file of documentsOf(isPdf).sort((a, b) => rank(a) - rank(b))) {
    if (file.content === null) continue;
    const read = await readPdf.read(file.content);
    if (read.kind === "encrypted") {
      note(file.attachment, "encrypted");
      problems.add("encrypted-attachment");
    } else if (read.kind === "unreadable") {
      note(file.attachment, "unreadable");
      problems.add("pdf-unreadable");
    } else if (read.kind === "no-text") {
      note(file.attachment, "no-text");
      scans.add(file);
    } else {
      if (read.recognised) scans.add(file);
      const letter = readPdfLetter(read.pages, read.recognised);
      mark(letter.markings.secrecy, "pdf");
      const { number } = letter;
      const found = { number: number?.found.canonical ?? null, date: letter.date?.value ?? null };
      const kind = findLetterKind("", [letter.items], found.number);
      letters.push({
        file,
        source: "pdf",
        number: number && {
          value: number.found.canonical,
          printed: number.found.printed,
          confidence: number.confidence,
        },
        date: letter.date,
        subject: letter.subject,
        from: letter.from,
        to: letter.to,
        urgency: letter.markings.urgency === "normal" ? null : letter.markings.urgency,
        kind: kind ?? (letter.isStamped ? { kind: "stamped", place: "body", confidence: 0.85 } : null),
        citations: findCitations([letter.items], found),
        enclosures: findEnclosures([letter.items]),
      });
    }
  }
  const budget = { bytes: OFFICE_BYTES };
  for (const file of documentsOf(isOffice).sort((a, b) => rank(a) - rank(b))) {
    const format = officeFormat(file.attachment);
    if (file.content === null || format === null) continue;
    const text = await readOfficeDocument(file.content, format, budget);
    for (const said of [...text.margins, ...text.lines]) mark(secrecyOfLines(said), "document");
    if (text.fault !== null) {
      const [found, problem] = FAULTS[text.fault];
      note(file.attachment, found);
      problems.add(problem);
      continue;
    }
    if (text.lines.length === 0) {
      note(file.attachment, "no-text");
      scans.add(file);
      continue;
    }
    const typed = letterOfOffice(file, text, sender);
    mark(typed.secrecy, "document");
    if (typed.letter !== null) letters.push(typed.letter);
  }
  for (const file of taken) {
    if (file.content === null || !isOldWord(file.attachment)) continue;
    if (file.attachment.marks.includes("encrypted")) continue;
    note(file.attachment, "no-text");
    scans.add(file);
  }
  for (const { content } of documentsOf(({ attachment, content: held }) => isRtf(attachment, held))) {
    if (content !== null) mark(secrecyOfLines(await readRtfText(content)), "body");
  }
  for (const { attachment, content } of documentsOf(isPlainText)) {
    if (content !== null) mark(await secrecyOfText(content, isHtml(attachment)), "body");
  }
  for (const { markings } of names.values()) mark(markings.secrecy, "file-name");
  mark(markingsOfNames(attachments, MAX_NAME_DEPTH).secrecy, "file-name");
  const codeLetters = sender?.codeLetters ?? null;
  return { letters, names, scans, secrecy, problems: [...problems], codeLetters };
}

export function isPdf({ attachment, content }: LetterFile): boolean {
  if (content === null) return false;
  return attachment.detectedType === "application/pdf" || content.head.subarray(0, 1_024).includes("%PDF-");
}

function isOffice({ attachment, content }: LetterFile): boolean {
  return content !== null && officeFormat(attachment) !== null;
}

function isPlainText({ attachment, content }: LetterFile): boolean {
  if (content === null || content.sizeBytes > MAX_TEXT_BYTES) return false;
  // Nothing declares the type of a packed file.
  const { contentType, detectedType } = attachment;
  return contentType === "text/plain" || detectedType === "text/plain" || isHtml(attachment);
}

function isHtml({ contentType, detectedType }: Attachment): boolean {
  return detectedType === "text/html" || (contentType === "text/html" && detectedType === "text/plain");
}

/** As in the text of a mail: the word alone on a line, or behind its label. */
async function secrecyOfText(content: PartContent, html: boolean): Promise<Secrecy> {
  const { text } = decodeText(await content.read(), null);
  return secrecyOfLines(html ? htmlToText(text) : text);
}

function secrecyOfLines(text: string): Secrecy {
  return normaliseThai(text)
    .split("\n", MAX_TEXT_LINES)
    .map((line) => markingsOnLine(line.slice(0, 2_000)).secrecy)
    .reduce(graverSecrecy, "normal");
}

function rank({ attachment }: LetterFile): number {
  return attachment.role === "main" ? 0 : 1;
}

function note(attachment: Attachment, mark: Attachment["marks"][number]): void {
  if (!attachment.marks.includes(mark)) attachment.marks.push(mark);
}

/** What is packed in an archive that cannot be opened is still named in it. */
function markingsOfNames(attachments: readonly Attachment[], depth: number): Markings {
  if (depth === 0) return UNMARKED;
  return attachments
    .slice(0, MAX_FILES)
    .map(({ name, members }) =>
      strongest(readFileName(name, null, new Map()).markings, markingsOfNames(members, depth - 1)),
    )
    .reduce(strongest, UNMARKED);
}
