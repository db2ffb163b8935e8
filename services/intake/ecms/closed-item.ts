import { insertingClosedDocument } from "../../shared/closed/closed-document-statement.ts";
import type { ClosedSpools } from "../../shared/closed/closed-spool.ts";
import { documentMark, documentMarks } from "../../shared/closed/document-marks.ts";
import type { IndexKeys } from "../../shared/closed/index-keys.ts";
import type { SealedSpool } from "../../shared/closed/seal-request.ts";
import { type SealedIntake, takeInSealed } from "../../shared/closed/take-in-sealed.ts";
import { secrecyOfCode } from "../../shared/ecms/codes.ts";
import type { DocumentKey, SoapResponse } from "../../shared/ecms/message.ts";
import type { GovernmentDocument } from "../../shared/ecms/read-government-document.ts";
import type { Envelope } from "../../shared/letter/arrival/envelope.ts";
import { factsOfDocument, fingerprintOfDocument } from "../../shared/letter/arrival/facts-of-document.ts";
import { closedFacts } from "../../shared/letter/closed-facts.ts";
import { SECRECIES } from "../../shared/letter/letter.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { type AgencyNode, type PulledItem, type QueueMemory, rememberingItem } from "./queue-store.ts";

/** What classified letters of appointed nodes are taken in with. */
export interface ClosedQueue extends SealedIntake {
  readonly spools: ClosedSpools;
  readonly indexKeys: IndexKeys;
}

/**
 * Under which level an item goes on closed; null: it goes the road of all mail, on which what is classified is refused. What a
 * node gives is the agency's: of one that its own words mark as graver than it is declared, its registrar decides.
 */
export function levelOfItem(
  { level }: Pick<AgencyNode, "level">,
  response: SoapResponse | null,
): "confidential" | "secret" | null {
  const secrecy = secrecyOfCode(response?.document?.secretCode ?? null);
  if (level === undefined || secrecy === null || secrecy === "normal" || secrecy === "top-secret")
    return null;
  return SECRECIES.indexOf(secrecy) <= SECRECIES.indexOf(level) ? secrecy : null;
}

/** @returns whether an item with this identity was taken in closed, and stands */
export async function isClosedHere(
  closed: Pick<ClosedQueue, "indexKeys">,
  memory: Pick<QueueMemory, "isClosedDocument">,
  agencyId: string,
  key: DocumentKey,
): Promise<boolean> {
  const marks = await documentMarks(closed.indexKeys, agencyId, key);
  return marks.length > 0 && memory.isClosedDocument(agencyId, marks);
}

/** Takes in a classified letter that an appointed node has given. @throws KeyFault, StoreError, what the database throws */
export function takeInClosedItem(
  closed: ClosedQueue,
  item: PulledItem,
  letter: {
    readonly document: GovernmentDocument;
    readonly key: DocumentKey | null;
    readonly level: "confidential" | "secret";
    readonly sealed: SealedSpool;
    readonly envelope: Envelope;
    readonly mediaType: string;
    readonly at: Date;
  },
): Promise<string> {
  const { document, key, level, sealed, envelope, mediaType, at } = letter;
  const { agencyId } = item;
  const { sha256, sizeBytes } = sealed.spool.content;
  return takeInSealed(closed, {
    sealed,
    agencyId,
    envelope,
    facts: closedFacts(factsOfDocument(document), level, null, {
      form: "soap",
      mediaType,
      sha256,
      sizeBytes,
    }),
    clientId: "",
    fingerprint: fingerprintOfDocument(document),
    alongside:
      (indexKey) =>
      ({ intakeId }) => [
        rememberingItem(item, intakeId, ""),
        ...(key === null
          ? []
          : [
              insertingClosedDocument(
                { processId: newId(), agencyId, intakeId, clientId: null },
                documentMark(indexKey, key),
                at,
              ),
            ]),
      ],
  });
}
