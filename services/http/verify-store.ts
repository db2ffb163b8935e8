import { sql, type Transaction } from "kysely";
import type { Evidence } from "../shared/letter/evidence/evidence.ts";
import type { Tables } from "../shared/letter/tables.ts";

/** Whether an agency with this domain is served here: its receipts are signed with our own keys, and with nobody else's. */
export async function isServed(transaction: Transaction<Tables>, domain: string): Promise<boolean> {
  const { rows } = await sql`select 1 from agency where domain = ${domain} and active`.execute(transaction);
  return rows.length > 0;
}

/** A receipt of this office, as it stands in its record. */
export interface RecordedReceipt {
  readonly facts: Evidence;
  readonly jws: string;
  /** Evidence id of the newest statement that takes its place. */
  readonly replacedBy: string | null;
}

/**
 * By its short code or evidence id, of whichever agency: who holds either holds the receipt.
 * @param wanted the code without hyphens, or the id in lower case
 */
export async function findRecorded(
  transaction: Transaction<Tables>,
  wanted: string,
): Promise<RecordedReceipt | undefined> {
  const { rows } = await sql<RecordedReceipt>`
    select facts, jws, replaced_by as "replacedBy" from find_receipt(${wanted})`.execute(transaction);
  return rows[0];
}
