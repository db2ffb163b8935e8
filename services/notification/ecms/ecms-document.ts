import type { SoapMessage } from "../../shared/ecms/post-soap.ts";
import type { WireDocument, WireObject } from "../../shared/ecms/write-document.ts";
import { documentOfFacts } from "../../shared/ecms/write-government-document.ts";
import { type Addressed, letterRequest } from "../../shared/ecms/write-soap.ts";
import { documentFactsOf, type OpenFile } from "../outbound/compose-letter.ts";
import type { LetterNoticeFacts } from "../outbound/letter-facts.ts";
import type { EcmsRoute } from "./ecms-route-store.ts";

/** A letter of ours with its files, as long as it says: nodes of about 2012 do not all know chunks of HTTP 1.1. */
export async function letterMessage(
  addressed: Addressed,
  facts: LetterNoticeFacts,
  route: Pick<EcmsRoute, "own" | "other">,
  open: OpenFile,
): Promise<SoapMessage> {
  const files = objectsOf(facts, open);
  const document = documentOf(facts, route, files);
  const empty = documentOf(
    facts,
    route,
    files.map((file) => ({ ...file, open: () => NOTHING })),
  );
  let sizeBytes = files.reduce((sum, file) => sum + base64Length(file.sizeBytes), 0);
  for await (const piece of letterRequest(addressed, empty)) sizeBytes += Buffer.byteLength(piece);
  return { sizeBytes, pieces: letterRequest(addressed, document) };
}

interface SizedObject extends WireObject {
  readonly sizeBytes: number;
}

/** The first file is the letter; where there is none its words are. */
function objectsOf({ cover, files }: LetterNoticeFacts, open: OpenFile): SizedObject[] {
  if (files.length === 0) {
    const words = Buffer.from(cover.text ?? "");
    return [{ role: "main", mimeCode: "text/plain", sizeBytes: words.length, open: () => piecesOf(words) }];
  }
  return files.map((file, index) => ({
    role: index === 0 ? "main" : "attachment",
    mimeCode: file.mediaType.replace(/;.*$/s, "").trim(),
    sizeBytes: file.sizeBytes,
    async open() {
      const content = await open(file);
      return typeof content === "function" ? content() : piecesOf(Buffer.from(content));
    },
  }));
}

function documentOf(
  { cover, sentAt, files }: LetterNoticeFacts,
  route: Pick<EcmsRoute, "own" | "other">,
  objects: readonly WireObject[],
): WireDocument {
  // The words of who sends it, where they are not the letter itself.
  const description = files.length === 0 ? null : cover.text;
  return documentOfFacts({ ...documentFactsOf(cover, sentAt, route), description }, objects);
}

function base64Length(octets: number): number {
  return Math.ceil(octets / 3) * 4;
}

async function* piecesOf(octets: Buffer): AsyncGenerator<Buffer> {
  yield octets;
}

const NOTHING: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: async function* () {} };
