import { Zip, ZipDeflate } from "fflate";
import { type Cell, type ExportColumn, exportColumns } from "./export-columns.ts";
import { bangkokLocalTime, spreadsheetTime } from "./printed-words.ts";
import { registerForm } from "./register-columns.ts";
import type { RegisterOrder, RegisterWriter } from "./register-writer.ts";

/** Order of the cell formats in STYLES. */
const STYLE = { heading: 1, text: 2, day: 3, time: 4 } as const;
/** Excel takes no longer text (specifications and limits of Excel). */
const LONGEST_CELL = 32_767;
/** Without ZIP64, which fflate does not write, a longer one would be damaged. */
const LARGEST_SHEET_BYTES = 0xffff_ffff;
/** The same content gives the same bytes; a ZIP archive has no earlier time, and it is a local one. */
const UNDATED = new Date(1980, 0, 1);

/**
 * The register as a spreadsheet (ECMA-376, SpreadsheetML), row by row: the libraries for it keep every cell in memory,
 * 30 kB a line. Texts stand as inline strings, which are never taken for formulas, and are marked as quoted, so that they
 * do not become one when somebody edits the cell. Dates are real dates and show the Buddhist year.
 */
export function writeRegisterXlsx(order: RegisterOrder): RegisterWriter {
  const { direction, series, yearBuddhist } = order.header;
  const columns = exportColumns(direction, series);
  let row = 1;
  let waiting: Uint8Array[] = [];
  const zip = new Zip((error, bytes) => {
    if (error) throw error;
    waiting.push(bytes);
  });
  const begin = (name: string, content: string): ZipDeflate => {
    const entry = new ZipDeflate(name);
    entry.mtime = UNDATED;
    zip.add(entry);
    entry.push(Buffer.from(content));
    return entry;
  };
  for (const [name, content] of Object.entries(parts(`${sheetTitle(direction, series)} ${yearBuddhist}`))) {
    begin(name, content).push(Buffer.alloc(0), true);
  }
  const sheet = begin("xl/worksheets/sheet1.xml", sheetStart(columns));
  const takeWaiting = (): Uint8Array => {
    const bytes = Buffer.concat(waiting);
    waiting = [];
    return bytes;
  };
  return {
    add(lines) {
      let rows = "";
      for (const line of lines) {
        row += 1;
        rows += rowXml(
          row,
          columns.map(({ cell }, index) => cellXml(reference(index, row), cell(line))),
        );
      }
      sheet.push(Buffer.from(rows));
      if (sheet.size > LARGEST_SHEET_BYTES) throw new Error("the sheet would be larger than 4 GB");
      return takeWaiting();
    },
    end() {
      sheet.push(Buffer.from(SHEET_END), true);
      zip.end();
      return takeWaiting();
    },
  };
}

/** Excel allows a sheet's name 31 characters and no brackets beside some signs: "ทขล.๑ 2569". */
function sheetTitle(
  direction: RegisterOrder["header"]["direction"],
  series: RegisterOrder["header"]["series"],
): string {
  const { title } = registerForm(direction, series);
  return /\((.+)\)/u.exec(title)?.[1] ?? title;
}

function sheetStart(columns: readonly ExportColumn[]): string {
  const widths = columns.map(
    ({ width }, index) => `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`,
  );
  const headings = columns.map(({ heading }, index) => textXml(reference(index, 1), heading, STYLE.heading));
  // The row of headings stays when the sheet is scrolled.
  return (
    `${XML}<worksheet xmlns="${MAIN}"><sheetViews><sheetView workbookViewId="0">` +
    `<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>` +
    `<cols>${widths.join("")}</cols><sheetData>${rowXml(1, headings)}`
  );
}

const SHEET_END = `</sheetData><pageSetup paperSize="9" orientation="landscape"/></worksheet>`;

function rowXml(row: number, cells: readonly string[]): string {
  return `<row r="${row}">${cells.join("")}</row>`;
}

