import { sql, type Transaction } from "kysely";
import type { Tables } from "../../shared/letter/tables.ts";
import { gathered } from "../../shared/runtime/gather-asks.ts";
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
export function insertReceiptItem(
  transaction: Transaction<Tables>,
  { agencyId, clientId, intakeId, receiptId }: ReceiptItem,
  at: Date,
): Promise<void> {
  return insertReceiptRow(transaction, {
    ...{ id: newId(at.getTime()), client_id: clientId, agency_id: agencyId, kind: "receipt" },
    ...{ intake_id: intakeId, receipt_id: receiptId, made_at: at },
  });
}

const insertReceiptRow = gathered(async (transaction: Transaction<Tables>, rows: readonly object[]) => {
  await sql`
    insert into client_item (id, client_id, agency_id, kind, intake_id, receipt_id, made_at)
      select id, client_id, agency_id, kind, intake_id, receipt_id, made_at
        from jsonb_populate_recordset(null::client_item, ${JSON.stringify(rows)}::jsonb)
      on conflict on constraint client_item_once do nothing`.execute(transaction);
  return rows.map(() => undefined);
});

/** What the agency's own systems are told, each that has the scope for it. */
export type OwnItem =
  | { readonly kind: "letter" | "dispute"; readonly intakeId: string }
  | { readonly kind: "news"; readonly newsId: string };

const SCOPE_OF = { letter: "read-inbound", dispute: "read-inbound", news: "read-outbound" } as const;

/**
 * Lays an item into the inbox of each active client of the agency's own that has the scope for it; never of other offices'
 * clients, nor of nodes, which work for many, whatever scopes stand in their rows.
 */
export function insertOwnItems(
  transaction: Transaction<Tables>,
  agencyId: string,
  item: OwnItem,
  at: Date,
): Promise<void> {
  return insertOwnRows(transaction, { agencyId, item, at });
}

const insertOwnRows = gathered(
  async (
    transaction: Transaction<Tables>,
    asks: readonly { readonly agencyId: string; readonly item: OwnItem; readonly at: Date }[],
  ) => {
    const items = asks.map(({ agencyId, item, at }) => ({
      agency_id: agencyId,
      kind: item.kind,
      scope: SCOPE_OF[item.kind],
      intake_id: item.kind === "news" ? null : item.intakeId,
      news_id: item.kind === "news" ? item.newsId : null,
      made_at: at,
    }));
    await sql`
      insert into client_item (id, client_id, agency_id, kind, intake_id, news_id, made_at)
        select gen_random_uuid(), c.id, c.agency_id, g.kind, g.intake_id, g.news_id, g.made_at
          from jsonb_to_recordset(${JSON.stringify(items)}::jsonb)
               as g(agency_id text, kind text, scope text, intake_id uuid, news_id bigint, made_at timestamptz)
          join agency a on a.id = g.agency_id
          join client c on c.agency_id = a.id and c.active and g.scope = any (c.scopes) and c.sender_domain = a.domain
         order by c.id
        on conflict on constraint client_item_once do nothing`.execute(transaction);
    return asks.map(() => undefined);
  },
);
