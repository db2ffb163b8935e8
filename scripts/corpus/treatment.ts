import { buffer } from "node:stream/consumers";
import type { Pool } from "pg";
import type { Attachment } from "../../services/reading/reading.ts";
import type { ByteStore } from "../../services/shared/runtime/store.ts";
import type { ReadSunkMessage, SunkMessage } from "../../services/shared/testing/smtp-sink.ts";
import type { Delivery } from "../smtp-sender.ts";

/** What the service did with one file. */
export interface Treatment {
  readonly delivery: Delivery;
  readonly arrivals: readonly ArrivalFacts[];
  /** The mails that went out because of it. */
  readonly answers: readonly Answer[];
  /** All log lines of the installation. */
  readonly log: string;
}

export interface Answer {
  readonly message: SunkMessage;
  readonly read: ReadSunkMessage;
}

/** What the tables say of one arrival. */
export interface ArrivalFacts {
  readonly intakeId: string;
  readonly agencyId: string;
  /** As intake keeps it. */
  readonly stored: Buffer;
  /** In the service's words; null while there is none. */
  readonly outcome: string | null;
  readonly reason: string | null;
  readonly registerNumber: number | null;
  /** The number that the letter it repeats has. */
  readonly earlierNumber: number | null;
  readonly reading: ReadingRow | null;
  readonly notices: readonly { readonly kind: string; readonly state: string; readonly messageId: string }[];
}

/** Columns of the table reading; what a column is not there for is undefined. */
export interface ReadingRow {
  readonly number: string | null;
  readonly letter_date: string | null;
  readonly subject: string | null;
  readonly letter_from: string | null;
  readonly letter_to: string | null;
  readonly urgency: string | null;
  readonly secrecy: string | null;
  readonly sources?: Readonly<Record<string, { readonly source: string }>>;
  readonly attachments?: readonly Partial<Attachment>[];
  readonly citations?: readonly { readonly number: string | null; readonly date: string | null }[];
  readonly report?: Readonly<Record<string, unknown>> | null;
}

/** What the tables say of these arrivals, in the order of arrival. */
export async function readArrivals(
  admin: Pool,
  store: ByteStore,
  intakeIds: readonly string[],
): Promise<ArrivalFacts[]> {
  const { rows } = await admin.query<
    Omit<ArrivalFacts, "stored"> & { sha256: string; content: Buffer | null }
  >(
    `select i.id as "intakeId", i.agency_id as "agencyId", b.sha256, b.content, o.outcome, o.reason,
            e.number as "registerNumber", f.number as "earlierNumber", to_jsonb(r) as reading,
            coalesce((select jsonb_agg(jsonb_build_object('kind', n.kind, 'state', n.state, 'messageId', n.message_id))
                        from saraban.notice n where n.intake_id = i.id), '[]') as notices
       from saraban.intake i join saraban.stored_body b using (agency_id, sha256)
       left join saraban.reading r on r.intake_id = i.id left join saraban.outcome o on o.intake_id = i.id
       left join saraban.entry e on e.intake_id = i.id left join saraban.entry f on f.intake_id = o.earlier_intake_id
      where i.id = any ($1::uuid[]) order by i.arrival_seq`,
    [intakeIds],
  );
  return Promise.all(
    rows.map(async ({ sha256, content, ...facts }) => ({
      ...facts,
      stored: content ?? (await buffer(store.openStored(sha256))),
    })),
  );
}
