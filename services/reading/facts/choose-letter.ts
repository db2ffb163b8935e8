import { findLetterNumbers } from "../../shared/letter/letter-number.ts";
import type { LetterFile } from "../attachments/letter-file.ts";
import { type ReadingProblem, STATED_CONFIDENCE } from "../reading.ts";
import type { FileLetter } from "./file-letter.ts";
import type { FoundFacts } from "./find-facts.ts";
import { type FileFacts, isPdf } from "./read-files.ts";
import { sameNumber } from "./same-number.ts";

/** Which of the files of a message is the letter. */
export interface LetterChoice {
  /** The letter itself, readable or not; null when the mail is the letter, or nothing tells. */
  readonly main: LetterFile | null;
  /** What it says: an e-CMS document before a PDF. */
  readonly letter: FileLetter | null;
  /** The PDF beside or inside an e-CMS document that says the same letter in print. */
  readonly pages: FileLetter | null;
  /** The same where it cannot be read as one: a scan, or printed before the letter had its number. */
  readonly print: LetterFile | null;
  /** The file whose name may give a number. */
  readonly named: LetterFile | null;
  /** Numbers of other letters: cited by the chosen one, or among its enclosures. */
  readonly spokenOf: readonly string[];
  readonly problems: readonly ReadingProblem[];
}

const OWN_NUMBER = 0.8;

export function chooseLetter(mail: FoundFacts, files: FileFacts): LetterChoice {
  const usable = usableFiles(mail, files);
  const letters = files.letters.filter(({ file }) => usable.has(file));
  const document = letters.find(({ source }) => source === "xml" || source === "api") ?? null;
  const problems: ReadingProblem[] = [];
  const packed =
    document === null
      ? null
      : (letters.find(
          ({ source, file }) =>
            source === "pdf" && file.attachment.role === "main" && isWithin(file, document.file),
        ) ?? null);
  const printed = packed ?? choosePrinted(mail, files, letters.filter(isWhole), document, problems);
  const letter = document ?? printed ?? chooseTyped(mail, files, letters, [...usable]);
  const main = letter?.file ?? mainByName(mail, files, [...usable]);
  // A letter whose number was written in by hand says the rest all the same.
  const blank =
    letter === null
      ? (letters.find(
          ({ file, source, subject, to }) => file === main && source !== "document" && subject && to,
        ) ?? null)
      : null;
  const chosen = letter ?? blank;
  const pages = document === null ? null : printed;
  const print = document === null || printed !== null ? null : printOf(document.file, files, [...usable]);
  // A document that cannot be read is the letter where it was first taken for it, and the mail holds none.
  const shown =
    main ?? (isTyped(mail) ? null : [...usable].find(({ attachment }) => attachment.role === "main"));
  if (shown != null && [...files.scans].some((scan) => scan === shown || scan === pages?.file)) {
    problems.push("scanned-letter");
  }
  const named = [main, ...usable].find(
    (file) =>
      file != null &&
      (file === main || files.names.get(file)?.number?.formal === true) &&
      nameTells(files, file),
  );
  const spokenOf = [chosen, pages].flatMap((each) =>
    each === null
      ? []
      : [
          ...each.citations.flatMap(({ number }) => number ?? []),
          ...each.enclosures.flatMap((text) => findLetterNumbers(text).map(({ canonical }) => canonical)),
        ],
  );
  return { main, letter: chosen, pages, print, named: named ?? null, spokenOf, problems };
}

/** Which PDF is an e-CMS document in print, where none can be read: the pages that it holds itself, else those of its name. */
function printOf(document: LetterFile, files: FileFacts, usable: readonly LetterFile[]): LetterFile | null {
  const pdfs = usable.filter(isPdf);
  const stem = stemOf(document);
  return (
    pdfs.find((file) => file.attachment.role === "main" && isWithin(file, document)) ??
    pdfs.find((file) => !namedEnclosure(files, file) && stem !== "" && stemOf(file) === stem) ??
    null
  );
}

/** What a program hands in is itself the document (partId ""): everything that came is within it. */
function isWithin({ attachment: { partId } }: LetterFile, { attachment: document }: LetterFile): boolean {
  return document.partId === "" || partId.startsWith(`${document.partId}>`);
}

function stemOf({ attachment }: LetterFile): string {
  return (attachment.name ?? "").toLowerCase().replace(/\.[a-z0-9]{1,5}$/, "");
}

function nameTells(files: FileFacts, file: LetterFile): boolean {
  return files.names.get(file)?.number != null;
}

/** Files of an attached message count where the letter is that message, or where nothing else is there. */
function usableFiles(mail: FoundFacts, files: FileFacts): Set<LetterFile> {
  const all = [...files.names.keys()].filter(({ attachment }) => !attachment.inline);
  const own = all.filter(({ forwarded }) => !forwarded);
  const passedOn = mail.facts.number === null || (mail.sources.number?.source ?? "").startsWith("forwarded");
  if (!passedOn) return new Set(own);
  const ownLetters = files.letters.some((letter) => !letter.file.forwarded && isWhole(letter));
  return new Set(ownLetters ? own : all);
}

function isWhole({ number, subject, to, source }: FileLetter): boolean {
  return (
    source === "pdf" && number !== null && number.confidence >= STATED_CONFIDENCE && (subject ?? to) !== null
  );
}

