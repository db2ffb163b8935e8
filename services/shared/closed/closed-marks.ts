import { createHmac, hkdfSync } from "node:crypto";

/**
 * Keyed hashes by which what was classified is known again, without saying what it is: the same request of the same program,
 * the same letter on the e-CMS wire, the same Idempotency-Key (which programs make of letter numbers). HMAC-SHA-256
 * (RFC 2104) under a key that HKDF derives from that of the blind index (info "saraban closed marks 1"), over the kind
 * and each word, each ended by 00, which none of them contains.
 */
export function closedMark(
  indexKey: Buffer,
  kind: "request" | "document" | "named" | "key",
  words: readonly string[],
): Buffer {
  const key = Buffer.from(hkdfSync("sha256", indexKey, "", "saraban closed marks 1", 32));
  const hash = createHmac("sha256", key);
  for (const word of [kind, ...words]) hash.update(`${word.replaceAll("\0", "")}\0`);
  key.fill(0);
  return hash.digest();
}
