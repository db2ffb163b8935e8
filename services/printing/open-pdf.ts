import { decodeStream } from "./pdf-streams.ts";
import {
  broken,
  type Dictionary,
  readArray,
  readDictionary,
  referredNumber,
  skipSpace,
  skipValue,
  UnreadablePdf,
} from "./pdf-syntax.ts";

/** A PDF from outside, opened as far as a stamp needs it. */
export interface OpenPdf {
  readonly trailer: Dictionary;
  /** Where the newest cross-reference section begins, and whether it is a stream. */
  readonly newestSection: number;
  readonly newestIsStream: boolean;
  /** No object has this number or a higher one. */
  readonly firstFreeNumber: number;
  /** A value as it is written, references followed to what they name; `null` for what is missing. */
  resolve(value: string | undefined): string;
}

interface Section {
  readonly entries: Map<number, Entry>;
  readonly trailer: Dictionary;
}

type Entry =
  | { readonly kind: "free" }
  | { readonly kind: "place"; readonly at: number }
  | { readonly kind: "packed"; readonly container: number };

/** Readers take no higher ones (ISO 32000-1 annex C). */
const HIGHEST_NUMBER = 8_388_607;
const MOST_SECTIONS = 500;
const MOST_OBJECTS = 1_000_000;
const MOST_UNPACKED_BYTES = 64 * 1024 * 1024;
const HEAD = /([0-9]{1,10})[\0\t\n\f\r ]{1,16}([0-9]{1,5})[\0\t\n\f\r ]{1,16}obj/y;
const TABLE_RUN = /[\0\t\n\f\r ]{0,16}([0-9]{1,10}) {1,4}([0-9]{1,10})[\t\r\n ]{1,8}/y;
const TABLE_ENTRY = /([0-9]{10}) ([0-9]{5}) ([nf])[\r\n ]{1,4}/y;

/** Throws UnreadablePdf; a file whose cross-reference table is wrong is not searched for objects, as viewers do. */
export function openPdf(bytes: Buffer): OpenPdf {
  if (!bytes.subarray(0, 5).equals(Buffer.from("%PDF-")))
    throw new UnreadablePdf("not-a-pdf", "no PDF header");
  const text = bytes.toString("latin1");
  const newestSection = startOfSection(text);
  const sections: Section[] = [];
  const waiting: number[] = [newestSection];
  const seen = new Set<number>();
  for (let place = waiting.shift(); place !== undefined; place = waiting.shift()) {
    if (seen.has(place)) continue;
    if (seen.size >= MOST_SECTIONS) throw broken("too many cross-reference sections");
    seen.add(place);
    const section = readSection(bytes, text, place);
    sections.push(section);
    // A file for old and new readers has a stream beside its table, which comes before the older sections.
    for (const name of ["XRefStm", "Prev"]) {
      const next = section.trailer.get(name);
      if (next !== undefined) waiting.push(wholeNumber(next));
    }
  }
  const [newest] = sections;
  if (newest === undefined) throw broken("no cross-reference section");
  if ((newest.trailer.get("Encrypt") ?? "null") !== "null") {
    throw new UnreadablePdf("encrypted", "the file is encrypted");
  }
  const entries = new Map<number, Entry>();
  for (const section of sections) {
    for (const [number, entry] of section.entries) if (!entries.has(number)) entries.set(number, entry);
    if (entries.size > MOST_OBJECTS) throw broken("too many objects");
  }
  let firstFreeNumber = wholeNumber(newest.trailer.get("Size") ?? "");
  for (const number of entries.keys()) firstFreeNumber = Math.max(firstFreeNumber, number + 1);
  if (firstFreeNumber > HIGHEST_NUMBER) throw broken("an object's number is too high");
  return {
    trailer: newest.trailer,
    newestSection,
    newestIsStream: newest.trailer.get("Type") === "/XRef",
    firstFreeNumber,
    resolve: resolver(bytes, text, entries),
  };
}

function startOfSection(text: string): number {
  const tail = text.slice(-2048);
  const match = /startxref[\0\t\n\f\r ]{1,16}([0-9]{1,10})/.exec(tail.slice(tail.lastIndexOf("startxref")));
  if (match === null) throw broken("no startxref at the end");
  return Number(match[1]);
}

function readSection(bytes: Buffer, text: string, place: number): Section {
  const at = skipSpace(text, place);
  return text.startsWith("xref", at) ? readTable(text, at + 4) : readStreamSection(bytes, text, at);
}

function readTable(text: string, from: number): Section {
  const entries = new Map<number, Entry>();
  let at = from;
  for (;;) {
    TABLE_RUN.lastIndex = at;
    const run = TABLE_RUN.exec(text);
    if (run === null) break;
    const first = Number(run[1]);
    at = TABLE_RUN.lastIndex;
    for (let index = 0; index < Number(run[2]); index++) {
      TABLE_ENTRY.lastIndex = at;
      const entry = TABLE_ENTRY.exec(text);
      if (entry === null || entries.size >= MOST_OBJECTS) throw broken("the cross-reference table");
      entries.set(
        first + index,
        entry[3] === "n" ? { kind: "place", at: Number(entry[1]) } : { kind: "free" },
      );
      at = TABLE_ENTRY.lastIndex;
    }
  }
  at = skipSpace(text, at);
  if (!text.startsWith("trailer", at)) throw broken("no trailer");
  const trailer = readDictionary(text, at + 7);
  if (trailer.has("XRefStm")) {
    // Such a table calls free what only new readers shall find, in the stream beside it (ISO 32000-1 §7.5.8.4).
    for (const [number, entry] of entries) if (entry.kind === "free") entries.delete(number);
  }
  return { entries, trailer };
}

