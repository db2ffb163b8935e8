import { sql, type Transaction } from "kysely";
import type { Secrecy, Urgency } from "../../shared/letter/letter.ts";
import type { OutboundFacts, RecipientChannel } from "../../shared/letter/outbound.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { SendResult } from "../mail/mail-transport.ts";

/** A file as it was sent: no 1 is the letter itself. */
export interface SentFile {
  readonly fileId: string;
  /** Annex 7 */
  readonly name: string;
  readonly mediaType: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** A recipient of a letter, the letter, and what was asked for since. */
export interface LetterSubject {
  readonly recipientId: string;
  readonly letterId: string;
  readonly agencyId: string;
  /** ถึง */
  readonly name: string;
  readonly address: string;
  readonly channel: RecipientChannel;
  readonly sentAt: Date | null;
  readonly facts: OutboundFacts;
  /** The line of the book as it reads now (of a letter that is passed on, what its client's book says); null where this room may not see it. */
  readonly entry: {
    readonly letterNumber: string | null;
    readonly letterNumberPrinted: string | null;
    readonly letterDate: string | null;
    readonly subject: string | null;
    readonly from: string | null;
    readonly urgency: Urgency;
    readonly secrecy: Secrecy;
    readonly references: readonly string[];
    readonly enclosures: readonly string[];
  } | null;
  readonly agency: {
    readonly nameThai: string;
    readonly nameEnglish: string;
    readonly domain: string;
    readonly mailbox: string;
  };
  readonly files: readonly SentFile[];
  /** A client has sent a letter under this number and date there before, and sends it anew: the node there may still have the first. */
  readonly isAnew: boolean;
  /** Ids of the events that had it sent again to this recipient, in their order. */
  readonly resent: readonly string[];
  readonly recall: {
    readonly eventId: string;
    readonly reason: string;
    readonly replacedBy: string | null;
  } | null;
  /** What came of the tries of its notices. */
  readonly tries: readonly { readonly noticeId: string; readonly results: readonly SendResult["result"][] }[];
}

export async function readLetterSubject(
  transaction: Transaction<Tables>,
  recipientId: string,
): Promise<LetterSubject | undefined> {
  const { rows } = await sql<LetterSubject>`
    select r.id as "recipientId", r.letter_id as "letterId", r.agency_id as "agencyId", r.name, r.address, r.channel, l.sent_at as "sentAt", l.facts,
           case when e.letter_id is not null then jsonb_build_object('letterNumber', e.letter_number,
             'letterNumberPrinted', e.letter_number_printed, 'letterDate', e.letter_date, 'subject', e.subject, 'from', e.letter_from,
             'urgency', e.urgency, 'secrecy', e.secrecy, 'references', e."references", 'enclosures', e.enclosures) end as entry,
           jsonb_build_object('nameThai', a.name_th, 'nameEnglish', a.name_en, 'domain', a.domain, 'mailbox', a.mailbox) as agency,
           (select coalesce(jsonb_agg(jsonb_build_object('fileId', u.id, 'name', f.name, 'mediaType', u.media_type,
                'sha256', u.sha256, 'sizeBytes', u.size_bytes) order by f.no), '[]')
              from outbound_file f join uploaded_file u on u.id = f.file_id where f.letter_id = l.id) as files,
           l.origin = 'client' and exists (
             select from outbound_letter b join outbound_recipient t on t.letter_id = b.id and t.address = r.address
              where b.agency_id = l.agency_id and b.client_number = l.client_number and b.id < l.id
                and b.facts ->> 'letterDate' = l.facts ->> 'letterDate') as "isAnew",
           array(select v.id from outbound_event v where v.letter_id = l.id and v.what = 'resent'
                    and coalesce(v.recipient_id, r.id) = r.id order by v.event_no) as resent,
           (select jsonb_build_object('eventId', v.id, 'reason', v.reason, 'replacedBy',
                (select n.letter_number from outbound_line n where n.letter_id = (v.details ->> 'replacedBy')::uuid))
              from outbound_event v where v.letter_id = l.id and v.what = 'recall-requested' order by v.event_no limit 1) as recall,
           (select coalesce(jsonb_agg(jsonb_build_object('noticeId', t.notice_id, 'results', t.results)), '[]')
              from (select d.notice_id, jsonb_agg(distinct d.result) as results from delivery_attempt d join notice n on n.id = d.notice_id
                     where n.recipient_id = r.id group by d.notice_id) t) as tries
      from outbound_recipient r join outbound_letter l on l.id = r.letter_id join agency a on a.id = r.agency_id
      left join outbound_line e on e.letter_id = l.id
     where r.id = ${recipientId}`.execute(transaction);
  return rows[0];
}

/** The octets of a file that is kept in the table; null for one in the file store. */
export async function readFileContent(
  transaction: Transaction<Tables>,
  fileId: string,
): Promise<Buffer | null> {
  const { content } = await transaction
    .selectFrom("uploaded_file")
    .select("content")
    .where("id", "=", fileId)
    .executeTakeFirstOrThrow();
  return content;
}

/**
 * Whether a run of the job has begun to send and never said how that ended: who ends a run puts the row back with the reason
 * why it is there. What was promised before this run and not tried may have left in that one.
 */
export async function isBeingSent(transaction: Transaction<Tables>, recipientId: string): Promise<boolean> {
  const { rows } = await sql`
    select from outbox where job = 'send-letter' and subject_id = ${recipientId} and last_error is null`.execute(
    transaction,
  );
  return rows.length > 0;
}

/** The newest receipt that the recipient has proved: by its id their office finds the letter that is recalled. */
export async function newestEvidenceId(
  transaction: Transaction<Tables>,
  recipientId: string,
): Promise<string | null> {
  const { rows } = await sql<{ evidenceId: string }>`
    select evidence_id as "evidenceId" from recipient_event
     where recipient_id = ${recipientId} and evidence_id is not null and proof = 'signature' and what in ('arrived', 'registered', 'corrected')
     order by id desc limit 1`.execute(transaction);
  return rows[0]?.evidenceId ?? null;
}
