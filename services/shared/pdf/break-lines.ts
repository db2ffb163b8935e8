import { clustersOf } from "./sarabun.ts";

/** A stretch of text of one look; S says which. */
export interface Run<S> {
  readonly text: string;
  readonly style: S;
}

/** The runs of one line; the spaces at its end are left out. */
export type Line<S> = Run<S>[];

/** How wide a word is, in the unit of the line's width. Called once for each word of a text: remember what it costs. */
export type Measure<S> = (word: string, style: S) => number;

const words = new Intl.Segmenter("th", { granularity: "word" });

// Words that must not be parted: a new line begins with a Thai letter or an opening bracket, never with ๆ ฯ ) or a mark,
// and never after an abbreviation's dot, an opening bracket or a digit's dot.
const MAY_BEGIN = /^[ก-ฮฤฦเ-ไ([{“‘"]/u;
const MAY_END = /[ก-ฮะ-ฺเ-๎ฯๆ0-9๐-๙)\]}”’"\-–/,;:!?]$/u;
// A lone consonant is a piece of an abbreviation that the dictionary does not know (กค, สปน), seldom a word (ณ).
const LONE = /^[ก-ฮ]$/u;
// A number stays with the word that says what it counts: พ.ศ. 2569, ครั้งที่ 3, ข้อ 29, กค 0402/ว 119.
const SPACE = / (?![0-9๐-๙])|(?<!พ\.ศ\.|ค\.ศ\.|ที่|ข้อ|มาตรา|\/ว) /u;
const THAI = /[ก-๎]/u;
// The segmenter knows no word with ฯ behind it: ประชุมฯ would become ประ and ชุมฯ.
const SIGN = /(?<=[ฯๆ])(?![ฯๆ])|(?<![ฯๆ])(?=[ฯๆ])/u;
const LEADING_VOWEL = /^[เ-ไ]$/u;

/**
 * Breaks a text into lines as Thai is broken: between words, which are written without spaces. A word longer than a line
 * is cut between consonants, never before a mark or SARA AM and never after a leading vowel.
 * @param runs one after the other in the same lines; their text without line breaks and control characters
 */
export function breakLines<S>(runs: readonly Run<S>[], width: number, measure: Measure<S>): Line<S>[] {
  const lines: Line<S>[] = [];
  let line: Line<S> = [];
  let used = 0;
  // A space is written when a word follows it in the same line.
  let space: { run: Run<S>; width: number } | null = null;
  const put = (text: string, style: S, wordWidth: number): void => {
    const last = line.at(-1);
    if (last !== undefined && last.style === style) line[line.length - 1] = { text: last.text + text, style };
    else line.push({ text, style });
    used += wordWidth;
  };
  const startLine = (): void => {
    lines.push(line);
    line = [];
    used = 0;
    space = null;
  };
  for (const { text, style } of runs) {
    for (const unit of unbreakables(text)) {
      if (unit === " ") {
        if (line.length > 0) space = { run: { text: " ", style }, width: measure(" ", style) };
        continue;
      }
      const unitWidth = measure(unit, style);
      const before: number = used + (space?.width ?? 0);
      if (line.length > 0 && before + unitWidth > width) startLine();
      if (space !== null) put(space.run.text, space.run.style, space.width);
      space = null;
      if (unitWidth <= width) {
        put(unit, style, unitWidth);
        continue;
      }
      for (const piece of smallestPieces(unit)) {
        const pieceWidth = measure(piece, style);
        if (line.length > 0 && used + pieceWidth > width) startLine();
        put(piece, style, pieceWidth);
      }
    }
  }
  if (line.length > 0) lines.push(line);
  return lines;
}

/** Spaces, and between them what no line end may part. */
export function unbreakables(text: string): string[] {
  const units: string[] = [];
  for (const stretch of text.split(SPACE)) {
    if (units.length > 0 && units.at(-1) !== " ") units.push(" ");
    let unit = "";
    for (const word of THAI.test(stretch) ? stretch.split(SIGN).flatMap(thaiWords) : [stretch]) {
      if (unit !== "" && mayPart(unit, word)) {
        units.push(unit);
        unit = word;
      } else {
        unit += word;
      }
    }
    if (unit !== "") units.push(unit);
  }
  return units;
}

function mayPart(before: string, after: string): boolean {
  return MAY_END.test(before) && MAY_BEGIN.test(after) && !LONE.test(before) && !LONE.test(after);
}

function thaiWords(stretch: string): string[] {
  return Array.from(words.segment(stretch), ({ segment }) => segment);
}

function smallestPieces(unit: string): string[] {
  const pieces: string[] = [];
  for (const cluster of clustersOf(unit)) {
    const last = pieces.at(-1);
    if (last !== undefined && LEADING_VOWEL.test(last)) pieces[pieces.length - 1] = last + cluster;
    else pieces.push(cluster);
  }
  return pieces;
}
