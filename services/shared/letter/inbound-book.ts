import { type Kysely, sql } from "kysely";
import { type Acting, inTransaction } from "../runtime/database.ts";
import type { Tables } from "./tables.ts";

/** A line of an inbound book, as it is printed. */
export interface BookLine {
  readonly number: number;
  readonly year: number;
  readonly intakeId: string;
  readonly letterNumber: string;
  readonly letterDate: string | null;
  readonly from: string | null;
  readonly subject: string | null;
  readonly arrivedAt: Date;
  readonly registeredAt: Date;
  /** State of the acknowledgement: due, delivered, failed, withheld; null when it is not promised yet. */
  readonly acknowledged: string | null;
}

/** The inbound book of an agency for a year (C.E.), in order of number. */
export async function readInboundBook(
  database: Kysely<Tables>,
  acting: Acting,
  agencyId: string,
  year: number,
): Promise<BookLine[]> {
  return inTransaction(database, acting, async (transaction) => {
    const { rows } = await sql<BookLine>`
      select e.number, e.year, e.intake_id as "intakeId", e.letter_number as "letterNumber", e.letter_date as "letterDate",
             e.letter_from as "from", e.subject, e.arrived_at as "arrivedAt", e.registered_at as "registeredAt",
             n.state as acknowledged
        from entry e left join notice n on n.intake_id = e.intake_id and n.kind = 'acknowledgement'
       where e.book_id = ${`${agencyId}.inbound.ordinary`} and e.year = ${year} order by e.number`.execute(
      transaction,
    );
    return rows;
  });
}

/** What became of one arrival. */
export interface LetterStatus {
  readonly intakeId: string;
  readonly agencyId: string;
  readonly arrivedAt: Date;
  /** registered, duplicate, possible-duplicate, triage, ignored, refused; null while it is on its way. */
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly earlierIntakeId: string | null;
  readonly registerNumber: number | null;
  readonly year: number | null;
  readonly letterNumber: string | null;
  readonly letterDate: string | null;
  readonly subject: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly urgency: string | null;
  readonly secrecy: string | null;
  readonly problems: readonly string[] | null;
  readonly notice: string | null;
  readonly noticeKind: string | null;
  readonly noticeMessageId: string | null;
}

/** The status of arrivals among the agencies acted for; ids that are not theirs are not there. */
export async function readStatus(
  database: Kysely<Tables>,
  acting: Acting,
  intakeIds: readonly string[],
): Promise<LetterStatus[]> {
  return inTransaction(database, acting, async (transaction) => {
    const { rows } = await sql<LetterStatus>`
      select i.id as "intakeId", i.agency_id as "agencyId", i.arrived_at as "arrivedAt", o.outcome, o.reason,
             o.earlier_intake_id as "earlierIntakeId", e.number as "registerNumber", e.year, r.number as "letterNumber",
             r.letter_date as "letterDate", r.subject, r.letter_from as "from", r.letter_to as "to", r.urgency, r.secrecy,
             r.problems, n.state as notice, n.kind as "noticeKind", n.message_id as "noticeMessageId"
        from intake i left join reading r on r.intake_id = i.id left join outcome o on o.intake_id = i.id
        left join entry e on e.intake_id = i.id left join notice n on n.intake_id = i.id
       where i.id = any (${intakeIds}::uuid[]) order by i.arrival_seq`.execute(transaction);
    return rows;
  });
}

/** Ids of the agencies served here, active or not. */
export async function listAgencies(database: Kysely<Tables>): Promise<string[]> {
  const rows = await database.selectFrom("agency").select("id").orderBy("id").execute();
  return rows.map(({ id }) => id);
}
