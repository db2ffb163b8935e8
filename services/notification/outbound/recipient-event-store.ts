import { sql, type Transaction } from "kysely";
import type { RecipientEvent } from "../../shared/letter/outbound.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** Something that has become of a letter at one recipient (recipient_event). */
export interface RecipientNews {
  readonly recipientId: string;
  readonly letterId: string;
  readonly agencyId: string;
  readonly what: RecipientEvent;
  readonly source: "server" | "dsn" | "mdn" | "receipt" | "answer" | "ecms";
  /** How sure it is: see the comment of recipient_event.proof. */
  readonly proof: "signature" | "token" | "claim" | "own" | "client";
  /** The mail, or the notifier, that says so. */
  readonly intakeId: string | null;
  /** Id of the partner's receipt; only of one that is proved. */
  readonly evidenceId: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly happenedAt: Date;
}

/** @returns the event's id; null when the same receipt has been recorded before */
export async function insertRecipientEvent(
  transaction: Transaction<Tables>,
  news: RecipientNews,
  { at, clock }: Stamp,
): Promise<string | null> {
  const { recipientId, letterId, agencyId, what, source, proof, intakeId, evidenceId, details, happenedAt } =
    news;
  const { rows } = await sql<{ id: string }>`
    insert into recipient_event (recipient_id, letter_id, agency_id, what, source, proof, intake_id, evidence_id, details,
        happened_at, recorded_at, clock)
      values (${recipientId}, ${letterId}, ${agencyId}, ${what}, ${source}, ${proof}, ${intakeId}, ${evidenceId},
        ${JSON.stringify(details)}::jsonb, ${happenedAt}, ${at}, ${JSON.stringify(clock)}::jsonb)
      on conflict (recipient_id, evidence_id) where evidence_id is not null do nothing
      returning id::text`.execute(transaction);
  return rows[0]?.id ?? null;
}

/** Whether our own server log has said so of this notice before, for the same reason. */
export async function hasServerEvent(
  transaction: Transaction<Tables>,
  recipientId: string,
  what: RecipientEvent,
  details: Readonly<Record<string, string>>,
): Promise<boolean> {
  const { rows } = await sql`
    select 1 from recipient_event where recipient_id = ${recipientId} and what = ${what} and source = 'server'
       and details @> ${JSON.stringify(details)}::jsonb limit 1`.execute(transaction);
  return rows.length > 0;
}
