import { Readable } from "node:stream";
import { openArrivedFile } from "../../shared/letter/arrival/open-arrived-file.ts";
import { readUploaded } from "../../shared/letter/uploaded-files.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import { actingForClient, type Client } from "../clients/client-access.ts";
import type { DoorParts } from "../door-parts.ts";
import type { MemoryBudget } from "../letters/memory-budget.ts";
import { readUploadedContent } from "../outbound-store.ts";
import { problem } from "../problem.ts";
import { findItem, noteFetched } from "./inbox-store.ts";
import { type LetterArrival, readArrivedContent, readLetterArrival } from "./item-store.ts";
import { readSentLetter } from "./sent-item-store.ts";
import { type NumberedFile, numberFiles } from "./show-files.ts";

/** A file of a letter, on its way out of the octets that came. */
export interface OpenedFile {
  readonly name: string;
  readonly mediaType: string;
  /** Null: told by the end of the stream alone. */
  readonly sizeBytes: number | null;
  /** Fails where the octets are gone, or are no more what reading found. */
  readonly content: Readable;
}

/** What a file is opened with. */
export interface OpenFileParts extends Pick<DoorParts, "database" | "letters" | "uploads" | "now"> {
  /** Of letters that are held while a file is taken out of them. */
  readonly memory: MemoryBudget;
}

/**
 * Opens a file of the letter that an item tells of, be it one that came or one of the agency's own. The letter is not held in
 * memory, whatever its size.
 * @returns null when the client has no such item, it is of no letter, or the letter has no such file
 * @throws Problem 429 when too many such letters are held already
 */
export async function openFile(
  { database, letters, uploads, now, memory }: OpenFileParts,
  client: Client,
  itemId: string,
  no: number,
): Promise<OpenedFile | null> {
  const found = await inTransaction(database, actingForClient(client), async (transaction) => {
    const item = await findItem(transaction, client, itemId);
    if (item?.kind === "sent-letter") {
      await noteFetched(transaction, [item], now().at);
      const file = (await readSentLetter(transaction, itemId))?.files[no - 1];
      return file ? { file, octets: await readUploadedContent(transaction, file.fileId) } : null;
    }
    if (item?.kind !== "letter" || item.intakeId === null) return null;
    const arrival = await readLetterArrival(transaction, item.intakeId);
    const numbered = arrival && numberFiles(arrival.attachments).find((one) => one.no === no);
    if (!arrival || !numbered?.isOpen) return null;
    return { arrival, numbered, stored: await readArrivedContent(transaction, arrival) };
  });
  if (found === null) return null;
  if (found.file !== undefined) {
    const { name, mediaType, sizeBytes, sha256 } = found.file;
    return { name, mediaType, sizeBytes, content: readUploaded(uploads, { sha256, content: found.octets }) };
  }
  if (found.stored === undefined || found.stored.isRemoved) return null;
  const { content } = found.stored;
  const raw =
    content === null
      ? letters.openStored(found.arrival.sha256)
      : Readable.from([content], { objectMode: false });
  const release = await room(memory, client, found.arrival);
  if (release === null) {
    raw.destroy();
    throw problem("too-many-requests");
  }
  return opened(raw, found.arrival, found.numbered, release).catch((error: unknown) => {
    release();
    throw error;
  });
}

/** JSON is held as a whole while a file is taken out of it, as octets, as text and decoded; all else streams by. */
async function room(
  memory: MemoryBudget,
  client: Client,
  { mediaType, sizeBytes }: LetterArrival,
): Promise<(() => void) | null> {
  return /^\s*application\/json/i.test(mediaType ?? "") ? memory.take(4 * sizeBytes, client.id) : () => {};
}

async function opened(
  raw: Readable,
  { mediaType }: LetterArrival,
  { file }: NumberedFile,
  release: () => void,
): Promise<OpenedFile> {
  const { content } = await openArrivedFile(raw, mediaType, file.partId);
  content.once("close", () => {
    raw.destroy();
    release();
  });
  return {
    name: file.safeName,
    mediaType: file.detectedType ?? file.contentType,
    sizeBytes: null,
    content,
  };
}
