import type { FastifyInstance, FastifyRequest } from "fastify";
import { receiptPdf } from "../shared/letter/evidence/receipt-pdf.ts";
import { showCode } from "../shared/letter/evidence/short-code.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Transaction } from "../shared/runtime/database.ts";
import { actorOf, mayRead } from "./clerk-access.ts";
import type { DoorParts } from "./door-parts.ts";
import { problem } from "./problem.ts";
import { isUuid } from "./read-parameters.ts";
import { type ClerksReceipt, readArrivalReceipts, readReceipt } from "./receipt-store.ts";

const WANTED = /^([0-9a-fA-F-]{36})(?:\.(jws|pdf))?$/;

/**
 * What senders were told, for clerks and programs of the agency: GET /receipts/ID (the statement, and what has taken its place),
 * /receipts/ID.jws and /receipts/ID.pdf (the same files as the sender got), GET /arrivals/ID/receipts (all statements and
 * notices of an arrival, with each try to deliver them).
 */
export function receiptDoor(api: FastifyInstance, { database }: DoorParts): void {
  const find = async <Row>(
    request: FastifyRequest,
    id: string,
    read: (transaction: Transaction<Tables>, id: string, ofClient: string | null) => Promise<Row | undefined>,
  ): Promise<Row> => {
    if (!isUuid(id)) throw problem("not-found");
    const caller = actorOf(request);
    // A program that may not read the inbound book has the receipts of what it handed in itself.
    const ofClient = mayRead(caller, "inbound") ? null : caller.id;
    const row = await inTransaction(database, caller.acting, (transaction) =>
      read(transaction, id, ofClient),
    );
    if (!row) throw problem("not-found");
    return row;
  };

  const open = { config: { scopes: ["receipts"] as const } };
  api.get<{ Params: { wanted: string } }>("/receipts/:wanted", open, async (request, reply) => {
    const [, id = "", format] = WANTED.exec(request.params.wanted) ?? [];
    const receipt = await find(request, id, readReceipt);
    if (format === undefined) return reply.send(shownReceipt(receipt));
    reply.header("content-disposition", `attachment; filename="receipt-${receipt.id}.${format}"`);
    if (format === "jws") return reply.type("application/jose").send(receipt.jws);
    return reply.type("application/pdf").send(await receiptPdf(receipt.evidence, receipt.jws));
  });

  api.get<{ Params: { intakeId: string } }>("/arrivals/:intakeId/receipts", open, async (request) => {
    const { intakeId } = request.params;
    const { receipts, notices } = await find(request, intakeId, readArrivalReceipts);
    return { intakeId, receipts: receipts.map(withLinks), notices };
  });
}

function shownReceipt({ key, ...receipt }: ClerksReceipt) {
  return { ...withLinks(receipt), key };
}

function withLinks<Row extends { readonly id: string; readonly code: string }>(receipt: Row) {
  const path = `/api/v1/receipts/${receipt.id}`;
  return { ...receipt, code: showCode(receipt.code), files: { jws: `${path}.jws`, pdf: `${path}.pdf` } };
}
