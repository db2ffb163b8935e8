import { type Kysely, sql } from "kysely";
import { type Acting, inTransaction } from "../runtime/database.ts";
import type { Tables } from "./tables.ts";

/** How it stands with a mailbox on another server. */
export interface MailboxState {
  readonly id: string;
  readonly agencyId: string;
  /** user@host/folder */
  readonly place: string;
  readonly lookedAt: Date | null;
  readonly lastUid: number;
  readonly trouble: string | null;
  readonly troubleSince: Date | null;
  /** Taken in, and not yet flagged and moved there. */
  readonly toBeFiled: number;
  /** Became no arrival: too large, removed meanwhile, not given by the server. */
  readonly notTaken: number;
  /** The newest of them. */
  readonly lastNotTaken: { readonly uid: number; readonly note: string; readonly at: Date } | null;
}

/** The mailboxes of config/mailboxes.yaml, of all agencies that `acting` acts for. */
export function readMailboxStates(database: Kysely<Tables>, acting: Acting): Promise<MailboxState[]> {
  return inTransaction(database, acting, async (transaction) => {
    const { rows } = await sql<
      Omit<MailboxState, "lastNotTaken"> & { uid: number | null; note: string | null; at: Date | null }
    >`
      select b.id, b.agency_id as "agencyId", b.place, b.looked_at as "lookedAt", b.last_uid as "lastUid", b.trouble,
             b.trouble_since as "troubleSince",
             (select count(*) from imap_message m
               where m.mailbox_id = b.id and m.filed_at is null and m.intake_id is not null) as "toBeFiled",
             (select count(*) from imap_message m where m.mailbox_id = b.id and m.intake_id is null) as "notTaken",
             l.uid, l.note, l.taken_at as at
        from imap_mailbox b
        left join lateral (select uid, note, taken_at from imap_message m
                            where m.mailbox_id = b.id and m.intake_id is null order by taken_at desc limit 1) l on true
       where b.active order by b.id`.execute(transaction);
    return rows.map(({ uid, note, at, ...state }) => ({
      ...state,
      lastNotTaken: uid === null || at === null ? null : { uid, note: note ?? "", at },
    }));
  });
}
