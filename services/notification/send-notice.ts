import type { JobData } from "../shared/letter/flow.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { InSharedTransaction } from "../shared/runtime/share-transactions.ts";
import { type ComposeParts, composeNotice } from "./compose/compose-notice.ts";
import { type DeliveryParts, deliverNotices } from "./mail/deliver-notices.ts";
import { lookAtArrival, promiseArrival, promiseNotices } from "./promise-notice.ts";
import type { EvidenceIssuer } from "./receipts/issue-evidence.ts";

export interface SenderParts extends DeliveryParts, ComposeParts {
  readonly issuer: EvidenceIssuer;
  readonly inShared: InSharedTransaction<Tables>;
}

/** The job "notify-sender": the sender of an arrival, and who else is to know of it, hear what became of it. */
export function sendNotice(parts: SenderParts, data: JobData): Promise<void> {
  return deliverNotices(parts, data, "notify-sender", {
    inShared: parts.inShared,
    look: (transaction, stamp) => lookAtArrival(transaction, parts.issuer, data.subjectId, stamp),
    promise: (transaction, stamp, seen) =>
      promiseNotices(transaction, parts.issuer, data.subjectId, stamp, seen),
    compose: (notice, returnPath) => composeNotice(parts, notice, returnPath),
  });
}

/** The job "tell-arrival": the sender of a letter that waits for its number for long hears that it is here. */
export function tellArrival(parts: SenderParts, data: JobData): Promise<void> {
  return deliverNotices(parts, data, "tell-arrival", {
    inShared: parts.inShared,
    promise: (transaction, stamp) => promiseArrival(transaction, parts.issuer, data.subjectId, stamp),
    compose: (notice, returnPath) => composeNotice(parts, notice, returnPath),
  });
}
