import type { Pool } from "pg";
import type { ByteStore } from "../../services/shared/runtime/store.ts";
import type { SentRecord } from "./hostile-senders.ts";

export interface KeptFindings {
  /** Messages with a 250 that are not kept, or not as they were sent; and arrivals that nobody sent. */
  readonly mismatches: number;
  /** Arrivals without an outcome, and work that was set aside. */
  readonly stuck: number;
  /** Letters of the innocent client that are not registered. */
  readonly innocentLost: number;
  /** From 250 to number, ms, of the innocent client's letters: 95 of 100 took no longer. */
  readonly innocentP95Ms: number | null;
  /** Outcome to how many. */
  readonly outcomes: Readonly<Record<string, number>>;
}

interface ArrivalRow {
  readonly seq: number;
  readonly id: string;
  readonly sha256: string;
  /** Computed by PostgreSQL from the octets that are there; null: they are in a file. */
  readonly kept: string | null;
  readonly outcome: string | null;
  readonly tookMs: number | null;
}

const PAGE = 2_000;

/** Compares what was sent with what is kept, each stored octet read again. `tell` gets ids and words, nothing of a letter. */
export async function checkKept(
  record: SentRecord,
  { admin, store, tell }: { admin: Pool; store: ByteStore; tell(fault: string): void },
): Promise<KeptFindings> {
  const missing = new Map(record.confirmed);
  const innocent = new Set(record.innocent);
  const outcomes: Record<string, number> = {};
  const innocentMs: number[] = [];
  let mismatches = 0;
  let unknown = 0;
  let stuck = 0;
  let registered = 0;
  for (let after = 0; ; ) {
    const { rows } = await admin.query<ArrivalRow>(
      `select i.arrival_seq::int as seq, i.id, i.sha256, encode(sha256(b.content), 'hex') as kept, o.outcome,
              (extract(epoch from e.registered_at - i.arrived_at) * 1000)::float8 as "tookMs"
         from saraban.intake i left join saraban.stored_body b using (agency_id, sha256)
         left join saraban.outcome o on o.intake_id = i.id left join saraban.entry e on e.intake_id = i.id
        where i.arrival_seq > $1 order by i.arrival_seq limit ${PAGE}`,
      [after],
    );
    for (const { id, sha256, kept, outcome, tookMs } of rows) {
      const sent = missing.get(id);
      missing.delete(id);
      if (sent === undefined) unknown += 1;
      const isGood =
        sent === undefined ||
        (sha256 === sent && (kept === null ? (await store.verifyStored(sha256)) === "good" : kept === sent));
      if (!isGood) {
        mismatches += 1;
        tell(`${id} is not kept as it was sent`);
      }
      outcomes[outcome ?? "none"] = (outcomes[outcome ?? "none"] ?? 0) + 1;
      if (outcome === null) {
        stuck += 1;
        tell(`${id} has no outcome`);
      }
      if (!innocent.has(id)) continue;
      if (outcome === "registered") registered += 1;
      else tell(`${id}, an ordinary letter, became ${outcome ?? "nothing"}`);
      if (tookMs !== null) innocentMs.push(tookMs);
    }
    const last = rows.at(-1);
    if (!last) break;
    after = last.seq;
  }
  for (const id of missing.keys()) tell(`${id} had its 250 and is not there`);
  // What had no answer may have arrived; more than that came from nowhere.
  const fromNowhere = Math.max(0, unknown - record.unanswered);
  if (fromNowhere > 0) tell(`${fromNowhere} arrivals that nobody sent`);
  const { rows } = await admin.query<{ job: string; id: string; error: string | null }>(
    "select job, subject_id as id, last_error as error from saraban.outbox",
  );
  for (const { job, id, error } of rows) tell(`${id}: ${job} is not done (${error ?? "not begun"})`);
  return {
    mismatches: mismatches + missing.size + fromNowhere,
    stuck: stuck + rows.length,
    innocentLost: record.innocent.length - registered + record.refusedInnocent,
    innocentP95Ms: percentile95(innocentMs),
    outcomes,
  };
}

function percentile95(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const found = sorted[Math.ceil(sorted.length * 0.95) - 1];
  return found === undefined ? null : Math.round(found);
}
