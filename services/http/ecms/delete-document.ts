import type { EcmsFault } from "../../shared/ecms/faults.ts";
import type { DocumentKey } from "../../shared/ecms/message.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import { actingForClient } from "../clients/client-access.ts";
import { actingWherever } from "./acting-wherever.ts";
import { deleteClosed } from "./closed-letters.ts";
import { deleteDocument, findDocuments } from "./document-store.ts";
import type { EcmsCall } from "./ecms-call.ts";
import { readKey } from "./judge-letter.ts";
import { findSentTo } from "./sent-letter-store.ts";

/**
 * The sender of a letter gives up its identity on the wire, so that it may be sent again: it stays in the book of whoever
 * received it. Asked again, the answer is the same. A key of a letter of our own that went elsewhere is answered, too: here
 * nothing keeps it from being sent again, but its sender's system goes on only after an answer.
 */
export async function deleteLetter(
  call: EcmsCall,
  given: DocumentKey | null,
): Promise<
  { readonly processId: string; readonly subjectId: string | null } | { readonly fault: EcmsFault }
> {
  const { parts, client, own, isOwn } = call;
  const key = readKey(given);
  if (key === null) return { fault: "no-key" };
  const office = await parts.offices.byOrganisation(key.senderDepartment);
  if (client.senderDomain !== null && office?.domain !== client.senderDomain)
    return { fault: "other-sender" };
  // A node passes on letters of many offices, and takes back none but those it has passed on.
  const speaksForSender = client.senderDomain !== null;
  const at = parts.now().at;
  const acting = await actingWherever(parts.database, client, isOwn);
  const deleted = await inTransaction(parts.database, acting, async (transaction) => {
    const [kept] = (await findDocuments(transaction, key)).filter(
      ({ clientId, senderDomain }) =>
        clientId === client.id || (speaksForSender && senderDomain === office?.domain),
    );
    if (kept?.deletedAt === null) await deleteDocument(transaction, kept.processId, at);
    return kept;
  });
  const closed = deleted ? undefined : await deleteClosed(call, key);
  if (closed) return { processId: closed.processId, subjectId: closed.intakeId };
  if (deleted) return { processId: deleted.processId, subjectId: deleted.intakeId ?? deleted.processId };
  if (!isOwn || own.organisationId !== key.senderDepartment) return { fault: "unknown-document" };
  const sent = await inTransaction(parts.database, actingForClient(client), (transaction) =>
    findSentTo(transaction, client.agencyId, key),
  );
  const to = sent.find(({ organisationId }) => organisationId === key.acceptDepartment);
  return to ? { processId: to.recipientId, subjectId: null } : { fault: "unknown-document" };
}
