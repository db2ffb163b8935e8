import type { DoneBy, JobData } from "../../shared/letter/flow.ts";
import { putOff } from "../../shared/letter/outbox.ts";
import { composeReturnPath } from "../../shared/letter/return-path.ts";
import type { Stamp, TrustedNow } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { inTransaction, type Kysely, type Transaction, together } from "../../shared/runtime/database.ts";
import type { Log } from "../../shared/runtime/log.ts";
import type { InSharedTransaction } from "../../shared/runtime/share-transactions.ts";
import type { EcmsChannel } from "../ecms/ecms-channel.ts";
import type { Notice } from "../notice-store.ts";
import { signingKey } from "../report-key-store.ts";
import { signToken } from "../report-token.ts";
import {
  insertAttempt,
  lockJob,
  type OpenJob,
  putBackJob,
  readReturnPathParts,
  settleNotice,
  type TakenJob,
  takeJob,
} from "./delivery-store.ts";
import type { MailTransport, PutOff, SendResult } from "./mail-transport.ts";
import type { OutgoingMail } from "./outgoing-mail.ts";

/** What every job that sends mail needs. */
export interface DeliveryParts {
  readonly database: Kysely<Tables>;
  readonly now: TrustedNow;
  /** Undefined while outgoing mail has to wait for a smarthost. */
  readonly transport: MailTransport | undefined;
  /** The way to e-CMS nodes; where it is not given their notices wait like mail without a smarthost. */
  readonly ecms?: Pick<EcmsChannel, "post"> | undefined;
  readonly giveUpAfterHours: number;
  /** Whether reports are asked for at MAILBOX+TOKEN; else notices have the null reverse-path. */
  readonly withTokens: boolean;
  readonly log: Log;
}

/** Jobs whose work is to send the notices of one subject. */
export type DeliveryJob = Extract<
  DoneBy<"notification">,
  "notify-sender" | "tell-arrival" | "send-letter" | "notify-owner"
>;

/** What the jobs differ in. */
export interface Delivery<Seen = unknown> {
  /** Given by jobs about one arrival each, which write no other rows than its own: those under way at once share transactions. */
  readonly inShared?: InSharedTransaction<Tables>;
  /**
   * Promises what the subject is owed and has not been promised yet, and tells all notices of the job. Runs several
   * times for one subject, and may be the second of two at once: what is promised once stays as it was.
   */
  promise(transaction: Transaction<Tables>, stamp: Stamp, seen?: Seen): Promise<readonly Notice[]>;
  /** What promise looks up, where that can be asked for with the lock of the job, and so is seen behind it. */
  look?(transaction: Transaction<Tables>, stamp: Stamp): Promise<Seen>;
  /** @param returnPath envelope sender; "" for the null reverse-path */
  compose(notice: Notice, returnPath: string): OutgoingMail | Promise<OutgoingMail>;
  /**
   * Called once for each notice, in the transaction that settles it: accepted by the next server (answer.result is
   * "accepted"), or failed (refused for good, or given up after its last try).
   */
  settled?(transaction: Transaction<Tables>, notice: Notice, answer: SendResult, stamp: Stamp): Promise<void>;
}

/** While no smarthost is set, a notice looks again this often. */
const WITHOUT_SMARTHOST_MS = 60_000;
const FIRST_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 4 * 60 * 60 * 1000;
/** The database wakes a job by its own clock, which may be a little ahead of ours. */
const EARLY_MS = 1_000;

/**
 * One run of a job that sends mail: promise what is owed in one transaction, send each notice whose time has come, record
 * each answer in another. Between sending and recording a crash makes the message go out again, with the same Message-ID
 * and the same evidence id: it may come twice, never not at all and never with other facts. The notices of one subject
 * share the job and nothing else: each has its own tries and its own waits.
 */
