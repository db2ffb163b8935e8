import { createHash } from "node:crypto";
import { mediaTypeOfMimeCode } from "../../shared/ecms/codes.ts";
import type { GovernmentDocument } from "../../shared/ecms/read-government-document.ts";
import { readGovernmentDocument } from "../../shared/ecms/read-government-document.ts";
import { readEnvelope } from "../../shared/ecms/soap-envelope.ts";
import { LARGEST_JSON_BYTES, parseJsonLetter } from "../../shared/letter/arrival/json-letter.ts";
import { readStructuredField } from "../../shared/mime/header-parameters.ts";
import { octetsOfPart, parseForm } from "../../shared/mime/parse-form.ts";
import type { ContentKeeper } from "../../shared/mime/part-content.ts";
import { asPart, type ProgramBody, type ProgramFile, unreadableBody } from "./program-letter.ts";

/** In a form, the part that holds the facts; every other one is a file. */
const LETTER_FIELD = "letter";
const MAIN_FIELD = "main";

/**
 * Takes a program's request apart by its media type: JSON, GovernmentDocument, SOAP (request or answer), or a form. Streams,
 * but for JSON, which is small. Never throws for what is in it.
 * @param prefix of part ids: of a letter that is itself a part of a form
 */
export async function readBody(
  body: AsyncIterable<Buffer>,
  mediaType: string,
  isSoap: boolean,
  keeper: ContentKeeper,
  prefix = "",
): Promise<ProgramBody> {
  const { value } = readStructuredField(mediaType);
  if (value === "application/json" || value.endsWith("+json")) return readJson(body, keeper, prefix);
  if (value === "multipart/form-data") return readForm(body, mediaType, keeper);
  if (isSoap || value === "application/soap+xml") return readSoap(body, keeper);
  return readDocument(body, keeper, prefix);
}

async function readJson(
  body: AsyncIterable<Buffer>,
  keeper: ContentKeeper,
  prefix: string,
): Promise<ProgramBody> {
  const octets = await held(body, LARGEST_JSON_BYTES);
  if (octets === null) return unreadableBody("too-large");
  const letter = parseJsonLetter(octets);
  if (letter === null) return unreadableBody("unreadable-structure");
  const files: ProgramFile[] = [];
  for (const [index, { name, mediaType, role, octets: decode }] of letter.files.entries()) {
    const file = decode();
    const part = asPart(
      {
        name,
        mediaType,
        sizeBytes: file?.length ?? 0,
        sha256: file === null ? "" : createHash("sha256").update(file).digest("hex"),
        intact: file !== null,
        content: file === null ? null : await keeper.keepOctets(file),
      },
      `${prefix}${index + 1}`,
    );
    files.push({ part, role });
  }
  return { stated: { form: "json", letter }, files, notifier: null, signature: null, problems: [] };
}

async function readDocument(
  body: AsyncIterable<Buffer>,
  keeper: ContentKeeper,
  prefix: string,
): Promise<ProgramBody> {
  const document = await readGovernmentDocument(body, keeper);
  if ("fault" in document) return unreadableBody("unreadable-structure");
  return ofDocument(document, prefix);
}

async function readSoap(body: AsyncIterable<Buffer>, keeper: ContentKeeper): Promise<ProgramBody> {
  const read = await readEnvelope(body, keeper);
  if ("fault" in read) return unreadableBody("unreadable-structure");
  if (read.document !== null) return ofDocument(read.document, "");
  const { notifier } = read;
  if (notifier === null) return unreadableBody("unreadable-structure");
  return { stated: null, files: [], notifier, signature: null, problems: [] };
}

function ofDocument(document: GovernmentDocument, prefix: string): ProgramBody {
  const files = document.objects.map(
    ({ place, role, mimeCode, sizeBytes, sha256, intact, content }): ProgramFile => ({
      part: asPart(
        { name: null, mediaType: mediaTypeOfMimeCode(mimeCode), sizeBytes, sha256, intact, content },
        `${prefix}${place}`,
      ),
      role: role === "main" ? "main" : "enclosure",
    }),
  );
  const { signature } = document;
  return { stated: { form: "document", document }, files, notifier: null, signature, problems: [] };
}

async function readForm(
  body: AsyncIterable<Buffer>,
  mediaType: string,
  keeper: ContentKeeper,
): Promise<ProgramBody> {
  const form = await parseForm(body, mediaType, keeper);
  const letters = form.parts.filter(({ field }) => field === LETTER_FIELD);
  const files = form.parts
    .filter(({ field }) => field !== LETTER_FIELD)
    .map(({ field, part }): ProgramFile => {
      // A file, whatever its type: nothing in a form is the text of a mail.
      const disposition = { ...part.disposition, value: "attachment" };
      return { part: { ...part, disposition }, role: field === MAIN_FIELD ? "main" : "enclosure" };
    });
  const [letter] = letters;
  const octets = letter === undefined ? null : await octetsOfPart(letter.part, LARGEST_JSON_BYTES);
  if (letter === undefined || octets === null || letters.length > 1 || form.problems.size > 0) {
    return { ...unreadableBody(...form.problems, "unreadable-structure"), files };
  }
  // As the door took it: it lets no other type in.
  const type = letter.part.contentType.value === "application/xml" ? "application/xml" : "application/json";
  const stated = await readBody(once(octets), type, false, keeper, `${letter.part.partId}>`);
  return { ...stated, files: [...stated.files, ...files] };
}

/** All of it, or null where it is more than may be held; then it is not read to its end. */
async function held(body: AsyncIterable<Buffer>, mostBytes: number): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > mostBytes) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function* once(octets: Buffer): AsyncGenerator<Buffer> {
  yield octets;
}
