import type { Transaction } from "kysely";
import { handOn } from "../../shared/letter/outbox.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { newId } from "../../shared/runtime/ids.ts";
import type { IssuedEvidence } from "../receipts/receipt-store.ts";
import { activeWebhooks, insertCalls } from "./webhook-store.ts";

/** What the programs of an agency are told. */
export interface WebhookEvent {
  /** What happened: "receipt.issued", "recipient.registered" … */
  readonly type: `${string}.${string}`;
  /** JSON; ids, numbers and times, nothing that a letter says. */
  readonly data: object;
}

/** The event of a receipt that was issued: the statement itself, and as it was signed. */
export function receiptIssued({ evidence, jws }: IssuedEvidence): WebhookEvent {
  return { type: "receipt.issued", data: { evidence, jws } };
}

/**
 * Promises a call to each webhook of an agency, in the transaction of what they are told of: once an event, so whoever may
 * run twice calls this only when something new was written.
 * @param letterKey the arrival or the outbound letter: calls about one letter are made in order
 * @param only this webhook; null for all of the agency
 */
export async function promiseWebhookCalls(
  transaction: Transaction<Tables>,
  agencyId: string,
  letterKey: string,
  event: WebhookEvent,
  stamp: Stamp,
  only: string | null = null,
): Promise<void> {
  const active = await activeWebhooks(transaction, agencyId);
  const webhooks = only === null ? active : active.filter((id) => id === only);
  await promiseCallsTo(transaction, webhooks, agencyId, letterKey, event, stamp);
}

/** The same for who knows the agency's webhooks. */
export async function promiseCallsTo(
  transaction: Transaction<Tables>,
  webhooks: readonly string[],
  agencyId: string,
  letterKey: string,
  event: WebhookEvent,
  stamp: Stamp,
): Promise<void> {
  if (webhooks.length === 0) return;
  const body = { type: event.type, timestamp: stamp.at.toISOString(), data: event.data };
  const calls = webhooks.map((webhookId) => ({ id: newId(stamp.at.getTime()), webhookId }));
  await insertCalls(transaction, agencyId, letterKey, calls, body, stamp.at);
  await handOn(
    transaction,
    "notification",
    calls.map(({ id }) => ({ job: "call-webhook", agencyId, subjectId: id })),
  );
}
