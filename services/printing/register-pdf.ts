import { dayOf } from "../shared/letter/bangkok-day.ts";
import { URGENCY_WORDS } from "../shared/letter/letter.ts";
import type { RegisterLine } from "../shared/letter/register-line.ts";
import { type LaidLine, layText, shade, stroke, writeLine, writeText } from "../shared/pdf/lay-text.ts";
import { type Digits, inDigits, longThaiDate } from "./printed-words.ts";
import { type ColumnName, columnText } from "./register-columns.ts";
import { drawColumnEdges } from "./register-frame.ts";
import { CELL_PADDING, LINE_HEIGHT, PAGE, type PlacedColumn, TEXT_SIZE } from "./register-page.ts";
import { openRegisterSheets, type RegisterSheets } from "./register-sheets.ts";
import type { RegisterOrder, RegisterWriter } from "./register-writer.ts";

/** A cell's text in lines; the lines of a cancelled entry are struck through, except those that say so. */
interface LaidCell {
  readonly column: PlacedColumn;
  readonly lines: readonly LaidLine[];
  readonly struck: boolean;
}

/**
 * The register as an office prints it for its inspector (Annex 6 §2.3): A4 on its side, the columns of the form, a line
 * for each day of registration. Takes the lines in the order of their numbers and keeps none of them: a page is written
 * as soon as it is full, and only the end of the file says how many there are.
 */
export function writeRegisterPdf(order: RegisterOrder): RegisterWriter {
  const sheets = openRegisterSheets(order);
  const known = new Map<string, LaidLine[]>();
  const dayHeight = LINE_HEIGHT + 2;
  let day: number | null = null;
  let dayWords = "";
  const drawDay = (continued: boolean): void => {
    const words = continued ? `${dayWords} (ต่อ)` : dayWords;
    const bottom = sheets.take(dayHeight);
    sheets.draw(shade(PAGE.left, bottom, PAGE.right, bottom + dayHeight));
    sheets.draw(writeText(words, sheets.bold, TEXT_SIZE, PAGE.left + CELL_PADDING, bottom + 4.2));
    const top = bottom + dayHeight;
    for (const y of [top, bottom]) sheets.draw(stroke(PAGE.left, y, PAGE.right, y, 0.25));
    for (const x of [PAGE.left, PAGE.right]) sheets.draw(stroke(x, top, x, bottom, 0.25));
  };
  const turnPage = (): void => {
    sheets.turn();
    drawDay(true);
  };
  const add = (line: RegisterLine): void => {
    const cells = layCells(sheets, line, order.digits, known);
    const rows = Math.max(1, ...cells.map(({ lines }) => lines.length));
    const today = dayOf(line.registeredAt.getTime());
    // A day's name never stands alone at the foot of a page.
    const least = rowHeight(Math.min(rows, sheets.mostRows(dayHeight)));
    if (today !== day) {
      day = today;
      dayWords = inDigits(`วันที่ ${longThaiDate(line.registeredAt)}`, order.digits);
      if (sheets.room() < dayHeight + least) sheets.turn();
      drawDay(false);
    } else if (sheets.room() < least) {
      turnPage();
    }
    for (let from = 0; from < rows; ) {
      const fitting = Math.floor((sheets.room() - 2 * CELL_PADDING) / LINE_HEIGHT);
      const to = Math.min(rows, from + Math.max(1, fitting));
      drawRow(sheets, cells, from, to);
      from = to;
      if (from < rows) turnPage();
    }
  };
  return {
    add(lines) {
      for (const line of lines) {
        add(line);
        sheets.count(line.status);
      }
      return sheets.written();
    },
    end: () => sheets.finish(),
  };
}

function rowHeight(rows: number): number {
  return rows * LINE_HEIGHT + 2 * CELL_PADDING;
}

/** Names of agencies and units come again and again; the bound is for a register in which they do not. */
const MOST_REMEMBERED = 2_000;
/** What seldom comes twice is not remembered. */
const UNIQUE: ReadonlySet<ColumnName> = new Set(["number", "letterNumber", "subject"]);

function layCells(
  sheets: RegisterSheets,
  line: RegisterLine,
  digits: Digits,
  known: Map<string, LaidLine[]>,
): LaidCell[] {
  return sheets.columns.map((column) => {
    const text = columnText(column.name, line, digits);
    // ชั้นความเร็ว is marked in red, as on the letter itself.
    const urgency = column.name === "subject" && line.urgency !== "normal" ? URGENCY_WORDS[line.urgency] : "";
    const key = `${column.name} ${urgency} ${text}`;
    let lines = known.get(key);
    if (lines === undefined) {
      const runs = [
        { text: urgency === "" ? "" : `${urgency} `, style: sheets.red },
        { text, style: sheets.plain },
      ];
      lines = layText(runs, TEXT_SIZE, column.innerWidth);
      if (known.size >= MOST_REMEMBERED) known.clear();
      if (!UNIQUE.has(column.name)) known.set(key, lines);
    }
    return { column, lines, struck: line.status === "cancelled" && column.name !== "remarks" };
  });
}

/** Lines `from` to `to` (not included) of an entry: all of them, or what fits of one that is longer than a page. */
function drawRow(sheets: RegisterSheets, cells: readonly LaidCell[], from: number, to: number): void {
  const height = rowHeight(to - from);
  const bottom = sheets.take(height);
  for (const { column, lines, struck } of cells) {
    const left = column.left + CELL_PADDING;
    for (const [index, line] of lines.slice(from, to).entries()) {
      const baseline = bottom + height - CELL_PADDING - LINE_HEIGHT * (index + 1) + 3.6;
      sheets.draw(writeLine(line, TEXT_SIZE, left, baseline));
      if (!struck) continue;
      const middle = baseline + TEXT_SIZE * 0.3;
      sheets.draw(stroke(left, middle, left + line.widthPt, middle, 0.7));
    }
  }
  sheets.draw(drawColumnEdges(sheets.columns, bottom + height, bottom));
  sheets.draw(stroke(PAGE.left, bottom, PAGE.right, bottom, 0.25));
}
