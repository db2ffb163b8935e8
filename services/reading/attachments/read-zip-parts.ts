import { crc32 } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import type { PartContent } from "../../shared/mime/part-content.ts";
import { openZip } from "./open-zip.ts";

/** What may still be taken out of the office documents of one message. */
export interface PartsBudget {
  bytes: number;
}

export interface ZipParts {
  /** In the order of `wanted`; of one name all, as readers do not agree on which of two counts. */
  readonly parts: readonly { readonly name: string; readonly octets: Buffer }[];
  /** limit: more than may be taken out; damaged: what was found may not be all. */
  readonly fault: "limit" | "damaged" | null;
}

const MAX_LISTED = 5_000;
const MAX_PARTS = 60;

/**
 * The few parts of an office document that are text, held in memory and never unpacked to a file. What was found before a
 * limit or a fault is told with it. Never throws for what is in the archive.
 *
 * @param wanted patterns for names, the most needed first: of what is too much the last is left out
 * @param maxBytes of all parts together, unpacked
 */
export async function readZipParts(
  content: PartContent,
  wanted: readonly RegExp[],
  maxBytes: number,
  budget: PartsBudget,
): Promise<ZipParts> {
  const parts: { name: string; octets: Buffer }[] = [];
  let zip: ZipFile | undefined;
  let fault: ZipParts["fault"] = null;
  try {
    zip = await openZip(content);
    const found: { entry: Entry; name: string; rank: number }[] = [];
    let listed = 0;
    try {
      for await (const entry of zip.eachEntry()) {
        if (++listed > MAX_LISTED || found.length >= MAX_PARTS) {
          fault = "limit";
          break;
        }
        const raw: unknown = entry.fileNameRaw;
        const name = Buffer.isBuffer(raw) ? raw.toString("latin1") : "";
        const rank = wanted.findIndex((pattern) => pattern.test(name));
        if (rank >= 0) found.push({ entry, name, rank });
      }
    } catch {
      fault = "damaged";
    }
    let left = maxBytes;
    for (const { entry, name } of found.sort((a, b) => a.rank - b.rank)) {
      const allowed = Math.min(left, budget.bytes);
      const { octets, whole } = await readPart(zip, entry, allowed);
      left -= octets.length;
      budget.bytes -= octets.length;
      if (octets.length > 0) parts.push({ name, octets });
      if (!whole) fault ??= octets.length >= allowed ? "limit" : "damaged";
    }
  } catch {
    fault ??= "damaged";
  } finally {
    zip?.close();
  }
  return { parts, fault };
}

async function readPart(
  zip: ZipFile,
  entry: Entry,
  allowed: number,
): Promise<{ octets: Buffer; whole: boolean }> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  let checksum = 0;
  try {
    const stream = await zip.openReadStreamPromise(entry);
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        chunks.push(chunk.subarray(0, allowed - sizeBytes));
        sizeBytes += chunk.length;
        if (sizeBytes > allowed) break;
        checksum = crc32(chunk, checksum);
      }
    } finally {
      stream.destroy();
    }
    const whole = sizeBytes <= allowed && sizeBytes === entry.uncompressedSize && checksum === entry.crc32;
    return { octets: Buffer.concat(chunks), whole };
  } catch {
    // The octets before the damage may carry the marking.
    return { octets: Buffer.concat(chunks), whole: false };
  }
}
