import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import type { WrappedFor } from "./key-provider.ts";

/**
 * How a key file wraps a data key: AES-256-GCM (NIST SP 800-38D) under the file's key, with a random nonce of 12 octets
 * (§8.2.2; one key may serve 2^32 letters, §8.3), written
 *
 *   file:vVERSION:NAME:BASE64URL(nonce ‖ 32 octets ‖ tag of 16)
 *
 * NAME are 16 hexadecimal digits that tell the key (nameOfKey), not the letter. Associated data: "saraban closed key 1",
 * the agency, the level, the version in decimal and the subject, each ended by a line feed, which none of them can contain.
 */
const FORM = /^file:v([1-9][0-9]{0,8}):([0-9a-f]{16}):([A-Za-z0-9_-]{80})$/;

export interface WrappedParts {
  readonly version: number;
  readonly keyName: string;
  readonly sealed: Buffer;
}

/** Null for what was not wrapped by a key file. */
export function readWrapped(wrapped: string): WrappedParts | null {
  const [, version = "", keyName = "", sealed = ""] = FORM.exec(wrapped) ?? [];
  return version === ""
    ? null
    : { version: Number(version), keyName, sealed: Buffer.from(sealed, "base64url") };
}

/** A key made anew under an old version's number is told from the old one by this; it tells nothing of the key. */
export function nameOfKey(key: Buffer): string {
  return createHmac("sha256", key).update("saraban closed key name 1").digest("hex").slice(0, 16);
}

export function wrappedPrefix(version: number, key: Buffer): string {
  return `file:v${version}:${nameOfKey(key)}:`;
}

export function wrapKey(dataKey: Buffer, of: WrappedFor, version: number, key: Buffer): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 });
  cipher.setAAD(boundTo(of, version));
  const sealed = Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
  return `${wrappedPrefix(version, key)}${sealed.toString("base64url")}`;
}

/** Null when it was changed, or wrapped for another letter or place. */
export function unwrapKey({ sealed, version }: WrappedParts, of: WrappedFor, key: Buffer): Buffer | null {
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(boundTo(of, version));
  decipher.setAuthTag(sealed.subarray(44));
  const dataKey = decipher.update(sealed.subarray(12, 44));
  try {
    decipher.final();
    return dataKey;
  } catch {
    dataKey.fill(0);
    return null;
  }
}

function boundTo({ agencyId, level, subject }: WrappedFor, version: number): Buffer {
  return Buffer.from(["saraban closed key 1", agencyId, level, version, subject, ""].join("\n"), "utf8");
}
