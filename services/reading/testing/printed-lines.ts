import { normaliseThai } from "../../shared/letter/thai-text.ts";
import type { PdfLine } from "../pdf/read-pdf.ts";

/** The lines that a page printed like this text would have: three spaces are a gap between columns. */
export function linesOfText(text: string): PdfLine[] {
  const lines = normaliseThai(text).split("\n");
  return lines.flatMap((line, index): PdfLine[] => {
    const shown = line
      .trim()
      .replace(/\s{3,}/gu, "\t")
      .replace(/ {2}/gu, " ");
    if (shown === "") return [];
    const at = index / Math.max(lines.length, 40);
    const zone = at < 0.12 ? "top" : at > 0.88 ? "bottom" : "middle";
    const left = Math.min(0.95, 0.1 + line.search(/\S/u) / 90);
    return [{ text: shown, zone, at, left, sizePt: 16, red: false }];
  });
}
