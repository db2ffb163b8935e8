import { createHmac, timingSafeEqual } from "node:crypto";
import { TOKEN_BYTES } from "../shared/letter/return-path.ts";

/** Tells these HMACs from any other use of the same key. */
const PURPOSE = "saraban return path 1";
const ID_BYTES = 16;
const MAC_BYTES = TOKEN_BYTES - ID_BYTES;
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * The token of a notice's return path: its id, and 96 bits of an HMAC-SHA-256 over id and agency. Only who has got our
 * message knows it (and whom he shows it to), so a report that comes with it is about a message that we have really sent.
 * @param noticeId a UUID
 */
export function signToken(secret: Buffer, agencyId: string, noticeId: string): string {
  const id = Buffer.from(noticeId.replaceAll("-", ""), "hex");
  return toBase32(Buffer.concat([id, mac(secret, agencyId, id)]));
}

/** @returns the id of the notice that a token was made for under one of the keys; null for any other token */
export function verifyToken(secrets: readonly Buffer[], agencyId: string, token: string): string | null {
  const octets = fromBase32(token);
  // One text for each token: the bits that base32 leaves over must not make a second one.
  if (octets === null || toBase32(octets) !== token) return null;
  const id = octets.subarray(0, ID_BYTES);
  const given = octets.subarray(ID_BYTES);
  let isGenuine = false;
  for (const secret of secrets) {
    isGenuine = timingSafeEqual(given, mac(secret, agencyId, id)) || isGenuine;
  }
  if (!isGenuine) return null;
  return id.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function mac(secret: Buffer, agencyId: string, id: Buffer): Buffer {
  return createHmac("sha256", secret)
    .update(`${PURPOSE}\0${agencyId}\0`)
    .update(id)
    .digest()
    .subarray(0, MAC_BYTES);
}

/** RFC 4648 §6 in lower case, without padding. */
function toBase32(octets: Buffer): string {
  let text = "";
  let bits = 0;
  let held = 0;
  for (const octet of octets) {
    held = (held << 8) | octet;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET[(held << (5 - bits)) & 31];
}

function fromBase32(text: string): Buffer | null {
  const octets: number[] = [];
  let bits = 0;
  let held = 0;
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) return null;
    held = (held << 5) | value;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    octets.push(held >> bits);
    held &= (1 << bits) - 1;
  }
  return octets.length === TOKEN_BYTES ? Buffer.from(octets) : null;
}
