import type { LineStatus } from "../shared/letter/register-line.ts";
import { thaiDateTime } from "../shared/letter/stamp.ts";
import { type Look, layText, shade, stroke, writeCentred, writeLine } from "../shared/pdf/lay-text.ts";
import { cellText, inDigits } from "./printed-words.ts";
import { type RegisterForm, STATUS_WORDS } from "./register-columns.ts";
import { CELL_PADDING, LINE_HEIGHT, PAGE, type PlacedColumn, TEXT_SIZE } from "./register-page.ts";
import type { RegisterOrder } from "./register-writer.ts";

export interface Looks {
  readonly plain: Look;
  readonly bold: Look;
}

/** What every page begins with; drawn once and written on each. */
export interface Head {
  readonly withColumns: string;
  readonly withoutColumns: string;
  /** Where the heads of the columns begin, and where the first entry does. */
  readonly columnsTop: number;
  readonly tableTop: number;
  readonly pageWordsSize: number;
  readonly pageWordsBaseline: number;
}

const TITLE_SIZE = 15;
const AGENCY_SIZE = 12;
const PERIOD_SIZE = 10;

export function drawHead(
  order: RegisterOrder,
  form: RegisterForm,
  columns: readonly PlacedColumn[],
  looks: Looks,
): Head {
  const { agencyNameThai, yearBuddhist, periodWords } = order.header;
  const year = `ประจำปี พ.ศ. ${inDigits(yearBuddhist, order.digits)}`;
  const facts = `${form.seriesWords} ${year} ${inDigits(cellText(periodWords), order.digits)}`;
  const middle = (PAGE.left + PAGE.right) / 2;
  let y: number = PAGE.top;
  let words = "";
  const centre = (text: string, look: Look, size: number): void => {
    // Room is left for the page number at both sides, and three lines for any name.
    for (const line of layText([{ text, style: look }], size, PAGE.right - PAGE.left - 200).slice(0, 3)) {
      y -= size * 1.4;
      words += writeLine(line, size, middle - line.widthPt / 2, y + size * 0.3);
    }
  };
  centre(form.title, looks.bold, TITLE_SIZE);
  const pageWordsBaseline = y + TITLE_SIZE * 0.3;
  centre(cellText(agencyNameThai), looks.bold, AGENCY_SIZE);
  centre(facts, looks.plain, PERIOD_SIZE);
  const columnsTop = y - 4;
  const heads = drawColumnHeads(columns, looks.bold, columnsTop);
  return {
    withColumns: words + heads.operators,
    withoutColumns: words,
    columnsTop,
    tableTop: heads.bottom,
    pageWordsSize: PERIOD_SIZE,
    pageWordsBaseline,
  };
}

function drawColumnHeads(
  columns: readonly PlacedColumn[],
  look: Look,
  top: number,
): { operators: string; bottom: number } {
  const heads = columns.map((column) => ({
    column,
    lines: layText([{ text: column.heading, style: look }], TEXT_SIZE, column.innerWidth),
  }));
  const rows = Math.max(...heads.map(({ lines }) => lines.length));
  const bottom = top - rows * LINE_HEIGHT - 2 * CELL_PADDING;
  let operators = shade(PAGE.left, bottom, PAGE.right, top);
  for (const { column, lines } of heads) {
    const spare = (rows - lines.length) * LINE_HEIGHT;
    for (const [index, line] of lines.entries()) {
      const left = (column.left + column.right - line.widthPt) / 2;
      const baseline = top - CELL_PADDING - spare / 2 - LINE_HEIGHT * (index + 1) + 3.6;
      operators += writeLine(line, TEXT_SIZE, left, baseline);
    }
  }
  operators +=
    stroke(PAGE.left, top, PAGE.right, top, 0.7) + stroke(PAGE.left, bottom, PAGE.right, bottom, 0.7);
  return { operators: operators + drawColumnEdges(columns, top, bottom), bottom };
}

/** The upright lines between the columns and at both sides. */
export function drawColumnEdges(columns: readonly PlacedColumn[], top: number, bottom: number): string {
  const edges = [PAGE.left, ...columns.map(({ right }) => right)];
  return edges.map((x) => stroke(x, top, x, bottom, 0.25)).join("");
}

/** Stands at the foot of every page: who answers for the print, and how old it is. */
export function printedWords(order: RegisterOrder): string {
  const at = inDigits(thaiDateTime(order.header.printedAt), order.digits);
  return cellText(`ผู้พิมพ์ ${order.header.printedByName} พิมพ์เมื่อ ${at}`);
}

const CLOSING_HEIGHT = 112;
const DOTS = ".".repeat(56);

/**
 * What ends the register: how many entries there are, and where the officer who printed it and the one who inspects it
 * sign (Annex 6 §2.3). Its origin is the left end of its upper edge.
 */
export function drawClosing(
  order: RegisterOrder,
  counts: Readonly<Record<LineStatus, number>>,
  looks: Looks,
): { heightPt: number; operators: string } {
  const { registered, reserved, cancelled } = counts;
  const all = registered + reserved + cancelled;
  const statuses = (["registered", "reserved", "cancelled"] as const).map(
    (status) => `${STATUS_WORDS[status]} ${counts[status]}`,
  );
  const sum = all === 0 ? "ไม่มีรายการ" : `รวม ${all} รายการ (${statuses.join(" ")})`;
  const name = cellText(order.header.printedByName);
  const at = thaiDateTime(order.header.printedAt);
  const left = (PAGE.left * 3 + PAGE.right) / 4;
  const right = (PAGE.left + PAGE.right * 3) / 4;
  const write = (text: string, middle: number, row: number): string =>
    writeCentred(inDigits(text, order.digits), looks.plain, TEXT_SIZE, middle, -18 - row * 17);
  const operators = [
    writeCentred(inDigits(sum, order.digits), looks.bold, TEXT_SIZE, (left + right) / 2, -18),
    write(`ลงชื่อ ${DOTS} ผู้พิมพ์`, left, 2),
    write(`(${name})`, left, 3),
    write(`พิมพ์เมื่อ ${at}`, left, 4),
    write(`ลงชื่อ ${DOTS} ผู้ตรวจ`, right, 2),
    write(`(${DOTS})`, right, 3),
    write(`ตำแหน่ง ${DOTS}`, right, 4),
    write(`วันที่ ${DOTS}`, right, 5),
  ];
  return { heightPt: CLOSING_HEIGHT, operators: operators.join("") };
}
