import { hkdfSync } from "node:crypto";

/**
 * The sealed form: how the octets of a classified letter lie on disk and in the database. This text is enough to write a
 * reader from; seal-vectors.test.ts has an example with every key in between, and a second reader.
 *
 *   offset  octets  content
 *   0       8       53 41 52 42 53 45 41 4C, "SARBSEAL"
 *   8       1       01, the version of this form
 *   9       1       what it holds: 01 a body (the octets of a file or message), 02 facts (JSON)
 *   10      1       10, the size of a chunk: 2 to the power of 16
 *   11      1       00
 *   12      32      salt, random, new with each sealing
 *   44      32      commitment: second half of what is derived below
 *   76              chunks
 *
 * Keys. HKDF with SHA-256 (RFC 5869): IKM the letter's data key (32 octets), salt the salt above, L 64, and info
 *
 *   "saraban closed body 1" or "saraban closed facts 1" (ASCII), 00, the octets 0 to 11 above,
 *   the letter's id (length in 2 octets, then UTF-8), the name of the part (the same).
 *
 * The first 32 octets are the AES key of this sealing, the other 32 the commitment. A reader derives both and compares the
 * commitment before it opens anything: so a wrong key, another letter's id or part, or a changed head are told at once, and
 * nobody can make octets that open under two keys (GCM by itself does not hold that).
 *
 * Chunks. The content is cut into pieces of 65,536 octets; the last one has 1 to 65,536 octets, or none when the whole
 * content is empty. Each becomes AES-256-GCM (NIST SP 800-38D) of as many octets and the tag of 16 behind it. The nonce
 * has 12 octets: the chunk's number from 0 in 11 octets (big-endian), then 01 for the last chunk, else 00. Associated data of
 * every chunk: the info above. There is nothing behind the last chunk.
 *
 * So (this is STREAM: Hoang, Reyhanitabar, Rogaway and Vizár, CRYPTO 2015) a chunk that is changed, missing, doubled, in
 * another place or out of another file does not open, and neither does a file that was cut off or added to: a cut makes
 * a chunk the last that was not sealed as one, an addition the reverse. What is released was authenticated; that a
 * file was cut off shows at its end, so whoever reads a stream must take an error at the end for an error of the whole.
 *
 * Limits. A key serves one sealing, so nonces never meet; 2^32 chunks (SP 800-38D §8.3 allows as many), 256 TiB. Visible
 * without the key: that it is a body or facts, and the content's length.
 */
export const MAGIC = Buffer.from("SARBSEAL", "ascii");
export const CHUNK_BYTES = 65_536;
export const TAG_BYTES = 16;
export const SALT_BYTES = 32;
export const FIXED_BYTES = 12;
export const HEAD_BYTES = 76;
export const MOST_CHUNKS = 2 ** 32;

export type Purpose = "body" | "facts";

/** What a sealing belongs to; the same must be said to open it. */
export interface SealedAs {
  readonly letterId: string;
  /** Which of the letter's contents: "raw", "file 1" … Never two of them under one name. */
  readonly part: string;
}

/** Of closed_body, by its number. */
export const bodyPart = (letterId: string, part: number): SealedAs => ({ letterId, part: `body ${part}` });
/** Of closed_letter.sealed_facts. */
export const factsPart = (letterId: string): SealedAs => ({ letterId, part: "facts" });
/** Of closed_event.sealed_note, by its number. */
export const notePart = (letterId: string, eventNo: number): SealedAs => ({
  letterId,
  part: `note ${eventNo}`,
});

export interface SealKeys {
  readonly aesKey: Buffer;
  readonly commitment: Buffer;
  /** Associated data of every chunk. */
  readonly bound: Buffer;
  /** The keys are over. */
  wipe(): void;
}

export function fixedHead(purpose: Purpose): Buffer {
  return Buffer.concat([MAGIC, Buffer.from([1, purpose === "body" ? 1 : 2, 16, 0])]);
}

/** @param key the letter's data key @param fixed octets 0 to 11 */
export function deriveSealKeys(
  key: Buffer,
  salt: Buffer,
  fixed: Buffer,
  purpose: Purpose,
  { letterId, part }: SealedAs,
): SealKeys {
  if (key.length !== 32) throw new RangeError("a data key has 32 octets");
  const label = Buffer.from(`saraban closed ${purpose} 1\0`, "ascii");
  const bound = Buffer.concat([label, fixed, withLength(letterId), withLength(part)]);
  const derived = Buffer.from(hkdfSync("sha256", key, salt, bound, 64));
  return {
    aesKey: derived.subarray(0, 32),
    commitment: derived.subarray(32),
    bound,
    wipe: () => void derived.fill(0),
  };
}

export function nonceOf(chunk: number, isLast: boolean): Buffer {
  if (chunk >= MOST_CHUNKS) throw new RangeError("too much for one sealing");
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(chunk, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}

/** How many octets a content of this size has when it is sealed. */
export function sealedBytes(contentBytes: number): number {
  const chunks = Math.max(1, Math.ceil(contentBytes / CHUNK_BYTES));
  return HEAD_BYTES + contentBytes + chunks * TAG_BYTES;
}

function withLength(text: string): Buffer {
  const octets = Buffer.from(text, "utf8");
  if (octets.length === 0 || octets.length > 0xffff)
    throw new RangeError("an id or a part has no such length");
  const length = Buffer.alloc(2);
  length.writeUInt16BE(octets.length);
  return Buffer.concat([length, octets]);
}
