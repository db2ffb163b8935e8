import { type Kysely, sql } from "kysely";
import type { Tables } from "../../shared/letter/tables.ts";

/** Which mailboxes this process works; another process that asks for one of them is told no. */
export interface MailboxLocks {
  /** Takes the mailbox's lock, or finds that we have it still. False: another process has it, or nobody can tell. */
  holds(mailboxId: string): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Locks of PostgreSQL that last as long as one session: a process that dies, or is cut from the database, has none. They
 * keep two processes from fetching the same messages; that none becomes two arrivals is the tables' own rule.
 * @param database of one connection, for nothing else
 */
export function openMailboxLocks(database: Kysely<Tables>): MailboxLocks {
  let session: { connection: Promise<Kysely<Tables>>; end(): void; over: Promise<void> } | undefined;

  const open = (): NonNullable<typeof session> => {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const { promise: connection, resolve, reject } = Promise.withResolvers<Kysely<Tables>>();
    const over = database
      .connection()
      .execute(async (held) => {
        resolve(held);
        await ended;
        await sql`select pg_advisory_unlock_all()`.execute(held);
      })
      .catch(reject); // never connected; once connected: the session is gone, and its locks with it
    connection.catch(() => {});
    return { connection, end, over };
  };

  return {
    async holds(mailboxId) {
      session ??= open();
      const asked = session;
      try {
        const connection = await asked.connection;
        // Taking what the session has already succeeds; a session that was opened anew has to win it again.
        const { rows } = await sql<{ held: boolean }>`
          select pg_try_advisory_lock(hashtextextended('imap_mailbox ' || ${mailboxId}, 0)) as held`.execute(
          connection,
        );
        return rows[0]?.held === true;
      } catch {
        asked.end();
        if (session === asked) session = undefined;
        return false;
      }
    },
    async close() {
      const last = session;
      session = undefined;
      last?.end();
      await last?.over;
    },
  };
}
