import { type Kysely, sql } from "kysely";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Acting } from "../../shared/runtime/database.ts";
import { actingForClient, type Client } from "../clients/client-access.ts";

/**
 * What a transaction of a client states that may look for things at other agencies served here: letters that its agency
 * has sent them, and what they answered. Row-level security then is wider than the client: whoever uses this asks for rows
 * of this client, or of its own office, alone. Of other offices' clients never more than the agency that registered them.
 */
export async function actingWherever(
  database: Kysely<Tables>,
  client: Client,
  isOwn: boolean,
): Promise<Acting> {
  const acting = actingForClient(client);
  if (!isOwn) return acting;
  const { rows } = await sql<{ id: string }>`select id from agency where active`.execute(database);
  return { ...acting, agencies: rows.map(({ id }) => id) };
}
