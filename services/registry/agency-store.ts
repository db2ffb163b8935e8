import { sql, type Transaction } from "kysely";
import type { Office } from "../shared/letter/office-hours.ts";
import type { Channel } from "../shared/letter/register-line.ts";
import type { Tables } from "../shared/letter/tables.ts";

/** The part of config/agencies.yaml that the registry obeys. */
export interface RegistryOfAgency {
  readonly registration: Readonly<Partial<Record<Channel, "automatic" | "clerk">>>;
  readonly office: Partial<Office>;
  readonly letterCode: string | null;
}

export async function readAgency(
  transaction: Transaction<Tables>,
  agencyId: string,
): Promise<RegistryOfAgency> {
  const { rows } = await sql<RegistryOfAgency>`
    select registration, office, letter_code as "letterCode" from agency where id = ${agencyId}`.execute(
    transaction,
  );
  const [row] = rows;
  if (!row) throw new Error("no such agency");
  return row;
}
