import { sql, type Transaction } from "kysely";
import type { Evidence } from "../shared/letter/evidence/evidence.ts";
import type { Tables } from "../shared/letter/tables.ts";

/** A receipt as a clerk of its agency sees it. */
export interface ClerksReceipt {
  readonly id: string;
  readonly agencyId: string;
  readonly intakeId: string;
  readonly type: Evidence["type"];
  readonly code: string;
  readonly madeAt: Date;
  readonly replaces: string | null;
  /** The newest statement that takes its place. */
  readonly replacedBy: string | null;
  readonly evidence: Evidence;
  readonly jws: string;
  readonly key: {
    readonly kid: string;
    readonly retiredAt: string | null;
    readonly revokedAt: string | null;
  };
}

/** Most receipts, and most notices, of one arrival that are told. */
const MOST = 100;
/** Over five days a notice is tried some sixty times. */
const MOST_ATTEMPTS = 100;

// What came of a letter that is marked as classified is its registrar's to know, and no clerk's.
const NOT_CLASSIFIED = sql`
  not exists (select from outcome o where o.intake_id = i.id and o.agency_id = i.agency_id and o.reason = 'classified')`;

const RECEIPT = sql`
  r.id, r.agency_id as "agencyId", r.intake_id as "intakeId", r.type, r.code, r.made_at as "madeAt", r.replaces,
  (select n.id from receipt n where n.replaces = r.id order by n.made_at desc limit 1) as "replacedBy"`;

/** Of arrivals that a client handed in; null: of all. */
function handedInBy(ofClient: string | null) {
  return ofClient === null ? sql`true` : sql`i.client_id = ${ofClient}`;
}

/**
 * @param ofClient null, or the client that has to have handed the arrival in
 * @returns undefined when there is none with this id that the transaction may see
 */
export async function readReceipt(
  transaction: Transaction<Tables>,
  id: string,
  ofClient: string | null,
): Promise<ClerksReceipt | undefined> {
  const { rows } = await sql<ClerksReceipt>`
    select ${RECEIPT}, r.facts as evidence, r.jws,
           jsonb_build_object('kid', r.kid, 'retiredAt', k.retired_at, 'revokedAt', k.revoked_at) as key
      from receipt r join intake i on i.id = r.intake_id and i.agency_id = r.agency_id join signing_key k on k.kid = r.kid
     where r.id = ${id} and ${handedInBy(ofClient)} and ${NOT_CLASSIFIED}`.execute(transaction);
  return rows[0];
}

/** A message that was promised, and each try to deliver it. */
export interface TriedNotice {
  readonly id: string;
  readonly kind: string;
  /** mail, inbox or ecms; of each try the way out stands in its attempt. */
  readonly channel: string;
  readonly state: "due" | "delivered" | "failed" | "withheld";
  readonly reason: string;
  readonly recipient: string;
  readonly messageId: string;
  readonly receiptId: string | null;
  readonly madeAt: Date;
  readonly settledAt: Date | null;
  /** The newest hundred, oldest of them first. */
  readonly attempts: readonly {
    readonly channel: string;
    readonly startedAt: string;
    readonly endedAt: string;
    readonly result: "accepted" | "transient" | "permanent" | "unknown";
    /** The other server's own words. */
    readonly reply: string;
  }[];
}

export interface ArrivalReceipts {
  readonly receipts: readonly Omit<ClerksReceipt, "evidence" | "jws" | "key">[];
  readonly notices: readonly TriedNotice[];
}

/** What the sender of an arrival was told, and what became of it. @returns undefined for no arrival that may be seen */
export async function readArrivalReceipts(
  transaction: Transaction<Tables>,
  intakeId: string,
  ofClient: string | null,
): Promise<ArrivalReceipts | undefined> {
  const { rows: arrivals } = await sql`
    select 1 from intake i where i.id = ${intakeId} and ${handedInBy(ofClient)} and ${NOT_CLASSIFIED}`.execute(
    transaction,
  );
  if (arrivals.length === 0) return undefined;
  const receipts = await sql<ArrivalReceipts["receipts"][number]>`
    select ${RECEIPT} from receipt r where r.intake_id = ${intakeId} order by r.made_at, r.id limit ${MOST}`.execute(
    transaction,
  );
  const notices = await sql<TriedNotice>`
    select n.id, n.kind, n.channel, n.state, n.reason, n.recipient, n.message_id as "messageId", n.receipt_id as "receiptId",
           n.made_at as "madeAt", n.settled_at as "settledAt",
           (select coalesce(jsonb_agg(jsonb_build_object('channel', t.channel, 'startedAt', t.started_at, 'endedAt', t.ended_at,
                     'result', t.result, 'reply', t.reply) order by t.id), '[]')
              from (select * from delivery_attempt a where a.notice_id = n.id order by a.id desc limit ${MOST_ATTEMPTS}) t)
             as attempts
      from notice n where n.intake_id = ${intakeId} order by n.made_at, n.id limit ${MOST}`.execute(
    transaction,
  );
  return { receipts: receipts.rows, notices: notices.rows };
}
