import type { EcmsDialect } from "../letter/directory.ts";
import type { GovernmentDocument } from "./read-government-document.ts";

/** First child of Body: what a client asks of an e-CMS node. The first of them carries a letter or a notifier. */
export const ECMS_REQUESTS = [
  "CorrespondenceLetterOutboundRequest",
  "CorrespondenceLetterInboundRequest",
  "CorrespondenceLetterDeleteRequest",
  "CorrespondenceDeleteGovernmentDocumentRequest",
  "CorrespondenceLetterInboundSpecialRequest",
  "GetMinistryOrganizationList",
  "GetOrganizationList",
  "GetSecretCodes",
  "GetSpeedCodes",
  "GetMimeCodes",
  "OutboundStatusRequest",
  "TimeCheckRequest",
] as const;
export type EcmsRequest = (typeof ECMS_REQUESTS)[number];

/**
 * What one office tells another of a letter between them. All but the last go from the receiver to the sender; with
 * InvalidAcceptIDNotifier the sender says that the receive number it was told is wrong.
 */
export const NOTIFIERS = [
  "ReceiveLetterNotifier",
  "AcceptLetterNotifier",
  "RejectLetterNotifier",
  "InvalidLetterNotifier",
  "InvalidAcceptIDNotifier",
] as const;
export type NotifierType = (typeof NOTIFIERS)[number];

/** Values as on the wire, white space trimmed; null where the element is missing or empty. */
export interface Notifier {
  readonly type: NotifierType;
  /** ram:ID of the letter. */
  readonly letterId: string | null;
  /** เลขรับ, of AcceptLetterNotifier and InvalidAcceptIDNotifier. */
  readonly acceptId: string | null;
  /** yyyy-MM-dd, C.E. */
  readonly correspondenceDate: string | null;
  readonly subject: string | null;
  /** Added by the node that passes it on. */
  readonly acceptDate: string | null;
  readonly acceptDepartment: string | null;
}

/** By which a letter is told from others on this wire; departments with 10 digits or 5, as written. */
export interface DocumentKey {
  readonly letterId: string;
  readonly correspondenceDate: string;
  readonly senderDepartment: string;
  readonly acceptDepartment: string;
}

export interface SoapRequest {
  readonly operation: EcmsRequest;
  /** "" where it is empty or missing. */
  readonly messageId: string;
  /** Node of the other office, or the client's own, or "". */
  readonly to: string;
  readonly dialect: EcmsDialect;
  /** Of CorrespondenceLetterOutboundRequest: either a letter … */
  readonly document: GovernmentDocument | null;
  /** … or a notifier. */
  readonly notifier: Notifier | null;
  /** Of CorrespondenceLetterDeleteRequest. */
  readonly processId: string | null;
  /** Of CorrespondenceDeleteGovernmentDocumentRequest and CorrespondenceLetterInboundSpecialRequest; null: incomplete. */
  readonly key: DocumentKey | null;
  /** Of CorrespondenceLetterInboundSpecialRequest: what is asked for again. */
  readonly wanted: "GovernmentDocument" | NotifierType | null;
}

/** A node's answer, whatever was asked. */
export interface SoapResponse {
  /** First child of Body: CorrespondenceLetterOutboundResponse …, Fault, or ErrorDetail itself. */
  readonly operation: string;
  /** Null where it is missing or empty: nothing waits, or nothing was done. */
  readonly processId: string | null;
  readonly processTime: string | null;
  readonly document: GovernmentDocument | null;
  readonly notifier: Notifier | null;
  /** Empty unless the node refused; at most 20. */
  readonly errors: readonly EcmsErrorDetail[];
  /** Of OutboundStatusResponse; at most 1,000. */
  readonly outbound: readonly { processId: string; letterId: string; processStatus: string }[];
  /** Of TimeCheckRequest's answer. */
  readonly time: string | null;
}

/** Old clients read by position: code first, description second. */
export interface EcmsErrorDetail {
  readonly code: string;
  readonly description: string;
}
