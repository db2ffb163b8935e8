import { sql, type Transaction } from "kysely";
import type { Act, ActName } from "../shared/letter/act.ts";
import { handOn } from "../shared/letter/outbox.ts";
import { buddhistYear, type Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";

/**
 * Writes an act down and hands it to the registry, in one transaction. The id is the asker's, so the same act sent again
 * (a lost answer, a second click) changes nothing.
 * @returns false when the id is in use for another act: another agency's or clerk's, or with other content. Which of
 *   these it is nobody is told.
 */
export async function storeAct(
  transaction: Transaction<Tables>,
  act: Act,
  { at, clock }: Stamp,
): Promise<boolean> {
  const { rows } = await sql`
    insert into act (id, agency_id, act, intake_id, earlier_intake_id, book_id, year, number, letter_id, facts, details, reason,
        made_by, made_by_name, made_at, clock)
      values (${act.id}, ${act.agencyId}, ${act.act}, ${act.intakeId}, ${act.earlierIntakeId}, ${act.bookId}, ${act.year},
        ${act.number}, ${act.letterId}, ${JSON.stringify(act.facts)}::jsonb, ${JSON.stringify(act.details)}::jsonb,
        ${act.reason}, ${act.madeBy}, ${act.madeByName}, ${at}, ${JSON.stringify(clock)}::jsonb)
      on conflict (id) do nothing returning id`.execute(transaction);
  if (rows.length === 0) return isSameAct(transaction, act);
  await handOn(transaction, "http", [{ job: "do-act", agencyId: act.agencyId, subjectId: act.id }]);
  return true;
}

async function isSameAct(transaction: Transaction<Tables>, act: Act): Promise<boolean> {
  const { rows } = await sql`
    select from act
     where id = ${act.id} and agency_id = ${act.agencyId} and act = ${act.act} and made_by = ${act.madeBy}
       and intake_id is not distinct from ${act.intakeId}::uuid
       and earlier_intake_id is not distinct from ${act.earlierIntakeId}::uuid
       and book_id is not distinct from ${act.bookId}::text and year is not distinct from ${act.year}::integer
       and number is not distinct from ${act.number}::integer and letter_id is not distinct from ${act.letterId}::uuid
       and facts = ${JSON.stringify(act.facts)}::jsonb and details = ${JSON.stringify(act.details)}::jsonb
       and reason = ${act.reason}`.execute(transaction);
  return rows.length > 0;
}

/** An act and what came of it. */
export interface ActAnswer {
  readonly id: string;
  readonly agencyId: string;
  readonly act: ActName;
  readonly madeAt: Date;
  readonly madeBy: string;
  readonly madeByName: string;
  /** Null while the registry has not carried it out. */
  readonly result: "done" | "refused" | null;
  /** Why it was refused: a code of act-refusals.ts; "" otherwise. */
  readonly refusal: string;
  readonly decidedAt: Date | null;
  /** The line that it made or changed; null where there is none. */
  readonly line: LinePlace | null;
  /** The outbound letter that it was about; null for other acts. */
  readonly letterId: string | null;
}

export interface LinePlace {
  readonly bookId: string;
  /** C.E. */
  readonly year: number;
  readonly yearBuddhist: number;
  readonly number: number;
}

export async function readActAnswer(
  transaction: Transaction<Tables>,
  actId: string,
): Promise<ActAnswer | undefined> {
  const { rows } = await sql<
    Omit<ActAnswer, "line"> & { bookId: string | null; year: number; number: number }
  >`
    select a.id, a.agency_id as "agencyId", a.act, a.made_at as "madeAt", a.made_by as "madeBy",
           a.made_by_name as "madeByName", r.result, coalesce(r.reason, '') as refusal, r.decided_at as "decidedAt",
           r.book_id as "bookId", r.year, r.number, a.letter_id as "letterId"
      from act a left join act_result r on r.act_id = a.id where a.id = ${actId}`.execute(transaction);
  const [row] = rows;
  if (!row) return undefined;
  const { bookId, year, number, ...answer } = row;
  const line = bookId === null ? null : { bookId, year, yearBuddhist: buddhistYear(year), number };
  return { ...answer, line };
}

/** Those of the acts that the registry has carried out or refused. */
export async function decidedActs(
  transaction: Transaction<Tables>,
  actIds: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select act_id as id from act_result where act_id = any (${actIds}::uuid[])`.execute(transaction);
  return rows.map(({ id }) => id);
}
