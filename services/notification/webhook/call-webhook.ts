import { sign } from "node:crypto";
import type { SigningKey } from "../../shared/letter/evidence/sign-evidence.ts";
import type { EvidenceIssuer } from "../../shared/letter/evidence/signing-keys.ts";
import type { JobData } from "../../shared/letter/flow.ts";
import { finish, putOff } from "../../shared/letter/outbox.ts";
import type { TrustedNow } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { inTransaction, type Kysely, type Transaction } from "../../shared/runtime/database.ts";
import type { FindAddresses } from "../../shared/runtime/guarded-lookup.ts";
import type { Log } from "../../shared/runtime/log.ts";
import { lockJob } from "../mail/delivery-store.ts";
import { type Destinations, openDestinations } from "../mail/destinations.ts";
import { type PostParts, postEvent } from "./post-event.ts";
import { webhookUrlFault } from "./webhook-address.ts";
import {
  insertAttempt,
  nextInLine,
  readCall,
  settleCall,
  type WebhookAnswer,
  type WebhookCall,
} from "./webhook-store.ts";

export interface WebhookParts {
  readonly database: Kysely<Tables>;
  readonly now: TrustedNow;
  readonly issuer: EvidenceIssuer;
  readonly giveUpAfterHours: number;
  readonly log: Log;
}

/** Does the job "call-webhook". */
export interface WebhookCaller {
  call(data: JobData): Promise<void>;
  /** Breaks off the calls that are under way: they are made again after the next start. */
  stop(): void;
}

const JOB = "call-webhook";
const TIMEOUT_MS = 15_000;
const AT_ONCE = 2;
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 4 * 60 * 60 * 1000;
/** Whose turn it is not is woken by who goes before; this is for a wake-up that was lost. */
const LOOK_AGAIN_MS = 60_000;
/** The database wakes a job by its own clock, which may be a little ahead of ours. */
const EARLY_MS = 1_000;

/**
 * @param find addresses of a host name, without a thread that a dead name server would hold
 * @param timeoutMs of one call, from its beginning to the end of its answer
 */
export function openWebhookCaller(
  parts: WebhookParts,
  outside: { readonly find: FindAddresses; readonly allowPrivate: boolean; readonly timeoutMs?: number },
): WebhookCaller {
  const { find, allowPrivate, timeoutMs = TIMEOUT_MS } = outside;
  const destinations = openDestinations({
    atOnce: AT_ONCE,
    perMinute: 0,
    probes: AT_ONCE,
    longestAwayMs: 5 * 60_000,
  });
  const underWay = new Set<string>();
  const stopping = new AbortController();
  return {
    async call(data) {
      // A queue may give out a job again when it takes long: within one process it is not done twice at once.
      if (underWay.has(data.subjectId)) return;
      underWay.add(data.subjectId);
      try {
        await callWebhook(
          parts,
          destinations,
          { find, allowPrivate, timeoutMs, stopping: stopping.signal },
          data,
        );
      } finally {
        underWay.delete(data.subjectId);
      }
    },
    stop: () => stopping.abort(),
  };
}

/**
 * One try of a call: looks whether it is its turn, posts it, records the answer. A call that was killed between the two is
 * made once more, under the same webhook-id, by which the receiver knows it.
 */
