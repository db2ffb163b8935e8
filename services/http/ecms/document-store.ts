import { type RawBuilder, sql, type Transaction } from "kysely";
import type { DocumentKey, Notifier } from "../../shared/ecms/message.ts";
import { normaliseLetterNumber } from "../../shared/letter/letter-number.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** A letter that came by e-CMS, under its identity there. */
export interface KeptDocument {
  readonly processId: string;
  readonly agencyId: string;
  /** Null for one of the agency's own that is passed on to an office elsewhere: processId is then the outbound letter's. */
  readonly intakeId: string | null;
  readonly letterId: string;
  /** Of the arrival: whose program it was, and in whose name. */
  readonly clientId: string | null;
  readonly senderDomain: string | null;
  readonly deletedAt: Date | null;
}

const DOCUMENT = sql`
  d.process_id as "processId", d.agency_id as "agencyId", d.intake_id as "intakeId", d.letter_id as "letterId",
  i.client_id as "clientId", case when d.act_id is null then i.sender_domain else g.domain end as "senderDomain",
  d.deleted_at as "deletedAt"`;

/** Whether a letter with this identity is here and was not deleted since. */
export async function isDocumentKept(transaction: Transaction<Tables>, key: DocumentKey): Promise<boolean> {
  const { rows } = await sql<{ kept: boolean }>`
    select exists (select from ecms_document where letter_id = ${key.letterId}
        and correspondence_date = ${key.correspondenceDate} and sender_department = ${key.senderDepartment}
        and accept_department = ${key.acceptDepartment} and deleted_at is null) as kept`.execute(transaction);
  return rows[0]?.kept === true;
}

/** The statement that uses up an identity: it breaks a unique key while another letter has it. */
export function insertingDocument(
  document: {
    readonly processId: string;
    readonly agencyId: string;
    /** The arrival, or the act that has it passed on: one of them. */
    readonly intakeId: string | null;
    readonly actId?: string;
  },
  key: DocumentKey,
  cameAt: Date,
): RawBuilder<unknown> {
  return sql`
    insert into ecms_document (process_id, agency_id, intake_id, act_id, letter_id, correspondence_date, sender_department,
        accept_department, came_at)
      values (${document.processId}, ${document.agencyId}, ${document.intakeId}, ${document.actId ?? null}, ${key.letterId},
        ${key.correspondenceDate}, ${key.senderDepartment}, ${key.acceptDepartment}, ${cameAt})`;
}

/** Of one sender, one receiver and one day. */
const MOST_OF_A_DAY = 2_000;

/**
 * The letters with this identity, the newest first. Clients do not write a number the same way each time (Thai digits,
 * spaces), so numbers that say the same count as the same here.
 */
export async function findDocuments(
  transaction: Transaction<Tables>,
  key: DocumentKey,
): Promise<KeptDocument[]> {
  const { rows } = await sql<KeptDocument>`
    select ${DOCUMENT} from ecms_document d left join intake i on i.id = d.intake_id and i.agency_id = d.agency_id
      join agency g on g.id = d.agency_id
     where (d.act_id is not null or i.id is not null) and d.correspondence_date = ${key.correspondenceDate} and d.sender_department = ${key.senderDepartment}
       and d.accept_department = ${key.acceptDepartment}
     order by d.letter_id = ${key.letterId} desc, d.came_at desc, d.process_id desc limit ${MOST_OF_A_DAY}`.execute(
    transaction,
  );
  const same = sameNumberAs(key.letterId);
  return rows.filter(({ letterId }) => same(letterId));
}

/** A letter of one office on one day, whoever got it; the newest first. */
export async function findDocumentsOfNotifier(
  transaction: Transaction<Tables>,
  letter: {
    readonly letterId: string;
    readonly correspondenceDate: string;
    readonly department: string;
    readonly role: "sender" | "receiver";
  },
): Promise<{ readonly senderDepartment: string; readonly acceptDepartment: string }[]> {
  const column = sql.ref(letter.role === "sender" ? "sender_department" : "accept_department");
  const { rows } = await sql<{ letterId: string; senderDepartment: string; acceptDepartment: string }>`
    select letter_id as "letterId", sender_department as "senderDepartment", accept_department as "acceptDepartment"
      from ecms_document
     where correspondence_date = ${letter.correspondenceDate} and ${column} = ${letter.department}
     order by letter_id = ${letter.letterId} desc, came_at desc limit ${MOST_OF_A_DAY}`.execute(transaction);
  const same = sameNumberAs(letter.letterId);
  return rows.filter(({ letterId }) => same(letterId));
}

/** A new letter may be sent under this identity from now on. Deleted before: nothing is changed. */
export async function deleteDocument(
  transaction: Transaction<Tables>,
  processId: string,
  at: Date,
): Promise<void> {
  await sql`update ecms_document set deleted_at = ${at} where process_id = ${processId} and deleted_at is null`.execute(
    transaction,
  );
}

/** Whether a number says the same as this one, however it is written. */
export function sameNumberAs(number: string): (other: string) => boolean {
  const wanted = canonicalNumber(number);
  return (other) => other === number || canonicalNumber(other) === wanted;
}

function canonicalNumber(number: string): string {
  return normaliseLetterNumber(number) ?? number.replace(/\s+/gu, "");
}

const MOST_DISPUTES = 500;

/** What offices said of our register numbers, as it was laid into this client's inbox; the newest first. */
export async function findDisputes(
  transaction: Transaction<Tables>,
  { id }: { readonly id: string },
): Promise<{ readonly itemId: string; readonly notifier: Notifier }[]> {
  const { rows } = await sql<{ itemId: string; notifier: Notifier }>`
    select c.id as "itemId", g.report->'notifier' as notifier
      from client_item c join reading g on g.intake_id = c.intake_id
     where c.client_id = ${id} and c.kind = 'dispute' and g.report ? 'notifier'
     order by c.seq desc limit ${MOST_DISPUTES}`.execute(transaction);
  return rows;
}
