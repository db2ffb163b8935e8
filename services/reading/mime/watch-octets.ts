import { createHash } from "node:crypto";

/** What can only be told from the octets themselves, before any parser has touched them. */
export type OctetsSeen = {
  sizeBytes: number;
  /** A CR or LF that is not part of CR LF (RFC 5321 §2.3.8): the mark of SMTP smuggling. */
  bareNewline: boolean;
  /**
   * SHA-256, hex: the same for one message however it came. Made of the fields a relay must not change and the
   * body; trace fields (RFC 5321 §4.4) and all others are left out, folding and the empty lines at the end
   * (which SMTP clients add and drop) do not count.
   */
  contentDigest: string;
};

export type OctetsWatch = { update(chunk: Buffer): void; finish(): OctetsSeen };

const DIGESTED_FIELDS = [
  ...["from", "to", "cc", "subject", "date", "message-id"],
  // Without them the same octets could be sent ahead to be read as something else, and the letter itself be their copy.
  ...["content-type", "content-transfer-encoding"],
];
const MAX_HEADER_BYTES = 256 * 1024;
const MAX_HELD_NEWLINES = 64 * 1024;
const CR = 13;
const LF = 10;

/** Watches a message go by, in chunks of any size; holds its header and nothing of its body. */
export function watchOctets(): OctetsWatch {
  const digest = createHash("sha256");
  let header: Buffer | null = Buffer.alloc(0);
  let held = Buffer.alloc(0);
  let sizeBytes = 0;
  let bareNewline = false;
  let endedWithCr = false;

  const body = (chunk: Buffer) => {
    let end = chunk.length;
    while (end > 0 && (chunk[end - 1] === LF || chunk[end - 1] === CR)) end--;
    if (end > 0) {
      digest.update(held);
      digest.update(chunk.subarray(0, end));
      held = Buffer.alloc(0);
    }
    held = Buffer.concat([held, chunk.subarray(end)]);
    if (held.length > MAX_HELD_NEWLINES) {
      digest.update(held);
      held = Buffer.alloc(0);
    }
  };

  const closeHeader = (all: Buffer, end: number) => {
    digest.update(digestedHeader(all.subarray(0, end).toString("latin1")));
    header = null;
    if (end < all.length) body(all.subarray(end));
  };

  return {
    update(chunk) {
      sizeBytes += chunk.length;
      if (!bareNewline && chunk.length > 0) {
        bareNewline = hasBareNewline(chunk, endedWithCr);
        endedWithCr = chunk[chunk.length - 1] === CR;
      }
      if (header === null) return body(chunk);
      header = header.length === 0 ? chunk : Buffer.concat([header, chunk]);
      const end = headerEnd(header);
      if (end >= 0 || header.length > MAX_HEADER_BYTES) closeHeader(header, end >= 0 ? end : header.length);
    },
    finish() {
      if (header !== null) closeHeader(header, header.length);
      return { sizeBytes, bareNewline: bareNewline || endedWithCr, contentDigest: digest.digest("hex") };
    },
  };
}

function hasBareNewline(chunk: Buffer, afterCr: boolean): boolean {
  if (afterCr && chunk[0] !== LF) return true;
  for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) {
    if (!(at === 0 ? afterCr : chunk[at - 1] === CR)) return true;
  }
  for (let at = chunk.indexOf(CR); at >= 0; at = chunk.indexOf(CR, at + 1)) {
    // A CR at the very end is judged with the next chunk.
    if (at + 1 < chunk.length && chunk[at + 1] !== LF) return true;
  }
  return false;
}

/** Offset behind the empty line that ends the header, or -1. Bare LF is tolerated: it is judged elsewhere. */
function headerEnd(octets: Buffer): number {
  const strict = octets.indexOf("\r\n\r\n");
  const loose = octets.indexOf("\n\n");
  if (strict < 0 && loose < 0) return -1;
  if (loose >= 0 && (strict < 0 || loose < strict)) return loose + 2;
  return strict + 4;
}

function digestedHeader(header: string): string {
  const fields = header.split(/\r?\n(?![ \t])/);
  const kept = DIGESTED_FIELDS.flatMap((name) =>
    fields
      .filter((field) => field.slice(0, field.indexOf(":")).trim().toLowerCase() === name)
      // As DKIM's relaxed form (RFC 6376 §3.4.2): relays refold and respace.
      .map(
        (field) =>
          `${name}:${field
            .slice(field.indexOf(":") + 1)
            .replace(/\s+/g, " ")
            .trim()}\r\n`,
      ),
  );
  return `${kept.join("")}\r\n`;
}
