import { type RawBuilder, sql, type Transaction } from "kysely";
import type { Evidence, EvidenceType } from "../../shared/letter/evidence/evidence.ts";
import type { Tables } from "../../shared/letter/tables.ts";

/** An arrival of a client, and what has become of it, as the tables have it. */
export interface StatusRow {
  readonly id: string;
  readonly arrivalSeq: number;
  readonly agencyId: string;
  readonly arrivedAt: Date;
  readonly outcome:
    | "registered"
    | "duplicate"
    | "possible-duplicate"
    | "triage"
    | "ignored"
    | "refused"
    | null;
  readonly reason: string | null;
  readonly decidedAt: Date | null;
  /** What a clerk decided on what lay in the tray. */
  readonly decision: string | null;
  readonly decisionReason: string | null;
  readonly decisionAt: Date | null;
  readonly earlierIntakeId: string | null;
  readonly line: StatusLine | null;
  readonly receipts: readonly StatusReceipt[];
}

/** A line of the book; of a duplicate that of the letter which it repeats. */
export interface StatusLine {
  readonly book: string;
  readonly number: number;
  readonly year: number;
  readonly registeredAt: string;
  readonly deemedReceivedAt: string | null;
  readonly receiver: string | null;
  readonly state: "registered" | "reserved" | "cancelled";
}

export interface StatusReceipt {
  readonly evidenceId: string;
  readonly type: EvidenceType;
  readonly issuedAt: string;
  readonly replaces: string | null;
}

/** Most statements on one letter that are told; a line that is corrected day by day has more. */
const MOST_RECEIPTS = 100;

const ROW = sql`
  i.id, i.arrival_seq as "arrivalSeq", i.agency_id as "agencyId", i.arrived_at as "arrivedAt",
  o.outcome, o.reason, o.decided_at as "decidedAt",
  d.decision, d.reason as "decisionReason", d.decided_at as "decisionAt",
  coalesce(d.earlier_intake_id, o.earlier_intake_id) as "earlierIntakeId",
  coalesce((select closed_place(coalesce(o.earlier_intake_id, i.id)) where i.closed_level is not null),
   (select jsonb_build_object('book', l.book_id, 'number', l.number, 'year', l.year, 'registeredAt', l.registered_at,
            'deemedReceivedAt', l.deemed_received_at, 'receiver', coalesce(l.registered_by_name, a.receiver_name), 'state', l.status)
     from register_line l join agency a on a.id = l.agency_id
    where l.intake_id = case when d.decision = 'registered' then i.id else coalesce(d.earlier_intake_id, o.earlier_intake_id, i.id) end)) as line,
  (select coalesce(jsonb_agg(jsonb_build_object('evidenceId', r.id, 'type', r.type, 'issuedAt', r.made_at, 'replaces', r.replaces)
            order by r.made_at, r.id), '[]')
     from (select * from receipt n where n.intake_id = i.id and n.agency_id = i.agency_id
            order by n.made_at, n.id limit ${MOST_RECEIPTS}) r) as receipts`;
const FROM = sql`
  from intake i left join outcome o on o.intake_id = i.id and o.agency_id = i.agency_id
    left join tray_decision d on d.intake_id = i.id and d.agency_id = i.agency_id`;

/** @returns null when this client has handed in no such letter */
export async function readStatus(
  transaction: Transaction<Tables>,
  clientId: string,
  intakeId: string,
): Promise<StatusRow | null> {
  const [row] = await readRows(transaction, sql`where i.id = ${intakeId} and i.client_id = ${clientId}`);
  return row ?? null;
}

/** What a client has handed in, newest first. @param before arrivalSeq that the page begins under */
export function listStatuses(
  transaction: Transaction<Tables>,
  clientId: string,
  before: number | null,
  most: number,
): Promise<StatusRow[]> {
  return readRows(
    transaction,
    sql`where i.client_id = ${clientId} and i.door = 'api' and (${before}::bigint is null or i.arrival_seq < ${before})
        order by i.arrival_seq desc limit ${most}`,
  );
}

async function readRows(transaction: Transaction<Tables>, which: RawBuilder<unknown>): Promise<StatusRow[]> {
  const { rows } = await sql<StatusRow>`select ${ROW} ${FROM} ${which}`.execute(transaction);
  return rows;
}

/** Those of the arrivals of which it is known what became of them; of registered ones also their receipt is signed. */
export async function settledArrivals(
  transaction: Transaction<Tables>,
  intakeIds: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from settled_arrivals(${intakeIds}::uuid[]) as s (id)`.execute(transaction);
  return rows.map(({ id }) => id);
}

/** A signed statement on a letter of this client. */
export async function readStatusReceipt(
  transaction: Transaction<Tables>,
  clientId: string,
  intakeId: string,
  evidenceId: string,
): Promise<{ readonly evidence: Evidence; readonly jws: string } | null> {
  const { rows } = await sql<{ evidence: Evidence; jws: string }>`
    select r.facts as evidence, r.jws from receipt r join intake i on i.id = r.intake_id and i.agency_id = r.agency_id
     where r.id = ${evidenceId} and r.intake_id = ${intakeId} and i.client_id = ${clientId}`.execute(
    transaction,
  );
  return rows[0] ?? null;
}
