import { sql, type Transaction } from "kysely";
import type { Door } from "../shared/letter/arrival/envelope.ts";
import type { DeliveryReport } from "../shared/letter/delivery-report.ts";
import type { SenderRules } from "../shared/letter/sender-rules.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Verdict } from "./judge-message.ts";
import { type KnownSender, type KnownSenders, NOTHING_LISTED, type Reading } from "./reading.ts";
import type { ScanResult } from "./scan-octets.ts";
import type { SenderCheck } from "./sender/check-sender.ts";

/** An arrival whose octets are to be read. */
export interface Arrival {
  readonly arrivalSeq: number;
  readonly arrivedAt: Date;
  readonly door: Door;
  /** Of doors api and ecms: Content-Type of the request that the octets are the body of; null for mail. */
  readonly mediaType: string | null;
  /** The client that handed it in; null for mail, and for what was fetched from an e-CMS node. */
  readonly clientId: string | null;
  /** In whose name it came by program. */
  readonly senderDomain: string | null;
  /** The client that SMTP spoke with; for a pulled message nothing that could be checked. */
  readonly remoteAddress: string;
  readonly helo: string;
  /** The server whose Authentication-Results the mailbox's configuration believes; null for none. */
  readonly authservId: string | null;
  readonly mailFrom: string;
  readonly recipients: readonly string[];
  readonly sha256: string;
  readonly sizeBytes: number;
  /** The octets; null when they are in the file store. */
  readonly content: Buffer | null;
}

/** Arrivals that are still to be read, by id: a job that comes a second time finds nothing. */
export async function findUnread(
  transaction: Transaction<Tables>,
  intakeIds: readonly string[],
): Promise<ReadonlyMap<string, Arrival>> {
  const { rows } = await sql<Arrival & { id: string }>`
    select i.id, i.arrival_seq as "arrivalSeq", i.arrived_at as "arrivedAt", i.door, i.remote_address as "remoteAddress", i.helo,
           i.media_type as "mediaType", i.client_id as "clientId", i.sender_domain as "senderDomain",
           i.mail_from as "mailFrom", i.recipients, i.sha256, i.size_bytes as "sizeBytes", b.content,
           case when i.door = 'imap' then (select x.authserv_id from imap_message m join imap_mailbox x on x.id = m.mailbox_id
             where m.intake_id = i.id and m.agency_id = i.agency_id limit 1) end as "authservId"
      from outbox w join intake i on i.id = w.subject_id
      join stored_body b on b.agency_id = i.agency_id and b.sha256 = i.sha256
     where w.job = 'read-letter' and w.subject_id = any (${intakeIds}::uuid[])`.execute(transaction);
  return new Map(rows.map(({ id, ...arrival }) => [id, arrival]));
}

/**
 * Ends the jobs that read these arrivals. The rows stay locked until the transaction ends: a second reader of one of them
 * waits here, and then does not find it.
 * @returns the arrivals whose jobs were still open
 */
