import { randomUUID } from "node:crypto";
import { inject, type TestContext } from "vitest";
import { systemClock } from "../../shared/letter/stamp.ts";
import { openLog } from "../../shared/runtime/log.ts";
import { shareTransactions } from "../../shared/runtime/share-transactions.ts";
import { adminQueries, letReadLettersWait, roomDatabase } from "../../shared/testing/arrivals.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import { type Delivery, deliverNotices } from "../mail/deliver-notices.ts";
import type { MailTransport } from "../mail/mail-transport.ts";
import { findNotices, insertNotice, type NoticeFacts } from "../notice-store.ts";
import { LETTER } from "./mx-scene.ts";

/**
 * Arrivals whose one notice goes to a given address, with a stopped clock that the test moves on. What they say is the
 * least that goes out; how they go out is the product's.
 */
export async function deliveryScene(
  context: TestContext,
  transport: MailTransport | undefined,
  giveUpAfterHours = 120,
) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const database = roomDatabase(context, address, "saraban_notification", 10);
  let aheadMs = 0;
  const now = () => {
    const { at, clock } = systemClock()();
    return { at: new Date(at.getTime() + aheadMs), clock };
  };
  const log = openLog("silent", "test");
  const inShared = shareTransactions(database, "worker:notification");
  const parts = { database, now, transport, giveUpAfterHours, withTokens: true, log };
  const settled: string[] = [];
  const delivery = (intakeId: string): Delivery => ({
    inShared,
    async promise(transaction, stamp) {
      const { mail_from: recipient } = await transaction
        .selectFrom("intake")
        .select("mail_from")
        .where("id", "=", intakeId)
        .executeTakeFirstOrThrow();
      // What a registry has decided meanwhile is news that is owed as well.
      const news = await transaction
        .selectFrom("outcome")
        .select("intake_id")
        .where("intake_id", "=", intakeId)
        .execute();
      const kinds = ["acknowledgement", ...news.map(() => "correction" as const)] as const;
      for (const kind of kinds) {
        const id = randomUUID();
        const messageId = `<${kind}.${id}@agency-a.example.go.th>`;
        const facts = {} as NoticeFacts;
        const notice = {
          id,
          agencyId: "agency-a",
          kind,
          recipient,
          messageId,
          facts,
          intakeId,
          withheld: null,
        };
        await insertNotice(transaction, notice, stamp);
      }
      return findNotices(transaction, { intakeId });
    },
    compose: ({ recipient, messageId, id }, returnPath) => ({
      ...LETTER,
      to: recipient,
      messageId,
      returnPath,
      envelopeId: id,
      text: `evidence ${id}`,
    }),
    settled: async (_transaction, { id }, { result }) => void settled.push(`${id} ${result}`),
  });
  const run = (intakeId: string, more: Partial<Delivery> = {}): Promise<void> =>
    deliverNotices(
      parts,
      { outboxId: 1, agencyId: "agency-a", subjectId: intakeId, workKey: intakeId },
      "notify-sender",
      { ...delivery(intakeId), ...more },
    );
  /** Lets the clock run ahead, and makes what waits for it come due. */
  const pass = async (ms: number): Promise<void> => {
    aheadMs += ms;
    await query("update saraban.outbox set next_send_at = next_send_at - make_interval(secs => $1)", [
      ms / 1000,
    ]);
  };
  return {
    address,
    query,
    database,
    settled,
    run,
    delivery,
    pass,
    /** Lets the time pass until all that waits is due. @returns how long that was, ms; null when none waits */
    async passToNext(): Promise<number | null> {
      const [row] = await query<{ ms: number | null }>(
        "select extract(epoch from max(next_send_at) - now())::float * 1000 as ms from saraban.outbox",
      );
      if (row?.ms == null) return null;
      const ms = Math.max(1, Math.ceil(row.ms));
      await pass(ms);
      return ms;
    },
    /** Arrivals whose acknowledgement is due. @returns their ids */
    async due(recipients: readonly string[]): Promise<string[]> {
      const ids = await letReadLettersWait(
        query,
        recipients.map((mailFrom) => ({ mailFrom })),
      );
      await query("delete from saraban.outbox where job = 'register-letter'");
      await query(
        `insert into saraban.outbox (job, agency_id, subject_id, work_key)
           select 'notify-sender', 'agency-a', id, id::text from unnest($1::uuid[]) id`,
        [ids],
      );
      return ids;
    },
    /** Does what is due, like a room with so many workers, until nothing is. @returns how many jobs were begun */
    async work(workers = 4): Promise<number> {
      const busy = new Set<string>();
      let begun = 0;
      const worker = async (): Promise<void> => {
        for (;;) {
          const rows = await query<{ id: string }>(
            `select subject_id as id from saraban.outbox where next_send_at <= now() and subject_id <> all ($1)
              order by next_send_at, id limit 1`,
            [[...busy]],
          );
          const id = rows[0]?.id;
          if (id === undefined) return;
          if (busy.has(id)) continue;
          busy.add(id);
          begun++;
          await run(id).finally(() => busy.delete(id));
        }
      };
      await Promise.all(Array.from({ length: workers }, worker));
      return begun;
    },
    notices: () =>
      query<{
        id: string;
        state: string;
        reason: string;
        recipient: string;
        message_id: string;
        kind: string;
      }>("select * from saraban.notice order by made_at, id"),
    attempts: () =>
      query<{ result: string; reply: string; channel: string; notice_id: string }>(
        "select * from saraban.delivery_attempt order by id",
      ),
    outbox: () =>
      query<{ wait: number; created_at: Date; last_error: string | null }>(
        "select *, extract(epoch from next_send_at - now())::float as wait from saraban.outbox order by id",
      ),
  };
}
