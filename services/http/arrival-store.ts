import { sql, type Transaction } from "kysely";
import type { Tables } from "../shared/letter/tables.ts";
import type { TrayFile, TrayRow } from "./tray-store.ts";

/** What another server or reader says of a message of ours; its words are a stranger's. */
export interface NoticeReport {
  /** The mail that says it. */
  readonly intakeId: string;
  /**
   * token: it came to the return path that only our message carried; number: it names our letter, in the name of the office that
   * it was sent to (e-CMS); message-id: anyone could have named that.
   */
  readonly matchedBy: "token" | "message-id" | "number";
  readonly kind: "bounce" | "mdn" | "auto-reply" | "acknowledgement" | "notifier";
  readonly action: string | null;
  readonly status: string | null;
  readonly recipient: string | null;
  readonly diagnostic: string | null;
  readonly recordedAt: string;
}

/** A message that was promised to the sender, or to a person of the agency, and what is known of its delivery. */
export interface ArrivalNotice {
  readonly kind:
    | "arrival"
    | "acknowledgement"
    | "copy"
    | "refusal"
    | "rejection"
    | "handover"
    | "correction"
    | "cancellation"
    | "recall-answer"
    | "alert";
  /** inbox: of the client that handed it in, which recipient names then; ecms: by the ten digits of the office. */
  readonly channel: "mail" | "inbox" | "ecms";
  readonly state: "due" | "delivered" | "failed" | "withheld";
  readonly reason: string;
  readonly recipient: string;
  readonly messageId: string;
  readonly madeAt: string;
  readonly settledAt: string | null;
  /** The newest 20, oldest of them first. */
  readonly reports: readonly NoticeReport[];
}

/** What was checked when a letter came in, and what is known of the answers to it. */
export interface Arrival extends Pick<TrayRow, "sources" | "conflicts" | "problems" | "scan"> {
  readonly senderAddress: string | null;
  readonly senderName: string | null;
  readonly senderAgency: string | null;
  readonly standing: TrayRow["standing"] | null;
  readonly senderCheck: TrayRow["senderCheck"];
  /** Of what came by program: the client (null: it was fetched from another node), and in whose name; null for mail. */
  readonly program: { readonly client: string | null; readonly domain: string | null } | null;
  readonly attachments: readonly TrayFile[];
  readonly notices: readonly ArrivalNotice[];
  /** Later arrivals that were found to be, or may be, the same letter: the newest 20. */
  readonly copies: readonly {
    readonly intakeId: string;
    readonly arrivedAt: string;
    readonly outcome: "duplicate" | "possible-duplicate" | "triage";
    readonly reason: string;
  }[];
  /** Until when the octets of a refused arrival are kept; null for others, and for those marked as classified. */
  readonly quarantine: {
    readonly since: string;
    readonly keepUntil: string;
    readonly removedAt: string | null;
  } | null;
  /** For a bounce or the like: the arrival whose notice it speaks of, null when it speaks of none of ours. */
  readonly reportsOn:
    | (Omit<NoticeReport, "matchedBy" | "intakeId"> & {
        readonly matchedBy: NoticeReport["matchedBy"] | "nothing";
        readonly intakeId: string | null;
      })
    | null;
}

const REPORTS = sql`
  (select coalesce(jsonb_agg(jsonb_build_object('intakeId', d.intake_id, 'matchedBy', d.matched_by, 'kind', d.kind,
            'action', d.action, 'status', d.status, 'recipient', d.recipient, 'diagnostic', d.diagnostic,
            'recordedAt', d.recorded_at) order by d.recorded_at), '[]')
     from (select * from delivery_report r where r.notice_id = n.id order by r.recorded_at desc limit 20) d)`;

const NOTICES = sql`
  (select coalesce(jsonb_agg(jsonb_build_object('kind', n.kind, 'channel', n.channel, 'state', n.state, 'reason', n.reason,
            'recipient', n.recipient, 'messageId', n.message_id, 'madeAt', n.made_at, 'settledAt', n.settled_at,
            'reports', ${REPORTS}) order by n.made_at), '[]')
     from notice n where n.intake_id = i.id and n.agency_id = i.agency_id)`;

const COPIES = sql`
  (select coalesce(jsonb_agg(jsonb_build_object('intakeId', c.id, 'arrivedAt', c.arrived_at, 'outcome', c.outcome,
            'reason', c.reason) order by c.arrived_at), '[]')
     from (select a.id, a.arrived_at, o.outcome, o.reason from outcome o join intake a on a.id = o.intake_id
            where o.earlier_intake_id = i.id and o.agency_id = i.agency_id
            order by a.arrived_at desc limit 20) c)`;

const QUARANTINE = sql`
  (select jsonb_build_object('since', q.since, 'keepUntil', q.keep_until, 'removedAt', q.removed_at)
     from quarantine q where q.intake_id = i.id)`;

const REPORTS_ON = sql`
  (select jsonb_build_object('intakeId', n.intake_id, 'matchedBy', d.matched_by, 'kind', d.kind, 'action', d.action,
            'status', d.status, 'recipient', d.recipient, 'diagnostic', d.diagnostic, 'recordedAt', d.recorded_at)
     from delivery_report d left join notice n on n.id = d.notice_id where d.intake_id = i.id)`;

/**
 * How an arrival was checked and answered. Of one marked as classified nothing that stood in it: neither files nor
 * sources; who sent it and what came of our answer is the operator's to know.
 * @returns undefined when there is none with this id that the transaction may see
 */
export async function readArrival(
  transaction: Transaction<Tables>,
  intakeId: string,
): Promise<Arrival | undefined> {
  const { rows } = await sql<Arrival>`
    select r.sender_address as "senderAddress", r.standing, coalesce(r.sender_check, '{}') as "senderCheck",
           coalesce(r.scan, '{}') as scan, p.sender_name as "senderName", r.sender_agency as "senderAgency",
           coalesce(p.sources, '{}') as sources, coalesce(p.conflicts, '[]') as conflicts,
           case when i.media_type is not null then jsonb_build_object('client', i.client_id, 'domain', i.sender_domain) end as program,
           coalesce(p.problems, '{}') as problems, coalesce(p.attachments, '[]') as attachments,
           ${NOTICES} as notices, ${COPIES} as copies, ${QUARANTINE} as quarantine,
           ${REPORTS_ON} as "reportsOn"
      from intake i left join reading r on r.intake_id = i.id and r.agency_id = i.agency_id
        left join reading p on p.intake_id = r.intake_id and p.secrecy = 'normal'
     where i.id = ${intakeId}`.execute(transaction);
  return rows[0];
}
