import type { PdfFault, PdfLine, PdfPage, PdfRead } from "./read-pdf.ts";

const FAULTS: readonly PdfFault[] = ["damaged", "too-large", "too-slow", "too-much-memory", "crashed"];
const ZONES: readonly string[] = ["top", "middle", "bottom"];
const MAX_PAGES = 100;
const MAX_LINES = 10_000;

type Unknown = Readonly<Record<string, unknown>>;

/**
 * What the reading process says of a file, checked: a hostile file may have taken that process over.
 * @returns null when it is no answer
 */
export function readAnswer(line: string): PdfRead | null {
  const said = parse(line);
  if (said === null) return null;
  const { kind, why, pageCount, pages, cut, recognised } = said;
  if (kind === "encrypted") return { kind };
  if (kind === "unreadable") return isFault(why) ? { kind, why } : null;
  if (typeof pageCount !== "number" || !Number.isSafeInteger(pageCount) || pageCount < 0) return null;
  if (kind === "no-text") return { kind, pageCount };
  if (kind !== "text" || typeof cut !== "boolean" || typeof recognised !== "boolean") return null;
  if (!Array.isArray(pages) || pages.length > MAX_PAGES) return null;
  const read: PdfPage[] = [];
  for (const page of pages) {
    const checked = pageOf(page);
    if (checked === null) return null;
    read.push(checked);
  }
  return { kind, pageCount, pages: read, cut, recognised };
}

function parse(line: string): Unknown | null {
  try {
    return record(JSON.parse(line));
  } catch {
    return null;
  }
}

function record(value: unknown): Unknown | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Unknown) : null;
}

function isFault(why: unknown): why is PdfFault {
  return FAULTS.includes(why as PdfFault);
}

function pageOf(value: unknown): PdfPage | null {
  const page = record(value);
  if (page === null) return null;
  const { number, lines } = page;
  if (typeof number !== "number" || !Array.isArray(lines) || lines.length > MAX_LINES) return null;
  const read: PdfLine[] = [];
  for (const line of lines) {
    const checked = lineOf(line);
    if (checked === null) return null;
    read.push(checked);
  }
  return { number, lines: read };
}

function lineOf(value: unknown): PdfLine | null {
  const line = record(value);
  if (line === null) return null;
  const { text, zone, at, left, sizePt, red } = line;
  if (typeof text !== "string" || typeof red !== "boolean" || !ZONES.includes(zone as string)) return null;
  if (typeof at !== "number" || typeof left !== "number" || typeof sizePt !== "number") return null;
  return { text, zone: zone as PdfLine["zone"], at, left, sizePt, red };
}
