import { sql, type Transaction } from "kysely";
import type { Channel } from "../shared/letter/register-line.ts";
import type { ClockState } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Deemed } from "./agency-rules.ts";

/** What a line says of a letter; of a reserved number nothing. */
export interface EnteredLetter {
  readonly intakeId: string | null;
  readonly arrivedAt: Date | null;
  readonly channel: Channel;
  readonly unit: string | null;
  readonly senderDomain: string | null;
  readonly number: string | null;
  readonly numberPrinted: string | null;
  readonly letterDate: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly subject: string | null;
  readonly action?: string | null;
  readonly remarks?: string | null;
  readonly urgency: string;
  readonly secrecy?: string;
  readonly kind: string;
  readonly references: readonly string[];
  readonly referenceNumbers: readonly string[];
  readonly enclosures: readonly string[];
}

/** One line of the book, about to be written. */
export interface Registration {
  readonly letter: EnteredLetter;
  readonly status?: "registered" | "reserved";
  readonly number: number;
  readonly year: number;
  readonly registeredAt: Date;
  readonly clock: ClockState;
  readonly registeredBy: string;
  readonly registeredByName?: string;
  readonly actId?: string;
  /** Null for what did not arrive by a door. */
  readonly deemed: Deemed | null;
}

/** Writes lines of the book; the database refuses them unless they continue it (trigger continue_book). */
export async function insertEntries(
  transaction: Transaction<Tables>,
  bookId: string,
  agencyId: string,
  registrations: readonly Registration[],
): Promise<void> {
  if (registrations.length === 0) return;
  const rows = registrations.map((registration) => rowOf(registration));
  await sql`
    insert into entry (book_id, agency_id, year, number, status, intake_id, registered_at, clock, registered_by,
        registered_by_name, act_id, arrived_at, channel, letter_number, letter_number_printed, letter_date, letter_from,
        letter_to, subject, action, remarks, urgency, secrecy, kind, "references", reference_numbers, enclosures, unit,
        sender_domain, deemed_received_at, deemed_basis)
      select ${bookId}, ${agencyId}, year, number, status, intake_id, registered_at, clock, registered_by,
        registered_by_name, act_id, arrived_at, channel, letter_number, letter_number_printed, letter_date, letter_from,
        letter_to, subject, action, remarks, urgency, secrecy, kind, "references", reference_numbers, enclosures, unit,
        sender_domain, deemed_received_at, deemed_basis
        from jsonb_populate_recordset(null::entry, ${JSON.stringify(rows)}::jsonb)
       order by year, number`.execute(transaction);
}

function rowOf({ letter, deemed, ...line }: Registration) {
  return {
    year: line.year,
    number: line.number,
    status: line.status ?? "registered",
    intake_id: letter.intakeId,
    registered_at: line.registeredAt.toISOString(),
    clock: line.clock,
    registered_by: line.registeredBy,
    registered_by_name: line.registeredByName ?? null,
    act_id: line.actId ?? null,
    arrived_at: letter.arrivedAt?.toISOString() ?? null,
    channel: letter.channel,
    letter_number: letter.number,
    letter_number_printed: letter.numberPrinted,
    letter_date: letter.letterDate,
    letter_from: letter.from,
    letter_to: letter.to,
    subject: letter.subject,
    action: letter.action ?? null,
    remarks: letter.remarks ?? null,
    urgency: letter.urgency,
    secrecy: letter.secrecy ?? "normal",
    kind: letter.kind,
    references: letter.references,
    reference_numbers: letter.referenceNumbers,
    enclosures: letter.enclosures,
    unit: letter.unit,
    sender_domain: letter.senderDomain,
    deemed_received_at: deemed?.at?.toISOString() ?? null,
    deemed_basis: deemed?.basis ?? "",
  };
}
