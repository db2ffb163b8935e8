import { type Kysely, sql } from "kysely";
import { type Acting, inTransaction } from "../runtime/database.ts";
import type { LineStatus } from "./register-line.ts";
import type { Tables } from "./tables.ts";

/** A line of an inbound book, as it is printed. */
export interface BookLine {
  readonly number: number;
  readonly year: number;
  readonly status: LineStatus;
  /** Null for a letter on paper. */
  readonly intakeId: string | null;
  /** Null for a letter that bears none. */
  readonly letterNumber: string | null;
  readonly letterDate: string | null;
  readonly from: string | null;
  readonly subject: string | null;
  /** Null for a letter on paper of which nobody wrote down when it came. */
  readonly arrivedAt: Date | null;
  readonly registeredAt: Date;
  /** State of the acknowledgement: due, delivered, failed, withheld; null when it is not promised yet. */
  readonly acknowledged: string | null;
}

/** The inbound book of an agency for a year (C.E.), in order of number, as its lines read today. */
export async function readInboundBook(
  database: Kysely<Tables>,
  acting: Acting,
  agencyId: string,
  year: number,
): Promise<BookLine[]> {
  return inTransaction(database, acting, async (transaction) => {
    const { rows } = await sql<BookLine>`
      select l.number, l.year, l.status, l.intake_id as "intakeId", l.letter_number as "letterNumber",
             l.letter_date as "letterDate", l.letter_from as "from", l.subject, l.arrived_at as "arrivedAt",
             l.registered_at as "registeredAt", n.state as acknowledged
        from register_line l left join notice n on n.intake_id = l.intake_id and n.kind = 'acknowledgement'
       where l.book_id = ${`${agencyId}.inbound.ordinary`} and l.year = ${year} order by l.number`.execute(
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
        left join entry e on e.intake_id = i.id
        left join lateral (select * from notice n where n.intake_id = i.id and n.kind <> 'alert' order by n.made_at desc limit 1) n on true
       where i.id = any (${intakeIds}::uuid[]) order by i.arrival_seq`.execute(transaction);
    return rows;
  });
}

/** Ids of the agencies served here, active or not. */
export async function listAgencies(database: Kysely<Tables>): Promise<string[]> {
  const rows = await database.selectFrom("agency").select("id").orderBy("id").execute();
  return rows.map(({ id }) => id);
}
