import { bangkokYear } from "../letter/stamp.ts";
import { newId } from "../runtime/ids.ts";
import type { adminQueries } from "./arrivals.ts";

/** A line to stand in a book; what is left out is empty. */
export interface BookLine {
  readonly agencyId?: string;
  /** Direction and series: "inbound.ordinary". */
  readonly book?: string;
  readonly registeredAt: Date;
  readonly letterNumber?: string | null;
  readonly letterNumberPrinted?: string | null;
  readonly letterDate?: string | null;
  readonly from?: string | null;
  readonly to?: string | null;
  readonly subject?: string | null;
  readonly action?: string | null;
  readonly remarks?: string | null;
  readonly urgency?: string;
  readonly secrecy?: string;
  readonly kind?: string;
  readonly references?: readonly string[];
  readonly enclosures?: readonly string[];
  readonly unit?: string | null;
}

/** Where the lines of each book go on; keep it over several calls. */
export type BookPlaces = Map<string, { year: number; number: number }>;

/**
 * Writes lines as a clerk's `enter` does, numbered as they come; times have to rise within a book. The books' own rules
 * hold here too (trigger continue_book).
 */
export async function writeBookLines(
  query: ReturnType<typeof adminQueries>,
  lines: readonly BookLine[],
  places: BookPlaces = new Map(),
): Promise<void> {
  const rows = lines.map((line) => {
    const agency = line.agencyId ?? "agency-a";
    const book = `${agency}.${line.book ?? "inbound.ordinary"}`;
    const year = bangkokYear(line.registeredAt);
    const last = places.get(book);
    const number = last?.year === year ? last.number + 1 : 1;
    places.set(book, { year, number });
    return {
      book_id: book,
      agency_id: agency,
      year,
      number,
      registered_at: line.registeredAt.toISOString(),
      letter_number: line.letterNumber ?? null,
      letter_number_printed: line.letterNumberPrinted ?? line.letterNumber ?? null,
      letter_date: line.letterDate ?? null,
      letter_from: line.from ?? null,
      letter_to: line.to ?? null,
      subject: line.subject ?? null,
      action: line.action ?? null,
      remarks: line.remarks ?? null,
      urgency: line.urgency ?? "normal",
      secrecy: line.secrecy ?? "normal",
      kind: line.kind ?? "external",
      references: line.references ?? [],
      enclosures: line.enclosures ?? [],
      unit: line.unit ?? null,
    };
  });
  await query(
    `insert into saraban.book (id, agency_id, direction, series)
       select distinct book_id, agency_id, split_part(book_id, '.', 2), split_part(book_id, '.', 3)
         from jsonb_to_recordset($1::jsonb) as given (book_id text, agency_id text) on conflict do nothing`,
    [JSON.stringify(rows.map(({ book_id, agency_id }) => ({ book_id, agency_id })))],
  );
  await query(
    `insert into saraban.entry (book_id, agency_id, year, number, registered_at, clock, registered_by, registered_by_name, channel,
         letter_number, letter_number_printed, letter_date, letter_from, letter_to, subject, action, remarks, urgency, secrecy, kind,
         "references", enclosures, unit)
       select book_id, agency_id, year, number, registered_at, '{"state":"unsynchronised","reason":"test"}', 'person:test', 'ทดสอบ', 'paper',
         letter_number, letter_number_printed, letter_date, letter_from, letter_to, subject, action, remarks, urgency, secrecy, kind,
         "references", enclosures, unit
         from jsonb_populate_recordset(null::saraban.entry, $1::jsonb) order by book_id, year, number`,
    [JSON.stringify(rows)],
  );
}

/** Writes an event of a book beside a line, as the registry does. */
export async function writeEvent(
  query: ReturnType<typeof adminQueries>,
  bookId: string,
  year: number,
  number: number,
  what: "corrected" | "filled" | "cancelled",
  changes: Readonly<Record<string, { readonly old: unknown; readonly new: unknown }>> = {},
): Promise<void> {
  await query(
    `insert into saraban.entry_event (book_id, event_no, id, agency_id, year, number, what, changes, reason, made_by, made_by_name, made_at, clock)
       select $1, coalesce(max(event_no), 0) + 1, $2, split_part($1, '.', 1), $3, $4, $5, $6, 'ทดสอบ', 'person:test', 'ทดสอบ', now(), '{}'
         from saraban.entry_event where book_id = $1`,
    [bookId, newId(), year, number, what, JSON.stringify(changes)],
  );
}
