import { sql, type Transaction } from "kysely";
import { LINE_COLUMNS, type LineKey } from "../shared/letter/read-lines.ts";
import type { LineEventName, RegisterLine } from "../shared/letter/register-line.ts";
import type { ClockState } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";

/** A line with what is known beside its columns. */
export interface LineInFull extends RegisterLine {
  readonly intakeId: string | null;
  /** อ้างถึง: the canonical numbers among the references. */
  readonly referenceNumbers: readonly string[];
  readonly deemedBasis: string;
  readonly registeredClock: ClockState;
  readonly cancelReason: string | null;
  /** What became of the word to the sender; null where none was promised (yet). */
  readonly acknowledgement: {
    readonly state: "due" | "delivered" | "failed" | "withheld";
    readonly reason: string;
    readonly settledAt: string | null;
  } | null;
}

export async function readLineInFull(
  transaction: Transaction<Tables>,
  { bookId, year, number }: LineKey,
): Promise<LineInFull | undefined> {
  const { rows } = await sql<LineInFull>`
    select ${LINE_COLUMNS}, l.intake_id as "intakeId", l.reference_numbers as "referenceNumbers",
           l.deemed_basis as "deemedBasis", l.clock as "registeredClock", l.cancel_reason as "cancelReason",
           case when n.state is not null then jsonb_build_object('state', n.state, 'reason', n.reason,
             'settledAt', n.settled_at) end as acknowledgement
      from register_line l left join notice n on n.intake_id = l.intake_id and n.kind = 'acknowledgement'
     where l.book_id = ${bookId} and l.year = ${year} and l.number = ${number}`.execute(transaction);
  return rows[0];
}

/** Something that happened to a line after it was written. */
export interface LineEvent {
  /** The act's id. */
  readonly id: string;
  /** Its place among the events of the whole book. */
  readonly eventNo: number;
  readonly what: LineEventName;
  /** Of a recall: {evidenceId, letterNumber, reason, replacedBy, intakeId}; of a handing over: {officer}. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly changes: Readonly<Record<string, { readonly old: unknown; readonly new: unknown }>>;
  readonly reason: string;
  readonly madeBy: string;
  readonly madeByName: string;
  readonly madeAt: Date;
  readonly clock: ClockState;
}

/** The newest events of a line, at most so many, oldest of them first. */
export async function readLineEvents(
  transaction: Transaction<Tables>,
  { bookId, year, number }: LineKey,
  most: number,
): Promise<LineEvent[]> {
  const { rows } = await sql<LineEvent>`
    select id, event_no as "eventNo", what, changes, details, reason, made_by as "madeBy", made_by_name as "madeByName",
           made_at as "madeAt", clock
      from entry_event where book_id = ${bookId} and year = ${year} and number = ${number}
     order by event_no desc limit ${most}`.execute(transaction);
  return rows.reverse();
}
