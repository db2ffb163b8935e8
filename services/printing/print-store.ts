import { sql, type Transaction } from "kysely";
import type { PrintFormat, PrintWanted } from "../shared/letter/print-order.ts";
import { selectLines } from "../shared/letter/read-lines.ts";
import type { RegisterLine } from "../shared/letter/register-line.ts";
import type { Tables } from "../shared/letter/tables.ts";

/** A print that is to be made. */
export interface PrintOrder {
  readonly id: string;
  readonly agencyId: string;
  readonly agencyNameThai: string;
  /** ผู้รับ where a rule registered the letter, as on its receipt (Annex 6 §1.1). */
  readonly receiverName: string;
  readonly bookId: string;
  readonly format: PrintFormat;
  readonly wanted: PrintWanted;
  readonly madeByName: string;
  readonly madeAt: Date;
}

/** The order, if it is still to be made: a job that comes a second time finds nothing. */
export async function findOpenOrder(
  transaction: Transaction<Tables>,
  orderId: string,
): Promise<PrintOrder | undefined> {
  const { rows } = await sql<PrintOrder>`
    select o.id, o.agency_id as "agencyId", a.name_th as "agencyNameThai", a.receiver_name as "receiverName",
           o.book_id as "bookId", o.format, o.wanted, o.made_by_name as "madeByName", o.made_at as "madeAt"
      from outbox w join print_order o on o.id = w.subject_id join agency a on a.id = o.agency_id
     where w.job = 'print-register' and o.id = ${orderId}`.execute(transaction);
  return rows[0];
}

/** The agency whose open book it is; undefined when there is no such book among those acted for. */
export async function findBook(
  transaction: Transaction<Tables>,
  bookId: string,
): Promise<Pick<PrintOrder, "agencyNameThai" | "receiverName"> | undefined> {
  const { rows } = await sql<Pick<PrintOrder, "agencyNameThai" | "receiverName">>`
    select a.name_th as "agencyNameThai", a.receiver_name as "receiverName"
      from book b join agency a on a.id = b.agency_id where b.id = ${bookId}`.execute(transaction);
  return rows[0];
}

/** The numbers that a print begins and ends with; null when no line of the book lies in the period. */
export async function rangeOf(
  transaction: Transaction<Tables>,
  bookId: string,
  { year, from, to }: PrintWanted,
): Promise<{ first: number; last: number } | null> {
  const { rows } = await sql<{ first: number | null; last: number | null }>`
    select min(number) as first, max(number) as last from entry
     where book_id = ${bookId} and year = ${year}
       and (${from}::date is null or registered_at >= ${from}::date::timestamp at time zone 'Asia/Bangkok')
       and (${to}::date is null or registered_at < (${to}::date + 1)::timestamp at time zone 'Asia/Bangkok')`.execute(
    transaction,
  );
  const { first, last } = rows[0] ?? {};
  return first === null || first === undefined || last === null || last === undefined
    ? null
    : { first, last };
}

/** The lines with the numbers from `first` to `last` as they read now; cancelled ones say why in their remarks. */
export async function linesOfBook(
  transaction: Transaction<Tables>,
  bookId: string,
  year: number,
  first: number,
  last: number,
): Promise<RegisterLine[]> {
  return selectLines(
    transaction,
    sql`(select r.*, case when r.cancel_reason is null then r.remarks
            else concat_ws('; ', r.cancel_reason, r.remarks) end as said
           from register_line r where r.book_id = ${bookId} and r.year = ${year} and r.number between ${first} and ${last}) l
      order by l.number`,
    sql`l.said`,
  );
}

export async function saveProgress(
  transaction: Transaction<Tables>,
  { id, agencyId }: Pick<PrintOrder, "id" | "agencyId">,
  linesDone: number,
  linesTotal: number,
): Promise<void> {
  await sql`
    insert into print_progress (order_id, agency_id, state, lines_done, lines_total)
      values (${id}, ${agencyId}, 'working', ${linesDone}, ${linesTotal})
      on conflict (order_id) do update set lines_done = excluded.lines_done, lines_total = excluded.lines_total, updated_at = now()
       where print_progress.state = 'working'`.execute(transaction);
}

/** What a print came to: a file, or why there is none. */
export type Printed =
  | { readonly state: "done"; readonly sha256: string; readonly sizeBytes: number; readonly lines: number }
  | { readonly state: "failed"; readonly failure: string };

export async function settlePrint(
  transaction: Transaction<Tables>,
  { id, agencyId }: Pick<PrintOrder, "id" | "agencyId">,
  printed: Printed,
): Promise<void> {
  const { sha256, sizeBytes, lines } =
    printed.state === "done" ? printed : { sha256: null, sizeBytes: null, lines: 0 };
  const failure = printed.state === "failed" ? printed.failure : null;
  await sql`
    insert into print_progress (order_id, agency_id, state, lines_done, lines_total, sha256, size_bytes, failure)
      values (${id}, ${agencyId}, ${printed.state}, ${lines}, ${lines}, ${sha256}, ${sizeBytes}, ${failure})
      on conflict (order_id) do update set state = excluded.state, sha256 = excluded.sha256, size_bytes = excluded.size_bytes,
        lines_done = case when excluded.state = 'done' then excluded.lines_done else print_progress.lines_done end,
        lines_total = case when excluded.state = 'done' then excluded.lines_total else print_progress.lines_total end,
        failure = excluded.failure, updated_at = now()`.execute(transaction);
}
