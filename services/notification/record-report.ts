import { isReportKind, type ReportedRecipient } from "../shared/letter/delivery-report.ts";
import type { JobData } from "../shared/letter/flow.ts";
import { finish, putOff } from "../shared/letter/outbox.ts";
import { parseReturnPath } from "../shared/letter/return-path.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Transaction } from "../shared/runtime/database.ts";
import type { DeliveryParts } from "./mail/deliver-notices.ts";
import type { PartnerKeys } from "./outbound/fetch-partner-keys.ts";
import { judgeEvidence } from "./outbound/judge-evidence.ts";
import { recordAnswer } from "./outbound/record-answer.ts";
import { recordNotifier } from "./outbound/record-notifier.ts";
import { readReportKeys } from "./report-key-store.ts";
import {
  failNotice,
  findReported,
  insertReport,
  type KeptReport,
  type Report,
  type ReportedNotice,
  readReportMail,
} from "./report-store.ts";
import { verifyToken } from "./report-token.ts";

/**
 * The job "record-report": a bounce, read receipt, automatic reply, acknowledgement or notifier (e-CMS) is matched to the notice that it is
 * about and kept as evidence of what became of that. Only a report that came to the return path which our message alone
 * carried may change anything: anyone can write a bounce that names a Message-ID. Then a failure makes the notice failed,
 * so that `saraban notices` shows it; whatever else is reported is evidence only. What it says of a letter of our own is
 * recorded with its recipient: by the signature of the receipt that it carries, however it came here.
 */
export async function recordReport(
  parts: RecordReportParts,
  { agencyId, subjectId }: JobData,
): Promise<void> {
  const { database, now, log } = parts;
  const acting = { actor: "worker:notification", agencies: [agencyId] } as const;
  if (await waitsForKeys(parts, agencyId, subjectId)) return;
  const recorded = await inTransaction(database, acting, async (transaction) => {
    // First, and the fence: of two workers the second finds the work done.
    if ((await finish(transaction, "record-report", [subjectId])) === 0) return undefined;
    const mail = await readReportMail(transaction, subjectId);
    if (!mail || !isReportKind(mail.kind)) return undefined;
    const stamp = now();
    if (mail.kind === "notifier") return recordNotifier(transaction, agencyId, subjectId, stamp);
    const found = await match(transaction, agencyId, mail);
    const told = judge(mail, found.notice);
    const { notice, matchedBy } = found;
    const kept: KeptReport = { noticeId: notice?.id ?? null, matchedBy, kind: mail.kind, ...told.facts };
    await insertReport(transaction, agencyId, subjectId, kept, stamp);
    const isProved = matchedBy === "token" && !found.isContradicted;
    if (isProved && told.isFailure && notice)
      await failNotice(transaction, notice.id, reasonOf(kept), stamp.at);
    const { isFailure } = told;
    const answer = { intakeId: subjectId, agencyId, mail, kept, notice, isProved, isFailure };
    const news = await recordAnswer(transaction, answer, stamp);
    return {
      notice: kept.noticeId,
      matchedBy,
      kind: kept.kind,
      isFailure: isProved && isFailure,
      ...(news === null ? {} : { news: news.what, proof: news.proof }),
    };
  });
  if (recorded) log.info({ letter: subjectId, ...recorded }, "report recorded");
}

export interface RecordReportParts extends Pick<DeliveryParts, "database" | "now" | "log"> {
  readonly partnerKeys: Pick<PartnerKeys, "refresh">;
}

/** What was signed by a key that cannot be fetched meanwhile counts as unproved from then on. */
const WAIT_FOR_KEYS_MS = 24 * 60 * 60 * 1000;
/** A partner's new key may not stand yet in what was just fetched: caches hold a key set for minutes (ours say five). */
const NEW_KEY_WITHIN_MS = 10 * 60 * 1000;
const SHORTEST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 30 * 60_000;

/**
 * A receipt by a key that nobody here knows: the partner may have a new one, which is asked for before the work begins. While
 * the partner does not answer the receipt waits, and a while though he does: judged without the key it would stand there as a
 * mere claim for ever.
 * @returns whether the job was put off
 */
