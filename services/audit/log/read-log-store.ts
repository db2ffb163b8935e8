import { sql, type Transaction } from "kysely";
import { EVENT_COLUMNS } from "../../shared/audit-log/event-columns.ts";
import type { EventRow } from "../../shared/audit-log/event-form.ts";
import type { Span } from "../../shared/audit-log/merkle-proofs.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** Which events somebody wants to see; what is left out does not matter. */
export interface EventFilter {
  readonly agency?: string | undefined;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
  readonly outcome?: string | undefined;
  readonly from?: Date | undefined;
  /** Up to before this moment. */
  readonly until?: Date | undefined;
  /** Only those with a smaller number: the page after one that ended there. */
  readonly before?: number | undefined;
}

/** The newest first. */
export async function findEvents(
  transaction: Transaction<Tables>,
  filter: EventFilter,
  most: number,
): Promise<EventRow[]> {
  const { agency, actor, action, subject, outcome, from, until, before } = filter;
  const conditions = [
    agency === undefined ? undefined : sql`e.agency_id = ${agency}`,
    actor === undefined ? undefined : sql`e.actor = ${actor}`,
    // letter: all that is done with letters.
    action === undefined ? undefined : sql`(e.action = ${action} or starts_with(e.action, ${`${action}.`}))`,
    subject === undefined ? undefined : sql`e.subject_id = ${subject}`,
    outcome === undefined ? undefined : sql`e.outcome = ${outcome}`,
    from === undefined ? undefined : sql`e.at >= ${from}`,
    until === undefined ? undefined : sql`e.at < ${until}`,
    before === undefined ? undefined : sql`e.seq < ${before}`,
  ].filter((condition) => condition !== undefined);
  const where = conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `);
  const { rows } = await sql<EventRow>`
    select ${EVENT_COLUMNS} from audit_event e where ${where} order by e.seq desc limit ${most}`.execute(
    transaction,
  );
  return rows;
}

/** An event by its id or its number, and its place in the tree; null: it has none yet. */
export async function findEvent(
  transaction: Transaction<Tables>,
  idOrSeq: string,
): Promise<{ readonly event: EventRow; readonly leafIndex: number | null } | undefined> {
  const isSeq = /^\d{1,15}$/.test(idOrSeq);
  const { rows } = await sql<EventRow & { leafIndex: number | null }>`
    select ${EVENT_COLUMNS}, (select leaf_index from audit_leaf l where l.event_seq = e.seq) as "leafIndex"
      from audit_event e where ${isSeq ? sql`e.seq = ${Number(idOrSeq)}` : sql`e.id = ${idOrSeq}::uuid`}`.execute(
    transaction,
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { leafIndex, ...event } = row;
  return { event, leafIndex };
}

/** From the first to behind the last leaf of the events of a time; undefined when there is none. */
export async function leavesOfTime(
  transaction: Transaction<Tables>,
  from: Date,
  until: Date,
  agency: string | undefined,
): Promise<Span | undefined> {
  const { rows } = await sql<{ first: number | null; last: number | null }>`
    select min(l.leaf_index) as first, max(l.leaf_index) as last
      from audit_event e join audit_leaf l on l.event_seq = e.seq
     where e.at >= ${from} and e.at < ${until} and (${agency ?? null}::text is null or e.agency_id = ${agency ?? null})`.execute(
    transaction,
  );
  const { first = null, last = null } = rows[0] ?? {};
  return first === null || last === null ? undefined : { from: first, to: last + 1 };
}
