import { sql, type Transaction } from "kysely";
import type { Tables } from "../tables.ts";
import type { AuditCheckpoint } from "./evidence.ts";

/** The newest checkpoint of the audit log; null when there is none yet. */
export async function newestCheckpoint(transaction: Transaction<Tables>): Promise<AuditCheckpoint | null> {
  const { rows } = await sql<{ treeSize: number; root: Buffer; madeAt: Date }>`
    select tree_size as "treeSize", root, made_at as "madeAt" from audit_checkpoint order by tree_size desc limit 1`.execute(
    transaction,
  );
  const [row] = rows;
  return row === undefined
    ? null
    : { treeSize: row.treeSize, root: row.root.toString("base64url"), madeAt: row.madeAt.toISOString() };
}
