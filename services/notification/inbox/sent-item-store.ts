import { sql, type Transaction } from "kysely";
import { FETCHING_SCOPE } from "../../shared/letter/outbound.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** Programs of a recipient's office that the sending agency has registered and that fetch letters here. */
const ITS_CLIENTS = sql`
  client c join outbound_recipient p on p.agency_id = c.agency_id and p.domain = c.sender_domain
   and c.active and ${sql.lit(FETCHING_SCOPE)} = any (c.scopes)`;

/** Whether a letter by e-CMS has to lie in an inbox: no node is there to post it to, and a program of the office fetches here. */
export async function isFetchedHere(transaction: Transaction<Tables>, recipientId: string): Promise<boolean> {
  const { rows } = await sql`
    select from ${ITS_CLIENTS} join agency a on a.id = p.agency_id
     where p.id = ${recipientId} and not a.ecms ? 'node'
       and not exists (select from partner k where k.active and k.organisation_id = p.address and k.ecms ? 'url')
     limit 1`.execute(transaction);
  return rows.length > 0;
}

/** What is laid there: one notice to a recipient of a letter. */
export interface SentItem {
  readonly noticeId: string;
  readonly recipientId: string;
}

/**
 * Lays a letter of ours into the inbox of each program of the recipient's office, and of nobody else.
 * @returns ids of the clients; none where it lies there already
 */
export async function insertSentLetter(
  transaction: Transaction<Tables>,
  { noticeId, recipientId }: SentItem,
  at: Date,
): Promise<string[]> {
  const { rows } = await sql<{ clientId: string }>`
    insert into client_item (id, client_id, agency_id, kind, notice_id, made_at)
      select gen_random_uuid(), c.id, c.agency_id, 'sent-letter', ${noticeId}::uuid, ${at}::timestamptz
        from ${ITS_CLIENTS} where p.id = ${recipientId} order by c.id
      on conflict on constraint client_item_once do nothing returning client_id as "clientId"`.execute(
    transaction,
  );
  return rows.map(({ clientId }) => clientId);
}

/** Tells who has seen any of these letters that it is asked back. @returns ids of the clients */
export async function insertRecall(
  transaction: Transaction<Tables>,
  noticeId: string,
  letterNoticeIds: readonly string[],
  at: Date,
): Promise<string[]> {
  const { rows } = await sql<{ clientId: string }>`
    insert into client_item (id, client_id, agency_id, kind, notice_id, made_at)
      select gen_random_uuid(), i.client_id, i.agency_id, 'recall', ${noticeId}::uuid, ${at}::timestamptz
        from (select distinct client_id, agency_id from client_item
               where notice_id = any (${letterNoticeIds}::uuid[]) and withdrawn_at is null) i
       order by i.client_id
      on conflict on constraint client_item_once do nothing returning client_id as "clientId"`.execute(
    transaction,
  );
  return rows.map(({ clientId }) => clientId);
}

/**
 * Takes letters that nobody has fetched yet out of the inboxes: a program that fetches at this moment either has it before, and
 * it stays, or finds it gone.
 * @returns those of the notices whose letter somebody has seen
 */
export async function withdrawUnseen(
  transaction: Transaction<Tables>,
  noticeIds: readonly string[],
  at: Date,
): Promise<ReadonlySet<string>> {
  await sql`
    update client_item set done_at = ${at}, withdrawn_at = ${at}
     where notice_id = any (${noticeIds}::uuid[]) and first_fetched_at is null and done_at is null`.execute(
    transaction,
  );
  const { rows } = await sql<{ noticeId: string }>`
    select distinct notice_id as "noticeId" from client_item
     where notice_id = any (${noticeIds}::uuid[]) and withdrawn_at is null`.execute(transaction);
  return new Set(rows.map(({ noticeId }) => noticeId));
}

/** An item that its program has taken, or passed over, and nobody has noted yet. */
export interface DoneItem {
  readonly itemId: string;
  readonly noticeId: string;
  readonly clientId: string;
  readonly kind: "sent-letter" | "recall";
  readonly doneAt: Date;
  /** False: the program polls by e-CMS, which has no word for it. */
  readonly isSeen: boolean;
}

/** Of the letters and recalls that were laid into inboxes for a recipient. */
export async function findDoneItems(
  transaction: Transaction<Tables>,
  recipientId: string,
): Promise<readonly DoneItem[]> {
  const { rows } = await sql<DoneItem>`
    select i.id as "itemId", i.notice_id as "noticeId", i.client_id as "clientId", i.kind, i.done_at as "doneAt",
           i.first_fetched_at is not null as "isSeen"
      from client_item i join notice n on n.id = i.notice_id
     where n.recipient_id = ${recipientId} and i.done_at is not null and i.withdrawn_at is null
       and not exists (select from recipient_event e where e.recipient_id = ${recipientId} and e.details ->> 'itemId' = i.id::text)
       -- Of a recall: once none of the office's programs is left that was told, or may still be.
       and (i.kind <> 'recall' or not exists (
         select from client_item o where o.notice_id = i.notice_id and (o.first_fetched_at is not null or o.done_at is null)))
     order by i.done_at, i.seq`.execute(transaction);
  return rows;
}
