import type { NotifierType } from "../../shared/ecms/message.ts";
import type { EvidenceType } from "../../shared/letter/evidence/evidence.ts";
import type { PutOff, SendResult } from "../mail/mail-transport.ts";
import type { Notice, NoticeKind } from "../notice-store.ts";

/** The way out by e-CMS: to the node of another office, or through the node that the agency uses. */
export interface EcmsChannel {
  /**
   * Posts what a notice of the channel ecms says: a letter with its files, that it is called back, or what became of an
   * arrival; or says at once that its node has no place for it now.
   * @throws for a fault of ours (the database, a file that is gone); never for one of the other side
   */
  post(notice: Notice): Promise<SendResult | PutOff>;
}

/**
 * Which message of the protocol says what a notice to the sender of an arrival says; null for what it has no word for (a
 * correction, that somebody has opened it): such a notice is not to be promised by e-CMS.
 */
export function ecmsFormOf(kind: NoticeKind, type: EvidenceType | null): NotifierType | null {
  switch (kind) {
    case "arrival":
      return "ReceiveLetterNotifier";
    case "acknowledgement":
    case "copy":
      return "AcceptLetterNotifier";
    case "refusal":
      return "RejectLetterNotifier";
    case "rejection":
      return type === "invalid" ? "InvalidLetterNotifier" : "RejectLetterNotifier";
    default:
      return null;
  }
}