function cellXml(place: string, cell: Cell): string {
  switch (cell.kind) {
    case "text":
      return cell.text === "" ? "" : textXml(place, cell.text, STYLE.text);
    case "number":
      return `<c r="${place}"><v>${cell.number}</v></c>`;
    case "day":
      return dateXml(place, cell.at, Math.floor(spreadsheetTime(cell.at)), STYLE.day);
    case "time":
      return dateXml(place, cell.at, spreadsheetTime(cell.at), STYLE.time);
  }
}

/** A spreadsheet's days begin in 1900: an older date, surely a slip, is shown as it is. */
function dateXml(place: string, at: Date, days: number, style: number): string {
  if (days < 61) return textXml(place, bangkokLocalTime(at).slice(0, 10), STYLE.text);
  return `<c r="${place}" s="${style}"><v>${days}</v></c>`;
}

function textXml(place: string, text: string, style: number): string {
  const cut = text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL - 1)}…`.toWellFormed() : text;
  return `<c r="${place}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${xmlText(cut)}</t></is></c>`;
}

/** Excel reads _x0041_ in a text as the character with that number; _x005F_ is the underscore itself (ECMA-376 §22.9.2.19). */
function xmlText(text: string): string {
  return text
    .replace(/_(?=x[0-9A-Fa-f]{4}_)/g, "_x005F_")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;");
}

/** A1, B1, … Z1, AA1. */
function reference(column: number, row: number): string {
  const first = column < 26 ? "" : String.fromCharCode(64 + Math.floor(column / 26));
  return `${first}${String.fromCharCode(65 + (column % 26))}${row}`;
}

const XML = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`;
const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
const TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/** 107041E: western digits, Buddhist calendar, Thai. The order of the formats is that of STYLE. */
const STYLES =
  `${XML}<styleSheet xmlns="${MAIN}"><numFmts count="2">` +
  `<numFmt numFmtId="164" formatCode="[$-107041E]d\\ mmm\\ yyyy"/>` +
  `<numFmt numFmtId="165" formatCode="[$-107041E]d\\ mmm\\ yyyy\\ h:mm:ss"/></numFmts>` +
  `<fonts count="2"><font><sz val="11"/><name val="Sarabun"/></font><font><b/><sz val="11"/><name val="Sarabun"/></font></fonts>` +
  `<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
  `<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
  `<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
  `<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
  `<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>` +
  `<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>` +
  `<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1"><alignment vertical="top"/></xf>` +
  `<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1"><alignment vertical="top"/></xf>` +
  `</cellXfs></styleSheet>`;

/** What a workbook needs beside its sheet (ECMA-376 part 2). */
function parts(sheetName: string): Record<string, string> {
  return {
    "[Content_Types].xml":
      `${XML}<Types xmlns="${PACKAGE}/content-types">` +
      `<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
      `<Override PartName="/xl/workbook.xml" ContentType="${TYPES}.sheet.main+xml"/>` +
      `<Override PartName="/xl/worksheets/sheet1.xml" ContentType="${TYPES}.worksheet+xml"/>` +
      `<Override PartName="/xl/styles.xml" ContentType="${TYPES}.styles+xml"/></Types>`,
    "_rels/.rels":
      `${XML}<Relationships xmlns="${PACKAGE}/relationships">` +
      `<Relationship Id="rId1" Type="${RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    "xl/workbook.xml":
      `${XML}<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}"><sheets>` +
      `<sheet name="${xmlText(sheetName)}" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    "xl/_rels/workbook.xml.rels":
      `${XML}<Relationships xmlns="${PACKAGE}/relationships">` +
      `<Relationship Id="rId1" Type="${RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>` +
      `<Relationship Id="rId2" Type="${RELATIONS}/styles" Target="styles.xml"/></Relationships>`,
    "xl/styles.xml": STYLES,
  };
}
