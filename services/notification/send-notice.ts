import type { JobData } from "../shared/letter/flow.ts";
import { finish, isOpen, putOff } from "../shared/letter/outbox.ts";
import type { TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Kysely, type Transaction } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import { composeAcknowledgement, composeRefusal, composeRejection } from "./compose-notice.ts";
import type { MailTransport } from "./mail-transport.ts";
import { findNotice, insertAttempt, insertNotice, type Notice, settleNotice } from "./notice-store.ts";
import { promiseNotice } from "./promise-notice.ts";

export interface NotificationParts {
  readonly database: Kysely<Tables>;
  readonly now: TrustedNow;
  /** Undefined while outgoing mail has to wait for a smarthost. */
  readonly transport: MailTransport | undefined;
  readonly giveUpAfterHours: number;
  readonly log: Log;
}

/** While no smarthost is set, a notice looks again this often. */
const WITHOUT_SMARTHOST_MS = 60_000;
const FIRST_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 4 * 60 * 60 * 1000;

const JOB = "notify-sender";

/**
 * The job "notify-sender": promise the notice in one transaction, send it, record the answer in
 * another. Between sending and recording a crash makes the message go out again, with the same Message-ID and the same
 * evidence id: a receipt may come twice, never not at all and never with other facts.
 */
export async function sendNotice(parts: NotificationParts, data: JobData): Promise<void> {
  const { database, now, transport, log } = parts;
  const acting = { actor: "worker:notification", agencies: [data.agencyId] } as const;

  const promised = await inTransaction(database, acting, async (transaction) => {
    if (!(await isOpen(transaction, JOB, data.subjectId))) return undefined;
    const notice = await promiseOnce(transaction, data, now);
    if (notice.state !== "due") {
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
    return notice;
  });
  if (!promised || !transport) return;

  const startedAt = now().at;
  const answer = await transport.send(compose(promised));
  const endedAt = now().at;
  await inTransaction(database, acting, async (transaction) => {
    await insertAttempt(
      transaction,
      data.agencyId,
      promised.id,
      transport.channel,
      { startedAt, endedAt },
      answer,
    );
    const ageMs = endedAt.getTime() - (promised.firstAttemptAt ?? startedAt).getTime();
    if (answer.result === "accepted") {
      await settleNotice(transaction, promised.id, "delivered", "", endedAt);
      await finish(transaction, JOB, [data.subjectId]);
    } else if (answer.result === "permanent" || ageMs > parts.giveUpAfterHours * 3_600_000) {
      await settleNotice(transaction, promised.id, "failed", answer.reply, endedAt);
      await finish(transaction, JOB, [data.subjectId]);
    } else {
      await putOff(transaction, JOB, data.subjectId, retryDelayMs(promised.attempts), answer.reply);
    }
  });
  log.info({ letter: data.subjectId, notice: promised.id, result: answer.result }, "notice");
}

/** 30 s, 1 min, 2 min … at most 4 hours apart (RFC 5321 §4.5.4.1). @param attempts made before this one */
export function retryDelayMs(attempts: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts, 20));
}

async function promiseOnce(
  transaction: Transaction<Tables>,
  data: JobData,
  now: TrustedNow,
): Promise<Notice> {
  const found = await findNotice(transaction, data.subjectId);
  if (found) return found;
  const stamp = now();
  const { notice, reason } = await promiseNotice(transaction, data.subjectId);
  await insertNotice(transaction, data.agencyId, data.subjectId, notice, stamp, reason);
  // Another worker may have promised it a moment before: what stands in the table is what goes out.
  const stored = await findNotice(transaction, data.subjectId);
  if (!stored) throw new Error("a notice that was just written cannot be found");
  return stored;
}

function compose(notice: Notice) {
  const fromAddress = notice.facts.agency.mailbox;
  const ends = { fromAddress, to: notice.recipient, messageId: notice.messageId, madeAt: notice.madeAt };
  switch (notice.facts.type) {
    case "registered":
      return composeAcknowledgement(notice.facts, ends);
    case "rejected":
      return composeRejection(notice.facts, ends);
    case "refused":
      return composeRefusal(notice.facts, ends);
  }
}