export async function deliverNotices<Seen>(
  parts: DeliveryParts,
  data: JobData,
  job: DeliveryJob,
  delivery: Delivery<Seen>,
): Promise<void> {
  const { now } = parts;
  const work: Work = { ...parts, data, job, delivery, putOffUntil: new Map() };
  const begun = await inOne(work, async (transaction) => {
    const [taken, seen] = await together(
      lockJob(transaction, job, data.subjectId),
      delivery.look?.(transaction, now()) ?? Promise.resolve(undefined),
    );
    if (!taken) return undefined;
    const promised = await delivery.promise(transaction, now(), seen);
    const due = promised.filter(isDue);
    const sendable = due.filter((notice) => wayOut(parts, notice) !== null);
    if (due.length > 0 && sendable.length === 0) {
      const why = "no smarthost is set (SARABAN_SMARTHOST_URL)";
      await putOff(transaction, job, data.subjectId, WITHOUT_SMARTHOST_MS, why);
      return undefined;
    }
    const nowMs = now().at.getTime();
    for (const { id } of due.filter((notice) => !sendable.includes(notice)))
      work.putOffUntil.set(id, nowMs + WITHOUT_SMARTHOST_MS);
    const ready = sendable.filter((notice) => nextTryMs(notice) <= nowMs + EARLY_MS);
    if (ready.length === 0) {
      // The row is ours since before the look: whoever has news for it waits for our commit, so that no second look is needed.
      await end(work, transaction, await takeJob(transaction, job, data.subjectId), due, null, now().at);
      return undefined;
    }
    const ends = await readReturnPathParts(transaction, data.agencyId);
    // Made behind the promises, which may make a key for receipts: two who take both locks take them in one order.
    const key = ends.key ?? (await signingKey(transaction));
    return { due, ready, taken, paths: { ends, key } };
  });
  if (!begun) return;

  const run: Run = { ...work, due: begun.due, ready: begun.ready };
  const faults: unknown[] = [];
  for (const [index, notice] of begun.ready.entries()) {
    const returnPath = parts.withTokens ? returnPathOf(notice.id, data.agencyId, begun.paths) : "";
    const isLast = index === begun.ready.length - 1;
    // What one notice fails at must not keep the other from being sent.
    await sendOne(run, notice, returnPath, begun.taken, isLast).catch((fault: unknown) => faults.push(fault));
  }
  if (faults.length > 0) throw faults[0];
}

interface ReturnPaths {
  readonly ends: { readonly mailbox: string; readonly domain: string };
  readonly key: Buffer;
}

interface Work extends DeliveryParts {
  readonly data: JobData;
  readonly job: DeliveryJob;
  readonly delivery: Delivery;
  /** By notice: until when (ms since 1970) its destination has no place for it. */
  readonly putOffUntil: Map<string, number>;
}

interface Run extends Work {
  readonly due: readonly Notice[];
  /** Those of them whose time has come. */
  readonly ready: readonly Notice[];
}

/** How a notice is sent from here, and the name under which its attempts stand; null where that way is not open. */
function wayOut(
  { transport, ecms }: Pick<DeliveryParts, "transport" | "ecms">,
  { channel }: Pick<Notice, "channel">,
): Way | null {
  if (channel === "ecms") return ecms ? { name: "ecms", send: (notice) => ecms.post(notice) } : null;
  return transport
    ? { name: transport.channel, send: (notice, compose) => transport.send(notice.recipient, compose) }
    : null;
}

interface Way {
  readonly name: MailTransport["channel"] | "ecms";
  send(notice: Notice, compose: () => OutgoingMail | Promise<OutgoingMail>): Promise<SendResult | PutOff>;
}

async function sendOne(
  run: Run,
  notice: Notice,
  returnPath: string,
  begun: OpenJob,
  isLast: boolean,
): Promise<void> {
  const { now, giveUpAfterHours, data, job, delivery, log } = run;
  const way = wayOut(run, notice);
  if (way === null) return;
  const startedAt = now().at;
  const answer = await way.send(notice, () => delivery.compose(notice, returnPath));
  const stamp = now();
  const endedAt = stamp.at;
  const isTried = answer.result !== "put-off";
  if (!isTried) run.putOffUntil.set(notice.id, endedAt.getTime() + answer.waitMs);
  // Of what was never tried, the age counts from when it was handed on: its server has been away all that time.
  const waitingSince = isTried
    ? (notice.firstAttemptAt ?? startedAt)
    : new Date(Math.max(begun.createdAt.getTime(), notice.madeAt.getTime()));
  const isGivenUp = endedAt.getTime() - waitingSince.getTime() > giveUpAfterHours * 3_600_000;
  if (!isTried && !isGivenUp && !isLast) return;
  if (run.ready.every(({ id }) => run.putOffUntil.has(id)) && !isGivenUp) {
    // Nothing has happened: however many wait for a dead server, each look costs little.
    const delayMs = delayUntilNext(run, run.due, endedAt);
    await inOne(run, (transaction) => putOff(transaction, job, data.subjectId, delayMs, answer.reply));
    return;
  }
  const record = async (transaction: Transaction<Tables>): Promise<void> => {
    const noticeId = notice.id;
    const state = answer.result === "accepted" ? "delivered" : "failed";
    const isSettled = state === "delivered" || answer.result === "permanent" || isGivenUp;
    const reason = state === "delivered" ? "" : answer.reply;
    const { agencyId } = data;
    const [, isOurs] = await together(
      isTried
        ? insertAttempt(transaction, {
            ...{ agencyId, noticeId, channel: way.name, startedAt, endedAt },
            ...{ result: answer.result, reply: answer.reply },
          })
        : Promise.resolve(),
      isSettled
        ? settleNotice(transaction, { noticeId, state, reason, at: endedAt })
        : Promise.resolve(false),
    );
    const final: SendResult = isTried ? answer : { result: "transient", reply: answer.reply };
    if (isOurs) await delivery.settled?.(transaction, notice, final, stamp);
  };
  try {
    await inOne(run, async (transaction) => {
      // Only the last one closes: a job that is put back sooner could be given to another worker while this one sends.
      const [, taken] = await together(
        record(transaction),
        isLast ? takeJob(transaction, job, data.subjectId) : Promise.resolve(undefined),
      );
      if (isLast) await close(run, transaction, begun, taken, answer.reply);
    });
  } catch (fault) {
    // What was answered stands, whatever is wrong with what is owed besides: it would be sent again with each try of the job.
    await inOne(run, record);
    throw fault;
  }
  if (isTried) log.info({ letter: data.subjectId, notice: notice.id, result: answer.result, job }, "notice");
}

