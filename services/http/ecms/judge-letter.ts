import type { ClosedLevel } from "../../shared/closed/key-provider.ts";
import { secrecyOfCode, tenDigits } from "../../shared/ecms/codes.ts";
import { type EcmsFault, faultsOfLetter } from "../../shared/ecms/faults.ts";
import type { DocumentKey } from "../../shared/ecms/message.ts";
import type { GovernmentDocument } from "../../shared/ecms/read-government-document.ts";
import { isoDateOf } from "../../shared/ecms/wire-date.ts";
import { factsOfDocument } from "../../shared/letter/arrival/facts-of-document.ts";
import { isMisdeclared } from "../../shared/letter/arrival/misdeclared.ts";
import { LARGEST_UPLOAD_BYTES } from "../../shared/letter/uploaded-files.ts";
import type { Client } from "../clients/client.ts";
import { isAppointed, judgeClass } from "../closed/judge-class.ts";
import type { Office, OfficeDirectory } from "../letters/office-directory.ts";

/** A letter that may be taken in: for whom, in whose name, and under which identity. */
export interface RoutedLetter {
  readonly key: DocumentKey;
  readonly sender: Office;
  readonly receiver: Office & { readonly agency: NonNullable<Office["agency"]> };
  /** Whether it goes on openly, or closed under its level. */
  readonly passage: "open" | ClosedLevel;
}

/** A letter of the agency's own system for an office that is not served here: it is passed on. */
export interface PassedOnLetter {
  readonly key: DocumentKey;
  readonly sender: Office;
  readonly partner: Office;
}

/**
 * Decides whether a letter is taken in, and for which agency: by its ReceiverParty, as old clients write their own node into
 * `To`. Its class comes first: whatever else is wrong with a classified letter is not looked into.
 */
export async function judgeLetter(
  offices: OfficeDirectory,
  client: Pick<Client, "agencyId" | "senderDomain" | "scopes" | "level">,
  document: GovernmentDocument,
): Promise<RoutedLetter | PassedOnLetter | { readonly fault: EcmsFault }> {
  const secrecy = secrecyOfCode(document.secretCode);
  if (secrecy === "top-secret") return { fault: "top-secret" };
  // A code that no list has is told as such.
  const passage = secrecy === null ? "open" : judgeClass(client, secrecy);
  if (passage === null) return { fault: "classified" };
  const [fault] = faultsOfLetter(document);
  if (fault !== undefined) return { fault };
  const key = keyOf(document);
  if (key === null) return { fault: "no-key" };
  const sender = await offices.byOrganisation(key.senderDepartment);
  if (sender === null || !mayBeSender(client, sender)) return { fault: "other-sender" };
  const receiver = await offices.byOrganisation(key.acceptDepartment);
  const agency = receiver?.agency ?? null;
  const isOwn = client.senderDomain !== null && sender.agency?.id === client.agencyId;
  if (receiver !== null && agency === null && isOwn && client.scopes.has("send-outbound")) {
    // To other nodes nothing classified goes by this wire.
    if (passage !== "open") return { fault: "classified" };
    const sizeBytes = document.objects.reduce((sum, one) => sum + one.sizeBytes, 0);
    return sizeBytes > LARGEST_UPLOAD_BYTES ? { fault: "too-large" } : { key, sender, partner: receiver };
  }
  if (receiver === null || agency === null) return { fault: "unknown-receiver" };
  // Letters that come from elsewhere are for the agency that registered their client; one agency served here may write to
  // another.
  if (agency.id !== client.agencyId && sender.agency?.id !== client.agencyId)
    return { fault: "unknown-receiver" };
  if (!client.scopes.has("submit")) return { fault: "not-allowed" };
  const declared = passage === "open" ? "normal" : passage;
  // What anybody else hands in is looked into by room reading, when it is in.
  if (isAppointed(client) && isMisdeclared(factsOfDocument(document), declared))
    return { fault: "misdeclared" };
  return { key, sender, receiver: { ...receiver, agency }, passage };
}

/** The identity of a letter on this wire, numbers of offices with ten digits; null where something of it is missing. */
export function keyOf(document: GovernmentDocument): DocumentKey | null {
  const senderDepartment = tenDigits(document.sender.departmentId);
  const acceptDepartment = tenDigits(document.receiver.departmentId);
  const correspondenceDate = isoDateOf(document.correspondenceDate);
  if (
    document.id === null ||
    correspondenceDate === null ||
    senderDepartment === null ||
    acceptDepartment === null
  )
    return null;
  return { letterId: document.id, correspondenceDate, senderDepartment, acceptDepartment };
}

/** The same with what a request writes as a key; null where it is none. */
export function readKey(key: DocumentKey | null): DocumentKey | null {
  if (key === null) return null;
  const senderDepartment = tenDigits(key.senderDepartment);
  const acceptDepartment = tenDigits(key.acceptDepartment);
  const correspondenceDate = isoDateOf(key.correspondenceDate);
  if (senderDepartment === null || acceptDepartment === null || correspondenceDate === null) return null;
  return { letterId: key.letterId, correspondenceDate, senderDepartment, acceptDepartment };
}

/** A client sends in its own office's name; a node passes on letters of every other office in the directory. */
function mayBeSender(
  { senderDomain, agencyId }: Pick<Client, "agencyId" | "senderDomain">,
  { domain, agency }: Office,
): boolean {
  return senderDomain === null ? agency?.id !== agencyId : senderDomain === domain;
}
