import {
  type Markings,
  markingsAfterLabels,
  readMarkingWords,
  strongest,
  UNMARKED,
} from "../../shared/letter/classification.ts";
import type { PdfLine, PdfPage } from "../pdf/read-pdf.ts";

const MAX_SEGMENTS = 8;
const WRAPPED_CHARACTERS = 30;
const LISTED = /^(?:เรื่อง|เรียน|ถึง|อ้างถึง|สิ่งที่ส่งมาด้วย)/u;
// Each page of a classified letter is counted beside its marking, and each copy: ลับ หน้า ๑ ของ ๒ หน้า ชุดที่ ๑ ของ ๕ ชุด.
const COUNTED_BEHIND = /^(ลับ(?:มาก|ที่สุด)?)[\s\-–(]{1,4}(?:หน้า|ชุด|ฉบับ|สำเนา|เลขที่|แผ่น)/u;
const COUNTED_BEFORE = /^(?:หน้า|ชุด|ฉบับ|สำเนา|แผ่น)[^\n]{1,40}[0-9๐-๙ดบาน)][\s\-–]{1,4}(ลับ(?:มาก|ที่สุด)?)$/u;
// A line that is nothing but the label of the forms and one level; a list of levels is none.
const LABELLED = /^(?:ชั้น|ระดับ|ประเภท){1,2}ความลับ(?:ของ(?:หนังสือ|เอกสาร))? ?[:：=][ \t]?(ลับ(?: ?มาก| ?ที่สุด)?)$/u;

/**
 * The markings printed on the pages of a document, of whatever it is the text: a word of secrecy at the top or bottom of
 * any page, or standing alone on it; of urgency on the first page only, as further pages belong to enclosures.
 */
export function findPdfMarkings(pages: readonly PdfPage[]): Markings {
  let markings: Markings = UNMARKED;
  for (const page of pages) {
    for (const [index, line] of page.lines.entries()) {
      const found = markingsOfLine(line, page.lines[index - 1]);
      markings = strongest(markings, page.number === 1 ? found : { ...found, urgency: "normal" });
    }
  }
  return markings;
}

function markingsOfLine(line: PdfLine, above: PdfLine | undefined): Markings {
  if (line.text.length > 300) return UNMARKED;
  const alone = readMarkingWords(line.text);
  const segments = line.text.split("\t", MAX_SEGMENTS);
  const labelled = LABELLED.exec(line.text)?.[1];
  if (labelled !== undefined) return readMarkingWords(labelled) ?? UNMARKED;
  if (line.zone === "middle") {
    // A table of the levels names them all; a marking names one.
    if (alone === null || wraps(line, above) || (segments.length > 1 && new Set(segments).size > 1))
      return UNMARKED;
    return alone;
  }
  if (alone !== null) return wraps(line, above) ? UNMARKED : alone;
  // Beside a page number, an emblem's words, or what stands in the other column.
  let markings = markingsAfterLabels(line.text);
  for (const segment of segments) {
    const counted = COUNTED_BEHIND.exec(segment)?.[1] ?? COUNTED_BEFORE.exec(segment)?.[1];
    markings = strongest(markings, readMarkingWords(counted ?? segment) ?? UNMARKED);
  }
  return markings;
}

/**
 * Whether a line is the last word of what stands above it (… ดำเนินการโดย / ด่วน): in its letters, right below its full line,
 * at its margin or at that of a list's items.
 */
export function wraps(line: PdfLine, above: PdfLine | undefined): boolean {
  return (
    above !== undefined &&
    !line.red &&
    line.sizePt <= above.sizePt * 1.15 &&
    line.left < 0.4 &&
    line.left <= above.left + (LISTED.test(above.text) ? 0.25 : 0.02) &&
    above.text.length >= WRAPPED_CHARACTERS &&
    !above.text.includes("\t") &&
    line.at - above.at < 0.045
  );
}
