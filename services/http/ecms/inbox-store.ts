import { sql, type Transaction } from "kysely";
import type { Notifier } from "../../shared/ecms/message.ts";
import type { Evidence } from "../../shared/letter/evidence/evidence.ts";
import type { RecipientEvent } from "../../shared/letter/outbound.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Client } from "../clients/client.ts";
import { type ItemKind, kindsFor } from "../inbox/inbox-store.ts";

/** What waits for a client (table client_item). */
export interface WaitingItem {
  readonly id: string;
  readonly agencyId: string;
  readonly kind: ItemKind;
  readonly intakeId: string | null;
  readonly receiptId: string | null;
  readonly newsId: string | null;
  /** Of a receipt with a register number: its ReceiveLetterNotifier was fetched and deleted; the number comes next. */
  readonly receiveToldAt: Date | null;
}

const ITEM = sql`
  id, agency_id as "agencyId", kind, intake_id as "intakeId", receipt_id as "receiptId", news_id::text as "newsId",
  receive_told_at as "receiveToldAt"`;

/** The oldest items of a client that its scopes let it see, in their order. */
export async function waitingItems(
  transaction: Transaction<Tables>,
  client: Pick<Client, "id" | "scopes">,
  most: number,
): Promise<WaitingItem[]> {
  const { rows } = await sql<WaitingItem>`
    select ${ITEM} from client_item
     where client_id = ${client.id} and done_at is null and kind = any(${kindsFor(client)}::text[])
     order by seq limit ${most}`.execute(transaction);
  return rows;
}

/** An item of this client, whether it waits or not; undefined when there is none. */
export async function findItem(
  transaction: Transaction<Tables>,
  client: Pick<Client, "id" | "scopes">,
  itemId: string,
): Promise<WaitingItem | undefined> {
  const { rows } = await sql<WaitingItem>`
    select ${ITEM} from client_item
     where client_id = ${client.id} and id = ${itemId} and kind = any(${kindsFor(client)}::text[])`.execute(
    transaction,
  );
  return rows[0];
}

export async function noteFetched(transaction: Transaction<Tables>, itemId: string, at: Date): Promise<void> {
  await sql`
    update client_item set first_fetched_at = ${at}
     where id = ${itemId} and first_fetched_at is null and withdrawn_at is null`.execute(transaction);
}

/** They are offered no more; those that were done before stay as they are. */
export async function noteDone(
  transaction: Transaction<Tables>,
  itemIds: readonly string[],
  at: Date,
): Promise<void> {
  await sql`
    update client_item set done_at = ${at} where id = any(${[...itemIds]}::uuid[]) and done_at is null`.execute(
    transaction,
  );
}

export async function noteReceiveTold(
  transaction: Transaction<Tables>,
  itemId: string,
  at: Date,
): Promise<void> {
  await sql`
    update client_item set receive_told_at = ${at} where id = ${itemId} and receive_told_at is null`.execute(
    transaction,
  );
}

/** A receipt, and the letter that it speaks of as its sender knows it. */
export interface ReceiptFacts {
  readonly type: Evidence["type"];
  readonly evidence: Pick<Evidence, "register" | "receivedAt" | "registeredAt" | "issuedAt">;
  /** As on the wire, where it came by e-CMS; else as the letter says it. Of a classified letter, whose number is sealed, the ProcessID. */
  readonly letterId: string | null;
  readonly correspondenceDate: string | null;
  readonly subject: string | null;
  /** Of the agency that the letter came to, ten digits. */
  readonly acceptDepartment: string | null;
  /** Its sender was told already that it has arrived: by an earlier receipt, or because it disputes the number. */
  readonly hasArrived: boolean;
}

/**
 * @param intakeId the arrival that the client handed in; of a letter that came again another one than the receipt's, and of a
 *   number that is told once more the InvalidAcceptIDNotifier that asked for it
 */
export async function readReceiptFacts(
  transaction: Transaction<Tables>,
  receiptId: string,
  intakeId: string,
): Promise<ReceiptFacts | undefined> {
  const { rows } = await sql<ReceiptFacts>`
    select r.type, r.facts as evidence, coalesce(d.letter_id, g.number_printed, g.number, case when i.closed_level is not null then coalesce(c.process_id, i.id)::text end) as "letterId",
           coalesce(d.correspondence_date, g.letter_date::text) as "correspondenceDate", g.subject,
           coalesce(d.accept_department, a.organisation_id) as "acceptDepartment",
           (n.intake_id is not null
             or exists (select from receipt e where e.intake_id = r.intake_id and e.type = 'arrived')) as "hasArrived"
      from receipt r
      join intake i on i.id = ${intakeId} and i.agency_id = r.agency_id
      join agency a on a.id = i.agency_id
      left join reading n on n.intake_id = i.id and n.kind = 'notifier'
      left join reading g on g.intake_id = case when n.intake_id is null then i.id else r.intake_id end
      left join lateral (select letter_id, correspondence_date, accept_department from ecms_document
                          where intake_id = g.intake_id order by came_at desc limit 1) d on true
      left join closed_document c on i.closed_level is not null and c.intake_id = i.id
     where r.id = ${receiptId}`.execute(transaction);
  return rows[0];
}

/** The newest receipt of one of these types that was made for an arrival. */
export async function newestReceipt(
  transaction: Transaction<Tables>,
  intakeId: string,
  types: readonly Evidence["type"][],
): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select id from receipt where intake_id = ${intakeId} and type = any(${[...types]})
     order by made_at desc, id desc limit 1`.execute(transaction);
  return rows[0]?.id;
}

/** What became known of a letter of ours at a recipient. */
export interface NewsFacts {
  readonly what: RecipientEvent;
  readonly details: Readonly<Record<string, unknown>>;
  readonly happenedAt: Date;
  readonly letterId: string | null;
  readonly correspondenceDate: string | null;
  readonly subject: string | null;
  /** Of the recipient, ten digits; null for one that has none. */
  readonly acceptDepartment: string | null;
}

export async function readNewsFacts(
  transaction: Transaction<Tables>,
  newsId: string,
): Promise<NewsFacts | undefined> {
  const { rows } = await sql<NewsFacts>`
    select e.what, e.details, e.happened_at as "happenedAt", coalesce(o.client_number_printed, l.letter_number) as "letterId",
           l.letter_date::text as "correspondenceDate", l.subject,
           case when p.channel = 'ecms' then p.address else k.organisation_id end as "acceptDepartment"
      from recipient_event e
      join outbound_letter o on o.id = e.letter_id
      join outbound_recipient p on p.id = e.recipient_id
      left join outbound_line l on l.letter_id = o.id
      left join partner k on k.domain = p.domain
     where e.id = ${newsId}::bigint`.execute(transaction);
  return rows[0];
}

/** What a notifier said that came to us. */
export async function readNotifierOf(
  transaction: Transaction<Tables>,
  intakeId: string,
): Promise<Notifier | undefined> {
  const { rows } = await sql<{ notifier: Notifier | null }>`
    select report->'notifier' as notifier from reading where intake_id = ${intakeId}`.execute(transaction);
  return rows[0]?.notifier ?? undefined;
}
