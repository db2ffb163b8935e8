import { Readable } from "node:stream";
import { openArrivedFile } from "../../shared/letter/arrival/open-arrived-file.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import { actingForClient, type Client } from "../clients/client-access.ts";
import type { DoorParts } from "../door-parts.ts";
import { findItem } from "./inbox-store.ts";
import { type LetterArrival, readArrivedContent, readLetterArrival } from "./item-store.ts";
import { type NumberedFile, numberFiles } from "./show-files.ts";

/** A file of a letter, on its way out of the octets that came. */
export interface OpenedFile {
  readonly name: string;
  readonly mediaType: string;
  /** Null: told by the end of the stream alone. */
  readonly sizeBytes: null;
  /** Fails where the octets are gone, or are no more what reading found. */
  readonly content: Readable;
}

/**
 * Opens a file of the letter that an item tells of. The letter is not held in memory, whatever its size.
 * @returns null when the client has no such item, it is of no letter, or the letter has no such file
 */
export async function openFile(
  { database, letters }: Pick<DoorParts, "database" | "letters">,
  client: Client,
  itemId: string,
  no: number,
): Promise<OpenedFile | null> {
  const found = await inTransaction(database, actingForClient(client), async (transaction) => {
    const item = await findItem(transaction, client, itemId);
    if (item?.kind !== "letter" || item.intakeId === null) return null;
    const arrival = await readLetterArrival(transaction, item.intakeId);
    const numbered = arrival && numberFiles(arrival.attachments).find((one) => one.no === no);
    if (!arrival || !numbered?.isOpen) return null;
    return { arrival, numbered, stored: await readArrivedContent(transaction, arrival) };
  });
  if (found === null || found.stored === undefined || found.stored.isRemoved) return null;
  const { content } = found.stored;
  const raw =
    content === null
      ? letters.openStored(found.arrival.sha256)
      : Readable.from([content], { objectMode: false });
  return opened(raw, found.arrival, found.numbered);
}

async function opened(
  raw: Readable,
  { mediaType }: LetterArrival,
  { file }: NumberedFile,
): Promise<OpenedFile> {
  const { content } = await openArrivedFile(raw, mediaType, file.partId);
  content.once("close", () => raw.destroy());
  return {
    name: file.safeName,
    mediaType: file.detectedType ?? file.contentType,
    sizeBytes: null,
    content,
  };
}
