import { stringify } from "csv-stringify/sync";
import { type Cell, exportColumns } from "./export-columns.ts";
import { bangkokLocalTime } from "./printed-words.ts";
import type { RegisterOrder, RegisterWriter } from "./register-writer.ts";

/**
 * The register as comma-separated values (RFC 4180) in UTF-8, with the byte order mark without which Excel takes Thai for
 * another charset. Dates are C.E. and ISO, times in Asia/Bangkok, so that programs read them: a Buddhist year in that form
 * would be taken for the year 2569.
 */
export function writeRegisterCsv(order: RegisterOrder): RegisterWriter {
  const columns = exportColumns(order.header.direction, order.header.series);
  let started = false;
  const write = (rows: readonly (readonly string[])[]): Uint8Array => {
    // A subject such as =HYPERLINK(…) is a text and must stay one when a spreadsheet opens the file.
    const text = stringify([...rows], { bom: !started, escape_formulas: true, record_delimiter: "windows" });
    started = true;
    return Buffer.from(text);
  };
  const headings = columns.map(({ heading }) => heading);
  return {
    add(lines) {
      const rows = lines.map((line) => columns.map(({ cell }) => csvText(cell(line))));
      return write(started ? rows : [headings, ...rows]);
    },
    end: () => (started ? new Uint8Array(0) : write([headings])),
  };
}

function csvText(cell: Cell): string {
  switch (cell.kind) {
    case "text":
      return cell.text;
    case "number":
      return String(cell.number);
    case "day":
      return bangkokLocalTime(cell.at).slice(0, 10);
    case "time":
      return bangkokLocalTime(cell.at);
  }
}