async function callWebhook(
  parts: WebhookParts,
  destinations: Destinations,
  outside: PostParts,
  data: JobData,
): Promise<void> {
  const { database, now, log } = parts;
  const acting = { actor: "worker:notification", agencies: [data.agencyId] } as const;
  const ready = await inTransaction(database, acting, (transaction) =>
    takeTurn(parts, transaction, data.subjectId),
  );
  if (!ready) return;
  const { call, key } = ready;
  const url = new URL(call.url);
  const place = destinations.enter(url.host);
  if (place.state === "wait") {
    await inTransaction(database, acting, async (transaction) => {
      if (isTooOld(parts, call, now().at)) await settle(transaction, call, "failed", place.why, now().at);
      else await putOff(transaction, JOB, call.id, place.waitMs, place.why);
    });
    return;
  }
  const startedAt = now().at;
  const body = JSON.stringify(call.event);
  const { away, ...answer } = await postEvent(url, body, headersOf(call.id, body, startedAt, key), outside);
  place.leave(away);
  if (outside.stopping.aborted && answer.status === null) return;
  const endedAt = now().at;
  await inTransaction(database, acting, async (transaction) => {
    await insertAttempt(transaction, data.agencyId, call.id, { startedAt, endedAt }, answer);
    const state = stateAfter(parts, call, answer, endedAt);
    if (state !== "due")
      await settle(transaction, call, state, state === "failed" ? answer.reply : "", endedAt);
    else await putOff(transaction, JOB, call.id, retryWaitMs(call.attempts), answer.reply);
  });
  log.info({ letter: call.letterKey, call: call.id, result: answer.result }, "webhook");
}

/** The call when its turn and its time have come; undefined when there is nothing to do now. */
async function takeTurn(
  parts: WebhookParts,
  transaction: Transaction<Tables>,
  id: string,
): Promise<{ call: WebhookCall; key: SigningKey } | undefined> {
  // Locked before the look: whoever settles the call before this one waits here, and then wakes this one.
  if (!(await lockJob(transaction, JOB, id))) return undefined;
  const { at } = parts.now();
  const call = await readCall(transaction, id);
  if (call?.state !== "due") {
    await finish(transaction, JOB, [id]);
    return undefined;
  }
  const fault = call.active ? webhookUrlFault(call.url) : "the webhook was removed";
  if (fault !== null) {
    await settle(transaction, call, "failed", fault, at);
    return undefined;
  }
  if (call.isBehind) {
    await putOff(transaction, JOB, id, LOOK_AGAIN_MS, "an earlier call about the same letter comes first");
    return undefined;
  }
  const waitMs =
    call.lastAttemptAt === null
      ? 0
      : call.lastAttemptAt.getTime() + retryWaitMs(call.attempts - 1) - at.getTime();
  if (waitMs > EARLY_MS) {
    await putOff(transaction, JOB, id, waitMs, "waits for its next try");
    return undefined;
  }
  return { call, key: await parts.issuer.signer(transaction, at) };
}

/** Ends a call and its job, and wakes the next one about the same letter. */
async function settle(
  transaction: Transaction<Tables>,
  call: WebhookCall,
  state: "delivered" | "failed",
  reason: string,
  at: Date,
): Promise<void> {
  await settleCall(transaction, call.id, state, reason, at);
  await finish(transaction, JOB, [call.id]);
  const next = await nextInLine(transaction, call);
  if (next !== undefined) await putOff(transaction, JOB, next, 0, "");
}

function stateAfter(
  parts: WebhookParts,
  call: WebhookCall,
  answer: WebhookAnswer,
  at: Date,
): WebhookCall["state"] {
  if (answer.result === "accepted") return "delivered";
  return answer.result === "permanent" || isTooOld(parts, call, at) ? "failed" : "due";
}

function isTooOld({ giveUpAfterHours }: WebhookParts, { madeAt }: WebhookCall, at: Date): boolean {
  return at.getTime() - madeAt.getTime() > giveUpAfterHours * 3_600_000;
}

/** 5 s, 20 s, 80 s … at most 4 hours. @param attempts made before the one that failed */
export function retryWaitMs(attempts: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 4 ** Math.min(attempts, 10));
}

/**
 * The Standard Webhooks headers, with an asymmetric signature (v1a, Ed25519): the receiver checks it with our public keys
 * and holds no secret. Which of the keys it is stands in a header of our own.
 */
function headersOf(
  id: string,
  body: string,
  at: Date,
  { kid, privateKey }: SigningKey,
): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signature = sign(null, Buffer.from(`${id}.${timestamp}.${body}`), privateKey).toString("base64");
  return {
    "content-type": "application/json; charset=utf-8",
    "user-agent": "e-saraban-mail",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1a,${signature}`,
    "saraban-key-id": kid,
  };
}