function readStreamSection(bytes: Buffer, text: string, at: number): Section {
  const { value, data } = readObject(bytes, text, at, null);
  const trailer = readDictionary(value);
  if (trailer.get("Type") !== "/XRef" || data === null) throw broken("no cross-reference section");
  const rows = decodeStream(trailer, data(wholeNumber(trailer.get("Length") ?? "")));
  const widths = readArray(trailer.get("W") ?? "").map(wholeNumber);
  const [kindWidth = 0, placeWidth = 0, lastWidth = 0] = widths;
  const rowWidth = kindWidth + placeWidth + lastWidth;
  if (widths.length < 3 || rowWidth < 1 || rowWidth > 20) throw broken("the cross-reference stream");
  const runs = readArray(trailer.get("Index") ?? `[0 ${trailer.get("Size")}]`).map(wholeNumber);
  const entries = new Map<number, Entry>();
  let row = 0;
  for (let run = 0; run + 1 < runs.length; run += 2) {
    for (let index = 0; index < (runs[run + 1] ?? 0); index++, row += rowWidth) {
      if (row + rowWidth > rows.length || entries.size >= MOST_OBJECTS) {
        throw broken("the cross-reference stream");
      }
      const kind = kindWidth === 0 ? 1 : bigEndian(rows, row, kindWidth);
      const place = bigEndian(rows, row + kindWidth, placeWidth);
      const entry: Entry =
        kind === 1
          ? { kind: "place", at: place }
          : kind === 2
            ? { kind: "packed", container: place }
            : { kind: "free" };
      entries.set((runs[run] ?? 0) + index, entry);
    }
  }
  return { entries, trailer };
}

function bigEndian(bytes: Buffer, from: number, width: number): number {
  let value = 0;
  for (let at = from; at < from + width; at++) value = value * 256 + (bytes[at] ?? 0);
  return value;
}

interface ReadObject {
  readonly value: string;
  /** The bytes behind a stream's dictionary, so many of them; null for what is no stream. */
  readonly data: ((lengthBytes: number) => Buffer) | null;
}

/** @param number that the object must have; null when it may have any */
function readObject(bytes: Buffer, text: string, from: number, number: number | null): ReadObject {
  HEAD.lastIndex = skipSpace(text, from);
  const head = HEAD.exec(text);
  if (head === null || (number !== null && Number(head[1]) !== number)) {
    throw broken("an object is not where it should be");
  }
  // What is changed keeps its number; the writer knows only objects that were never deleted and made again.
  if (head[2] !== "0") throw new UnreadablePdf("unsupported", "an object of a later generation");
  const start = skipSpace(text, HEAD.lastIndex);
  const end = skipValue(text, start);
  const word = skipSpace(text, end);
  if (!text.startsWith("stream", word)) return { value: text.slice(start, end), data: null };
  const begin = word + (text[word + 6] === "\r" ? 8 : 7);
  return {
    value: text.slice(start, end),
    data: (lengthBytes) => bytes.subarray(begin, begin + lengthBytes),
  };
}

function resolver(bytes: Buffer, text: string, entries: ReadonlyMap<number, Entry>): OpenPdf["resolve"] {
  const containers = new Map<number, ReadonlyMap<number, string>>();
  let unpackedBytes = 0;
  const unpack = (number: number): ReadonlyMap<number, string> => {
    const known = containers.get(number);
    if (known !== undefined) return known;
    const entry = entries.get(number);
    if (entry?.kind !== "place") throw broken("an object stream inside another");
    const { value, data } = readObject(bytes, text, entry.at, number);
    if (data === null) throw broken("an object stream without content");
    const dictionary = readDictionary(value);
    const content = decodeStream(dictionary, data(wholeNumber(plainLength(dictionary.get("Length")))));
    unpackedBytes += content.length;
    if (unpackedBytes > MOST_UNPACKED_BYTES) throw broken("object streams too large");
    const values = packedObjects(content.toString("latin1"), dictionary);
    containers.set(number, values);
    return values;
  };
  const plainLength = (length: string | undefined): string => {
    const number = referredNumber(length ?? "");
    if (number === null) return length ?? "";
    const entry = entries.get(number);
    // Only a plain object can say how long the stream is that holds the others.
    if (entry?.kind !== "place") throw broken("the length of an object stream");
    return readObject(bytes, text, entry.at, number).value;
  };
  return (value) => {
    let current = value ?? "null";
    for (let steps = 0; steps < 20; steps++) {
      const number = referredNumber(current);
      if (number === null) return current;
      const entry = entries.get(number);
      if (entry === undefined || entry.kind === "free") return "null";
      current =
        entry.kind === "place"
          ? readObject(bytes, text, entry.at, number).value
          : (unpack(entry.container).get(number) ?? "null");
    }
    throw broken("references go in a circle");
  };
}

/** An object stream (ISO 32000-1 §7.5.7): pairs of number and place, and behind them the values. */
function packedObjects(content: string, dictionary: Dictionary): ReadonlyMap<number, string> {
  const first = wholeNumber(dictionary.get("First") ?? "");
  const pairs = content
    .slice(0, first)
    .trim()
    .split(/[\0\t\n\f\r ]+/)
    .map(wholeNumber);
  const values = new Map<number, string>();
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const start = skipSpace(content, first + (pairs[at + 1] ?? 0));
    values.set(pairs[at] ?? 0, content.slice(start, skipValue(content, start)));
  }
  return values;
}

function wholeNumber(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw broken("a number is missing");
  return Number(text);
}
