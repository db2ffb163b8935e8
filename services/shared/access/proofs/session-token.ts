import { createHash, randomBytes } from "node:crypto";

/** Names the kind of secret, so that scanners find one that was pasted somewhere. */
const TOKEN = /^sss_[A-Za-z0-9_-]{43}$/;

/** A new session's token: 256 random bits. Only its hash is stored. */
export function newSessionToken(): string {
  return `sss_${randomBytes(32).toString("base64url")}`;
}

/**
 * The hash under which a session stands; null for what is no token of ours. No slow hash and no comparison in constant time:
 * the bits are random, and nobody can steer a guess by how far its hash agrees with a stored one.
 */
export function sessionTokenHash(token: string): string | null {
  return TOKEN.test(token) ? createHash("sha256").update(token).digest("hex") : null;
}
