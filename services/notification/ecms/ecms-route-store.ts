import { sql, type Transaction } from "kysely";
import type { EcmsNode } from "../../shared/letter/directory.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Notice } from "../notice-store.ts";

/** How another office is reached by e-CMS from an agency served here. */
export interface EcmsRoute {
  /** Where to it is posted. */
  readonly node: EcmsNode;
  /** What wsa:To says: the other office's node, where the directory knows it. */
  readonly to: string;
  /** Ten digits. */
  readonly own: string;
  readonly other: string;
}

/** The letter that a notifier speaks of, in the words of its sender. */
export interface NamedLetter {
  readonly letterId: string | null;
  readonly correspondenceDate: string | null;
  readonly subject: string | null;
}

const OWN_NODE = sql`(a.ecms -> 'node')`;
const ITS_NODE = sql`nullif(p.ecms, '{}')`;

/**
 * To an office that gets a letter of ours: to its own node, else through that which the agency uses.
 * @returns undefined when it cannot be reached (any more)
 */
export async function findRouteTo(
  transaction: Transaction<Tables>,
  { agencyId, recipient }: Pick<Notice, "agencyId" | "recipient">,
): Promise<EcmsRoute | undefined> {
  const { rows } = await sql<EcmsRoute>`
    select coalesce(${ITS_NODE}, ${OWN_NODE}) as node, coalesce(${ITS_NODE}, ${OWN_NODE}) ->> 'url' as "to", a.organisation_id as own, ${recipient}::text as other
      from agency a left join partner p on p.active and p.organisation_id = ${recipient}
     where a.id = ${agencyId} and a.organisation_id is not null and coalesce(${ITS_NODE}, ${OWN_NODE}) is not null
     limit 1`.execute(transaction);
  return rows[0];
}

/**
 * To the office that an arrival came from: what was fetched from the agency's node is answered there, for its sender may be
 * known to nobody else; what was posted to us goes to the sender's node.
 */
export async function findRouteBack(
  transaction: Transaction<Tables>,
  intakeId: string,
): Promise<(EcmsRoute & NamedLetter) | undefined> {
  const isPulled = sql`i.client_id is null and ${OWN_NODE} is not null`;
  const { rows } = await sql<EcmsRoute & NamedLetter>`
    select case when ${isPulled} then ${OWN_NODE} else coalesce(${ITS_NODE}, ${OWN_NODE}) end as node,
           coalesce(${ITS_NODE}, ${OWN_NODE}) ->> 'url' as "to", a.organisation_id as own,
           coalesce(d.sender_department, p.organisation_id, '') as other,
           coalesce(d.letter_id, g.number_printed, g.number) as "letterId",
           coalesce(d.correspondence_date, g.letter_date::text) as "correspondenceDate", g.subject
      from intake i join agency a on a.id = i.agency_id
      left join partner p on p.active and p.domain = i.sender_domain
      left join reading g on g.intake_id = i.id
      left join lateral (select letter_id, correspondence_date, sender_department from ecms_document
                          where intake_id = i.id order by came_at desc limit 1) d on true
     where i.id = ${intakeId} and a.organisation_id is not null and coalesce(${ITS_NODE}, ${OWN_NODE}) is not null`.execute(
    transaction,
  );
  return rows[0];
}
