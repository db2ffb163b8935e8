import type { JobData } from "../shared/letter/flow.ts";
import { finish, isOpen, putOff } from "../shared/letter/outbox.ts";
import { composeReturnPath } from "../shared/letter/return-path.ts";
import type { TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Kysely, type Transaction } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import { composeAlert } from "./compose-alert.ts";
import {
  type ComposedNotice,
  composeAcknowledgement,
  composeRefusal,
  composeRejection,
} from "./compose-notice.ts";
import type { MailTransport } from "./mail-transport.ts";
import { findNotices, insertAttempt, type Notice, settleNotice } from "./notice-store.ts";
import { promiseNotices } from "./promise-notice.ts";
import { signingKey } from "./report-key-store.ts";
import { signToken } from "./report-token.ts";

export interface NotificationParts {
  readonly database: Kysely<Tables>;
  readonly now: TrustedNow;
  /** Undefined while outgoing mail has to wait for a smarthost. */
  readonly transport: MailTransport | undefined;
  readonly giveUpAfterHours: number;
  /** Whether reports are asked for at MAILBOX+TOKEN; else notices have the null reverse-path. */
  readonly withTokens: boolean;
  readonly log: Log;
}

/** While no smarthost is set, a notice looks again this often. */
const WITHOUT_SMARTHOST_MS = 60_000;
const FIRST_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 4 * 60 * 60 * 1000;
/** The database wakes a job by its own clock, which may be a little ahead of ours. */
const EARLY_MS = 1_000;

const JOB = "notify-sender";

/**
 * The job "notify-sender": promise an arrival's notices in one transaction, send each, record each answer in
 * another. Between sending and recording a crash makes the message go out again, with the same Message-ID and the same
 * evidence id: a receipt may come twice, never not at all and never with other facts. The notices of one arrival (to its
 * sender, to a person of the agency) share the job and nothing else: each has its own tries and its own waits.
 */
export async function sendNotice(parts: NotificationParts, data: JobData): Promise<void> {
  const { database, now, transport } = parts;
  const acting = { actor: "worker:notification", agencies: [data.agencyId] } as const;

  const promised = await inTransaction(database, acting, async (transaction) => {
    if (!(await isOpen(transaction, JOB, data.subjectId))) return undefined;
    const notices = await promiseNotices(transaction, data.agencyId, data.subjectId, now());
    const due = notices.filter(({ state }) => state === "due");
    if (due.length === 0) {
      await finish(transaction, JOB, [data.subjectId]);
      return undefined;
    }
    if (!transport) {
      await putOff(
        transaction,
        JOB,
        data.subjectId,
        WITHOUT_SMARTHOST_MS,
        "no smarthost is set (SARABAN_SMARTHOST_URL)",
      );
      return undefined;
    }
    return { due, key: await signingKey(transaction) };
  });
  if (!promised || !transport) return;

  const nowMs = now().at.getTime();
  const ready = promised.due.filter((notice) => nextTryMs(notice) <= nowMs + EARLY_MS);
  if (ready.length === 0) {
    await inTransaction(database, acting, (transaction) => closeWork(transaction, data, now, null));
  }
  const faults: unknown[] = [];
  for (const notice of ready) {
    // What one notice fails at must not keep the other from being sent.
    await sendOne(parts, transport, data, notice, promised.key).catch((fault: unknown) => faults.push(fault));
  }
  if (faults.length > 0) throw faults[0];
}

async function sendOne(
  { database, now, giveUpAfterHours, withTokens, log }: NotificationParts,
  transport: MailTransport,
  data: JobData,
  notice: Notice,
  key: Buffer,
): Promise<void> {
  const acting = { actor: "worker:notification", agencies: [data.agencyId] } as const;
  const startedAt = now().at;
  const returnPath = withTokens ? returnPathOf(notice, data.agencyId, key) : "";
  const answer = await transport.send(compose(notice, returnPath));
  const endedAt = now().at;
  await inTransaction(database, acting, async (transaction) => {
    const times = { startedAt, endedAt };
    await insertAttempt(transaction, data.agencyId, notice.id, transport.channel, times, answer);
    const ageMs = endedAt.getTime() - (notice.firstAttemptAt ?? startedAt).getTime();
    if (answer.result === "accepted") {
      await settleNotice(transaction, notice.id, "delivered", "", endedAt);
    } else if (answer.result === "permanent" || ageMs > giveUpAfterHours * 3_600_000) {
      await settleNotice(transaction, notice.id, "failed", answer.reply, endedAt);
    }
    await closeWork(transaction, data, now, answer.reply);
  });
  log.info({ letter: data.subjectId, notice: notice.id, result: answer.result }, "notice");
}

/** The work is done when none of the arrival's notices is due any more; else it is put off until the next one is. */
async function closeWork(
  transaction: Transaction<Tables>,
  { subjectId }: JobData,
  now: TrustedNow,
  why: string | null,
): Promise<void> {
  const due = (await findNotices(transaction, subjectId)).filter(({ state }) => state === "due");
  if (due.length === 0) {
    await finish(transaction, JOB, [subjectId]);
    return;
  }
  const waitMs = Math.min(...due.map(nextTryMs)) - now().at.getTime();
  await putOff(transaction, JOB, subjectId, Math.max(0, waitMs), why ?? "waits for its next try");
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

function returnPathOf({ id, facts }: Notice, agencyId: string, key: Buffer): string {
  const [mailbox = "", domain = ""] = facts.agency.mailbox.split("@");
  return composeReturnPath({ mailbox, domain, token: signToken(key, agencyId, id) }) ?? "";
}

function compose(notice: Notice, returnPath: string): ComposedNotice {
  const { facts, kind, recipient, messageId, madeAt, answersTo, id } = notice;
  const ends = {
    fromAddress: facts.agency.mailbox,
    to: recipient,
    messageId,
    madeAt,
    returnPath,
    envelopeId: id,
    answersTo,
  };
  switch (facts.type) {
    case "registered":
      return composeAcknowledgement(facts, ends, kind === "copy");
    case "rejected":
      return composeRejection(facts, ends);
    case "refused":
      return composeRefusal(facts, ends);
    case "alert":
      return composeAlert(facts, ends);
  }
}
