import { createReadStream } from "node:fs";
import { type MimeLimits, type MimeMessage, parseMime } from "./parse-mime.ts";
import type { ContentKeeper, PartContent } from "./part-content.ts";

const LIMITS: MimeLimits = {
  maxDepth: 15,
  maxParts: 100,
  maxHeaderBytes: 128 * 1024,
  maxTextBytes: 256 * 1024,
};
const IN_MEMORY_BYTES = 256 * 1024;

/** Parses a message that is a file (.eml) or was in an envelope (S/MIME); smaller limits than for a mail. Never throws for it. */
export async function parseContent(
  content: PartContent,
  keeper: ContentKeeper,
  maxParts: number,
): Promise<MimeMessage> {
  const held = content.sizeBytes <= IN_MEMORY_BYTES;
  const source = held ? once(await content.read()) : createReadStream(await content.path());
  return parseMime(source, { ...LIMITS, maxParts: Math.min(LIMITS.maxParts, maxParts) }, keeper);
}

async function* once(octets: Buffer): AsyncGenerator<Buffer> {
  yield octets;
}