async function waitsForKeys(
  { database, partnerKeys, now }: RecordReportParts,
  agencyId: string,
  subjectId: string,
): Promise<boolean> {
  const acting = { actor: "worker:notification", agencies: [agencyId] } as const;
  const look = async (transaction: Transaction<Tables>) => {
    const mail = await readReportMail(transaction, subjectId);
    const jws = mail?.report?.evidence ?? null;
    if (!mail || jws === null) return null;
    const judged = await judgeEvidence(transaction, agencyId, jws);
    const isUnknown = judged.state === "unproved" && judged.because === "unknown-key";
    return isUnknown && judged.domain !== null ? { domain: judged.domain, arrivedAt: mail.arrivedAt } : null;
  };
  const unknown = await inTransaction(database, acting, look);
  if (unknown === null) return false;
  const isFetched = await partnerKeys.refresh(unknown.domain);
  if (isFetched === null || (isFetched && (await inTransaction(database, acting, look)) === null))
    return false;
  const ageMs = now().at.getTime() - unknown.arrivedAt.getTime();
  if (ageMs > (isFetched ? NEW_KEY_WITHIN_MS : WAIT_FOR_KEYS_MS)) return false;
  const delayMs = Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, ageMs / 2));
  await inTransaction(database, acting, (transaction) =>
    putOff(
      transaction,
      "record-report",
      subjectId,
      delayMs,
      "waits for the keys of the office that signed it",
    ),
  );
  return true;
}

interface Match {
  readonly notice: ReportedNotice | null;
  readonly matchedBy: KeptReport["matchedBy"];
  /** The token is one message's, and the report names another one: somebody has put it together. */
  readonly isContradicted: boolean;
}

async function match(transaction: Transaction<Tables>, agencyId: string, mail: Report): Promise<Match> {
  const { report, references } = mail;
  const tokens = mail.recipients.flatMap((address) => parseReturnPath(address)?.token ?? []);
  const secrets = tokens.length > 0 ? await readReportKeys(transaction) : [];
  const proved =
    tokens.map((token) => verifyToken(secrets, agencyId, token)).find((id) => id !== null) ?? null;
  const envelopeId = isUuid(report?.envelopeId) ? report.envelopeId.toLowerCase() : null;
  const named = [report?.relatesTo ?? [], references.toReversed()].flat();
  const candidates = await findReported(transaction, [proved ?? [], envelopeId ?? []].flat(), named);
  const byToken = candidates.find(({ id }) => id === proved);
  if (byToken) {
    const others = [report?.relatesTo ?? null, envelopeId].filter((name) => name !== null);
    const isContradicted = candidates.some(
      ({ id, messageId }) => id !== byToken.id && (others.includes(messageId) || others.includes(id)),
    );
    return { notice: byToken, matchedBy: "token", isContradicted };
  }
  const byName =
    named.map((name) => candidates.find(({ messageId }) => messageId === name)).find((notice) => notice) ??
    candidates.find(({ id }) => id === envelopeId) ??
    null;
  return { notice: byName, matchedBy: byName ? "message-id" : "nothing", isContradicted: false };
}

function isUuid(text: string | null | undefined): text is string {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text ?? "");
}

type Told = {
  readonly facts: Pick<KeptReport, "action" | "status" | "recipient" | "diagnostic">;
  readonly isFailure: boolean;
};

/**
 * What a report says of our message. It may speak of several recipients (an alias, a list behind the address): the message
 * has failed when it failed for all that our recipient stands for; a mailbox of several that got it has got it.
 */
function judge({ kind, report }: Report, notice: ReportedNotice | null): Told {
  const { action = null, status = null, recipient = null, diagnostic = null } = report ?? {};
  const whole = { facts: { action, status, recipient, diagnostic }, isFailure: false };
  if (kind !== "bounce" || !report || !notice) return whole;
  // A bounce in no standard form names nobody: of a letter, whose owner has to know, it is believed all the same.
  if (report.recipients.length === 0) {
    return { ...whole, isFailure: notice.recipientId !== null && action === "failed" };
  }
  const ours = notice.recipient.toLowerCase();
  const isOurs = (told: ReportedRecipient) => told.original === ours || told.final === ours;
  // Where the address was rewritten on the way, none is ours by name; the report is about our message all the same.
  const about = report.recipients.some(isOurs) ? report.recipients.filter(isOurs) : report.recipients;
  const worst = about.find((told) => told.action === "failed") ?? about[0];
  return {
    facts: {
      action: worst?.action ?? null,
      status: worst?.status ?? null,
      recipient: worst?.final ?? worst?.original ?? null,
      diagnostic: worst?.diagnostic ?? null,
    },
    isFailure: about.every((told) => told.action === "failed"),
  };
}

function reasonOf({ status, diagnostic }: KeptReport): string {
  const words = [status ?? "", diagnostic ?? ""].filter((word) => word !== "").join(" ");
  return `reported as failed: ${words === "" ? "no reason was given" : words}`.slice(0, 500);
}
