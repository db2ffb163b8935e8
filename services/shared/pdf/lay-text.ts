import { breakLines, type Line } from "./break-lines.ts";
import { pdfNumber } from "./pdf-file.ts";
import type { PdfFont } from "./pdf-font.ts";

/** How a stretch of text looks. */
export interface Look {
  readonly font: PdfFont;
  /** Operator that sets the colour: `0 g` black, `0.8 0 0 rg` red. */
  readonly colour: string;
}

/** A line of text, ready to be written anywhere. */
export interface LaidLine {
  readonly operators: string;
  readonly widthPt: number;
}

/** Breaks a text into lines no wider than so many points. */
export function layText(
  runs: readonly { text: string; style: Look }[],
  sizePt: number,
  widthPt: number,
): LaidLine[] {
  const measure = (word: string, look: Look): number => look.font.sarabun.measure(word);
  return breakLines(runs, (widthPt * 1000) / sizePt, measure).map((line) => layLine(line, sizePt));
}

function layLine(line: Line<Look>, sizePt: number): LaidLine {
  return {
    operators: line.map(({ text, style }) => `${style.colour} ${style.font.show(text)}`).join(" "),
    widthPt: line.reduce((sum, { text, style }) => sum + style.font.sarabun.measure(text) * sizePt, 0) / 1000,
  };
}

/** Operators that write a line with its baseline's left end at x, y. */
export function writeLine(line: LaidLine, sizePt: number, x: number, y: number): string {
  const size = pdfNumber(sizePt);
  return `BT ${size} 0 0 ${size} ${pdfNumber(x)} ${pdfNumber(y)} Tm ${line.operators} ET\n`;
}

export function writeText(text: string, look: Look, sizePt: number, x: number, y: number): string {
  return writeLine(layLine([{ text, style: look }], sizePt), sizePt, x, y);
}

export function writeCentred(text: string, look: Look, sizePt: number, middle: number, y: number): string {
  const line = layLine([{ text, style: look }], sizePt);
  return writeLine(line, sizePt, middle - line.widthPt / 2, y);
}

/** A thin black stroke. */
export function stroke(x1: number, y1: number, x2: number, y2: number, widthPt: number): string {
  return `${pdfNumber(widthPt)} w ${pdfNumber(x1)} ${pdfNumber(y1)} m ${pdfNumber(x2)} ${pdfNumber(y2)} l S\n`;
}

/** A grey area, drawn before what stands on it. */
export function shade(x1: number, y1: number, x2: number, y2: number): string {
  return `0.92 g ${pdfNumber(x1)} ${pdfNumber(y1)} ${pdfNumber(x2 - x1)} ${pdfNumber(y2 - y1)} re f\n`;
}
