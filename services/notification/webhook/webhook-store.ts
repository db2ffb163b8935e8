import { sql, type Transaction } from "kysely";
import type { Tables } from "../../shared/letter/tables.ts";
import type { openAdminPool } from "../../shared/runtime/database.ts";
import { gathered } from "../../shared/runtime/gather-asks.ts";

/** A call and how far it got. */
export interface WebhookCall {
  readonly id: string;
  readonly webhookId: string;
  readonly letterKey: string;
  readonly url: string;
  /** Whether the webhook is still wanted. */
  readonly active: boolean;
  readonly event: object;
  readonly state: "due" | "delivered" | "failed";
  readonly madeAt: Date;
  readonly attempts: number;
  readonly lastAttemptAt: Date | null;
  /** Whether an earlier call about the same letter is still due. */
  readonly isBehind: boolean;
}

/** One try and its answer. */
export interface WebhookAnswer {
  readonly result: "accepted" | "transient" | "permanent" | "unknown";
  /** HTTP status; null when none came. */
  readonly status: number | null;
  /** The server's words, or ours about the connection. */
  readonly reply: string;
}

/** The webhooks at work of an agency, by id. */
export const activeWebhooks = gathered(
  "look",
  async (transaction: Transaction<Tables>, agencyIds: readonly string[]) => {
    const { rows } = await sql<{ id: string; agencyId: string }>`
      select id, agency_id as "agencyId" from webhook
       where agency_id = any (${[...new Set(agencyIds)]}::text[]) and active order by id`.execute(
      transaction,
    );
    const byAgency = Map.groupBy(rows, ({ agencyId }) => agencyId);
    return agencyIds.map((agencyId) => (byAgency.get(agencyId) ?? []).map(({ id }) => id));
  },
);

export async function insertCalls(
  transaction: Transaction<Tables>,
  agencyId: string,
  letterKey: string,
  calls: readonly { readonly id: string; readonly webhookId: string }[],
  event: object,
  at: Date,
): Promise<void> {
  await transaction
    .insertInto("webhook_call")
    .values(
      calls.map(({ id, webhookId }) => ({
        id,
        webhook_id: webhookId,
        agency_id: agencyId,
        letter_key: letterKey,
        event: JSON.stringify(event),
        made_at: at,
        state: "due",
      })),
    )
    .execute();
}

export async function readCall(
  transaction: Transaction<Tables>,
  id: string,
): Promise<WebhookCall | undefined> {
  const { rows } = await sql<WebhookCall>`
    select c.id, c.webhook_id as "webhookId", c.letter_key as "letterKey", w.url, w.active, c.event, c.state, c.made_at as "madeAt",
           a.attempts::integer as attempts, a.last as "lastAttemptAt",
           exists (select from webhook_call e where e.webhook_id = c.webhook_id and e.letter_key = c.letter_key
                      and e.state = 'due' and e.seq < c.seq) as "isBehind"
      from webhook_call c join webhook w on w.id = c.webhook_id
      cross join lateral (select count(*) as attempts, max(ended_at) as last from webhook_attempt where call_id = c.id) a
     where c.id = ${id}`.execute(transaction);
  return rows[0];
}

export async function insertAttempt(
  transaction: Transaction<Tables>,
  agencyId: string,
  callId: string,
  times: { readonly startedAt: Date; readonly endedAt: Date },
  { result, status, reply }: WebhookAnswer,
): Promise<void> {
  await transaction
    .insertInto("webhook_attempt")
    .values({
      agency_id: agencyId,
      call_id: callId,
      started_at: times.startedAt,
      ended_at: times.endedAt,
      result,
      status,
      reply,
    })
    .execute();
}

/** @returns false when another worker has settled it meanwhile: that stands */
export async function settleCall(
  transaction: Transaction<Tables>,
  id: string,
  state: "delivered" | "failed",
  reason: string,
  at: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable("webhook_call")
    .set({ state, reason, settled_at: at })
    .where("id", "=", id)
    .where("state", "=", "due")
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** The next call about the same letter that waits for its turn. */
export async function nextInLine(
  transaction: Transaction<Tables>,
  { webhookId, letterKey }: WebhookCall,
): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select id from webhook_call where webhook_id = ${webhookId} and letter_key = ${letterKey} and state = 'due'
     order by seq limit 1`.execute(transaction);
  return rows[0]?.id;
}

/** What the calls about one thing have come to so far, for who has asked for them. */
export async function readAnswers(
  transaction: Transaction<Tables>,
  letterKey: string,
): Promise<readonly WebhookAnswer[]> {
  const { rows } = await sql<WebhookAnswer>`
    select a.result, a.status, a.reply from webhook_attempt a join webhook_call c on c.id = a.call_id
     where c.letter_key = ${letterKey} order by a.id limit 100`.execute(transaction);
  return rows;
}

/** A webhook as a person sees it. */
export interface ListedWebhook {
  readonly id: string;
  readonly agencyId: string;
  readonly url: string;
  readonly active: boolean;
  readonly due: number;
  readonly delivered: number;
  readonly failed: number;
}

type Pool = ReturnType<typeof openAdminPool>;

/** Webhooks are written by who runs the installation, and by no service. @returns why not; null when it stands there now */
export async function addWebhook(
  pool: Pool,
  { id, agencyId, url }: { readonly id: string; readonly agencyId: string; readonly url: string },
): Promise<"no-agency" | "in-use" | null> {
  const { rows: agencies } = await pool.query("select from saraban.agency where id = $1 and active", [
    agencyId,
  ]);
  if (agencies.length === 0) return "no-agency";
  // One that was removed may come back, for the same agency: its calls stand under its id.
  const { rowCount } = await pool.query(
    `insert into saraban.webhook as w (id, agency_id, url) values ($1, $2, $3)
       on conflict (id) do update set url = excluded.url, active = true where not w.active and w.agency_id = excluded.agency_id`,
    [id, agencyId, url],
  );
  return rowCount === 1 ? null : "in-use";
}

/** @returns false when there is none at work */
export async function removeWebhook(pool: Pool, id: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    "update saraban.webhook set active = false where id = $1 and active",
    [id],
  );
  return rowCount === 1;
}

export async function listWebhooks(pool: Pool): Promise<ListedWebhook[]> {
  const { rows } = await pool.query<ListedWebhook>(
    `select w.id, w.agency_id as "agencyId", w.url, w.active, count(*) filter (where c.state = 'due')::integer as due,
            count(*) filter (where c.state = 'delivered')::integer as delivered,
            count(*) filter (where c.state = 'failed')::integer as failed
       from saraban.webhook w left join saraban.webhook_call c on c.webhook_id = w.id group by w.id order by w.id`,
  );
  return rows;
}
