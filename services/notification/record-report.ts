import { isReportKind, type ReportedRecipient } from "../shared/letter/delivery-report.ts";
import type { JobData } from "../shared/letter/flow.ts";
import { finish } from "../shared/letter/outbox.ts";
import { parseReturnPath } from "../shared/letter/return-path.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { inTransaction, type Transaction } from "../shared/runtime/database.ts";
import { readReportKeys } from "./report-key-store.ts";
import {
  type Evidence,
  failNotice,
  findReported,
  insertEvidence,
  type Report,
  type ReportedNotice,
  readReportMail,
} from "./report-store.ts";
import { verifyToken } from "./report-token.ts";
import type { NotificationParts } from "./send-notice.ts";

/**
 * The job "record-report": a bounce, read receipt, automatic reply or acknowledgement is matched to the notice that it is
 * about and kept as evidence of what became of that. Only a report that came to the return path which our message alone
 * carried may change anything: anyone can write a bounce that names a Message-ID. Then a failure makes the notice failed,
 * so that `saraban notices` shows it; whatever else is reported is evidence only.
 */
export async function recordReport(
  { database, now, log }: Pick<NotificationParts, "database" | "now" | "log">,
  { agencyId, subjectId }: JobData,
): Promise<void> {
  const acting = { actor: "worker:notification", agencies: [agencyId] } as const;
  const recorded = await inTransaction(database, acting, async (transaction) => {
    // First, and the fence: of two workers the second finds the work done.
    if ((await finish(transaction, "record-report", [subjectId])) === 0) return undefined;
    const mail = await readReportMail(transaction, subjectId);
    if (!mail || !isReportKind(mail.kind)) return undefined;
    const stamp = now();
    const found = await match(transaction, agencyId, mail);
    const told = judge(mail, found.notice);
    const evidence: Evidence = {
      noticeId: found.notice?.id ?? null,
      matchedBy: found.matchedBy,
      kind: mail.kind,
      ...told.facts,
    };
    await insertEvidence(transaction, agencyId, subjectId, evidence, stamp);
    const isFailure = found.matchedBy === "token" && !found.isContradicted && told.isFailure;
    if (isFailure && found.notice)
      await failNotice(transaction, found.notice.id, reasonOf(evidence), stamp.at);
    return { notice: evidence.noticeId, matchedBy: found.matchedBy, kind: evidence.kind, isFailure };
  });
  if (recorded) log.info({ letter: subjectId, ...recorded }, "report recorded");
}

interface Match {
  readonly notice: ReportedNotice | null;
  readonly matchedBy: Evidence["matchedBy"];
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
  readonly facts: Pick<Evidence, "action" | "status" | "recipient" | "diagnostic">;
  readonly isFailure: boolean;
};

/**
 * What a report says of our message. It may speak of several recipients (an alias, a list behind the address): the message
 * has failed when it failed for all that our recipient stands for; a mailbox of several that got it has got it.
 */
function judge({ kind, report }: Report, notice: ReportedNotice | null): Told {
  const { action = null, status = null, recipient = null, diagnostic = null } = report ?? {};
  const whole = { facts: { action, status, recipient, diagnostic }, isFailure: false };
  if (kind !== "bounce" || !report || !notice || report.recipients.length === 0) return whole;
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

function reasonOf({ status, diagnostic }: Evidence): string {
  const words = [status ?? "", diagnostic ?? ""].filter((word) => word !== "").join(" ");
  return `reported as failed: ${words === "" ? "no reason was given" : words}`.slice(0, 500);
}
