import { Readable } from "node:stream";
import { MIME_CODES, mediaTypeOfMimeCode } from "../../shared/ecms/codes.ts";
import type { EcmsFault } from "../../shared/ecms/faults.ts";
import type { SoapRequest } from "../../shared/ecms/message.ts";
import type { GovernmentDocument } from "../../shared/ecms/read-government-document.ts";
import { letterTaken } from "../../shared/ecms/write-soap.ts";
import type { Act } from "../../shared/letter/act.ts";
import type { ActRefusal } from "../../shared/letter/act-refusal.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import { newId } from "../../shared/runtime/ids.ts";
import type { SpooledBytes } from "../../shared/runtime/store.ts";
import { readActAnswer, storeAct } from "../act-store.ts";
import { actingForClient } from "../clients/client-access.ts";
import { uploadFile } from "../upload-file.ts";
import { mediaTypeOf } from "../upload-name.ts";
import { deleteDocument, insertingDocument } from "./document-store.ts";
import { echoDocument } from "./echo-document.ts";
import { type EcmsAnswer, refused } from "./ecms-answer.ts";
import type { EcmsCall } from "./ecms-call.ts";
import type { PassedOnLetter } from "./judge-letter.ts";
import { letterToPassOn } from "./letter-to-pass-on.ts";
import { storedObjects } from "./stored-objects.ts";

/** The registry needs no second; a client that waits longer than this gives up. */
const WAIT_MS = 10_000;

/**
 * Has the registry pass on a letter of the agency's own system: its objects become files of an outbound letter, and one
 * transaction writes the act and uses up the identity. From then on it is kept, whether the client hears so or not. What the registry
 * refuses at once is answered as a refusal, and its identity is free again; refused later it shows as failed in the status.
 */
export async function passOn(
  call: EcmsCall,
  { operation, dialect }: Pick<SoapRequest, "operation" | "dialect">,
  document: GovernmentDocument,
  letter: PassedOnLetter,
  spooled: SpooledBytes,
): Promise<EcmsAnswer> {
  const { parts, client } = call;
  const { database, waiters } = parts;
  const { inline, sha256 } = spooled;
  const openRaw = (): Readable =>
    inline === null ? parts.letters.openStored(sha256) : Readable.from([inline]);
  const acting = actingForClient(client);
  const { agencyId } = client;
  const processId = newId();
  const act: Act = {
    ...letterToPassOn(document, letter, await uploadObjects(call, document, openRaw)),
    ...{ id: newId(), agencyId, act: "pass-on", letterId: processId, reason: "" },
    ...{ intakeId: null, earlierIntakeId: null, bookId: null, year: null, number: null },
    madeBy: acting.actor,
    madeByName: client.name,
  };
  const { at } = parts.now();
  try {
    await inTransaction(database, acting, async (transaction) => {
      if (!(await storeAct(transaction, act, parts.now()))) throw new Error("an act's new id is in use");
      const document = { processId, agencyId, intakeId: null, actId: act.id };
      await insertingDocument(document, letter.key, at).execute(transaction);
    });
  } catch (error) {
    // Another request with the same letter was a moment faster.
    if ((error as { readonly constraint?: unknown }).constraint === "ecms_document_once")
      return refused(operation, "duplicate");
    throw error;
  } finally {
    spooled.discard();
  }
  await waiters.wait({ actId: act.id, agencyId }, WAIT_MS);
  const refusal = await inTransaction(database, acting, async (transaction) => {
    const answer = await readActAnswer(transaction, act.id);
    if (answer?.result !== "refused") return null;
    await deleteDocument(transaction, processId, parts.now().at);
    return answer.refusal as ActRefusal;
  });
  if (refusal !== null) return refused(operation, FAULT_OF[refusal] ?? "not-allowed");
  const echo = echoDocument(document, openRaw);
  return {
    body: letterTaken({ processId, at }, echo.document, dialect),
    close: echo.close,
    operation,
    subjectId: processId,
  };
}

const FAULT_OF: Readonly<Partial<Record<ActRefusal, EcmsFault>>> = {
  "a-recipient-cannot-be-reached": "unknown-receiver",
  "neither-text-nor-files": "no-letter",
  "too-large-for-mail": "too-large",
  "classified-letters-are-not-mailed": "classified",
};

/** Ids of the files, the letter itself first. */
async function uploadObjects(
  { parts, client }: EcmsCall,
  { objects }: GovernmentDocument,
  openRaw: () => Readable,
): Promise<string[]> {
  const acting = actingForClient(client);
  const files: { readonly id: string; readonly role: "main" | "attachment" }[] = [];
  for await (const octets of storedObjects(openRaw())) {
    const found = objects[files.length];
    if (found === undefined) throw new Error("a stored request has one object more");
    const { role, mimeCode } = found;
    const mediaType = mediaTypeOf(mediaTypeOfMimeCode(mimeCode));
    const { extension = "" } = MIME_CODES.find((code) => code.mimeCode === mediaType) ?? {};
    const name = `${role === "main" ? "letter" : "enclosure"}${extension}`;
    const file = { agencyId: client.agencyId, name, mediaType };
    const { id } = await uploadFile(parts, acting, file, Readable.from(octets));
    files.push({ id, role });
  }
  if (files.length < objects.length) throw new Error("a stored request has lost an object");
  const idsOf = (wanted: "main" | "attachment"): string[] =>
    files.filter(({ role }) => role === wanted).map(({ id }) => id);
  return [...idsOf("main"), ...idsOf("attachment")];
}
