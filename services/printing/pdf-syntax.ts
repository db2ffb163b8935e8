/**
 * Reads the objects of a PDF that came from outside, as text of one byte a character (ISO 32000-1 §7.2, §7.3). Nothing is
 * turned into values that need not be: a dictionary's entries stay as they are written, so that they can be written again.
 * Depth and size are bounded, and nothing calls itself: a file with 200,000 open brackets ends other readers' processes.
 */

/** Why a letter's PDF cannot be stamped. */
export type PdfFault = "not-a-pdf" | "broken" | "encrypted" | "unsupported" | "too-large";

export class UnreadablePdf extends Error {
  override readonly name = "UnreadablePdf";
  readonly fault: PdfFault;
  constructor(fault: PdfFault, detail: string) {
    super(detail);
    this.fault = fault;
  }
}

const DEEPEST = 100;
const MOST_ENTRIES = 100_000;

/** Names without their slash, values as they are written. */
export type Dictionary = ReadonlyMap<string, string>;

const REFERENCE =
  /([0-9]{1,10})[\0\t\n\f\r ]{1,16}([0-9]{1,5})[\0\t\n\f\r ]{1,16}R(?![^\0\t\n\f\r ()<>[\]{}/%])/y;
const NAME = /\/[^\0\t\n\f\r ()<>[\]{}/%]*/y;
const WORD = /[^\0\t\n\f\r ()<>[\]{}/%]+/y;

/** Where the next thing begins, behind white space and comments. */
export function skipSpace(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x25) {
      while (at + 1 < text.length && text[at + 1] !== "\n" && text[at + 1] !== "\r") at++;
    } else if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 9 && code !== 0 && code !== 12) {
      break;
    }
  }
  return at;
}

/** Where the value that begins here ends: a number, name, string, array, dictionary, reference or word. */
export function skipValue(text: string, from: number): number {
  const open: string[] = [];
  let at = from;
  do {
    at = skipSpace(text, at);
    const two = text.slice(at, at + 2);
    if (two === "<<" || two[0] === "[") {
      open.push(two === "<<" ? ">>" : "]");
      if (open.length > DEEPEST) throw broken("values nested too deeply");
      at += two === "<<" ? 2 : 1;
    } else if (two === ">>" || two[0] === "]") {
      if (open.pop() !== (two === ">>" ? two : "]")) throw broken("brackets do not match");
      at += two === ">>" ? 2 : 1;
    } else if (two[0] === "(") {
      at = skipString(text, at);
    } else if (two[0] === "<") {
      at = text.indexOf(">", at) + 1;
      if (at === 0) throw broken("a string without end");
    } else {
      at = matchAt(REFERENCE, text, at) ?? matchAt(NAME, text, at) ?? matchAt(WORD, text, at) ?? -1;
      if (at < 0) throw broken("a value is missing");
    }
  } while (open.length > 0);
  return at;
}

function skipString(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === "\\") at++;
    else if (character === "(") depth++;
    else if (character === ")" && --depth === 0) return at + 1;
  }
  throw broken("a string without end");
}

function matchAt(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}

export function readDictionary(text: string, from = 0): Dictionary {
  let at = skipSpace(text, from);
  if (!text.startsWith("<<", at)) throw broken("a dictionary is missing");
  const entries = new Map<string, string>();
  for (at = skipSpace(text, at + 2); !text.startsWith(">>", at); at = skipSpace(text, at)) {
    const nameEnd = matchAt(NAME, text, at);
    if (nameEnd === null) throw broken("a name is missing");
    const start = skipSpace(text, nameEnd);
    const end = skipValue(text, start);
    entries.set(plainName(text.slice(at + 1, nameEnd)), text.slice(start, end));
    if (entries.size > MOST_ENTRIES) throw broken("too many entries");
    at = end;
  }
  return entries;
}

/** `#41` stands for the character with that number. */
function plainName(name: string): string {
  return name.replace(/#([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** A name as it is written in a file. */
export function writtenName(name: string): string {
  const escaped = name.replace(
    /[^!-~]|[#()<>[\]{}/%]/g,
    (character) => `#${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `/${escaped}`;
}

/** The elements of an array, as they are written. */
export function readArray(text: string): string[] {
  let at = skipSpace(text, 0);
  if (text[at] !== "[") throw broken("an array is missing");
  const elements: string[] = [];
  for (at = skipSpace(text, at + 1); text[at] !== "]"; at = skipSpace(text, at)) {
    const end = skipValue(text, at);
    elements.push(text.slice(at, end));
    if (elements.length > MOST_ENTRIES) throw broken("too many elements");
    at = end;
  }
  return elements;
}

/** The number of the object that a value refers to; null when it is no reference. */
export function referredNumber(value: string): number | null {
  REFERENCE.lastIndex = 0;
  const match = REFERENCE.exec(value);
  return match === null || REFERENCE.lastIndex !== value.length ? null : Number(match[1]);
}

export function broken(detail: string): UnreadablePdf {
  return new UnreadablePdf("broken", detail);
}
