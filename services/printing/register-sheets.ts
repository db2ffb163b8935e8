import type { LineStatus } from "../shared/letter/register-line.ts";
import { type Look, writeText } from "../shared/pdf/lay-text.ts";
import { newPdfFile, pdfDate, pdfNumber, pdfText } from "../shared/pdf/pdf-file.ts";
import { addPdfFont } from "../shared/pdf/pdf-font.ts";
import { openSarabun } from "../shared/pdf/sarabun.ts";
import { cellText, inDigits } from "./printed-words.ts";
import { registerForm } from "./register-columns.ts";
import { drawClosing, drawHead, printedWords } from "./register-frame.ts";
import { CELL_PADDING, LINE_HEIGHT, PAGE, type PlacedColumn, placeColumns } from "./register-page.ts";
import type { RegisterOrder } from "./register-writer.ts";

/** The sheets of one register: header, heads of the columns, foot and number of every page, and the closing of the last. */
export interface RegisterSheets {
  readonly columns: readonly PlacedColumn[];
  readonly plain: Look;
  readonly bold: Look;
  readonly red: Look;
  /** Points left on this page. */
  room(): number;
  /** Lines of text that fit on a whole page under a bar of so many points. */
  mostRows(barPt: number): number;
  /** Takes so many points of the page, from above, and tells where they end. */
  take(heightPt: number): number;
  draw(operators: string): void;
  turn(): void;
  count(status: LineStatus): void;
  /** The bytes since the last call. */
  written(): Uint8Array;
  finish(): Uint8Array;
}

const FOOT_SIZE = 8;

export function openRegisterSheets(order: RegisterOrder): RegisterSheets {
  const file = newPdfFile();
  const regular = addPdfFont(file, openSarabun("regular"));
  const bold = addPdfFont(file, openSarabun("bold"));
  const look = (font: typeof regular, colour: string): Look => ({ font, colour });
  const looks = { plain: look(regular, "0 g"), bold: look(bold, "0 g"), red: look(bold, "0.78 0 0 rg") };
  const form = registerForm(order.header.direction, order.header.series);
  const columns = placeColumns(form.columns);
  const head = drawHead(order, form, columns, looks);
  const catalogue = file.reserve();
  const pageTree = file.reserve();
  const resources = file.reserve();
  const total = file.reserve();
  const pages: number[] = [];
  const counts: Record<LineStatus, number> = { registered: 0, reserved: 0, cancelled: 0 };
  let content: string[] = [];
  let y = 0;

  const startPage = (withColumns: boolean): void => {
    const pageWords = `หน้า ${inDigits(pages.length + 1, order.digits)} จาก `;
    content = [withColumns ? head.withColumns : head.withoutColumns];
    y = withColumns ? head.tableTop : head.columnsTop;
    const left = PAGE.right - 92;
    const width = (regular.sarabun.measure(pageWords) * head.pageWordsSize) / 1000;
    content.push(writeText(pageWords, looks.plain, head.pageWordsSize, left, head.pageWordsBaseline));
    // How many pages there are is not known yet: the number is drawn by an object that the end of the file defines.
    content.push(
      `q 1 0 0 1 ${pdfNumber(left + width)} ${pdfNumber(head.pageWordsBaseline)} cm /Total Do Q\n`,
    );
    content.push(writeText(printedWords(order), looks.plain, FOOT_SIZE, PAGE.left, PAGE.bottom - 16));
  };
  const endPage = (): void => {
    const [page, contents] = [file.reserve(), file.reserve()];
    pages.push(page);
    file.stream(contents, "", content.join(""));
    const box = `/MediaBox[0 0 ${PAGE.width} ${PAGE.height}]`;
    file.object(
      page,
      `<</Type/Page/Parent ${pageTree} 0 R${box}/Resources ${resources} 0 R/Contents ${contents} 0 R>>`,
    );
  };
  startPage(true);
  return {
    columns,
    ...looks,
    room: () => y - PAGE.bottom,
    mostRows: (barPt) => Math.floor((head.tableTop - PAGE.bottom - barPt - 2 * CELL_PADDING) / LINE_HEIGHT),
    take(heightPt) {
      y -= heightPt;
      return y;
    },
    draw: (operators) => void content.push(operators),
    turn() {
      endPage();
      startPage(true);
    },
    count(status) {
      counts[status] += 1;
    },
    written: () => file.take(),
    finish() {
      const closing = drawClosing(order, counts, looks);
      if (y - closing.heightPt < PAGE.bottom) {
        endPage();
        startPage(false);
      }
      content.push(`q 1 0 0 1 0 ${pdfNumber(y)} cm\n${closing.operators}Q\n`);
      endPage();
      const count = writeText(inDigits(pages.length, order.digits), looks.plain, head.pageWordsSize, 0, 0);
      file.stream(total, `/Type/XObject/Subtype/Form/BBox[0 -6 60 18]/Resources ${resources} 0 R`, count);
      const fonts = `/Font<<${regular.resource}${bold.resource}>>`;
      file.object(resources, `<<${fonts}/XObject<</Total ${total} 0 R>>>>`);
      regular.embed();
      bold.embed();
      const kids = pages.map((page) => `${page} 0 R`).join(" ");
      file.object(pageTree, `<</Type/Pages/Count ${pages.length}/Kids[${kids}]>>`);
      file.object(
        catalogue,
        `<</Type/Catalog/Pages ${pageTree} 0 R/Lang(th-TH)/ViewerPreferences<</DisplayDocTitle true>>>>`,
      );
      const info = file.reserve();
      const title = `${form.title} ${cellText(order.header.agencyNameThai)} ${order.header.yearBuddhist}`;
      file.object(
        info,
        `<</Title${pdfText(title)}/Author${pdfText(cellText(order.header.printedByName))}` +
          `/Producer(e-saraban mail)/CreationDate${pdfDate(order.header.printedAt)}>>`,
      );
      file.endWithTable(`/Root ${catalogue} 0 R/Info ${info} 0 R`);
      return file.take();
    },
  };
}
