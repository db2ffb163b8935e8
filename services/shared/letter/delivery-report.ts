import type { Notifier } from "../ecms/message.ts";

/** Kinds of messages that may speak of one of ours (reading.kind, delivery_report.kind). */
export const REPORT_KINDS = ["bounce", "mdn", "auto-reply", "acknowledgement", "notifier"] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

export function isReportKind(kind: string): kind is ReportKind {
  return (REPORT_KINDS as readonly string[]).includes(kind);
}

/**
 * What a bounce, a read receipt, an automatic reply or another office's acknowledgement says of a message of ours (RFC 3464,
 * RFC 8098); reading finds it, notification records it. Of a recall it holds the recall itself, for the registry.
 */
export type DeliveryReport = {
  /** Message-ID of the message it is about, with angle brackets. */
  relatesTo: string | null;
  /** Original-Envelope-Id: what we gave as ENVID (RFC 3461 §4.4). */
  envelopeId: string | null;
  /** RFC 3464 §2.3.3 (failed, delayed …) or RFC 8098 §3.2.6 (displayed, deleted …). Of several recipients the worst. */
  action: string | null;
  /** RFC 3463, such as 5.2.2. */
  status: string | null;
  recipient: string | null;
  /** The other server's words, one line, at most 300 characters. */
  diagnostic: string | null;
  /** What it says of each recipient, at most 20; empty for a read receipt. */
  recipients: ReportedRecipient[];
  /** Of an acknowledgement: the number that our letter was given there, and our letter's own, canonical. */
  receiveNumber: string | null;
  letter: string | null;
  /**
   * The signed statement that it carries, as a compact JWS: another office's receipt, or its recall. Absent from reports that
   * were read before there were any.
   */
  evidence?: string | null;
  /** Of kind "notifier": what came by e-CMS, as it says it. */
  notifier?: Notifier | null;
};

export type ReportedRecipient = {
  /** As we wrote it, where the report repeats that (RFC 3464 §2.3.1). */
  original: string | null;
  /** Where the message was for in the end. */
  final: string | null;
  action: string | null;
  status: string | null;
  diagnostic: string | null;
};

/** To which each kind adds what it says. */
export const SAYS_NOTHING: Readonly<DeliveryReport> = Object.freeze({
  relatesTo: null,
  envelopeId: null,
  action: null,
  status: null,
  recipient: null,
  diagnostic: null,
  recipients: [],
  receiveNumber: null,
  letter: null,
  evidence: null,
});
