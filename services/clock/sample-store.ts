import { type Kysely, sql } from "kysely";
import type { ClockFix, ClockReport, ServerReport } from "./clock-fix.ts";

/** One row of clock_sample as an auditor gets it. */
export interface KeptSample {
  /** In the order of measuring. */
  readonly id: number;
  readonly measuredBy: string;
  readonly clockId: string;
  /** Of the database's own clock; says when the row came, not what time it was. */
  readonly keptAt: Date;
  /** Reference time of the measurement by the fix that held then, ISO with microseconds; null without one. */
  readonly measuredAt: string | null;
  readonly agreed: boolean;
  readonly reason: string;
  readonly offsetMs: number | null;
  readonly errorBoundMs: number | null;
  readonly stratum: number | null;
  readonly reference: string | null;
  readonly servers: readonly ServerReport[];
}

/**
 * Keeps what one round found, and the fix that holds: other processes of this host read it (newestFix).
 * @param measuredBy the instance, "host:pid"
 */
export async function insertSample<Tables>(
  database: Kysely<Tables>,
  report: ClockReport,
  measuredBy: string,
): Promise<void> {
  const { fix } = report;
  const made = fix !== undefined && report.agreed ? fix : undefined;
  await sql`
    insert into clock_sample (measured_by, clock_id, monotonic_ns, agreed, reason, servers, measured_at, offset_ms,
        error_bound_ms, stratum, reference, fix)
      values (${measuredBy}, ${report.clockId}, ${report.atNs.toString()}, ${report.agreed}, ${report.reason.slice(0, 500)},
        ${JSON.stringify(report.servers)}::jsonb, ${made ? isoMicroseconds(made.epochNs) : null},
        ${made ? offsetMsOf(made) : null}, ${made?.errorBoundMs ?? null}, ${made?.stratum ?? null},
        ${made?.reference ?? null}, ${made ? JSON.stringify(fixToJson(made)) : null}::jsonb)`.execute(
    database,
  );
}

/** The newest fix of this monotonic clock, whoever measured it, however old; one of an earlier boot is another clock's. */
export async function newestFix<Tables>(
  database: Kysely<Tables>,
  clockId: string,
): Promise<ClockFix | undefined> {
  const { rows } = await sql<{ fix: FixJson }>`
    select fix from clock_sample where clock_id = ${clockId} and fix is not null order by id desc limit 1`.execute(
    database,
  );
  const [row] = rows;
  return row && fixFromJson(row.fix);
}

const SELECT_SAMPLES = sql`
  select id, measured_by as "measuredBy", clock_id as "clockId", kept_at as "keptAt",
         to_char(measured_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "measuredAt", agreed, reason,
         offset_ms as "offsetMs", error_bound_ms as "errorBoundMs", stratum, reference, servers
    from clock_sample`;

/** Rows kept from `from` until before `until`, oldest first, in pages: give the last id of a page to get the next. */
export async function readSamples<Tables>(
  database: Kysely<Tables>,
  from: Date,
  until: Date,
  afterId = 0,
  limit = 1_000,
): Promise<KeptSample[]> {
  const { rows } = await sql<KeptSample>`
    ${SELECT_SAMPLES} where kept_at >= ${from} and kept_at < ${until} and id > ${afterId}
     order by id limit ${limit}`.execute(database);
  return rows;
}

/** The sample kept last, whichever host measured it; undefined before the first. */
export async function newestSample<Tables>(database: Kysely<Tables>): Promise<KeptSample | undefined> {
  const { rows } = await sql<KeptSample>`${SELECT_SAMPLES} order by id desc limit 1`.execute(database);
  return rows[0];
}

/**
 * Removes samples older than that; the database refuses to remove any that is younger than 90 days (log rule).
 * @returns how many
 */
export async function removeSamples<Tables>(
  database: Kysely<Tables>,
  olderThanDays: number,
): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from clock_sample where kept_at < now() - make_interval(days => ${olderThanDays})`.execute(
    database,
  );
  return Number(numAffectedRows ?? 0n);
}

type FixJson = { readonly [K in keyof ClockFix]: ClockFix[K] extends bigint ? string : ClockFix[K] };

/** JSON has no integers of 64 bits: nanoseconds travel as text. */
export function fixToJson(fix: ClockFix): FixJson {
  return {
    ...fix,
    atNs: fix.atNs.toString(),
    epochNs: fix.epochNs.toString(),
    answeredNs: fix.answeredNs.toString(),
    systemMinusMonotonicNs: fix.systemMinusMonotonicNs.toString(),
  };
}

export function fixFromJson(json: FixJson): ClockFix {
  return {
    ...json,
    atNs: BigInt(json.atNs),
    epochNs: BigInt(json.epochNs),
    answeredNs: BigInt(json.answeredNs),
    systemMinusMonotonicNs: BigInt(json.systemMinusMonotonicNs),
  };
}

/** Reference time minus system clock, as it was at the fix. */
function offsetMsOf(fix: ClockFix): number {
  return Math.round(Number(fix.epochNs - fix.atNs - fix.systemMinusMonotonicNs) / 1e3) / 1e3;
}

function isoMicroseconds(epochNs: bigint): string {
  const ms = new Date(Number(epochNs / 1_000_000n)).toISOString().slice(0, -1);
  return `${ms}${((epochNs / 1_000n) % 1_000n).toString().padStart(3, "0")}Z`;
}
