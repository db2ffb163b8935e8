import { createWriteStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import { findInstallation } from "./installation.ts";
import { onRecord } from "./operator-log.ts";
import { linesInOrder, orderOf, readRange } from "./printing/make-print.ts";
import { printRegister } from "./printing/print-register.ts";
import { findBook, type PrintOrder, rangeOf } from "./printing/print-store.ts";
import { drawStampFile, stampFault, stampOf } from "./printing/stamp-file.ts";
import { stampLetterApart } from "./printing/stamp-letter-apart.ts";
import { PRINT_FORMATS, type PrintFormat } from "./shared/letter/print-order.ts";
import { bangkokYear, christianYear } from "./shared/letter/stamp.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { parseThaiDate } from "./shared/letter/thai-date.ts";
import { type Acting, inTransaction, type Kysely, openDatabase } from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings } from "./shared/runtime/settings.ts";

const USE = `use: print BOOK --out FILE [--year B.E.] [--from DATE --to DATE] [--digits thai] [--by "ชื่อ สกุล"]  (.pdf, .xlsx, .csv)
       print BOOK --stamp NUMBER --out FILE [--year B.E.] [--on LETTER.pdf]  (.svg, .png, .pdf)
     BOOK is AGENCY.inbound.ordinary, AGENCY.outbound.ordinary or AGENCY.outbound.circular`;

/** `saraban print BOOK --out FILE`: the register of a year or a period, or the receive stamp of a line. */
export const run: RunCommand = async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      out: { type: "string" },
      year: { type: "string" },
      from: { type: "string" },
      to: { type: "string" },
      digits: { type: "string" },
      by: { type: "string" },
      stamp: { type: "string" },
      on: { type: "string" },
    },
    allowPositionals: true,
  });
  const wrong = (what: string): number => {
    process.stderr.write(`saraban print: ${what}\n${USE}\n`);
    return 64;
  };
  const { out, digits = "arabic" } = values;
  const [bookId = "", ...more] = positionals;
  if (out === undefined || bookId === "" || more.length > 0) return wrong("say which book and where to");
  const format = formatOf(out, values.stamp !== undefined);
  if (format === undefined)
    return wrong("the file's name says the form: .pdf, .xlsx, .csv; a stamp .svg, .png, .pdf");
  if (digits !== "arabic" && digits !== "thai") return wrong("--digits is arabic or thai");
  const year = values.year === undefined ? bangkokYear(new Date()) : christianYear(Number(values.year));
  const number = values.stamp === undefined ? null : Number(values.stamp);
  const [from, to] = [values.from, values.to].map((text) =>
    text === undefined ? null : parseThaiDate(text),
  );
  if (!Number.isInteger(year) || year < 1900 || year > 2200) return wrong("--year is a year such as 2569");
  if (number !== null && !(Number.isInteger(number) && number > 0))
    return wrong("--stamp is a register number");
  if ((values.from !== undefined && !from) || (values.to !== undefined && !to))
    return wrong("a date is such as 31/5/2569");
  const settings = loadSettings();
  const database = openDatabase<Tables>(
    findInstallation(settings),
    "saraban_print",
    2,
    openLog(settings.log.level, "print"),
  );
  try {
    const madeByName = values.by ?? userInfo().username;
    const acting = {
      actor: `person:${userInfo().username}`,
      agencies: [bookId.split(".")[0] ?? ""],
    } as const;
    const agency = await inTransaction(database, acting, (transaction) => findBook(transaction, bookId));
    if (!agency) return wrong("there is no such open book");
    const wanted = { year, from: from ?? null, to: to ?? null, number, digits } as const;
    const order = {
      id: "",
      agencyId: acting.agencies[0] ?? "",
      ...agency,
      bookId,
      format,
      wanted,
      madeByName,
      madeAt: new Date(),
    };
    const event = {
      action: number === null ? "print.make" : "stamp.make",
      agencyId: order.agencyId,
      door: "export",
      subject: { kind: "book", id: bookId },
      detail: { format, year, ...(number === null ? {} : { number }) },
    } as const;
    return await onRecord(settings, event, () =>
      number === null
        ? printBook(database, acting, order, out)
        : printStamp(database, acting, order, number, out, values.on),
    );
  } finally {
    await database.destroy();
  }
};

function formatOf(out: string, isStamp: boolean): PrintFormat | undefined {
  const extension = out.slice(out.lastIndexOf(".") + 1).toLowerCase();
  return (Object.keys(PRINT_FORMATS) as PrintFormat[]).find(
    (format) => format.startsWith("stamp-") === isStamp && PRINT_FORMATS[format].extension === extension,
  );
}

async function printBook(
  database: Kysely<Tables>,
  acting: Acting,
  order: PrintOrder,
  out: string,
): Promise<number> {
  const range = await inTransaction(database, acting, (transaction) =>
    rangeOf(transaction, order.bookId, order.wanted),
  );
  if (!range) {
    process.stderr.write("saraban print: no line of the book lies in this period\n");
    return 1;
  }
  const total = range.last - range.first + 1;
  const tell = async (done: number): Promise<void> => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total} lines`);
  };
  const pieces = printRegister(orderOf(order), linesInOrder(database, acting, order, range, tell));
  await pipeline(Readable.from(pieces), createWriteStream(out));
  if (process.stderr.isTTY) process.stderr.write("\n");
  process.stdout.write(`${total} lines in ${out}\n`);
  return 0;
}

async function printStamp(
  database: Kysely<Tables>,
  acting: Acting,
  order: PrintOrder,
  number: number,
  out: string,
  on: string | undefined,
): Promise<number> {
  const [line] = await readRange(database, acting, order, number, number);
  const fault = line ? stampFault(line) : `the book has no line ${number} in this year`;
  if (!line || fault !== null) {
    process.stderr.write(`saraban print: ${fault}\n`);
    return 1;
  }
  if (on === undefined) {
    await writeFile(out, drawStampFile(order.format as "stamp-svg", order, line));
  } else {
    const stamped = await stampLetterApart(await readFile(on), stampOf(order, line));
    if (!stamped.stamped) {
      process.stderr.write(
        `saraban print: ${on} cannot be stamped (${stamped.fault}); print the stamp alone, without --on, and lay it over\n`,
      );
      return 1;
    }
    await writeFile(out, stamped.pdf);
  }
  process.stdout.write(`${out}\n`);
  return 0;
}