/**
 * Ends a run whose row has just been taken away: the work is done when nothing is due, else the row comes back for the next
 * try. The row goes first and what is owed is looked up afterwards, because there may be news for the same work meanwhile: a
 * correction, while the acknowledgement is being sent. Who hands it on finds a row, locks it (shared/letter/outbox.ts) and
 * adds none; then taking the row away waits for his commit, and the look sees his news. Or he comes later and waits for our
 * commit, and adds a row if there is none. In the other order his news could come between our look and the row's end: he
 * would have added no row, we would have seen no news, and nobody would ever be told.
 */
async function close(
  work: Work,
  transaction: Transaction<Tables>,
  begun: OpenJob,
  taken: TakenJob | undefined,
  why: string | null,
): Promise<void> {
  // Nobody has touched the row since it was locked before the promises, so there are no news, and what was promised is sent.
  if (work.delivery.inShared && taken?.version === begun.version && !taken.hasDue) return;
  const stamp = work.now();
  const due = (await work.delivery.promise(transaction, stamp)).filter(isDue);
  await end(work, transaction, taken, due, why, stamp.at);
}

/** The work whose row was taken away is done, or its row comes back for what is still due. */
async function end(
  work: Work,
  transaction: Transaction<Tables>,
  taken: OpenJob | undefined,
  due: readonly Notice[],
  why: string | null,
  at: Date,
): Promise<void> {
  if (due.length === 0) return;
  const delayMs = delayUntilNext(work, due, at);
  await putBackJob(transaction, work.job, work.data, taken, delayMs, why ?? "waits for its next try");
}

function delayUntilNext({ putOffUntil }: Work, due: readonly Notice[], at: Date): number {
  const times = due.map((notice) => Math.max(nextTryMs(notice), putOffUntil.get(notice.id) ?? 0));
  return Math.max(0, Math.min(...times) - at.getTime());
}

/** Runs work in one transaction. Its key is the arrival: two jobs about the same one never meet in it. */
function inOne<Result>(
  { database, delivery: { inShared }, data: { agencyId, subjectId } }: Work,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return inShared
    ? inShared(agencyId, subjectId, work)
    : inTransaction(database, { actor: "worker:notification", agencies: [agencyId] }, work);
}

function isDue({ state }: Notice): boolean {
  return state === "due";
}

/** When a notice may be tried (ms since 1970): at once, unless its last try has ended in doubt. */
function nextTryMs({ attempts, lastAttemptAt, lastResult }: Notice): number {
  // Accepted or refused and yet due: somebody has asked for it to be sent again.
  const isWaiting = lastResult === "transient" || lastResult === "unknown";
  return lastAttemptAt === null || !isWaiting ? 0 : lastAttemptAt.getTime() + retryDelayMs(attempts - 1);
}

/** 30 s, 1 min, 2 min … at most 4 hours apart (RFC 5321 §4.5.4.1). @param attempts made before the one that failed */
export function retryDelayMs(attempts: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts, 20));
}

function returnPathOf(noticeId: string, agencyId: string, { ends, key }: ReturnPaths): string {
  return composeReturnPath({ ...ends, token: signToken(key, agencyId, noticeId) }) ?? "";
}
