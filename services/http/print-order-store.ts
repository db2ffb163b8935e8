import { sql, type Transaction } from "kysely";
import { handOn } from "../shared/letter/outbox.ts";
import type { PrintFormat, PrintWanted } from "../shared/letter/print-order.ts";
import type { Tables } from "../shared/letter/tables.ts";

/** A print that somebody wants. */
export interface WantedPrint {
  readonly id: string;
  readonly agencyId: string;
  readonly bookId: string;
  readonly format: PrintFormat;
  readonly wanted: PrintWanted;
  readonly madeBy: string;
  readonly madeByName: string;
  readonly madeAt: Date;
}

/** How far a print is. */
export interface PrintState {
  readonly id: string;
  readonly agencyId: string;
  readonly bookId: string;
  readonly format: PrintFormat;
  readonly wanted: PrintWanted;
  /** waiting: nobody has begun it yet. */
  readonly state: "waiting" | "working" | "done" | "failed";
  readonly linesDone: number;
  readonly linesTotal: number | null;
  readonly sha256: string | null;
  readonly sizeBytes: number | null;
  readonly failure: string | null;
}

/** Orders a print and hands the work on, in one transaction. */
export async function orderPrint(transaction: Transaction<Tables>, print: WantedPrint): Promise<void> {
  await transaction
    .insertInto("print_order")
    .values({
      id: print.id,
      agency_id: print.agencyId,
      book_id: print.bookId,
      format: print.format,
      wanted: JSON.stringify(print.wanted),
      made_by: print.madeBy,
      made_by_name: print.madeByName,
      made_at: print.madeAt,
    })
    .execute();
  await handOn(transaction, "http", [
    { job: "print-register", agencyId: print.agencyId, subjectId: print.id },
  ]);
}

export async function readPrint(
  transaction: Transaction<Tables>,
  id: string,
): Promise<PrintState | undefined> {
  const { rows } = await sql<PrintState>`
    select o.id, o.agency_id as "agencyId", o.book_id as "bookId", o.format, o.wanted, coalesce(p.state, 'waiting') as state,
           coalesce(p.lines_done, 0) as "linesDone", p.lines_total as "linesTotal", p.sha256, p.size_bytes as "sizeBytes", p.failure
      from print_order o left join print_progress p on p.order_id = o.id where o.id = ${id}`.execute(
    transaction,
  );
  return rows[0];
}
