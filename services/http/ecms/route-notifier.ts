import type { EcmsFault } from "../../shared/ecms/faults.ts";
import type { Notifier } from "../../shared/ecms/message.ts";
import { isoDateOf } from "../../shared/ecms/wire-date.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import { actingForClient } from "../clients/client-access.ts";
import type { Office } from "../letters/office-directory.ts";
import { actingWherever } from "./acting-wherever.ts";
import { findDocumentsOfNotifier } from "./document-store.ts";
import type { EcmsCall } from "./ecms-call.ts";
import { findSentTo } from "./sent-letter-store.ts";

/** A notifier that may be taken in: for whom, in whose name, and what its node adds to it. */
export interface RoutedNotifier {
  readonly receiver: EcmsCall["own"];
  readonly senderDomain: string | null;
  /** Office that accepted (or refused) the letter, ten digits; null where nothing tells it. */
  readonly acceptDepartment: string | null;
}

/**
 * A notifier names a letter and no office. From another office's client, or a node, it is for the agency that registered that
 * client. From the agency's own system it is for the other side of the letter, if that is served here too.
 */
export async function routeNotifier(
  call: EcmsCall,
  notifier: Notifier,
): Promise<RoutedNotifier | { readonly fault: EcmsFault }> {
  const { client, own, parts, isOwn } = call;
  const { letterId, type } = notifier;
  const correspondenceDate = isoDateOf(notifier.correspondenceDate);
  if (letterId === null) return { fault: "no-number" };
  if (correspondenceDate === null) return { fault: "no-date" };
  const isDispute = type === "InvalidAcceptIDNotifier";
  if (notifier.acceptId === null && (isDispute || type === "AcceptLetterNotifier"))
    return { fault: "no-accept-id" };
  if (client.senderDomain === null) {
    const named = { letterId, correspondenceDate };
    const sender = isDispute ? null : await onlyRecipient(call, named);
    return {
      receiver: own,
      senderDomain: sender?.domain ?? null,
      acceptDepartment: (isDispute ? own : sender)?.organisationId ?? null,
    };
  }
  if (!isOwn) {
    const office = await parts.offices.byDomain(client.senderDomain);
    const accepted = isDispute ? own : office;
    return {
      receiver: own,
      senderDomain: client.senderDomain,
      acceptDepartment: accepted?.organisationId ?? null,
    };
  }
  const other = await otherSide(call, { letterId, correspondenceDate }, isDispute ? "sender" : "receiver");
  if (other !== null) {
    const { agency } = other;
    return {
      receiver: agency === null ? own : { ...other, agency },
      senderDomain: own.domain,
      acceptDepartment: (isDispute ? other : own).organisationId,
    };
  }
  return { receiver: own, senderDomain: own.domain, acceptDepartment: own.organisationId };
}

interface NamedLetter {
  readonly letterId: string;
  readonly correspondenceDate: string;
}

/** The office at the other end of a letter that the agency received (or sent) by e-CMS; null where there is none. */
async function otherSide(
  { parts, client, own, isOwn }: EcmsCall,
  letter: NamedLetter,
  role: "sender" | "receiver",
): Promise<Office | null> {
  const department = own.organisationId;
  if (department === null) return null;
  const acting = await actingWherever(parts.database, client, isOwn);
  const [found] = await inTransaction(parts.database, acting, (transaction) =>
    findDocumentsOfNotifier(transaction, { ...letter, department, role }),
  );
  if (!found) return null;
  return parts.offices.byOrganisation(role === "sender" ? found.acceptDepartment : found.senderDepartment);
}

/** A node passes on what others say of our letters: who speaks is plain where the letter went to one office alone. */
async function onlyRecipient(
  { parts, client }: EcmsCall,
  letter: NamedLetter,
): Promise<{ readonly domain: string; readonly organisationId: string | null } | null> {
  const recipients = await inTransaction(parts.database, actingForClient(client), (transaction) =>
    findSentTo(transaction, client.agencyId, letter),
  );
  return recipients.length === 1 ? (recipients[0] ?? null) : null;
}
