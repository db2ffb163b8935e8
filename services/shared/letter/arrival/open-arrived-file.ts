import { PassThrough, Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { readGovernmentDocument } from "../../ecms/read-government-document.ts";
import { readStructuredField } from "../../mime/header-parameters.ts";
import { parseForm } from "../../mime/parse-form.ts";
import { type MimeMessage, type MimePart, parseMime } from "../../mime/parse-mime.ts";
import type { ContentTaker } from "../../mime/part-content.ts";
import { LARGEST_JSON_BYTES, parseJsonLetter } from "./json-letter.ts";

/** As reading has them: part ids have to come out the same. */
const MAIL_LIMITS = { maxDepth: 20, maxParts: 300, maxHeaderBytes: 128 * 1024, maxTextBytes: 1024 * 1024 };

/**
 * Opens one file of a letter out of the octets that arrived, by whatever door. Streams: neither the letter nor the file is
 * held (JSON, which is small, is). Files by themselves are those that came as such: attachments of a mail and of mails in it,
 * parts of a form, files in JSON, and objects of a GovernmentDocument, also of one that is attached. What was packed in an
 * archive is not: its packing is.
 *
 * @param raw the stored octets; destroyed when the content has been read, or is destroyed
 * @param mediaType intake.media_type; null for mail
 * @param partId Attachment.partId, as reading numbered it
 * @throws (rejects) when there is no such file in it, or it cannot be had by itself; errors of `raw` come out of the content
 */
export async function openArrivedFile(
  raw: Readable,
  mediaType: string | null,
  partId: string,
): Promise<{ readonly content: Readable }> {
  const content = new PassThrough();
  const found = Promise.withResolvers<void>();
  const taker = takeOne(partId, content, () => found.resolve());
  const stop = (): void => void raw.destroy();
  content.once("close", stop);
  const search = searchBody(raw, mediaType, partId, taker).then((rest) => {
    if (rest !== null && !taker.taken()) content.write(rest);
    else if (!taker.taken()) throw new Error(`no file ${partId} can be had by itself`);
    found.resolve();
    content.end();
  });
  search.catch((error: Error) => {
    // Whoever reads must not take half a file for the whole.
    content.destroy(error);
    found.reject(error);
  });
  // Until somebody listens, the rejection alone tells of a fault.
  content.on("error", () => {});
  await found.promise;
  return { content };
}

interface OneTaker extends ContentTaker {
  taken(): boolean;
  /** What kept it from being taken as a whole: parsers of mails go on without a word. */
  fault(): Error | null;
}

/** Lets everything pass but the one that is wanted, or that it is in. */
function takeOne(partId: string, content: PassThrough, onFound: () => void): OneTaker {
  let taken = false;
  let fault: Error | null = null;
  const take = async (found: Readable): Promise<null> => {
    if (taken) return drain(found);
    taken = true;
    onFound();
    // Ended when all has been read that could show it to be damaged.
    await pipeline(found, content, { end: false });
    return null;
  };
  return {
    taken: () => taken,
    fault: () => fault,
    async keep(found, at = "") {
      try {
        if (at === partId) return await take(found);
        if (at === "" || !partId.startsWith(`${at}>`)) return await drain(found);
        await takeFromWithin(found, partId.slice(at.length + 1), take);
        return null;
      } catch (error) {
        fault ??= error as Error;
        throw error;
      }
    },
  };
}

/** A part that is a document itself: a GovernmentDocument, or the JSON of a form. */
async function takeFromWithin(
  part: Readable,
  place: string,
  take: (found: Readable) => Promise<null>,
): Promise<void> {
  const iterator = (part as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) return;
  const again = (async function* () {
    yield first.value;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  })();
  if (/^\s{0,100}\{/.test(first.value.toString("latin1", 0, 200))) {
    const octets = fileOfJson(await held(again), place);
    if (octets !== null) await take(Readable.from([octets], { objectMode: false }));
    return;
  }
  await takeObject(again, nthObject(place, take));
  await drain(part);
}

async function takeObject(body: AsyncIterable<Buffer>, taker: ContentTaker): Promise<void> {
  const read = await readGovernmentDocument(body, taker);
  if ("fault" in read) throw new Error(`the document cannot be read again: ${read.fault}`);
}

/** Objects of a document are numbered as they come. */
function nthObject(place: string, take: (found: Readable) => Promise<null>): ContentTaker {
  let nth = 0;
  return {
    async keep(found) {
      nth++;
      return String(nth) === place ? take(found) : drain(found);
    },
  };
}

/** @returns octets that the search holds already; null when the taker was given them, or there are none */
async function searchBody(
  raw: Readable,
  mediaType: string | null,
  partId: string,
  taker: OneTaker,
): Promise<Buffer | null> {
  const body = raw as AsyncIterable<Buffer>;
  const type = mediaType === null ? "" : readStructuredField(mediaType).value;
  if (type === "application/json" || type.endsWith("+json")) return fileOfJson(await held(body), partId);
  if (type === "multipart/form-data") {
    const { parts } = await parseForm(body, mediaType ?? "", taker);
    wholly(taker);
    return octetsIn(
      parts.map(({ part }) => part),
      partId,
    );
  }
  if (mediaType !== null) {
    await takeObject(
      body,
      nthObject(partId, (found) => taker.keep(found, partId) as Promise<null>),
    );
    return null;
  }
  const message = await parseMime(body, MAIL_LIMITS, taker);
  wholly(taker);
  return octetsIn(partsOf(message), partId);
}

function wholly(taker: OneTaker): void {
  const fault = taker.fault();
  if (fault !== null) throw fault;
}

function fileOfJson(octets: Buffer, place: string): Buffer | null {
  const file = parseJsonLetter(octets)?.files[Number(place) - 1];
  return file?.octets() ?? null;
}

/** A text without a name was held by the parser; cut short, it is not the file. */
function octetsIn(parts: readonly MimePart[], partId: string): Buffer | null {
  const part = parts.find((each) => each.partId === partId);
  return part?.octets?.length === part?.sizeBytes ? (part?.octets ?? null) : null;
}

function partsOf({ parts }: MimeMessage): MimePart[] {
  return parts.flatMap((part) => [part, ...(part.message === null ? [] : partsOf(part.message))]);
}

async function drain(content: Readable): Promise<null> {
  if (!content.readableEnded && !content.destroyed) {
    content.resume();
    await finished(content, { writable: false });
  }
  return null;
}

async function held(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > LARGEST_JSON_BYTES)
      throw new Error("the JSON of a letter is larger than any that is taken in");
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
