import type { Notifier } from "../../shared/ecms/message.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { inTransaction, type Transaction } from "../../shared/runtime/database.ts";
import { readSentLetter, type SentLetter } from "../inbox/sent-item-store.ts";
import { isUuid } from "../read-parameters.ts";
import { actingWherever } from "./acting-wherever.ts";
import { type ArrivedLetter, readArrivedLetter } from "./arrival-store.ts";
import type { EcmsCall } from "./ecms-call.ts";
import {
  findItem,
  noteDone,
  noteFetched,
  noteReceiveTold,
  readNewsFacts,
  readNotifierOf,
  readReceiptFacts,
  type WaitingItem,
  waitingItems,
} from "./inbox-store.ts";
import { notifierOfNews, notifierOfReceipt } from "./notifier-forms.ts";

/** The oldest thing that waits for a client, in the form of the wire. */
export type PolledItem = {
  readonly processId: string;
  readonly agencyId: string;
  readonly itemId: string;
} & ({ readonly letter: ArrivedLetter } | { readonly sent: SentLetter } | { readonly notifier: Notifier });

/** Of one look; of what has no form on the wire no more is passed over in one request. */
const ITEMS_AT_ONCE = 50;
const MOST_LOOKS = 20;
/** Behind the id of a receipt's item: its ReceiveLetterNotifier, which goes before the number. */
const RECEIVED = "-received";

/**
 * The oldest item, the same one until it is deleted; null when nothing waits. What the wire has no word for is passed over
 * for good: it stands in the record, and JSON tells it.
 */
export async function pollInbox(call: EcmsCall): Promise<PolledItem | null> {
  const { parts, client, isOwn } = call;
  const acting = await actingWherever(parts.database, client, isOwn);
  for (let look = 0; look < MOST_LOOKS; look++) {
    const { polled, seen } = await inTransaction(parts.database, acting, async (transaction) => {
      const items = await waitingItems(transaction, client, ITEMS_AT_ONCE);
      const passedOver: string[] = [];
      let found: PolledItem | null = null;
      for (const item of items) {
        found = await inForm(transaction, item, parts.now().at);
        if (found !== null) break;
        passedOver.push(item.id);
      }
      const { at } = parts.now();
      if (passedOver.length > 0) await noteDone(transaction, passedOver, at);
      if (found !== null) await noteFetched(transaction, found.itemId, at);
      return { polled: found, seen: items.length };
    });
    if (polled !== null || seen < ITEMS_AT_ONCE) return polled;
  }
  return null;
}

async function inForm(
  transaction: Transaction<Tables>,
  item: WaitingItem,
  at: Date,
): Promise<PolledItem | null> {
  const { id, agencyId, kind, intakeId, receiptId, newsId } = item;
  const as = { processId: id, agencyId, itemId: id };
  if (kind === "letter" && intakeId !== null) {
    const letter = await readArrivedLetter(transaction, intakeId);
    return letter ? { ...as, letter } : null;
  }
  if (kind === "sent-letter") {
    // Before it is read: it is either given here or taken back, and never both.
    await noteFetched(transaction, id, at);
    const sent = await readSentLetter(transaction, id);
    return sent ? { ...as, sent } : null;
  }
  if (kind === "news" && newsId !== null) {
    const facts = await readNewsFacts(transaction, newsId);
    return asNotifier(as, facts ? notifierOfNews(facts) : null);
  }
  if (kind === "dispute" && intakeId !== null) {
    const notifier = await readNotifierOf(transaction, intakeId);
    return asNotifier(as, notifier?.type === "InvalidAcceptIDNotifier" ? notifier : null);
  }
  if (receiptId === null || intakeId === null) return null;
  const facts = await readReceiptFacts(transaction, receiptId, intakeId);
  if (!facts) return null;
  const said = notifierOfReceipt(facts);
  // Senders' systems go from "sent" to "received" to "registered", and some do not leave a step out.
  const isFirst = said?.type === "AcceptLetterNotifier" && !facts.hasArrived && item.receiveToldAt === null;
  if (!isFirst) return asNotifier(as, said);
  return asNotifier({ ...as, processId: `${id}${RECEIVED}` }, notifierOfReceipt(facts, "received"));
}

function asNotifier(
  as: { readonly processId: string; readonly agencyId: string; readonly itemId: string },
  notifier: Notifier | null,
): PolledItem | null {
  return notifier && { ...as, notifier };
}

/** An item is in the client's hands and is offered no more. Deleting it again says the same. @returns false: none of its items */
export async function deleteItem({ parts, client, isOwn }: EcmsCall, processId: string): Promise<boolean> {
  const isReceived = processId.endsWith(RECEIVED);
  const id = isReceived ? processId.slice(0, -RECEIVED.length) : processId;
  if (!isUuid(id)) return false;
  const acting = await actingWherever(parts.database, client, isOwn);
  return inTransaction(parts.database, acting, async (transaction) => {
    const item = await findItem(transaction, client, id);
    if (!item) return false;
    const { at } = parts.now();
    if (isReceived) await noteReceiveTold(transaction, id, at);
    else await noteDone(transaction, [id], at);
    return true;
  });
}
