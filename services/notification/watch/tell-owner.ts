import type { JobData } from "../../shared/letter/flow.ts";
import { putOff } from "../../shared/letter/outbox.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import type { Templates } from "../compose/read-templates.ts";
import { type DeliveryParts, deliverNotices } from "../mail/deliver-notices.ts";
import { composeOwnerNotice } from "./compose-owner-notice.ts";
import { findUntoldNews } from "./owner-store.ts";
import { promiseOwnerNotices } from "./promise-owner-notices.ts";

const JOB = "notify-owner";

/** Recipients who fail one after the other within so long are told in one notice. */
const GATHER_MS = 15_000;
/** But no failure waits longer for others. */
const LONGEST_GATHER_MS = 2 * 60_000;

/**
 * The job "notify-owner": whoever drafted a letter hears that recipients could not be reached (Annex 6 §1.2.3), or do not
 * answer. A circular that nobody's server takes is one mail, not one a recipient.
 */
export async function tellOwner(
  parts: DeliveryParts & { readonly templates: Templates; readonly gatherMs?: number },
  data: JobData,
): Promise<void> {
  const { database, now, templates, gatherMs = GATHER_MS } = parts;
  const { agencyId, subjectId } = data;
  const isGathering = await inTransaction(
    database,
    { actor: "worker:notification", agencies: [agencyId] },
    async (transaction) => {
      const news = await findUntoldNews(transaction, subjectId);
      const failedMs = news
        .filter(({ what }) => what === "failed")
        .map(({ recordedAt }) => recordedAt.getTime());
      const nowMs = now().at.getTime();
      const [first = nowMs, last = 0] = [failedMs[0], failedMs.at(-1)];
      if (nowMs - last >= gatherMs || nowMs - first >= LONGEST_GATHER_MS) return false;
      await putOff(transaction, JOB, subjectId, gatherMs, "waits for other recipients of the letter");
      return true;
    },
  );
  if (isGathering) return;
  await deliverNotices(parts, data, JOB, {
    promise: (transaction, stamp) => promiseOwnerNotices(transaction, agencyId, subjectId, stamp),
    compose: (notice, returnPath) => composeOwnerNotice(templates, notice, returnPath),
  });
}
