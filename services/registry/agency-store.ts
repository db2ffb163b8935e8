import { sql, type Transaction } from "kysely";
import type { Office } from "../shared/letter/office-hours.ts";
import type { OutboundRules } from "../shared/letter/outbound.ts";
import type { Channel } from "../shared/letter/register-line.ts";
import type { Tables } from "../shared/letter/tables.ts";

/** The part of config/agencies.yaml that the registry obeys. */
export interface RegistryOfAgency {
  readonly id: string;
  readonly registration: Readonly<Partial<Record<Channel, "automatic" | "clerk">>>;
  readonly office: Partial<Office>;
  readonly letterCode: string | null;
  readonly nameThai: string;
  readonly domain: string;
  /** Without the domain. */
  readonly mailbox: string;
  readonly romanCode: string | null;
  readonly outbound: OutboundRules;
  /** By what e-CMS it sends letters: by none where it has no number there, else to nodes of partners, or through its own. */
  readonly ecms: "none" | "partners" | "own-node";
}

export async function readAgency(
  transaction: Transaction<Tables>,
  agencyId: string,
): Promise<RegistryOfAgency> {
  const { rows } = await sql<RegistryOfAgency>`
    select id, registration, office, letter_code as "letterCode", name_th as "nameThai", domain, mailbox,
           roman_code as "romanCode", outbound,
           case when organisation_id is null then 'none' when ecms ? 'node' then 'own-node' else 'partners' end as ecms
      from agency where id = ${agencyId}`.execute(transaction);
  const [row] = rows;
  if (!row) throw new Error("no such agency");
  return row;
}
