import { insertingClosedDocument } from "../../shared/closed/closed-document-statement.ts";
import { documentMark, documentMarks, namedMarks } from "../../shared/closed/document-marks.ts";
import type { ClosedLevel } from "../../shared/closed/key-provider.ts";
import type { SealedSpool } from "../../shared/closed/seal-request.ts";
import type { EcmsFault } from "../../shared/ecms/faults.ts";
import type { DocumentKey, Notifier, SoapRequest } from "../../shared/ecms/message.ts";
import type { GovernmentDocument } from "../../shared/ecms/read-government-document.ts";
import { isoDateOf } from "../../shared/ecms/wire-date.ts";
import { closedLetterTaken } from "../../shared/ecms/write-soap.ts";
import { factsOfDocument, fingerprintOfDocument } from "../../shared/letter/arrival/facts-of-document.ts";
import { isTextMisdeclared } from "../../shared/letter/arrival/misdeclared.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { actingForClient } from "../clients/client-access.ts";
import {
  type ClosedDocument,
  deleteClosedDocument,
  findClosedDocument,
  isClosedKept,
  isClosedNamed,
} from "../closed/closed-document-store.ts";
import { handInClosed } from "../closed/hand-in-closed.ts";
import { isAppointed } from "../closed/judge-class.ts";
import { type EcmsAnswer, refused } from "./ecms-answer.ts";
import type { EcmsCall } from "./ecms-call.ts";
import type { RoutedLetter } from "./judge-letter.ts";
import { wayOf } from "./take-in.ts";

/** Takes in a classified letter that may be, its octets being sealed. @throws KeyFault, StoreError, what the database throws */
export async function takeClosedLetter(
  call: EcmsCall,
  { operation }: Pick<SoapRequest, "operation">,
  document: GovernmentDocument,
  { key, sender, receiver }: RoutedLetter,
  level: ClosedLevel,
  sealed: SealedSpool,
): Promise<EcmsAnswer> {
  const { parts, client } = call;
  const way = wayOf(call);
  const facts = factsOfDocument(document);
  try {
    if (await isTextMisdeclared(facts, level, way.mediaType, () => sealed.spool.read()))
      return refused(operation, "misdeclared");
    const processId = newId();
    const { at } = parts.now();
    const taken = await handInClosed(parts, {
      client,
      agency: receiver,
      way,
      letter: {
        sealed,
        level,
        facts,
        form: "soap",
        senderDomain: sender.domain,
        fingerprint: fingerprintOfDocument(document),
      },
      alongside:
        (indexKey) =>
        ({ intakeId, agencyId }) => [
          insertingClosedDocument(
            { processId, agencyId, intakeId, clientId: client.id },
            documentMark(indexKey, key),
            at,
          ),
        ],
    });
    // Another request with the same letter was a moment faster.
    if (taken.result === "already") return refused(operation, "duplicate");
    return { body: closedLetterTaken({ processId, at }), operation, subjectId: taken.intakeId };
  } finally {
    await sealed.drop();
  }
}

/** Whether a letter that an appointed client sends is here already, as a classified one. */
export async function isKeptClosed(call: EcmsCall, agencyId: string, key: DocumentKey): Promise<boolean> {
  const { parts, client } = call;
  if (!isAppointed(client)) return false;
  const marks = await documentMarks(parts.closed.indexKeys, agencyId, key);
  const acting = { ...actingForClient(client), agencies: [agencyId] };
  return inTransaction(parts.database, acting, (transaction) => isClosedKept(transaction, agencyId, marks));
}

/** A classified letter of this client under its identity on the wire; undefined for one that is not appointed for any. */
export async function findClosed(call: EcmsCall, key: DocumentKey): Promise<ClosedDocument | undefined> {
  const { parts, client } = call;
  if (!isAppointed(client)) return undefined;
  const office = await parts.offices.byOrganisation(key.acceptDepartment);
  const agencyId = office?.agency?.id;
  if (agencyId === undefined) return undefined;
  const marks = await documentMarks(parts.closed.indexKeys, agencyId, key);
  const acting = { ...actingForClient(client), agencies: [agencyId] };
  return inTransaction(parts.database, acting, (transaction) =>
    findClosedDocument(transaction, agencyId, marks),
  );
}

/** Gives up the identity of a classified letter of this client. @returns undefined where there is none */
export async function deleteClosed(call: EcmsCall, key: DocumentKey): Promise<ClosedDocument | undefined> {
  const { parts, client } = call;
  const found = await findClosed(call, key);
  const office = await parts.offices.byOrganisation(key.acceptDepartment);
  if (found?.deletedAt === null) {
    const acting = { ...actingForClient(client), agencies: [office?.agency?.id ?? client.agencyId] };
    await inTransaction(parts.database, acting, (transaction) =>
      deleteClosedDocument(transaction, found.processId, parts.now().at),
    );
  }
  return found;
}

/**
 * A notifier repeats number and subject of the letter that it speaks of, and is kept as any arrival is: of a classified one it
 * is refused, and its sender has to speak to the registrar.
 */
export async function faultOfNotifier(
  call: EcmsCall,
  { letterId, correspondenceDate }: Notifier,
  agencyId: string,
): Promise<EcmsFault | null> {
  const { parts, client } = call;
  const date = isoDateOf(correspondenceDate);
  if (!isAppointed(client) || letterId === null) return null;
  const named =
    date === null
      ? []
      : await namedMarks(parts.closed.indexKeys, agencyId, { letterId, correspondenceDate: date });
  const acting = { ...actingForClient(client), agencies: [agencyId] };
  const isClosed = await inTransaction(parts.database, acting, (transaction) =>
    isClosedNamed(transaction, agencyId, letterId.trim(), named),
  );
  return isClosed ? "classified" : null;
}
