import { type Kysely, type RawBuilder, sql } from "kysely";
import type { WritePipe } from "../../runtime/database.ts";
import type { BatchTurn } from "../../runtime/group-commit.ts";
import type { SpooledBytes } from "../../runtime/store.ts";
import { handingOn } from "../outbox.ts";
import type { Stamp } from "../stamp.ts";
import type { Tables } from "../tables.ts";
import type { Alongside, Envelope } from "./envelope.ts";

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
  /** What else its transaction writes. */
  readonly alongside: Alongside | null;
}

/** What arrivals are written with: the statements' builder, the pipe that carries them, and for which room. */
export interface ArrivalDatabase {
  readonly room: "intake" | "http";
  readonly database: Kysely<Tables>;
  readonly pipe: WritePipe;
}

/**
 * Commits arrivals in their order, with their octets (small ones) and the job that reads them, in one transaction.
 * When this resolves, PostgreSQL has flushed the commit to disk (synchronous_commit).
 */
export async function storeArrivals(
  { room, database, pipe }: ArrivalDatabase,
  arrivals: readonly Arrival[],
  turn: BatchTurn,
): Promise<void> {
  const agencies = [...new Set(arrivals.map(({ agencyId }) => agencyId))];
  const work = arrivals.map(({ id, agencyId }) => ({ job: "read-letter" as const, agencyId, subjectId: id }));
  // In one order for all: two batches that hold the same two messages must not wait for each other.
  const bodies = arrivals.toSorted((one, other) => (one.spooled.sha256 < other.spooled.sha256 ? -1 : 1));
  const statements = [
    ...bodies.map(insertBody),
    insertIntakes(arrivals),
    handingOn(room, work),
    ...arrivals.flatMap(
      ({ id, agencyId, spooled, alongside }) =>
        alongside?.({ intakeId: id, agencyId, sha256: spooled.sha256 }) ?? [],
    ),
  ];
  await pipe.write(
    { actor: `worker:${room}`, agencies },
    statements.map((statement) => statement.compile(database)),
    async () => {
      // The next batch takes its numbers (arrival_seq) after this one's, and cannot be seen before it.
      turn.written();
      await turn.before;
    },
  );
}

/**
 * One statement a body: they all go out at once anyway, the text is the same for each, and the driver builds a message of
 * many bodies by growing and copying it, which cost more than the statements. Octets that were removed from quarantine
 * (sweep-quarantine.ts) are stored again when they come again; the conflict locks the row, so that no sweep can come between.
 */
function insertBody({ agencyId, spooled }: Arrival): RawBuilder<unknown> {
  const { sha256, sizeBytes, inline } = spooled;
  return sql`
    insert into stored_body (agency_id, sha256, size_bytes, content)
      values (${agencyId}, ${sha256}, ${sizeBytes}, ${inline})
      on conflict (sha256, agency_id) do update set content = excluded.content, removed_at = null
        where stored_body.removed_at is not null`;
}

/**
 * One JSON parameter for all rows keeps the statement's text the same for every size of batch. WITH ORDINALITY and the
 * order by it make arrival_seq follow the order of arrival.
 */
function insertIntakes(arrivals: readonly Arrival[]): RawBuilder<unknown> {
  return sql`
    insert into intake (id, agency_id, transaction_id, door, mail_from, recipients, unit, remote_address, helo,
        smtp_utf8, tls, bare_newlines, media_type, client_id, sender_domain, sha256, size_bytes, arrived_at, clock)
      select (r->>'id')::uuid, r->>'agencyId', (r->>'transactionId')::uuid, r->>'door', r->>'mailFrom',
          array(select jsonb_array_elements_text(r->'addresses')), r->>'unit', r->>'remoteAddress', r->>'helo',
          (r->>'smtpUtf8')::boolean, (r->>'tls')::boolean, (r->>'bareNewlines')::boolean, r->>'mediaType', r->>'clientId',
          r->>'senderDomain', r->>'sha256',
          (r->>'sizeBytes')::bigint, (r->>'arrivedAt')::timestamptz, r->'clock'
        from jsonb_array_elements(${JSON.stringify(arrivals.map(asRow))}::jsonb) with ordinality as rows (r, place)
       order by place`;
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
    mediaType: envelope.program?.mediaType ?? null,
    clientId: envelope.program?.clientId ?? null,
    senderDomain: envelope.program?.senderDomain ?? null,
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
