import type { EcmsFault } from "../../shared/ecms/faults.ts";
import type { DocumentKey, Notifier, NotifierType, SoapRequest } from "../../shared/ecms/message.ts";
import { normaliseLetterNumber } from "../../shared/letter/letter-number.ts";
import { FETCHING_SCOPE } from "../../shared/letter/outbound.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { inTransaction, type Transaction } from "../../shared/runtime/database.ts";
import { actingForClient } from "../clients/client-access.ts";
import { newestSentItem, readSentLetter, type SentLetter } from "../inbox/sent-item-store.ts";
import { actingWherever } from "./acting-wherever.ts";
import { type ArrivedLetter, findRegisteredLetter, readArrivedLetter } from "./arrival-store.ts";
import { findClosed } from "./closed-letters.ts";
import { findDisputes, findDocuments, type KeptDocument, sameNumberAs } from "./document-store.ts";
import type { EcmsCall } from "./ecms-call.ts";
import { newestReceipt, readNewsFacts, readReceiptFacts } from "./inbox-store.ts";
import { readKey } from "./judge-letter.ts";
import { newsOf, notifierOfNews, notifierOfReceipt, receiptTypesOf } from "./notifier-forms.ts";
import { findSentTo, newestNews } from "./sent-letter-store.ts";

export type FoundAgain =
  | { readonly letter: ArrivedLetter; readonly processId: string; readonly acceptDepartment: string }
  | { readonly sent: SentLetter; readonly processId: string }
  | { readonly notifier: Notifier; readonly processId: string }
  | { readonly fault: EcmsFault };

const NONE = { fault: "unknown-document" } as const;

/**
 * A letter or a notifier that a client has lost, by its key; the queue stays as it is. The agency's own systems get letters of
 * the inbound book and what became of the agency's letters; another office gets back what it has sent, what it was told, and what it was sent.
 */
export async function findAgain(call: EcmsCall, { key: given, wanted }: SoapRequest): Promise<FoundAgain> {
  const { parts, client, own, isOwn } = call;
  const key = readKey(given);
  if (key === null || wanted === null) return { fault: "no-key" };
  const sender = await parts.offices.byOrganisation(key.senderDepartment);
  const isSender = client.senderDomain === null || sender?.domain === client.senderDomain;
  const isReceiver =
    isOwn && own.organisationId === key.acceptDepartment && client.scopes.has("read-inbound");
  const receiver = await parts.offices.byOrganisation(key.acceptDepartment);
  // A letter of the agency that its office has fetched here, and deleted too early.
  const isAddressee =
    !isOwn &&
    wanted === "GovernmentDocument" &&
    own.organisationId === key.senderDepartment &&
    receiver !== null &&
    receiver.domain === client.senderDomain &&
    client.scopes.has(FETCHING_SCOPE);
  if (isAddressee)
    return inTransaction(parts.database, actingForClient(client), (transaction) =>
      sentAgain(transaction, client, key),
    );
  if (!isSender && !isReceiver) return { fault: "not-allowed" };
  const acting = await actingWherever(parts.database, client, isOwn);
  // Of a classified letter its own program is told what became of it; the letter itself is not given out here.
  const closed = wanted === "GovernmentDocument" ? undefined : await findClosed(call, key);
  return inTransaction(parts.database, acting, async (transaction) => {
    const documents = (await findDocuments(transaction, key)).filter(
      ({ agencyId, intakeId, clientId, senderDomain }) =>
        // What was passed on is no arrival: what became of it stands with the letters sent.
        intakeId !== null &&
        ((isReceiver && agencyId === client.agencyId) ||
          clientId === client.id ||
          (senderDomain !== null && senderDomain === client.senderDomain)),
    ) as (KeptDocument & { readonly intakeId: string })[];
    const [document] = documents;
    if (wanted === "GovernmentDocument") {
      const letter = document
        ? await readArrivedLetter(transaction, document.intakeId)
        : isReceiver && sender
          ? await findRegisteredLetter(transaction, client.agencyId, {
              number: normaliseLetterNumber(key.letterId) ?? key.letterId,
              date: key.correspondenceDate,
              senderDomain: sender.domain,
            })
          : undefined;
      if (!letter) return NONE;
      return {
        letter,
        processId: document?.processId ?? letter.intakeId,
        acceptDepartment: key.acceptDepartment,
      };
    }
    if (wanted === "InvalidAcceptIDNotifier") return isReceiver ? disputeOf(transaction, call, key) : NONE;
    if (document) return receiptOf(transaction, document.intakeId, wanted);
    if (closed) {
      const found = await receiptOf(transaction, closed.intakeId, wanted);
      // Number and date as the client has just written them: here they stand nowhere.
      const { letterId, correspondenceDate } = key;
      return "notifier" in found
        ? { ...found, notifier: { ...found.notifier, letterId, correspondenceDate } }
        : found;
    }
    return isOwn && own.organisationId === key.senderDepartment
      ? newsOfSent(transaction, call, key, wanted)
      : NONE;
  });
}

async function sentAgain(
  transaction: Transaction<Tables>,
  client: EcmsCall["client"],
  key: DocumentKey,
): Promise<FoundAgain> {
  const sent = await findSentTo(transaction, client.agencyId, key);
  const to = sent.find(({ organisationId }) => organisationId === key.acceptDepartment);
  const itemId = to && (await newestSentItem(transaction, client.id, to.recipientId));
  if (itemId === undefined) return NONE;
  const letter = await readSentLetter(transaction, itemId);
  return letter ? { sent: letter, processId: itemId } : NONE;
}

async function receiptOf(
  transaction: Transaction<Tables>,
  intakeId: string,
  wanted: NotifierType,
): Promise<FoundAgain> {
  const receiptId = await newestReceipt(transaction, intakeId, receiptTypesOf(wanted));
  const facts =
    receiptId === undefined ? undefined : await readReceiptFacts(transaction, receiptId, intakeId);
  const as = wanted === "ReceiveLetterNotifier" ? "received" : "said";
  const notifier = facts ? notifierOfReceipt(facts, as) : null;
  return notifier && receiptId !== undefined ? { notifier, processId: receiptId } : NONE;
}

async function newsOfSent(
  transaction: Transaction<Tables>,
  { client }: EcmsCall,
  key: DocumentKey,
  wanted: NotifierType,
): Promise<FoundAgain> {
  const sent = await findSentTo(transaction, client.agencyId, key);
  const to = sent.find(({ organisationId }) => organisationId === key.acceptDepartment);
  const newsId = to && (await newestNews(transaction, to.recipientId, newsOf(wanted)));
  const facts = newsId === undefined ? undefined : await readNewsFacts(transaction, newsId);
  const notifier = facts ? notifierOfNews(facts) : null;
  return notifier && newsId !== undefined ? { notifier, processId: `news-${newsId}` } : NONE;
}

async function disputeOf(
  transaction: Transaction<Tables>,
  { client }: EcmsCall,
  key: DocumentKey,
): Promise<FoundAgain> {
  const same = sameNumberAs(key.letterId);
  const disputes = await findDisputes(transaction, client);
  const found = disputes.find(
    ({ notifier }) =>
      notifier.correspondenceDate?.startsWith(key.correspondenceDate) && same(notifier.letterId ?? ""),
  );
  return found ? { notifier: found.notifier, processId: found.itemId } : NONE;
}
