import { type Kysely, sql } from "kysely";
import { handOn } from "../shared/letter/outbox.ts";
import type { Stamp } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction } from "../shared/runtime/database.ts";
import type { BatchTurn } from "../shared/runtime/group-commit.ts";
import type { SpooledBytes } from "../shared/runtime/store.ts";
import type { Envelope } from "./envelope.ts";

/** One message for one agency. */
export interface Arrival {
  readonly id: string;
  readonly agencyId: string;
  readonly transactionId: string;
  readonly envelope: Envelope;
  readonly addresses: readonly string[];
  readonly unit: string | null;
  readonly stamp: Stamp;
  readonly spooled: SpooledBytes;
}

/**
 * Commits arrivals in their order, with their octets (small ones) and the job that reads them, in one transaction.
 * When this resolves, PostgreSQL has flushed the commit to disk (synchronous_commit).
 */
export async function storeArrivals(
  database: Kysely<Tables>,
  arrivals: readonly Arrival[],
  turn?: BatchTurn,
): Promise<void> {
  const agencies = [...new Set(arrivals.map(({ agencyId }) => agencyId))];
  await inTransaction(database, { actor: "worker:intake", agencies }, async (transaction) => {
    await transaction
      .insertInto("stored_body")
      .values(
        arrivals.map(({ agencyId, spooled }) => ({
          agency_id: agencyId,
          sha256: spooled.sha256,
          size_bytes: spooled.sizeBytes,
          content: spooled.inline,
        })),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    // One JSON parameter for all rows keeps the statement's text the same for every size of batch. WITH ORDINALITY and
    // the order by it make arrival_seq follow the order of arrival.
    await sql`
      insert into intake (id, agency_id, transaction_id, door, mail_from, recipients, unit, remote_address, helo,
          smtp_utf8, tls, bare_newlines, sha256, size_bytes, arrived_at, clock)
        select (r->>'id')::uuid, r->>'agencyId', (r->>'transactionId')::uuid, r->>'door', r->>'mailFrom',
            array(select jsonb_array_elements_text(r->'addresses')), r->>'unit', r->>'remoteAddress', r->>'helo',
            (r->>'smtpUtf8')::boolean, (r->>'tls')::boolean, (r->>'bareNewlines')::boolean, r->>'sha256',
            (r->>'sizeBytes')::bigint, (r->>'arrivedAt')::timestamptz, r->'clock'
          from jsonb_array_elements(${JSON.stringify(arrivals.map(asRow))}::jsonb) with ordinality as rows (r, place)
         order by place`.execute(transaction);
    await handOn(
      transaction,
      "intake",
      arrivals.map(({ id, agencyId }) => ({ job: "read-letter", agencyId, subjectId: id })),
    );
    // The next batch takes its numbers (arrival_seq) after this one's, and cannot be seen before it.
    turn?.written();
    await turn?.before;
  });
}

function asRow({ id, agencyId, transactionId, envelope, addresses, unit, stamp, spooled }: Arrival) {
  return {
    id,
    agencyId,
    transactionId,
    door: envelope.door,
    mailFrom: withoutNul(envelope.mailFrom),
    addresses: addresses.map(withoutNul),
    unit,
    remoteAddress: envelope.remoteAddress,
    helo: withoutNul(envelope.helo),
    smtpUtf8: envelope.smtpUtf8,
    tls: envelope.tls,
    bareNewlines: spooled.newlines.bareLf || spooled.newlines.bareCr,
    sha256: spooled.sha256,
    sizeBytes: spooled.sizeBytes,
    arrivedAt: stamp.at.toISOString(),
    clock: stamp.clock,
  };
}

/** PostgreSQL's text cannot hold NUL. */
function withoutNul(text: string): string {
  return text.replaceAll("\0", "");
}

/** Whether an error can come from one row's values (SQLSTATE class 22 data exception, 23 integrity constraint). */
export function isDataFault(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && /^2[23]/.test(code);
}
