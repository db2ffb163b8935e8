import { sql, type Transaction } from "kysely";
import { FETCHING_SCOPE } from "../../shared/letter/outbound.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Client, Scope } from "../clients/client.ts";

/**
 * letter: a letter in the agency's inbound book; receipt: what a letter became that this client handed in; news: what became of
 * a letter of the agency's own at a recipient; dispute: an office says that our number for its letter is wrong; sent-letter: a
 * letter that the agency sends to the office whose program this is; recall: it asks for that letter back.
 */
export type ItemKind = "letter" | "receipt" | "news" | "dispute" | "sent-letter" | "recall";

/** Something that waits for a client, or waited. */
export interface WaitingItem {
  /** Also the ProcessID of e-CMS. */
  readonly id: string;
  /** Grows with each item; an item of a slower transaction may become visible after one with a higher number. */
  readonly seq: number;
  readonly agencyId: string;
  readonly kind: ItemKind;
  /** letter: the arrival; receipt: the arrival that the client handed in; dispute: the notifier that says so; news: null. */
  readonly intakeId: string | null;
  readonly receiptId: string | null;
  readonly newsId: string | null;
  /** sent-letter, recall: the notice whose facts it tells. */
  readonly noticeId: string | null;
  readonly madeAt: Date;
  readonly firstFetchedAt: Date | null;
  readonly doneAt: Date | null;
}

const SCOPES_OF: Readonly<Record<ItemKind, readonly Scope[]>> = {
  letter: ["read-inbound"],
  dispute: ["read-inbound"],
  news: ["read-outbound"],
  receipt: ["submit", "receipts"],
  "sent-letter": [FETCHING_SCOPE],
  recall: [FETCHING_SCOPE],
};

/** What a client may fetch by the scopes that it has now: what was laid there under others waits unseen. */
export function kindsFor({ scopes }: Pick<Client, "scopes">): ItemKind[] {
  return (Object.keys(SCOPES_OF) as ItemKind[]).filter((kind) =>
    SCOPES_OF[kind].some((scope) => scopes.has(scope)),
  );
}

/** Scopes with any of which a client has an inbox. */
export const INBOX_SCOPES: readonly Scope[] = [...new Set(Object.values(SCOPES_OF).flat())];

const ITEM = sql`
  id, seq, agency_id as "agencyId", kind, intake_id as "intakeId", receipt_id as "receiptId", news_id::text as "newsId",
  notice_id as "noticeId", made_at as "madeAt", first_fetched_at as "firstFetchedAt", done_at as "doneAt"`;

/**
 * The client's items that are not done, oldest first: looked at, not taken away.
 * @param after seq of an item; null: from the first
 */
export async function waitingItems(
  transaction: Transaction<Tables>,
  client: Pick<Client, "id" | "scopes">,
  after: number | null,
  most: number,
): Promise<WaitingItem[]> {
  const { rows } = await sql<WaitingItem>`
    select ${ITEM} from client_item
     where client_id = ${client.id} and done_at is null and kind = any (${kindsFor(client)}::text[])
       and (${after}::bigint is null or seq > ${after})
     order by seq limit ${most}`.execute(transaction);
  return rows;
}

/** One item of the client, done or not. @returns undefined for none that it may see */
export async function findItem(
  transaction: Transaction<Tables>,
  client: Pick<Client, "id" | "scopes">,
  id: string,
): Promise<WaitingItem | undefined> {
  const { rows } = await sql<WaitingItem>`
    select ${ITEM} from client_item
     where id = ${id} and client_id = ${client.id} and kind = any (${kindsFor(client)}::text[])`.execute(
    transaction,
  );
  return rows[0];
}

/**
 * Writes down when items are handed to their client for the first time: before they are read, so that a letter is either told
 * here or taken back, and never both.
 */
export async function noteFetched(
  transaction: Transaction<Tables>,
  items: readonly Pick<WaitingItem, "id" | "firstFetchedAt">[],
  at: Date,
): Promise<void> {
  const ids = items.filter(({ firstFetchedAt }) => firstFetchedAt === null).map(({ id }) => id);
  if (ids.length === 0) return;
  await sql`
    update client_item set first_fetched_at = ${at}
     where id = any (${ids}::uuid[]) and first_fetched_at is null and withdrawn_at is null`.execute(
    transaction,
  );
}

/**
 * The client has it, and is not offered it again. A second time nothing changes.
 * @returns since when it is done; undefined for no item of the client
 */
export async function finishItem(
  transaction: Transaction<Tables>,
  client: Pick<Client, "id" | "scopes">,
  id: string,
  at: Date,
): Promise<Date | undefined> {
  // An item whose kind its scopes no longer name is none of its own any more.
  const { rows } = await sql<{ doneAt: Date }>`
    update client_item set done_at = coalesce(done_at, ${at}), first_fetched_at = coalesce(first_fetched_at, ${at})
     where id = ${id} and client_id = ${client.id} and kind = any (${kindsFor(client)}::text[]) and withdrawn_at is null
     returning done_at as "doneAt"`.execute(transaction);
  return rows[0]?.doneAt;
}

/** Which of these clients have something waiting. Of the ids alone: each then reads its own under its own name. */
export async function clientsWithItems(
  transaction: Transaction<Tables>,
  clients: readonly Pick<Client, "id" | "scopes">[],
): Promise<string[]> {
  const asked = clients.map((client) => ({ id: client.id, kinds: kindsFor(client) }));
  const { rows } = await sql<{ id: string }>`
    select distinct c.id from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as c (id text, kinds text[])
     where exists (select from client_item i where i.client_id = c.id and i.done_at is null and i.kind = any (c.kinds))`.execute(
    transaction,
  );
  return rows.map(({ id }) => id);
}
