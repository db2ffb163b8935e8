import type { Evidence } from "../../shared/letter/evidence/evidence.ts";
import type { RecipientEvent } from "../../shared/letter/outbound.ts";
import type { KeptReport, ReportedNotice } from "../report-store.ts";
import type { Addressed } from "./evidence-store.ts";
import type { JudgedEvidence } from "./judge-evidence.ts";
import type { RecipientNews } from "./recipient-event-store.ts";

type News = Pick<RecipientNews, "what" | "source" | "details">;

/** What a mail without a receipt says of the message of ours that it is about; null when nothing became of it. */
export function newsOfReport(
  { kind: ofNotice, id }: Pick<ReportedNotice, "kind" | "id">,
  report: KeptReport,
  receiveNumber: string | null,
  isFailure: boolean,
): News | null {
  const { kind, action, status, diagnostic } = report;
  const told = { noticeId: id, ...withoutNulls({ action, status, diagnostic }) };
  if (ofNotice === "recall") {
    // What else becomes of a recall is said by the answer to it.
    return kind === "bounce" && isFailure
      ? { what: "recall-refused", source: "dsn", details: { ...told, reason: "bounced" } }
      : null;
  }
  if (ofNotice !== "letter") return null;
  switch (kind) {
    case "bounce":
      if (isFailure) return { what: "failed", source: "dsn", details: { ...told, reason: "bounced" } };
      if (action === "delayed") return { what: "delayed", source: "dsn", details: told };
      return action !== null && GOT_THERE.has(action)
        ? { what: "delivered", source: "dsn", details: told }
        : null;
    case "mdn":
      return action === "displayed" ? { what: "displayed", source: "mdn", details: told } : null;
    case "acknowledgement":
      return { what: "answered", source: "answer", details: { ...told, ...withoutNulls({ receiveNumber }) } };
    case "auto-reply":
    case "notifier":
      return null;
  }
}

/** RFC 3464 §2.3.3 */
const GOT_THERE: ReadonlySet<string> = new Set(["delivered", "relayed", "expanded"]);

/** What a receipt says, proved or only claimed; null for one that speaks of no letter of ours. */
export function newsOfEvidence(
  judged: JudgedEvidence,
  mail: { readonly intakeId: string; readonly arrivedAt: Date },
): { readonly recipient: Addressed; readonly news: Omit<RecipientNews, keyof Addressed> } | null {
  const isProved = judged.state === "proved";
  const said = isProved ? judged : judged.claims;
  if (said === null) return null;
  const { recipient, evidence } = said;
  // Of one that was changed nothing is repeated: what it says is somebody's making.
  const isTampered = !isProved && judged.because === "tampered";
  return {
    recipient,
    news: {
      what: isTampered ? "answered" : evidence.type,
      source: isTampered ? "answer" : "receipt",
      proof: isProved ? "signature" : "claim",
      intakeId: mail.intakeId,
      evidenceId: isProved ? evidence.evidenceId : null,
      details: {
        ...(isTampered ? {} : detailsOf(evidence, isProved)),
        ...(isProved ? {} : { reason: judged.because }),
      },
      // The times of what nobody has proved are anybody's choice. And what is told has happened: by a clock that is wrong, or
      // wrong on purpose, it would else stand before all that the office says later.
      happenedAt: isProved && momentOf(evidence) < mail.arrivedAt ? momentOf(evidence) : mail.arrivedAt,
    },
  };
}

function detailsOf(evidence: Evidence, isProved: boolean): Record<string, unknown> {
  const { register, receiver, reason, handedOver, replaces, deemedReceivedAt } = evidence;
  // Nobody is led to a stranger's page to see whether the stranger's receipt is authentic.
  const { code, verifyUrl } = isProved ? evidence : { code: null, verifyUrl: null };
  return withoutNulls({
    receiveNumber: register === null ? null : String(register.number),
    receiveYear: register?.yearBuddhist ?? null,
    receivedAt: evidence.receivedAt,
    deemedReceivedAt,
    registeredAt: evidence.registeredAt,
    receiverName: receiver?.name ?? null,
    receiverUnit: receiver?.unit ?? null,
    officer: handedOver?.officer ?? null,
    reasonCode: reason?.code ?? null,
    reason: reason?.words ?? null,
    code,
    verifyUrl,
    replaces,
    issuedAt: evidence.issuedAt,
  });
}

/** When that became true of which a statement tells; a correction is true from when it was made. */
function momentOf({ type, receivedAt, registeredAt, handedOver, issuedAt }: Evidence): Date {
  const of: Partial<Record<RecipientEvent, string | null | undefined>> = {
    arrived: receivedAt,
    registered: registeredAt,
    "handed-over": handedOver?.at,
  };
  return new Date(of[type] ?? issuedAt);
}

function withoutNulls(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
