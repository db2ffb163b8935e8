import type { Transaction } from "kysely";
import { handOn } from "../../shared/letter/outbox.ts";
import type { Stamp } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { layNews } from "../inbox/fill-inbox.ts";
import { promiseWebhookCalls } from "../webhook/promise-calls.ts";
import { insertRecipientEvent, type RecipientNews } from "./recipient-event-store.ts";

/**
 * Records what has become of a letter at one recipient, and has those told who want to know: the agency's programs of each
 * event, the owner of a failure at once. @returns false when the same receipt was recorded before: then nothing happens
 */
export async function recordNews(
  transaction: Transaction<Tables>,
  news: RecipientNews,
  stamp: Stamp,
): Promise<boolean> {
  const id = await insertRecipientEvent(transaction, news, stamp);
  if (id === null) return false;
  const { what, proof, letterId, agencyId } = news;
  const event = { type: `recipient.${what}`, data: { eventId: id, ...toldToPrograms(news) } } as const;
  await promiseWebhookCalls(transaction, agencyId, letterId, event, stamp);
  await layNews(transaction, agencyId, { newsId: id, what, proof }, stamp);
  if (what === "failed" && proof !== "claim") {
    await handOn(transaction, "notification", [{ job: "notify-owner", agencyId, subjectId: letterId }]);
  }
  return true;
}

/** News of our own: what the next server has answered, or what was decided here. */
export function serverNews(
  { recipientId, letterId, agencyId }: Pick<RecipientNews, "recipientId" | "letterId" | "agencyId">,
  what: RecipientNews["what"],
  details: RecipientNews["details"],
  { at }: Stamp,
): RecipientNews {
  const place = { recipientId, letterId, agencyId };
  return {
    ...place,
    what,
    source: "server",
    proof: "own",
    intakeId: null,
    evidenceId: null,
    details,
    happenedAt: at,
  };
}

/** Numbers and times; words of a server, a stranger or a clerk stay here. */
const TOLD = [
  "receiveNumber",
  "receiveYear",
  "receivedAt",
  "deemedReceivedAt",
  "registeredAt",
  "status",
  "reasonCode",
];

function toldToPrograms({
  recipientId,
  letterId,
  what,
  source,
  proof,
  evidenceId,
  details,
  happenedAt,
}: RecipientNews) {
  const told = Object.fromEntries(Object.entries(details).filter(([name]) => TOLD.includes(name)));
  return {
    recipientId,
    letterId,
    what,
    source,
    proof,
    evidenceId,
    ...told,
    happenedAt: happenedAt.toISOString(),
  };
}
