import { sql, type Transaction } from "kysely";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { gathered } from "../shared/runtime/gather-asks.ts";
import { newId } from "../shared/runtime/ids.ts";
import { OWN_CLIENTS, SCOPE_OF } from "./inbox/inbox-store.ts";
import { type NewNotice, NOTICE_COLUMNS, noticeRow } from "./notice-store.ts";
import {
  type IssuedEvidence,
  RECEIPT_COLUMNS,
  receiptRow,
  type SignedEvidence,
} from "./receipts/receipt-store.ts";

/** A notice about an arrival, and what is written with it. */
export interface NewPromise {
  readonly notice: NewNotice & { readonly intakeId: string };
  /** The statement that it carries, where that is written with it. */
  readonly signed: SignedEvidence | null;
  /** The client that handed the letter in, when the notice is delivered by lying in its inbox; else null. */
  readonly laidFor: string | null;
  /** Whether the agency's own systems are told of the letter: once, with the promise of its acknowledgement. */
  readonly tellsPrograms: boolean;
  readonly stamp: Stamp;
}

/** What came of it: written; made before by another worker; or not written, because another worker's statement stands. */
export type Written =
  | { readonly state: "written"; readonly receipt: IssuedEvidence | null }
  | { readonly state: "there-before" | "signed-before" };

/**
 * Writes a promise in one statement: the receipt, the notice, and where it is delivered into an inbox the item there and the
 * attempt that `saraban verify` looks for. The same event gets the same receipt and the same notice however often this runs,
 * and what goes with a notice is written with it alone. A client that is registered later is not told of letters that were
 * there before it.
 */
export const writePromise = gathered(
  "write",
  async (transaction: Transaction<Tables>, promises: readonly NewPromise[]): Promise<Written[]> => {
    const json = (rows: readonly object[]) => sql`${JSON.stringify(rows)}::jsonb`;
    const signed = promises.flatMap((promise) => promise.signed ?? []);
    const laid = promises.flatMap(({ notice, laidFor, stamp: { at } }) =>
      laidFor === null
        ? []
        : [
            {
              ...{ notice_id: notice.id, agency_id: notice.agencyId, made_at: at, id: newId(at.getTime()) },
              ...{ client_id: laidFor, intake_id: notice.intakeId, receipt_id: notice.receiptId },
            },
          ],
    );
    const told = promises
      .filter(({ tellsPrograms }) => tellsPrograms)
      .map(({ notice: { id, agencyId, intakeId }, stamp }) => ({
        ...{ notice_id: id, agency_id: agencyId, scope: SCOPE_OF.letter },
        ...{ intake_id: intakeId, made_at: stamp.at },
      }));
    const { rows } = await sql<Partial<IssuedEvidence> & { id: string }>`
      with r as (
        insert into receipt (${RECEIPT_COLUMNS})
          select ${RECEIPT_COLUMNS} from jsonb_populate_recordset(null::receipt, ${json(signed.map(receiptRow))})
          on conflict on constraint receipt_once do nothing returning id, facts, jws),
      n as (
        insert into notice (${NOTICE_COLUMNS})
          select ${NOTICE_COLUMNS} from jsonb_populate_recordset(null::notice, ${json(promises.map(({ notice, stamp }) => noticeRow(notice, stamp)))}) g
           where g.receipt_id is null or g.receipt_id in (select id from r)
              or g.receipt_id <> all (${signed.map(({ evidence }) => evidence.evidenceId)}::uuid[])
          on conflict on constraint notice_once do nothing returning id),
      laid as (
        select * from jsonb_to_recordset(${json(laid)})
               as g(notice_id uuid, agency_id text, made_at timestamptz, id uuid, client_id text, intake_id uuid, receipt_id uuid)
         where g.notice_id in (select id from n)),
      a as (
        insert into delivery_attempt (agency_id, notice_id, channel, started_at, ended_at, result, reply)
          select agency_id, notice_id, 'inbox', made_at, made_at, 'accepted', 'laid into the inbox of ' || client_id from laid),
      i as (
        insert into client_item (id, client_id, agency_id, kind, intake_id, receipt_id, made_at)
          select id, client_id, agency_id, 'receipt', intake_id, receipt_id, made_at from laid
          on conflict on constraint client_item_once do nothing),
      o as (
        insert into client_item (id, client_id, agency_id, kind, intake_id, made_at)
          select gen_random_uuid(), c.id, c.agency_id, 'letter', g.intake_id, g.made_at
            from jsonb_to_recordset(${json(told)}) as g(notice_id uuid, agency_id text, scope text, intake_id uuid, made_at timestamptz)
            join ${OWN_CLIENTS}
           where g.notice_id in (select id from n) order by c.id
          on conflict on constraint client_item_once do nothing)
      select id, facts as evidence, jws from r union all select id, null, null from n`.execute(transaction);
    const written = new Map(rows.map((row) => [row.id, row]));
    return promises.map(({ notice, signed: own }) => {
      const { evidence, jws } = (own && written.get(own.evidence.evidenceId)) ?? {};
      const receipt = evidence && jws !== undefined ? { evidence, jws } : null;
      if (own && !receipt) return { state: "signed-before" };
      return written.has(notice.id) ? { state: "written", receipt } : { state: "there-before" };
    });
  },
);
