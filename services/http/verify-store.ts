import { sql, type Transaction } from "kysely";
import type { Evidence } from "../shared/letter/evidence/evidence.ts";
import type { Tables } from "../shared/letter/tables.ts";

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
