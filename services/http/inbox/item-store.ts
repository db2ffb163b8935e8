import { sql, type Transaction } from "kysely";
import type { Notifier } from "../../shared/ecms/message.ts";
import type { Evidence } from "../../shared/letter/evidence/evidence.ts";
import { type LineKey, selectLines } from "../../shared/letter/read-lines.ts";
import type { RecipientNews } from "../../shared/letter/recipient-state.ts";
import type { RegisterLine } from "../../shared/letter/register-line.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** A file of a letter as reading found it, with what is packed in it; shapes as in services/reading/reading.ts. */
export interface LetterFile {
  readonly safeName: string;
  readonly contentType: string;
  readonly detectedType: string | null;
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  readonly role: "main" | "enclosure" | "other";
  readonly marks: readonly string[];
  readonly members: readonly LetterFile[];
  /** Its place in what came, for openArrivedFile. */
  readonly partId: string;
}

/** How a letter came, and what is attached to it. */
export interface LetterArrival {
  readonly id: string;
  readonly agencyId: string;
  readonly channel: string;
  /** Of what came by program; null for mail. */
  readonly mediaType: string | null;
  readonly arrivedAt: Date;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly senderAgency: string | null;
  readonly senderAddress: string | null;
  readonly senderDomain: string | null;
  readonly attachments: readonly LetterFile[];
}

/** @returns undefined when there is none that the transaction may see, and of one that is marked as classified */
export async function readLetterArrival(
  transaction: Transaction<Tables>,
  intakeId: string,
): Promise<LetterArrival | undefined> {
  const { rows } = await sql<LetterArrival>`
    select i.id, i.agency_id as "agencyId", i.door as channel, i.media_type as "mediaType", i.arrived_at as "arrivedAt", i.sha256,
           i.size_bytes as "sizeBytes", r.sender_agency as "senderAgency",
           case when i.door in ('smtp', 'imap') then r.sender_address end as "senderAddress", i.sender_domain as "senderDomain",
           r.attachments
      from intake i join reading r on r.intake_id = i.id and r.secrecy = 'normal'
     where i.id = ${intakeId}`.execute(transaction);
  return rows[0];
}

/** The octets of an arrival that are kept in the table; null for those in the file store. */
export async function readArrivedContent(
  transaction: Transaction<Tables>,
  { agencyId, sha256 }: Pick<LetterArrival, "agencyId" | "sha256">,
): Promise<{ readonly content: Buffer | null; readonly isRemoved: boolean } | undefined> {
  const { rows } = await sql<{ content: Buffer | null; isRemoved: boolean }>`
    select content, removed_at is not null as "isRemoved" from stored_body
     where agency_id = ${agencyId} and sha256 = ${sha256}`.execute(transaction);
  return rows[0];
}

/** A signed statement, and the arrival that it was made of. */
export interface KnownReceipt {
  readonly letterId: string;
  readonly evidence: Evidence;
  readonly jws: string;
}

export async function readKnownReceipt(
  transaction: Transaction<Tables>,
  receiptId: string,
): Promise<KnownReceipt | undefined> {
  const { rows } = await sql<KnownReceipt>`
    select intake_id as "letterId", facts as evidence, jws from receipt where id = ${receiptId}`.execute(
    transaction,
  );
  return rows[0];
}

/** Something that became known of a letter of ours at a recipient. */
export interface KnownNews extends RecipientNews {
  readonly letterId: string;
  readonly recipientId: string;
  readonly name: string;
  readonly domain: string;
  readonly address: string;
  readonly evidenceId: string | null;
  /** The line of the letter in an open book; null where it is none, or a classified one's. */
  readonly line: LineKey | null;
}

export async function readKnownNews(
  transaction: Transaction<Tables>,
  newsId: string,
): Promise<KnownNews | undefined> {
  const { rows } = await sql<KnownNews>`
    select e.letter_id as "letterId", e.recipient_id as "recipientId", p.name, p.domain, p.address, e.what, e.source, e.proof,
           e.evidence_id as "evidenceId", e.details, e.happened_at as "happenedAt",
           case when l.number is not null then jsonb_build_object('bookId', l.book_id, 'year', l.year, 'number', l.number) end as line
      from recipient_event e join outbound_recipient p on p.id = e.recipient_id join outbound_letter o on o.id = e.letter_id
      left join register_line l on l.book_id = o.book_id and l.year = o.year and l.number = o.number
     where e.id = ${newsId}::bigint`.execute(transaction);
  return rows[0];
}

/** What a notifier said that came to us, and the arrival of ours that it was found to speak of. */
export interface KnownNotifier {
  readonly senderDomain: string | null;
  readonly notifier: Notifier | null;
  readonly letterId: string | null;
}

export async function readKnownNotifier(
  transaction: Transaction<Tables>,
  intakeId: string,
): Promise<KnownNotifier | undefined> {
  const { rows } = await sql<KnownNotifier>`
    select i.sender_domain as "senderDomain", r.report -> 'notifier' as notifier, n.intake_id as "letterId"
      from intake i join reading r on r.intake_id = i.id
      left join delivery_report d on d.intake_id = i.id left join notice n on n.id = d.notice_id
     where i.id = ${intakeId}`.execute(transaction);
  return rows[0];
}

/** The line of an arrival in an open book, as it reads today. */
export async function lineOfArrival(
  transaction: Transaction<Tables>,
  intakeId: string,
): Promise<RegisterLine | undefined> {
  const [line] = await selectLines(transaction, sql`register_line l where l.intake_id = ${intakeId}`);
  return line;
}
