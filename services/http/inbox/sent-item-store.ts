import { sql, type Transaction } from "kysely";
import type { LetterCover } from "../../shared/letter/letter-cover.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** A file of a letter of the agency, as it was sent: the first is the letter itself. */
export interface SentFile {
  readonly fileId: string;
  /** Annex 7 */
  readonly name: string;
  readonly mediaType: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Who sends. */
export interface SendingAgency {
  readonly nameThai: string;
  readonly nameEnglish: string;
  readonly domain: string;
  /** Ten digits. */
  readonly organisationId: string | null;
}

/** A letter of the agency for the office whose program asks, in the words in which it was sent. */
export interface SentLetter {
  readonly agencyId: string;
  readonly agency: SendingAgency;
  /** Ten digits of the office that it is for. */
  readonly organisationId: string;
  readonly cover: LetterCover;
  /** ISO 8601 */
  readonly sentAt: string;
  readonly files: readonly SentFile[];
  /** Somebody has asked for it to be sent once more. */
  readonly isResent: boolean;
}

const AGENCY = sql`
  jsonb_build_object('nameThai', a.name_th, 'nameEnglish', a.name_en, 'domain', a.domain, 'organisationId', a.organisation_id)`;
/** Its client's own office is the recipient: said here once more, whatever lies in the inbox. */
const OF_ITEM = sql`
  client_item i join client c on c.id = i.client_id
  join notice n on n.id = i.notice_id and n.agency_id = i.agency_id
  join outbound_recipient p on p.id = n.recipient_id and p.domain = c.sender_domain
  join agency a on a.id = i.agency_id`;

/** @returns undefined where it is none that may be given: of another kind, or taken back meanwhile */
export async function readSentLetter(
  transaction: Transaction<Tables>,
  itemId: string,
): Promise<SentLetter | undefined> {
  const { rows } = await sql<SentLetter>`
    select i.agency_id as "agencyId", ${AGENCY} as agency, p.address as "organisationId", n.facts -> 'cover' as cover,
           n.facts ->> 'sentAt' as "sentAt", n.facts -> 'files' as files, n.event_id is not null as "isResent"
      from ${OF_ITEM}
     where i.id = ${itemId} and i.kind = 'sent-letter' and n.kind = 'letter' and i.withdrawn_at is null`.execute(
    transaction,
  );
  return rows[0];
}

/** The newest item by which a letter to one recipient lay in the inbox of a client, and was not taken back. */
export async function newestSentItem(
  transaction: Transaction<Tables>,
  clientId: string,
  recipientId: string,
): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select i.id from client_item i join notice n on n.id = i.notice_id
     where n.recipient_id = ${recipientId} and i.client_id = ${clientId} and i.kind = 'sent-letter' and i.withdrawn_at is null
     order by i.seq desc limit 1`.execute(transaction);
  return rows[0]?.id;
}

/** The agency asks a letter back that its office has fetched. */
export interface AskedBack {
  readonly agency: SendingAgency;
  readonly number: string;
  readonly numberPrinted: string;
  readonly date: string | null;
  /** ISO 8601 */
  readonly issuedAt: string;
  readonly reason: string;
  /** ที่ of the letter that takes its place; null for none. */
  readonly replacedBy: string | null;
  /** The request, signed (compact JWS). */
  readonly jws: string;
}

export async function readAskedBack(
  transaction: Transaction<Tables>,
  itemId: string,
): Promise<AskedBack | undefined> {
  const { rows } = await sql<AskedBack>`
    select ${AGENCY} as agency, n.facts #>> '{recall,letter,number}' as number, n.facts ->> 'printed' as "numberPrinted",
           n.facts #>> '{recall,letter,date}' as date, n.facts #>> '{recall,issuedAt}' as "issuedAt",
           n.facts #>> '{recall,reason}' as reason, n.facts #>> '{recall,replacedBy}' as "replacedBy", n.facts ->> 'jws' as jws
      from ${OF_ITEM} where i.id = ${itemId} and i.kind = 'recall' and n.kind = 'recall'`.execute(
    transaction,
  );
  return rows[0];
}
