import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Tables } from "../../shared/letter/tables.ts";
import { type Acting, inTransaction } from "../../shared/runtime/database.ts";
import { type HostedMailbox, placeOf } from "./imap-config.ts";
import type { PulledMessage } from "./pulled-message.ts";

/** Where the reading of a mailbox stands. */
export interface Reached {
  /** The count that the UIDs belong to now. */
  readonly numbering: number;
  /** Highest UID that was dealt with. */
  readonly lastUid: number;
  /** The UIDs are others than the last time: everything is looked at once more, and known by its octets. */
  readonly startedAgain: boolean;
}

export interface Taken {
  readonly intakeId: string;
  readonly sha256: string;
}

/** What is remembered of the mailboxes of this installation. */
export interface MailboxMemory {
  /**
   * Makes the rows agree with the file.
   * @returns ids of mailboxes that belonged to another agency: they are left alone
   */
  enlist(mailboxes: readonly HostedMailbox[]): Promise<string[]>;
  beginAt(mailbox: HostedMailbox, uidValidity: number): Promise<Reached>;
  /** The arrival that the same octets in this mailbox became, if they were taken before. */
  findTaken(message: PulledMessage, sha256: string): Promise<string | undefined>;
  /** Remembers a message that becomes no arrival of its own: why not, or the arrival that it is already. */
  noteMessage(message: PulledMessage, note: string, taken?: Taken): Promise<void>;
  /** UIDs to be flagged and moved now, and how many will have to be later. */
  dueForFiling(
    mailbox: HostedMailbox,
    numbering: number,
    most: number,
  ): Promise<{ uids: number[]; later: number }>;
  markFiled(mailbox: HostedMailbox, numbering: number, uids: readonly number[]): Promise<void>;
  /** @param looked whether it was read to its end, whatever else is the trouble */
  recordLook(mailbox: HostedMailbox, looked: boolean, trouble: string | null): Promise<void>;
}

