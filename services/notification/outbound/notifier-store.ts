import { sql, type Transaction } from "kysely";
import type { Notifier } from "../../shared/ecms/message.ts";
import type { NewsProof, RecipientNews } from "../../shared/letter/recipient-state.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** A notifier as it came. */
export interface ArrivedNotifier {
  readonly intakeId: string;
  readonly agencyId: string;
  readonly arrivedAt: Date;
  /** The program that posted it; null for what was fetched from the node that the agency uses. */
  readonly clientId: string | null;
  /** In whose name; null where the door could not tell. */
  readonly senderDomain: string | null;
  readonly notifier: Notifier;
}

export async function readArrivedNotifier(
  transaction: Transaction<Tables>,
  intakeId: string,
): Promise<ArrivedNotifier | undefined> {
  const { rows } = await sql<ArrivedNotifier>`
    select i.id as "intakeId", i.agency_id as "agencyId", i.arrived_at as "arrivedAt", i.client_id as "clientId",
           lower(i.sender_domain) as "senderDomain", r.report -> 'notifier' as notifier
      from intake i join reading r on r.intake_id = i.id
     where i.id = ${intakeId} and r.kind = 'notifier' and r.report -> 'notifier' <> 'null'`.execute(
    transaction,
  );
  return rows[0];
}

/** @param organisationId ten digits @returns the domain of the office; null for none of the directory */
export async function domainOfOffice(
  transaction: Transaction<Tables>,
  organisationId: string,
): Promise<string | null> {
  const { rows } = await sql<{ domain: string }>`
    select domain from partner where active and organisation_id = ${organisationId}
    union all select domain from agency where active and organisation_id = ${organisationId} limit 1`.execute(
    transaction,
  );
  return rows[0]?.domain ?? null;
}

/** What the office has said of a letter since it was last sent there, oldest first. */
export interface Said extends Pick<RecipientNews, "what" | "details"> {
  readonly proof: NewsProof;
}

export async function saidSinceSent(
  transaction: Transaction<Tables>,
  recipientId: string,
): Promise<readonly Said[]> {
  // Until this transaction ends: a notifier that was posted twice is read by two workers at once.
  await sql`select pg_advisory_xact_lock(hashtextextended('saraban.recipient ' || ${recipientId}::text, 0))`.execute(
    transaction,
  );
  const { rows } = await sql<Said>`
    select e.what, e.proof, e.details from recipient_event e
     where e.recipient_id = ${recipientId} and e.proof <> 'claim'
       and e.what in ('arrived', 'registered', 'corrected', 'cancelled', 'handed-over', 'rejected', 'refused', 'invalid')
       and e.recorded_at > coalesce((select max(v.made_at) from outbound_event v
             where v.letter_id = e.letter_id and v.what = 'resent' and coalesce(v.recipient_id, e.recipient_id) = e.recipient_id), '-infinity')
     order by e.id`.execute(transaction);
  return rows;
}

/** The newest message by which a letter went to a recipient. */
export async function newestLetterNotice(
  transaction: Transaction<Tables>,
  recipientId: string,
): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select id from notice where recipient_id = ${recipientId} and kind = 'letter' order by made_at desc, id desc limit 1`.execute(
    transaction,
  );
  return rows[0]?.id ?? null;
}

/** A letter in our inbound book, its number, and how its sender was told of that. */
export interface RegisteredArrival {
  readonly intakeId: string;
  readonly clientId: string | null;
  readonly number: number;
  readonly year: number;
  readonly isCancelled: boolean;
  /** The acknowledgement; null where none was promised yet. */
  readonly noticeId: string | null;
  readonly noticeState: "due" | "delivered" | "failed" | "withheld" | null;
  /** Its receipt, or the last that corrects it. */
  readonly receiptId: string | null;
}

/** The newest letter with this number (canonical) and date that came from an office, and that is registered. */
export async function findRegisteredArrival(
  transaction: Transaction<Tables>,
  agencyId: string,
  letter: { readonly number: string; readonly date: string; readonly domain: string },
): Promise<RegisteredArrival | null> {
  const { number, date, domain } = letter;
  const { rows } = await sql<RegisteredArrival>`
    select i.id as "intakeId", i.client_id as "clientId", l.number, l.year, l.status = 'cancelled' as "isCancelled",
           n.id as "noticeId", n.state as "noticeState",
           (select p.id from receipt p where p.intake_id = i.id and p.type in ('registered', 'corrected')
             order by p.made_at desc, p.id desc limit 1) as "receiptId"
      from lines_numbered(${agencyId}, array[${number}]) k
      join register_line l on l.book_id = k.book_id and l.year = k.year and l.number = k.number
      join intake i on i.id = l.intake_id join reading r on r.intake_id = i.id
      left join notice n on n.intake_id = i.id and n.kind = 'acknowledgement'
     where l.direction = 'inbound' and l.letter_date = ${date}::date
       and coalesce(lower(i.sender_domain), lower(substring(r.sender_address from '[^@]*$'))) = ${domain}
     order by i.arrival_seq desc limit 1`.execute(transaction);
  return rows[0] ?? null;
}

/** Has a message that was delivered, or failed, sent once more as it was. The job that sends it is handed on by the caller. */
export async function sendNoticeAgain(transaction: Transaction<Tables>, noticeId: string): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable("notice")
    .set({ state: "due", reason: "", settled_at: null })
    .where("id", "=", noticeId)
    .where("state", "in", ["delivered", "failed"])
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
