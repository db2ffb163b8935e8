import { sql } from "kysely";
import type { Tables } from "../../shared/letter/tables.ts";
import { inTransaction, type Kysely } from "../../shared/runtime/database.ts";
import type { ClientCall } from "./client-calls.ts";

/** One statement for all of them, in their order. */
export async function insertClientCalls(
  database: Kysely<Tables>,
  calls: readonly ClientCall[],
): Promise<void> {
  const agencies = [...new Set(calls.map(({ agencyId }) => agencyId))];
  await inTransaction(database, { actor: "worker:http", agencies }, (transaction) =>
    sql`
      insert into client_call (client_id, agency_id, door, operation, status, remote_address, subject_id, took_ms, called_at)
        select c->>'clientId', c->>'agencyId', c->>'door', c->>'operation', (c->>'status')::int, c->>'remoteAddress',
            (c->>'subjectId')::uuid, (c->>'tookMs')::int, (c->>'calledAt')::timestamptz
          from jsonb_array_elements(${JSON.stringify(calls)}::jsonb) with ordinality as rows (c, place)
         order by place`.execute(transaction),
  );
}
