import { type RawBuilder, sql, type Transaction } from "kysely";
import type { RegisterLine } from "./register-line.ts";
import type { Tables } from "./tables.ts";

/** The columns of a RegisterLine; `l` is the view register_line. */
export const LINE_COLUMNS = sql`
  l.book_id as "bookId", l.agency_id as "agencyId", l.direction, l.series, l.year, l.number, l.status,
  l.letter_number as "letterNumber", l.letter_number_printed as "letterNumberPrinted", l.letter_date as "letterDate",
  l.letter_from as "from", l.letter_to as "to", l.subject, l.action, l.remarks, l.urgency, l.secrecy, l.kind,
  l."references", l.enclosures, l.channel, l.unit, l.arrived_at as "arrivedAt", l.deemed_received_at as "deemedReceivedAt",
  l.registered_at as "registeredAt", l.registered_by as "registeredBy", l.registered_by_name as "registeredByName"`;

/** A line's place: what identifies it. */
export interface LineKey {
  readonly bookId: string;
  readonly year: number;
  readonly number: number;
}

/** One text for a key, as the database function search_lines writes it. */
export function keyText({ bookId, year, number }: LineKey): string {
  return `${bookId}/${year}/${number}`;
}

/** The lines with these keys that the caller may see, in the order of the keys. */
export async function readLines(
  transaction: Transaction<Tables>,
  keys: readonly LineKey[],
): Promise<RegisterLine[]> {
  if (keys.length === 0) return [];
  const lines = await selectLines(
    transaction,
    sql`unnest(${keys.map(({ bookId }) => bookId)}::text[], ${keys.map(({ year }) => year)}::int[],
          ${keys.map(({ number }) => number)}::int[]) with ordinality k(book_id, year, number, place)
      join register_line l using (book_id, year, number) order by k.place`,
  );
  return lines;
}

/**
 * Lines `from` a table expression in which the view register_line is called l.
 * @param remarks what stands in their remarks, if not what the line says (of two columns of one name the later counts)
 */
export async function selectLines(
  transaction: Transaction<Tables>,
  from: RawBuilder<unknown>,
  remarks: RawBuilder<unknown> = sql`l.remarks`,
): Promise<RegisterLine[]> {
  const { rows } =
    await sql<RegisterLine>`select ${LINE_COLUMNS}, ${remarks} as remarks from ${from}`.execute(transaction);
  return rows;
}
