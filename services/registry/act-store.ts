import { sql, type Transaction } from "kysely";
import type { Act } from "../shared/letter/act.ts";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { LISTS } from "./book-store.ts";
import type { WaitingLetter } from "./decide-outcome.ts";

export async function readAct(transaction: Transaction<Tables>, actId: string): Promise<Act | undefined> {
  const { rows } = await sql<Act>`
    select id, agency_id as "agencyId", act, intake_id as "intakeId", earlier_intake_id as "earlierIntakeId", book_id as "bookId",
           year, number, letter_id as "letterId", facts, details, reason, made_by as "madeBy", made_by_name as "madeByName"
      from act where id = ${actId}`.execute(transaction);
  return rows[0];
}

/** What came of an act: the line that it made or changed, or why it was refused. */
export interface ActResult {
  readonly result: "done" | "refused";
  readonly reason: string;
  readonly place: Place | null;
}

/** A line of a book. */
export interface Place {
  readonly bookId: string;
  readonly year: number;
  readonly number: number;
}

/** Records what came of an act. One row an act: a second worker's row is refused by the key. */
export async function insertActResult(
  transaction: Transaction<Tables>,
  { id, agencyId }: Pick<Act, "id" | "agencyId">,
  { result, reason, place }: ActResult,
  { at, clock }: Stamp,
): Promise<void> {
  await transaction
    .insertInto("act_result")
    .values({
      act_id: id,
      agency_id: agencyId,
      result,
      reason,
      book_id: place?.bookId ?? null,
      year: place?.year ?? null,
      number: place?.number ?? null,
      decided_at: at,
      clock: JSON.stringify(clock),
    })
    .execute();
}

/** A letter in the tray: what reading found, and whether a clerk has decided on it already. */
export interface TrayLetter extends Omit<WaitingLetter, "letterDigest" | "hasFiles" | "isMarked"> {
  /** Its first outcome; the tray holds triage and possible-duplicate. */
  readonly outcome: string | null;
  readonly decision: string | null;
  readonly secrecy: string | null;
}

export async function readTrayLetter(
  transaction: Transaction<Tables>,
  intakeId: string,
): Promise<TrayLetter | undefined> {
  const { rows } = await sql<TrayLetter>`
    select i.id as "intakeId", i.arrived_at as "arrivedAt", i.door as channel, i.unit, r.verdict, r.reason,
           r.content_digest as "contentDigest", split_part(r.sender_address, '@', 2) as "senderDomain", r.number,
           r.number_printed as "numberPrinted", r.letter_date as "letterDate", r.letter_from as "from", r.letter_to as "to",
           r.subject, r.urgency, r.secrecy, o.outcome, t.decision, ${LISTS}
      from intake i left join reading r on r.intake_id = i.id left join outcome o on o.intake_id = i.id
      left join tray_decision t on t.intake_id = i.id
     where i.id = ${intakeId}`.execute(transaction);
  return rows[0];
}

/** Whether an arrival stands in an open book of its agency and is not cancelled there: with a classified one nothing is merged. */
export async function isRegistered(transaction: Transaction<Tables>, intakeId: string): Promise<boolean> {
  const { rows } = await sql`
    select from register_line where intake_id = ${intakeId} and status = 'registered' and secrecy = 'normal'`.execute(
    transaction,
  );
  return rows.length > 0;
}

/** Whether letters were merged into this line, by itself or by its arrival. */
export async function hasMerged(
  transaction: Transaction<Tables>,
  { bookId, year, number }: Place,
): Promise<boolean> {
  const { rows } = await sql`
    select from tray_decision t join act a on a.id = t.act_id
     where t.decision = 'merged' and (a.book_id = ${bookId} and a.year = ${year} and a.number = ${number}
       or t.earlier_intake_id = (select intake_id from entry where book_id = ${bookId} and year = ${year} and number = ${number}))
     limit 1`.execute(transaction);
  return rows.length > 0;
}

export async function insertTrayDecision(
  transaction: Transaction<Tables>,
  act: Act,
  decision: "registered" | "rejected" | "invalid" | "not-a-letter" | "merged",
  { at, clock }: Stamp,
): Promise<void> {
  await transaction
    .insertInto("tray_decision")
    .values({
      intake_id: act.intakeId as string,
      agency_id: act.agencyId,
      decision,
      reason: act.reason,
      earlier_intake_id: act.earlierIntakeId,
      act_id: act.id,
      decided_at: at,
      clock: JSON.stringify(clock),
      decided_by: act.madeBy,
    })
    .execute();
}
