import type { Transaction } from "kysely";
import type { RecipientEvent } from "../../shared/letter/outbound.ts";
import type { NewsProof } from "../../shared/letter/recipient-state.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { insertOwnItems } from "./inbox-store.ts";

/** What an office says of our letter itself; what servers say of the mail on its way stands with the recipient alone. */
const TOLD: ReadonlySet<RecipientEvent> = new Set<RecipientEvent>([
  "arrived",
  "registered",
  "handed-over",
  "corrected",
  "rejected",
  "refused",
  "invalid",
  "cancelled",
  "failed",
  "quarantined",
]);

/**
 * Tells the agency's own systems what became of a letter of ours at a recipient. Never what nothing proves: a client of the
 * old protocol reads a number and no proof.
 */
export async function layNews(
  transaction: Transaction<Tables>,
  agencyId: string,
  news: { readonly newsId: string; readonly what: RecipientEvent; readonly proof: NewsProof },
  { at }: Stamp,
): Promise<void> {
  const { newsId, what, proof } = news;
  if (!TOLD.has(what) || proof === "claim") return;
  await insertOwnItems(transaction, agencyId, { kind: "news", newsId }, at);
}

/** Tells the agency's own systems that an office says our number for its letter is wrong. @param intakeId its notifier */
export async function layDispute(
  transaction: Transaction<Tables>,
  agencyId: string,
  intakeId: string,
  { at }: Stamp,
): Promise<void> {
  await insertOwnItems(transaction, agencyId, { kind: "dispute", intakeId }, at);
}
