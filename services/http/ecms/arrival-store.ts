import { sql, type Transaction } from "kysely";
import type { Urgency } from "../../shared/letter/letter.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { ArrivedAttachment } from "./letter-files.ts";

/** A letter that arrived by any door: its octets, and what the book says of it (what was read, where no line does). */
export interface ArrivedLetter {
  readonly intakeId: string;
  readonly door: "smtp" | "imap" | "api" | "ecms";
  /** Of the octets, by a door of programs; null for mail. */
  readonly mediaType: string | null;
  readonly sha256: string;
  /** null: they lie in the letters store. */
  readonly content: Buffer | null;
  readonly arrivedAt: Date;
  readonly number: string | null;
  /** yyyy-MM-dd */
  readonly date: string | null;
  readonly subject: string | null;
  readonly urgency: Urgency;
  readonly from: string | null;
  readonly to: string | null;
  readonly senderDomain: string | null;
  /** อ้างถึง */
  readonly citations: readonly {
    readonly printed: string;
    readonly number: string | null;
    readonly date: string | null;
  }[];
  readonly enclosures: readonly string[];
  readonly attachments: readonly ArrivedAttachment[];
}

// A classified letter is its registrar's, and octets that were removed (a virus) are nobody's.
const ARRIVED = sql`
  select i.id as "intakeId", i.door, i.media_type as "mediaType", i.sha256, b.content, i.arrived_at as "arrivedAt",
         coalesce(l.letter_number_printed, l.letter_number, g.number_printed, g.number) as number,
         coalesce(l.letter_date, g.letter_date)::text as date, coalesce(l.subject, g.subject) as subject,
         coalesce(l.urgency, g.urgency) as urgency, coalesce(l.letter_from, g.letter_from) as "from",
         coalesce(l.letter_to, g.letter_to) as "to",
         lower(coalesce(i.sender_domain, split_part(g.sender_address, '@', 2))) as "senderDomain",
         g.citations, coalesce(l.enclosures, g.enclosures) as enclosures, g.attachments
    from intake i
    join stored_body b on b.sha256 = i.sha256 and b.agency_id = i.agency_id and b.removed_at is null
    join reading g on g.intake_id = i.id and g.agency_id = i.agency_id and g.secrecy = 'normal'
    left join entry e on e.intake_id = i.id and e.agency_id = i.agency_id
    left join register_line l on l.book_id = e.book_id and l.year = e.year and l.number = e.number`;

/** @returns undefined where there is none that may be given */
export async function readArrivedLetter(
  transaction: Transaction<Tables>,
  intakeId: string,
): Promise<ArrivedLetter | undefined> {
  const { rows } = await sql<ArrivedLetter>`${ARRIVED} where i.id = ${intakeId} limit 1`.execute(transaction);
  return rows[0];
}

/**
 * A letter in the agency's inbound book by its number, date and sender, by whatever door it came.
 * @param senderDomain of the office that sent it
 */
export async function findRegisteredLetter(
  transaction: Transaction<Tables>,
  agencyId: string,
  letter: { readonly number: string; readonly date: string; readonly senderDomain: string },
): Promise<ArrivedLetter | undefined> {
  const { rows } = await sql<ArrivedLetter>`
    ${ARRIVED}
     where l.direction = 'inbound' and l.letter_date = ${letter.date}::date
       and lower(coalesce(i.sender_domain, split_part(g.sender_address, '@', 2))) = ${letter.senderDomain}
       and (e.book_id, e.year, e.number) in (
         select n.book_id, n.year, n.number from lines_numbered(${agencyId}, array[${letter.number}]) n)
     order by e.registered_at desc limit 1`.execute(transaction);
  return rows[0];
}