export function openMailboxMemory(database: Kysely<Tables>): MailboxMemory {
  const asRoom = <Result>(
    agencyId: string,
    work: Parameters<typeof inTransaction<Tables, Result>>[2],
  ): Promise<Result> => inTransaction(database, actingFor([agencyId]), work);

  return {
    async enlist(mailboxes) {
      const all = (await database.selectFrom("agency").select("id").execute()).map(({ id }) => id);
      const rows = mailboxes.map((mailbox) => ({
        id: mailbox.id,
        agency_id: mailbox.agencyId,
        place: placeOf(mailbox),
        authserv_id: mailbox.authservId,
      }));
      return inTransaction(database, actingFor(all), async (transaction) => {
        await sql`update imap_mailbox set active = false
                   where active and id <> all (${rows.map(({ id }) => id)}::text[])`.execute(transaction);
        const { rows: enlisted } = await sql<{ id: string }>`
          insert into imap_mailbox (id, agency_id, place, authserv_id)
            select id, agency_id, place, authserv_id from jsonb_populate_recordset(null::imap_mailbox, ${JSON.stringify(rows)}::jsonb)
            on conflict (id) do update set active = true, place = excluded.place, authserv_id = excluded.authserv_id,
              uid_validity = case when imap_mailbox.place = excluded.place then imap_mailbox.uid_validity end
              where imap_mailbox.agency_id = excluded.agency_id
          returning id`.execute(transaction);
        const known = new Set(enlisted.map(({ id }) => id));
        return rows.map(({ id }) => id).filter((id) => !known.has(id));
      });
    },

    beginAt: ({ id, agencyId }, uidValidity) =>
      asRoom(agencyId, async (transaction) => {
        const { rows } = await sql<{ numbering: number; lastUid: number; before: number | null }>`
          select numbering, last_uid as "lastUid", uid_validity as before from imap_mailbox
           where id = ${id} for update`.execute(transaction);
        const [row] = rows;
        if (!row) throw new Error(`mailbox ${id} is not enlisted`);
        const { numbering, lastUid, before } = row;
        if (before === uidValidity) return { numbering, lastUid, startedAgain: false };
        // By its earlier UID a message can no longer be named; known by its octets it gets another row.
        await sql`update imap_message set filed_at = now(), note = ltrim(note || '; its UID ended before it was filed', '; ')
                   where mailbox_id = ${id} and filed_at is null and intake_id is not null`.execute(
          transaction,
        );
        await sql`update imap_mailbox set uid_validity = ${uidValidity}, numbering = numbering + 1, last_uid = 0
                   where id = ${id}`.execute(transaction);
        return { numbering: numbering + 1, lastUid: 0, startedAgain: numbering > 0 };
      }),

    findTaken: ({ mailboxId, agencyId }, sha256) =>
      asRoom(agencyId, async (transaction) => {
        const { rows } = await sql<{ intakeId: string }>`
          select intake_id as "intakeId" from imap_message
           where mailbox_id = ${mailboxId} and sha256 = ${sha256} and intake_id is not null
           order by taken_at limit 1`.execute(transaction);
        return rows[0]?.intakeId;
      }),

    noteMessage: (message, note, taken) =>
      asRoom(message.agencyId, async (transaction) => {
        for (const statement of rememberingMessage(message, taken ?? null, note))
          await statement.execute(transaction);
      }),

    dueForFiling: ({ id, agencyId, after }, numbering, most) =>
      asRoom(agencyId, async (transaction) => {
        const { rows } = await sql<{ uid: number; due: boolean }>`
          select m.uid, ${after.when === "accepted"}::boolean
                 or exists (select from outcome o where o.intake_id = m.intake_id) as due
            from imap_message m
           where m.mailbox_id = ${id} and m.numbering = ${numbering} and m.filed_at is null and m.intake_id is not null
           order by due desc, m.uid limit ${most}`.execute(transaction);
        const uids = rows.filter(({ due }) => due).map(({ uid }) => uid);
        return { uids, later: rows.length - uids.length };
      }),

    markFiled: ({ id, agencyId }, numbering, uids) =>
      asRoom(agencyId, async (transaction) => {
        await sql`update imap_message set filed_at = now()
                   where mailbox_id = ${id} and numbering = ${numbering} and uid = any (${uids}::bigint[])`.execute(
          transaction,
        );
      }),

    recordLook: ({ id, agencyId }, looked, trouble) =>
      asRoom(agencyId, async (transaction) => {
        await sql`update imap_mailbox set trouble = ${trouble},
            looked_at = case when ${looked}::boolean then now() else looked_at end,
            trouble_since = case when ${trouble}::text is not null then coalesce(trouble_since, now()) end
          where id = ${id}`.execute(transaction);
      }),
  };
}

/**
 * The statements that remember a message, for the transaction that holds its arrival. A second process that takes the same
 * message in breaks the row's key, and with it its whole transaction: nothing is taken in twice.
 * @param taken null for a message that becomes no arrival; then `note` says why
 */
export function rememberingMessage(
  message: PulledMessage,
  taken: Taken | null,
  note: string,
): RawBuilder<unknown>[] {
  const { mailboxId, agencyId, numbering, uidValidity, uid, deliveredAt } = message;
  return [
    sql`insert into imap_message (mailbox_id, numbering, uid, uid_validity, agency_id, intake_id, sha256, delivered_at, note)
          values (${mailboxId}, ${numbering}, ${uid}, ${uidValidity}, ${agencyId}, ${taken?.intakeId ?? null},
                  ${taken?.sha256 ?? null}, ${deliveredAt}, ${note})`,
    sql`update imap_mailbox set last_uid = greatest(last_uid, ${uid})
         where id = ${mailboxId} and numbering = ${numbering}`,
  ];
}

/** Whether an error says that the message has its row already: another process took it in. */
export function isTakenAlready(error: unknown): boolean {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return code === "23505" && constraint === "imap_message_pkey";
}

function actingFor(agencies: readonly string[]): Acting {
  return { actor: "worker:intake", agencies };
}
