import { type Kysely, sql } from "kysely";
import type { Alongside } from "../../shared/letter/arrival/envelope.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { type Acting, inTransaction } from "../../shared/runtime/database.ts";

/** By what a request is known when it comes again. */
export interface RequestMark {
  readonly clientId: string;
  /** Idempotency-Key; null where the client gave none. */
  readonly key: string | null;
  /** In what other words the key may stand, for a classified letter: keyed hashes of it. */
  readonly keyMarks?: readonly string[];
  /** Over what the request says, lower-case hex (fingerprint of the files and facts, whatever boundary parts them). */
  readonly sha256: string;
}

/** Writes the request down in the transaction that takes its letter in; one that is known already breaks a key of it. */
export function alongsideSubmission({ clientId, key, sha256 }: RequestMark): Alongside {
  return ({ intakeId, agencyId }) => [
    sql`insert into submission (intake_id, agency_id, client_id, idempotency_key, request_sha256)
          values (${intakeId}, ${agencyId}, ${clientId}, ${key}, ${sha256})`,
  ];
}

export type Known = { readonly intakeId: string; readonly sameRequest: boolean };

/**
 * The arrival under the same key; without a key the last one of the same request.
 * @param since of requests without a key, those that came before do not count any more (trigger known_request); null: all do
 */
export function findSubmission(
  database: Kysely<Tables>,
  acting: Acting,
  { clientId, key, keyMarks = [], sha256 }: RequestMark,
  since: Date | null,
): Promise<Known | null> {
  return inTransaction(database, acting, async (transaction) => {
    const { rows } = await sql<Known>`
      select s.intake_id as "intakeId", s.request_sha256 = ${sha256} as "sameRequest"
        from submission s join intake i on i.id = s.intake_id and i.agency_id = s.agency_id
       where s.client_id = ${clientId}
         and case when ${key}::text is null then s.request_sha256 = ${sha256} and i.arrived_at > coalesce(${since}::timestamptz, '-infinity')
                  else s.idempotency_key = any (${key === null ? [] : [key, ...keyMarks]}::text[]) end
       order by i.arrival_seq desc limit 1`.execute(transaction);
    return rows[0] ?? null;
  });
}