/** The PDF that is the letter, among those that are a letter: copies of other letters are enclosed too. */
function choosePrinted(
  mail: FoundFacts,
  files: FileFacts,
  letters: readonly FileLetter[],
  document: FileLetter | null,
  problems: ReadingProblem[],
): FileLetter | null {
  const stated = document?.number?.value ?? (sureNumber(mail) ? mail.facts.number : null);
  const numberOf = (letter: FileLetter): string => letter.number?.value ?? "";
  if (stated !== null) {
    const same = letters.find((letter) => sameNumber(numberOf(letter), stated));
    if (same !== undefined) return same;
  }
  let pool = letters.filter(({ file }) => !namedEnclosure(files, file));
  if (pool.length === 0 && stated === null) pool = [...letters];
  const spokenOf = [
    ...mail.citations.flatMap(({ number }) => number ?? []),
    ...mail.enclosures.flatMap((text) => findLetterNumbers(text).map(({ canonical }) => canonical)),
  ];
  pool = pool.filter((letter) => {
    const ofSender = files.codeLetters !== null && numberOf(letter).startsWith(`${files.codeLetters} `);
    if (stated === null && ofSender) return true;
    if (spokenOf.some((number) => sameNumber(number, numberOf(letter)))) return false;
    // Typed into the mail as a whole letter, it may enclose another agency's.
    return !(stated !== null && isTyped(mail) && codeOf(stated) !== codeOf(numberOf(letter)));
  });
  pool = preferred(pool, (letter) =>
    pool.every((other) => other === letter || !speaksOf(other, numberOf(letter))),
  );
  pool = preferred(pool, (letter) => codeOf(numberOf(letter)) === files.codeLetters);
  const distinct = pool.filter(
    (letter, index) => !pool.slice(0, index).some((other) => sameNumber(numberOf(other), numberOf(letter))),
  );
  if (distinct.length > 1 && stated === null) problems.push("several-numbers");
  pool = preferred(pool, ({ file }) => files.names.get(file)?.number?.formal === true);
  pool = preferred(pool, ({ file }) => file.attachment.role === "main");
  return pool[0] ?? null;
}

/**
 * The Word document that is the letter, where no pages are there that could be: the one with the number that the mail says,
 * or the only number of the sender's. Others are copies and drafts, on which nothing is built.
 */
function chooseTyped(
  mail: FoundFacts,
  files: FileFacts,
  letters: readonly FileLetter[],
  usable: readonly LetterFile[],
): FileLetter | null {
  if (isTyped(mail) || usable.some((file) => isPdf(file) && !namedEnclosure(files, file))) return null;
  const numberOf = (letter: FileLetter): string => letter.number?.value ?? "";
  const spokenOf = mail.citations.flatMap(({ number }) => number ?? []);
  const typed = letters.filter(
    (letter) =>
      letter.source === "document" &&
      !namedEnclosure(files, letter.file) &&
      !spokenOf.some((number) => sameNumber(number, numberOf(letter))) &&
      (files.codeLetters === null || codeOf(numberOf(letter)) === files.codeLetters),
  );
  const [first] = typed;
  const stated = sureNumber(mail) ? mail.facts.number : null;
  if (stated !== null) return typed.find((letter) => sameNumber(numberOf(letter), stated)) ?? null;
  const alike = typed.every((letter) => sameNumber(numberOf(letter), numberOf(first ?? letter)));
  return first !== undefined && alike ? first : null;
}

function preferred(pool: readonly FileLetter[], is: (letter: FileLetter) => boolean): FileLetter[] {
  const better = pool.filter(is);
  return better.length > 0 ? better : [...pool];
}

function speaksOf({ citations, enclosures }: FileLetter, number: string): boolean {
  return (
    citations.some((citation) => citation.number !== null && sameNumber(citation.number, number)) ||
    enclosures.some((text) => findLetterNumbers(text).some(({ canonical }) => sameNumber(canonical, number)))
  );
}

function sureNumber({ sources }: FoundFacts): boolean {
  return (sources.number?.confidence ?? 0) >= OWN_NUMBER;
}

/** The body is a whole letter, not a note that covers one. */
function isTyped({ sources }: FoundFacts): boolean {
  const inBody = (field: "date" | "subject" | "to"): boolean =>
    sources[field]?.source.endsWith("body") === true;
  return sources.number !== undefined && inBody("to") && (inBody("date") || inBody("subject"));
}

function codeOf(number: string): string {
  return number.slice(0, Math.max(0, number.indexOf(" ")));
}

function namedEnclosure({ names }: FileFacts, file: LetterFile): boolean {
  const name = names.get(file);
  return name?.enclosureNumber != null || name?.says === "enclosure";
}

/** Annex 7: the enclosures have a running number behind the name of the letter. */
function mainByName(mail: FoundFacts, files: FileFacts, usable: readonly LetterFile[]): LetterFile | null {
  const formal = usable.find(
    (file) =>
      files.names.get(file)?.number?.formal === true && files.names.get(file)?.enclosureNumber === null,
  );
  if (formal !== undefined) return formal;
  const pages = usable.filter((file) => isPdf(file) && !namedEnclosure(files, file));
  if (isTyped(mail)) {
    // The same letter signed and scanned, rather than an enclosure: named so, or the only pages there are.
    const number = mail.facts.number ?? "";
    const signed = pages.find((file) => sameNumber(files.names.get(file)?.number?.canonical ?? "", number));
    const named = pages.find((file) => files.names.get(file)?.says === "letter");
    const [only] = pages;
    return (
      signed ?? named ?? (pages.length === 1 && only !== undefined && files.scans.has(only) ? only : null)
    );
  }
  return (
    pages.find((file) => files.names.get(file)?.number != null) ??
    pages.find((file) => files.names.get(file)?.says === "letter") ??
    pages.find(({ attachment }) => attachment.role === "main") ??
    pages[0] ??
    null
  );
}