export async function takeOpen(
  transaction: Transaction<Tables>,
  intakeIds: readonly string[],
): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    delete from outbox where job = 'read-letter' and subject_id = any (${intakeIds}::uuid[])
      returning subject_id as id`.execute(transaction);
  return new Set(rows.map(({ id }) => id));
}

/** The partner directory: domain → agency, for all active partners and the agencies served here. */
export async function readKnownSenders(transaction: Transaction<Tables>): Promise<KnownSenders> {
  const { rows } = await sql<KnownSender & { domain: string }>`
    select domain, name_th as name, code_letters as "codeLetters", roman_code as "romanCode", mailbox, false as served from partner where active
    union all select domain, name_th, split_part(letter_code, ' ', 1), null, mailbox || '@' || domain, true from agency where active`.execute(
    transaction,
  );
  return new Map(rows.map(({ domain, ...sender }) => [domain, sender]));
}

/** What each agency has decided about senders (config/agencies.yaml, senders). */
export async function readSenderRules(
  transaction: Transaction<Tables>,
): Promise<ReadonlyMap<string, SenderRules>> {
  const rows = await transaction.selectFrom("agency").select(["id", "senders"]).execute();
  return new Map(rows.map(({ id, senders }) => [id, senders as SenderRules]));
}

/** Everything that is written of an arrival. */
export interface ReadingResult {
  readonly reading: Reading;
  readonly verdict: Verdict;
  /** Name of the known agency that the sender belongs to. */
  readonly senderAgency: string | null;
  readonly check: SenderCheck;
  /** Null without a scanner. */
  readonly scan: ScanResult | null;
}

/** What was read of one arrival. */
export interface ReadingOf {
  readonly intakeId: string;
  readonly agencyId: string;
  readonly result: ReadingResult;
}

const COLUMNS = [
  "intake_id",
  "agency_id",
  "verdict",
  "reason",
  "kind",
  "message_id",
  "content_digest",
  "sender_address",
  "sender_name",
  "sender_agency",
  "number_printed",
  "number",
  "letter_date",
  "subject",
  "letter_from",
  "letter_to",
  "urgency",
  "secrecy",
  "references",
  "letter_kind",
  "citations",
  "enclosures",
  "sources",
  "attachments",
  "conflicts",
  "letter_digest",
  "problems",
  "standing",
  "sender_check",
  "scan",
  "report",
  "read_at",
] as const satisfies readonly (keyof Tables["reading"])[];

/**
 * Writes what was read, replacing earlier readings: all rows in one statement, whose text is the same for every number of
 * them. PostgreSQL reads the table's conditions anew for each statement, which takes it longer than the row.
 */
export async function insertReadings(
  transaction: Transaction<Tables>,
  readings: readonly ReadingOf[],
  readAt: Date,
): Promise<void> {
  const rows = asJson(readings.map((reading) => rowOf(reading, readAt)));
  const columns = sql.join(COLUMNS.map((column) => sql.ref(column)));
  const given = sql.join(COLUMNS.slice(1).map((column) => sql.ref(`excluded.${column}`)));
  await sql`
    insert into reading (${columns}) select ${columns} from jsonb_populate_recordset(null::reading, ${rows}::jsonb)
      on conflict (intake_id) do update set (${sql.join(COLUMNS.slice(1).map((column) => sql.ref(column)))}) = row (${given})`.execute(
    transaction,
  );
}

/**
 * Of a letter marked as classified only the marking is kept: it came by a door that may not carry it, and an ordinary table
 * is not its place. The octets stay where the door put them.
 */
function rowOf(
  { intakeId, agencyId, result: { reading, verdict, senderAgency, check, scan } }: ReadingOf,
  readAt: Date,
): Record<(typeof COLUMNS)[number], unknown> {
  const classified = reading.facts.secrecy !== "normal";
  // What a machine sent may hold a letter of any kind, which nobody has looked into: its names are nobody's to read either.
  const isOpen = !classified && (reading.kind === "letter" || reading.kind === "unreadable");
  const facts = classified ? { ...reading.facts, ...NOTHING } : reading.facts;
  return {
    intake_id: intakeId,
    agency_id: agencyId,
    verdict: verdict.outcome,
    reason: verdict.reason,
    kind: reading.kind,
    message_id: reading.messageId,
    content_digest: reading.contentDigest,
    sender_address: reading.fromAddress,
    sender_name: isOpen ? reading.fromName : null,
    sender_agency: senderAgency,
    number_printed: facts.numberPrinted,
    number: facts.number,
    letter_date: facts.date,
    subject: facts.subject,
    letter_from: facts.from,
    letter_to: facts.to,
    urgency: facts.urgency,
    secrecy: facts.secrecy,
    references: classified ? [] : reading.references,
    letter_kind: classified ? NOTHING_LISTED.letterKind : reading.letterKind,
    citations: classified ? [] : reading.citations,
    enclosures: classified ? [] : reading.enclosures,
    sources: classified ? {} : reading.sources,
    attachments: isOpen ? reading.attachments : [],
    conflicts: classified ? [] : reading.conflicts,
    letter_digest: classified ? null : reading.letterDigest,
    problems: reading.problems,
    standing: check.standing,
    sender_check: check.detail,
    scan: scan === null ? {} : { ...scan, at: readAt.toISOString() },
    report: classified || reading.report === null ? null : withoutQuotes(reading.report),
    read_at: readAt,
  };
}

/** A cut surrogate, which a parameter by itself would have made U+FFFD. */
const LONE_SURROGATE = /\\ud[89a-f]/i;

function asJson(rows: readonly object[]): string {
  const json = JSON.stringify(rows);
  if (!LONE_SURROGATE.test(json)) return json;
  return JSON.stringify(rows, (_key, value) => (typeof value === "string" ? value.toWellFormed() : value));
}

/** A server's words may quote the message that it speaks of; what bears a word of secrecy is not repeated. */
function withoutQuotes(report: DeliveryReport): DeliveryReport {
  const open = (words: string | null): string | null =>
    words !== null && speaksOfSecrecy(words) ? null : words;
  return {
    ...report,
    diagnostic: open(report.diagnostic),
    recipients: report.recipients.map((told) => ({ ...told, diagnostic: open(told.diagnostic) })),
  };
}

/** กลับ (ตีกลับ: returned) is what servers say all the time, and no marking. */
function speaksOfSecrecy(words: string): boolean {
  const unspaced = words.replace(/[\s*_\u200b-\u200d]+/gu, "");
  return /(?<!ก)ลับ/u.test(unspaced) || /\b(?:secret|confidential)\b/iu.test(words);
}

const NOTHING = {
  number: null,
  numberPrinted: null,
  date: null,
  subject: null,
  from: null,
  to: null,
} as const;
