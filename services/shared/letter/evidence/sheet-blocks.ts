import { type LaidLine, type Look, layText, stroke, writeLine } from "../../pdf/lay-text.ts";
import type { PdfFont } from "../../pdf/pdf-font.ts";

/** A4 upright, points; y runs upwards. */
export const SHEET = { width: 595.28, height: 841.89 } as const;
export const EDGE = { left: 56.7, right: 538.6, top: 800, bottom: 36 } as const;
export const WIDTH = EDGE.right - EDGE.left;

export interface SheetFonts {
  readonly regular: PdfFont;
  readonly bold: PdfFont;
}

/** What is remembered from one receipt to the next. */
export interface Remembered {
  readonly regular: { holds(text: string): boolean };
  readonly bold: { holds(text: string): boolean };
  readonly laid: Map<string, readonly LaidLine[]>;
}

/** A part of the page: so high, drawn beneath `top`. */
export interface Block {
  readonly height: number;
  draw(top: number): string;
}

/** A long name or reason must not push the rest off the page; the attached document has it in full. */
const MOST_LINES = 3;

/** At most so many lines; of a longer text the last one ends in "…". */
export function layShort(
  text: string,
  look: Look,
  size: number,
  width: number,
  mostLines = MOST_LINES,
): LaidLine[] {
  const lines = layText([{ text, style: look }], size, width);
  if (lines.length <= mostLines) return lines;
  const mark = layText([{ text: "…", style: look }], size, width)[0] as LaidLine;
  const last = lines[mostLines - 1] as LaidLine;
  return [
    ...lines.slice(0, mostLines - 1),
    { operators: `${last.operators} ${mark.operators}`, widthPt: last.widthPt + mark.widthPt },
  ];
}

/** Lines of this many texts are remembered, should agencies by the thousand be served. */
const MOST_REMEMBERED = 2_000;

/** The same for words that come again on the next receipt. */
export function layOften(
  text: string,
  look: Look,
  size: number,
  width: number,
  { regular, bold, laid }: Remembered,
): readonly LaidLine[] {
  const { face } = look.font.sarabun;
  const key = `${face} ${look.colour} ${size} ${width} ${text}`;
  const known = laid.get(key);
  if (known !== undefined) return known;
  const lines = layShort(text, look, size, width);
  // What a second font had to show is good in this one file alone.
  if (!(face === "bold" ? bold : regular).holds(text)) return lines;
  if (laid.size >= MOST_REMEMBERED) laid.clear();
  laid.set(key, lines);
  return lines;
}

/** In parts of the size: lines stand far enough apart for a tone mark over a vowel. */
const LINE = 1.42;
const BASELINE = 1.07;

export function paragraph(
  lines: readonly LaidLine[],
  size: number,
  leftOf: (line: LaidLine) => number,
): Block {
  return {
    height: lines.length * size * LINE,
    draw: (top) =>
      lines
        .map((line, index) => writeLine(line, size, leftOf(line), top - size * (LINE * index + BASELINE)))
        .join(""),
  };
}

/** A label, what it names beside it, and a thin line beneath both. */
export function tableRow(
  label: readonly LaidLine[],
  value: readonly LaidLine[],
  valuesAt: number,
  size: number,
): Block {
  const left = paragraph(label, size, () => EDGE.left);
  const right = paragraph(value, size, () => EDGE.left + valuesAt);
  const height = Math.max(left.height, right.height) + size * 0.16;
  return {
    height,
    draw: (top) =>
      `0.8 G ${stroke(EDGE.left, top - height, EDGE.right, top - height, 0.3)}0 G ${left.draw(top)}${right.draw(top)}`,
  };
}

export function rule(widthPt: number): Block {
  return { height: widthPt, draw: (top) => stroke(EDGE.left, top, EDGE.right, top, widthPt) };
}

export function gap(height: number): Block {
  return { height, draw: () => "" };
}

export function frame(left: number, bottom: number, right: number, top: number): string {
  return [
    stroke(left, bottom, right, bottom, 0.5),
    stroke(left, top, right, top, 0.5),
    stroke(left, bottom, left, top, 0.5),
    stroke(right, bottom, right, top, 0.5),
  ].join("");
}
