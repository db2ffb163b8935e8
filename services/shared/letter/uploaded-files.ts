import { join } from "node:path";
import { Readable } from "node:stream";
import { type ByteStore, openStore } from "../runtime/store.ts";

/** Largest file of an outbound letter; what mail servers take is less. */
export const LARGEST_UPLOAD_BYTES = 50 * 1024 * 1024;

/**
 * Where files for outbound letters lie that are too large for the table uploaded_file. A folder of its own beside that of
 * letters received: from there refused octets are removed by the table of arrivals alone, which knows none of these.
 */
export function uploadsDir(dataDir: string): string {
  return join(dataDir, "uploads");
}

export function openUploads(dataDir: string): Promise<ByteStore> {
  return openStore({ dir: uploadsDir(dataDir) });
}

/** The octets of a row of uploaded_file; the stream fails with ENOENT when a large one's file is gone. */
export function readUploaded(
  uploads: Pick<ByteStore, "openStored">,
  { sha256, content }: { readonly sha256: string; readonly content: Buffer | null },
): Readable {
  return content === null ? uploads.openStored(sha256) : Readable.from([content], { objectMode: false });
}
