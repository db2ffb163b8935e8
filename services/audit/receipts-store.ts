import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import { type FaultRow, MOST_NAMED } from "./check-result.ts";

/** A receipt that does not agree with what else is recorded. */
export interface ReceiptFault extends FaultRow {
  readonly fault:
    | "columns-differ"
    | "arrival-differs"
    | "line-differs"
    | "replaced-missing"
    | "receipt-repeated";
  readonly receiptId: string;
}

/**
 * What can be told of receipts without their signatures. Values of the signed document are compared as text: what a hand
 * has put there may be no number and no time.
 */
export async function findReceiptFaults(transaction: Transaction<Tables>): Promise<readonly ReceiptFault[]> {
  const { rows } = await sql<ReceiptFault>`
    with judged as (
      select r.id, r.agency_id, r.made_at, array_remove(array[
          case when r.facts ->> 'evidenceId' is distinct from r.id::text or r.facts ->> 'type' is distinct from r.type
                 or r.facts #>> '{agency,id}' is distinct from r.agency_id or r.facts #>> '{message,intakeId}' is distinct from r.intake_id::text
                 or replace(r.facts ->> 'code', '-', '') is distinct from r.code or r.facts ->> 'replaces' is distinct from r.replaces::text
                 or r.facts ->> 'issuedAt' is distinct from ${instant(sql`r.made_at`)} then 'columns-differ' end,
          case when i.id is null or r.facts #>> '{message,sha256}' is distinct from coalesce(c.handed_in_sha256, i.sha256)
                 or r.facts #>> '{message,sizeBytes}' is distinct from coalesce(c.handed_in_bytes, i.size_bytes)::text
                 or r.facts ->> 'receivedAt' is distinct from ${instant(sql`i.arrived_at`)} then 'arrival-differs' end,
          case when coalesce(r.facts -> 'register' <> 'null', false) and not exists (
                 select from entry e where e.intake_id = r.intake_id and e.agency_id = r.agency_id
                    and e.book_id = r.facts #>> '{register,book}' and e.year::text = r.facts #>> '{register,year}'
                    and e.number::text = r.facts #>> '{register,number}'
                    and ${instant(sql`e.registered_at`)} = r.facts ->> 'registeredAt') then 'line-differs' end,
          case when r.replaces is not null and o.intake_id is distinct from r.intake_id then 'replaced-missing' end,
          case when r.type = 'registered' and exists (
                 select from receipt earlier where earlier.intake_id = r.intake_id and earlier.type = 'registered'
                    and (earlier.made_at, earlier.id) < (r.made_at, r.id)
                    and not exists (select from receipt c where c.replaces = earlier.id)) then 'receipt-repeated' end], null) as faults
        from receipt r left join intake i on i.id = r.intake_id and i.agency_id = r.agency_id
        left join closed_letter c on i.closed_level is not null and c.intake_id = i.id left join receipt o on o.id = r.replaces
    )
    select unnest(faults) as fault, agency_id as "agencyId", id as "receiptId", sum(cardinality(faults)) over ()::integer as total
      from judged where faults <> '{}' order by made_at, id limit ${MOST_NAMED}`.execute(transaction);
  return rows;
}

/** A time as signed documents spell it. */
function instant(time: ReturnType<typeof sql>) {
  return sql`to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

export interface SignedReceipt {
  readonly id: string;
  readonly agencyId: string;
  readonly kid: string;
  readonly facts: unknown;
  readonly jws: string;
}

const BATCH = 500;

/** All receipts, some hundred at a time: there may be millions. */
export async function* signedReceipts(
  transaction: Transaction<Tables>,
): AsyncGenerator<readonly SignedReceipt[]> {
  let after = "00000000-0000-0000-0000-000000000000";
  for (;;) {
    const { rows } = await sql<SignedReceipt>`
      select id, agency_id as "agencyId", kid, facts, jws from receipt
       where id > ${after} order by id limit ${BATCH}`.execute(transaction);
    if (rows.length > 0) yield rows;
    if (rows.length < BATCH) return;
    after = rows.at(-1)?.id ?? after;
  }
}

/** How many receipts there are of each type, and of those that a revoked key has signed. */
export async function countReceipts(
  transaction: Transaction<Tables>,
): Promise<readonly { readonly type: string; readonly receipts: number; readonly revoked: number }[]> {
  const { rows } = await sql<{ type: string; receipts: number; revoked: number }>`
    select type, count(*) as receipts, count(*) filter (where kid in (select kid from signing_key where revoked_at is not null)) as revoked
      from receipt group by type order by type`.execute(transaction);
  return rows;
}
