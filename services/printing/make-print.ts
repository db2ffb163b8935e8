import type { JobData } from "../shared/letter/flow.ts";
import { finish } from "../shared/letter/outbox.ts";
import { printFileName } from "../shared/letter/print-order.ts";
import type { RegisterLine } from "../shared/letter/register-line.ts";
import { buddhistYear, thaiLetterDate } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { type Acting, inTransaction, type Kysely } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import { printRegister } from "./print-register.ts";
import {
  findOpenOrder,
  linesOfBook,
  type Printed,
  type PrintOrder,
  rangeOf,
  saveProgress,
  settlePrint,
} from "./print-store.ts";
import type { PrintsFolder } from "./prints-folder.ts";
import type { RegisterFormat, RegisterOrder } from "./register-writer.ts";
import { drawStampFile, stampFault } from "./stamp-file.ts";

export interface PrintParts {
  readonly database: Kysely<Tables>;
  readonly folder: PrintsFolder;
  /** Ended when the service stops: a print under way is left to its job, which comes again. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Lines read from the book at a time. */
const LINES_AT_ONCE = 500;

/** What cannot be printed however often it is tried. */
class NothingToPrint extends Error {
  override readonly name = "NothingToPrint";
}

/**
 * The job "print-register": makes the file that an order asks for and says how far it is. Killed in the middle it is made
 * again from the beginning; a finished file replaces a half one by its name.
 */
export async function makePrint(parts: PrintParts, { agencyId, subjectId }: JobData): Promise<void> {
  const { database, folder, log } = parts;
  const acting = { actor: "worker:printing", agencies: [agencyId] } as const;
  const order = await inTransaction(database, acting, (transaction) => findOpenOrder(transaction, subjectId));
  if (!order) return;
  const printed = await makeFile(parts, acting, order).catch((error: unknown): Printed => {
    // The database's faults and our own stop are no fault of the order: its job comes again.
    const isOrders = error instanceof Error && ["NothingToPrint", "PrintLimitReached"].includes(error.name);
    if (!isOrders || parts.signal.aborted) throw error;
    return { state: "failed", failure: error.message };
  });
  await inTransaction(database, acting, async (transaction) => {
    await settlePrint(transaction, order, printed);
    await finish(transaction, "print-register", [order.id]);
  });
  await folder.clear(Date.now());
  log.info({ print: order.id, format: order.format, state: printed.state }, "print");
}

async function makeFile(parts: PrintParts, acting: Acting, order: PrintOrder): Promise<Printed> {
  const { database, folder, signal } = parts;
  const { bookId, format, wanted } = order;
  const name = printFileName(order.id, format);
  const range = await inTransaction(database, acting, (transaction) =>
    wanted.number === null
      ? rangeOf(transaction, bookId, wanted)
      : Promise.resolve({ first: wanted.number, last: wanted.number }),
  );
  if (!range) throw new NothingToPrint("no line of the book lies in this period");
  if (format === "stamp-svg" || format === "stamp-png" || format === "stamp-pdf") {
    const [line] = await readRange(database, acting, order, range.first, range.last);
    if (!line) throw new NothingToPrint("there is no such line");
    const fault = stampFault(line);
    if (fault !== null) throw new NothingToPrint(fault);
    const bytes = drawStampFile(format, order, line);
    const written = await folder.write(name, piecesOf(bytes));
    return { state: "done", ...written, lines: 1 };
  }
  const lines = range.last - range.first + 1;
  const tell = (done: number): Promise<void> =>
    inTransaction(database, acting, (transaction) => saveProgress(transaction, order, done, lines));
  await tell(0);
  const pieces = printRegister(orderOf(order), linesInOrder(database, acting, order, range, tell), {
    signal,
  });
  return { state: "done", ...(await folder.write(name, pieces)), lines };
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The lines of a range, read as they are wanted; each reading says how far the print is. */
export async function* linesInOrder(
  database: Kysely<Tables>,
  acting: Acting,
  order: PrintOrder,
  { first, last }: { first: number; last: number },
  tell: (done: number) => Promise<void>,
): AsyncGenerator<RegisterLine> {
  for (let from = first; from <= last; from += LINES_AT_ONCE) {
    const to = Math.min(last, from + LINES_AT_ONCE - 1);
    yield* await readRange(database, acting, order, from, to);
    await tell(to - first + 1);
  }
}

/** The lines with the numbers from `first` to `last`. */
export function readRange(
  database: Kysely<Tables>,
  acting: Acting,
  { bookId, wanted }: PrintOrder,
  first: number,
  last: number,
): Promise<RegisterLine[]> {
  return inTransaction(database, acting, (transaction) =>
    linesOfBook(transaction, bookId, wanted.year, first, last),
  );
}

/** What printRegister is told of an order for a register. */
export function orderOf({
  agencyNameThai,
  bookId,
  format,
  wanted,
  madeByName,
  madeAt,
}: PrintOrder): RegisterOrder {
  const [, direction, series] = bookId.split(".");
  const { year, from, to } = wanted;
  const header = {
    agencyNameThai,
    direction: direction === "outbound" ? "outbound" : "inbound",
    series: series === "circular" ? "circular" : "ordinary",
    yearBuddhist: buddhistYear(year),
    periodWords:
      from === null && to === null
        ? `ตลอดปี ${buddhistYear(year)}`
        : `ตั้งแต่วันที่ ${thaiLetterDate(from ?? `${year}-01-01`)} ถึงวันที่ ${thaiLetterDate(to ?? `${year}-12-31`)}`,
    printedByName: madeByName,
    printedAt: madeAt,
  } as const;
  return { format: format as RegisterFormat, digits: wanted.digits, header };
}
