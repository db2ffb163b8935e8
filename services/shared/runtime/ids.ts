import { randomBytes } from "node:crypto";

/**
 * A new UUID version 7 (RFC 9562 §5.7): begins with the time in milliseconds, so that rows written one after the other
 * stand beside each other in the index, and ends with 74 random bits, so that nobody guesses another letter's id.
 */
export function newId(nowMs: number = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
