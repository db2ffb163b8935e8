import { sql, type Transaction } from "kysely";
import type { Tables } from "../../shared/letter/tables.ts";
import { newId } from "../../shared/runtime/ids.ts";

/** The client that handed an arrival in, and what it is told. */
export interface ReceiptItem {
  readonly agencyId: string;
  readonly clientId: string;
  /** The arrival that it handed in; of a letter that came again not the one that the receipt was first made of. */
  readonly intakeId: string;
  readonly receiptId: string;
}

/** Lays a receipt into the inbox of one client; one that lies there, or was acknowledged, is not laid there again. */
export async function insertReceiptItem(
  transaction: Transaction<Tables>,
  { agencyId, clientId, intakeId, receiptId }: ReceiptItem,
  at: Date,
): Promise<void> {
  await sql`
    insert into client_item (id, client_id, agency_id, kind, intake_id, receipt_id, made_at)
      values (${newId(at.getTime())}, ${clientId}, ${agencyId}, 'receipt', ${intakeId}, ${receiptId}, ${at})
      on conflict on constraint client_item_once do nothing`.execute(transaction);
}

/** What the agency's own systems are told, each that has the scope for it. */
export type OwnItem =
  | { readonly kind: "letter" | "dispute"; readonly intakeId: string }
  | { readonly kind: "news"; readonly newsId: string };

export const SCOPE_OF = { letter: "read-inbound", dispute: "read-inbound", news: "read-outbound" } as const;

/**
 * Those that are told of `g`, which has an agency and a scope: active clients of the agency's own that have the scope; never
 * other offices' clients, nor nodes, which work for many, whatever scopes stand in their rows.
 */
export const OWN_CLIENTS = sql`
  agency a on a.id = g.agency_id
  join client c on c.agency_id = a.id and c.active and g.scope = any (c.scopes) and c.sender_domain = a.domain`;

/** Lays an item into the inbox of each of the agency's own clients that has the scope for it. */
export async function insertOwnItems(
  transaction: Transaction<Tables>,
  agencyId: string,
  item: OwnItem,
  at: Date,
): Promise<void> {
  const intakeId = item.kind === "news" ? null : item.intakeId;
  const newsId = item.kind === "news" ? item.newsId : null;
  await sql`
    insert into client_item (id, client_id, agency_id, kind, intake_id, news_id, made_at)
      select gen_random_uuid(), c.id, c.agency_id, ${item.kind}, ${intakeId}::uuid, ${newsId}::bigint, ${at}::timestamptz
        from (select ${agencyId}::text as agency_id, ${SCOPE_OF[item.kind]}::text as scope) g join ${OWN_CLIENTS}
       order by c.id
      on conflict on constraint client_item_once do nothing`.execute(transaction);
}
