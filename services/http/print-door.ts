import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { type AccessEvent, recordAccess } from "../shared/audit-log/record-access.ts";
import { dayOfIsoDate } from "../shared/letter/bangkok-day.ts";
import {
  PRINT_FORMATS,
  type PrintFormat,
  type PrintWanted,
  printFileName,
} from "../shared/letter/print-order.ts";
import { OPEN_BOOKS } from "../shared/letter/register-line.ts";
import { yearOfEitherEra } from "../shared/letter/stamp.ts";
import { parseThaiDate } from "../shared/letter/thai-date.ts";
import { inTransaction } from "../shared/runtime/database.ts";
import { newId } from "../shared/runtime/ids.ts";
import { actingFor, clerkOf, type KnownClerk, ownAgency } from "./clerk-access.ts";
import type { DoorParts } from "./door-parts.ts";
import { orderPrint, type PrintState, readPrint } from "./print-order-store.ts";
import { type Fault, problem } from "./problem.ts";
import { isUuid } from "./read-parameters.ts";

/**
 * POST /prints orders a register (PDF, XLSX, CSV) or the receive stamp of a line (SVG, PNG, PDF); GET /prints/ID says how
 * far it is, GET /prints/ID/file gives it.
 */
export function printDoor(api: FastifyInstance, { database, now, printsDir }: DoorParts): void {
  api.post("/prints", async (request, reply) => {
    const clerk = clerkOf(request);
    const { agencyId, book, format, wanted } = readWanted(request.body);
    const id = newId();
    const bookId = `${agencyId}.${book}`;
    await inTransaction(database, actingFor(clerk), async (transaction) => {
      const stamp = now();
      await orderPrint(transaction, {
        id,
        agencyId: ownAgency(clerk, agencyId),
        bookId,
        format,
        wanted,
        madeBy: `person:${clerk.id}`,
        madeByName: clerk.name,
        madeAt: stamp.at,
      });
      await recordAccess(
        transaction,
        printEvent("print.order", clerk, request.ip, { id, agencyId, bookId, format }),
        stamp,
      );
    });
    return reply.code(202).header("location", `/api/v1/prints/${id}`).send({ id, state: "waiting" });
  });
  const find = async (request: Parameters<typeof clerkOf>[0]): Promise<PrintState> => {
    const { id } = request.params as { id: string };
    const print = isUuid(id)
      ? await inTransaction(database, actingFor(clerkOf(request)), (transaction) =>
          readPrint(transaction, id),
        )
      : undefined;
    if (!print) throw problem("not-found");
    return print;
  };
  api.get("/prints/:id", async (request) => {
    const print = await find(request);
    return { ...print, ...(print.state === "done" ? { file: `/api/v1/prints/${print.id}/file` } : {}) };
  });
  api.get("/prints/:id/file", async (request, reply) => {
    const print = await find(request);
    const name = printFileName(print.id, print.format);
    const file = join(printsDir, name);
    // Not made yet, or kept long enough: it can be ordered again.
    const size = await stat(file).then(
      (found) => found.size,
      () => null,
    );
    if (print.state !== "done" || size === null) throw problem("not-found");
    await recordAccess(database, printEvent("print.fetch", clerkOf(request), request.ip, print), now());
    return reply
      .type(PRINT_FORMATS[print.format].contentType)
      .header("content-length", size)
      .header("content-disposition", `attachment; filename="${print.bookId}-${name}"`)
      .send(createReadStream(file));
  });
}

/** A register leaves the service: which, as what, to whom. */
function printEvent(
  action: string,
  { id, name }: KnownClerk,
  address: string,
  print: Pick<PrintState, "id" | "agencyId" | "bookId" | "format">,
): AccessEvent {
  return {
    agencyId: print.agencyId,
    actor: `person:${id}`,
    actorName: name,
    action,
    door: "export",
    address,
    subject: { kind: "book", id: print.bookId },
    outcome: "allowed",
    detail: { print: print.id, format: print.format },
  };
}

function readWanted(body: unknown): {
  agencyId: string;
  book: string;
  format: PrintFormat;
  wanted: PrintWanted;
} {
  const faults: Fault[] = [];
  const given = (typeof body === "object" && body !== null ? body : {}) as Readonly<Record<string, unknown>>;
  const fault = (field: string, en: string, th: string): void =>
    void faults.push({ pointer: `/${field}`, en, th });
  const oneOf = <Value extends string>(
    field: string,
    allowed: readonly Value[],
    otherwise?: Value,
  ): Value => {
    const value = given[field] ?? otherwise;
    if (!allowed.includes(value as Value)) {
      fault(field, `is one of ${allowed.join(", ")}`, `ต้องเป็นค่าใดค่าหนึ่งใน ${allowed.join(", ")}`);
    }
    return value as Value;
  };
  const day = (field: string): string | null => {
    const value = given[field];
    if (value === undefined || value === null) return null;
    const iso = typeof value === "string" && value.length <= 40 ? parseThaiDate(value) : null;
    if (iso === null || dayOfIsoDate(iso) === null)
      fault(field, "is a date such as 31/5/2569", "เป็นวันที่ เช่น 31/5/2569");
    return iso;
  };
  for (const field of Object.keys(given)) {
    if (!["agencyId", "book", "format", "year", "from", "to", "number", "digits"].includes(field)) {
      fault(field, "there is no such field", "ไม่มีช่องนี้");
    }
  }
  const agencyId = given["agencyId"];
  if (typeof agencyId !== "string") fault("agencyId", "is needed", "ต้องระบุ");
  const format = oneOf("format", Object.keys(PRINT_FORMATS) as PrintFormat[]);
  const written = given["year"];
  const year = typeof written === "number" ? yearOfEitherEra(written) : (written as unknown as number);
  if (!Number.isInteger(year) || year < 1900 || year > 2200)
    fault("year", "is a year such as 2569", "เป็นปี เช่น 2569");
  const number = given["number"] ?? null;
  const isStamp = String(format).startsWith("stamp-");
  if (
    isStamp
      ? !Number.isInteger(number) || Number(number) < 1 || Number(number) > 2 ** 31 - 1
      : number !== null
  ) {
    fault("number", "is the register number, for a stamp only", "เป็นเลขทะเบียน ใช้กับตรารับเท่านั้น");
  }
  const wanted = {
    year,
    from: day("from"),
    to: day("to"),
    number: number as number | null,
    digits: oneOf("digits", ["arabic", "thai"], "arabic"),
  };
  // A receive stamp is for a letter received.
  const book = oneOf("book", isStamp ? ["inbound.ordinary"] : OPEN_BOOKS);
  if (faults.length > 0) throw problem("not-understood", faults);
  return { agencyId: agencyId as string, book, format, wanted };
}
