import { documentOfCover, objectsOfCover, piecesOf } from "../../shared/ecms/document-of-cover.ts";
import type { SoapMessage } from "../../shared/ecms/post-soap.ts";
import { type Addressed, letterRequest } from "../../shared/ecms/write-soap.ts";
import type { OpenFile } from "../outbound/compose-letter.ts";
import type { LetterNoticeFacts } from "../outbound/letter-facts.ts";
import type { EcmsRoute } from "./ecms-route-store.ts";

/** A letter of ours with its files, as long as it says: nodes of about 2012 do not all know chunks of HTTP 1.1. */
export async function letterMessage(
  addressed: Addressed,
  facts: LetterNoticeFacts,
  route: Pick<EcmsRoute, "own" | "other">,
  open: OpenFile,
): Promise<SoapMessage> {
  const { cover, sentAt } = facts;
  const files = objectsOfCover(cover, facts.files, async (file) => {
    const content = await open(file);
    return typeof content === "function" ? content() : piecesOf(Buffer.from(content));
  });
  const documentWith = (objects: typeof files) =>
    documentOfCover(cover, sentAt, route, objects, facts.files.length > 0);
  const document = documentWith(files);
  const empty = documentWith(files.map((file) => ({ ...file, open: () => NOTHING })));
  let sizeBytes = files.reduce((sum, file) => sum + base64Length(file.sizeBytes), 0);
  for await (const piece of letterRequest(addressed, empty)) sizeBytes += Buffer.byteLength(piece);
  return { sizeBytes, pieces: letterRequest(addressed, document) };
}

function base64Length(octets: number): number {
  return Math.ceil(octets / 3) * 4;
}

const NOTHING: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: async function* () {} };
