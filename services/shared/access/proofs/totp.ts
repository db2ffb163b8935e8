import { randomBytes } from "node:crypto";
import { Secret, TOTP } from "otpauth";

/** As authenticator programs expect it (RFC 6238 §1.2 and the practice of all of them): SHA-1, six digits, 30 seconds. */
const PERIOD_SECONDS = 30;
const DIGITS = 6;
const SECRET_BYTES = 20; // RFC 4226 §4: 160 bits
/** Steps before and after: a telephone's clock is wrong by some seconds, and typing takes some (RFC 6238 §5.2). */
const WINDOW = 1;

export function newTotpSecret(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/** What an authenticator is set up with. */
export interface TotpSetUp {
  /** For typing: base 32. */
  readonly secret: string;
  /** For the QR code: otpauth://totp/… */
  readonly uri: string;
}

export function totpSetUp(secret: Buffer, issuer: string, personId: string): TotpSetUp {
  const totp = totpOf(secret, { issuer, label: personId });
  return { secret: totp.secret.base32, uri: totp.toString() };
}

/**
 * The time step that a code belongs to, in the step of `atMs` or one beside it; null when it fits none of them. Whoever
 * takes it has to see that no step is taken twice.
 */
export function totpStep(secret: Buffer, code: string, atMs: number): number | null {
  const digits = code.replace(/\s/gu, "");
  if (!/^\d{6}$/.test(digits)) return null;
  const delta = totpOf(secret).validate({ token: digits, timestamp: atMs, window: WINDOW });
  return delta === null ? null : Math.floor(atMs / 1000 / PERIOD_SECONDS) + delta;
}

/** The code of a moment, as an authenticator shows it. */
export function totpCode(secret: Buffer, atMs: number): string {
  return totpOf(secret).generate({ timestamp: atMs });
}

function totpOf(secret: Buffer, names: { readonly issuer?: string; readonly label?: string } = {}): TOTP {
  const bytes = Uint8Array.from(secret);
  return new TOTP({
    ...names,
    algorithm: "SHA1",
    digits: DIGITS,
    period: PERIOD_SECONDS,
    secret: new Secret({ buffer: bytes.buffer }),
  });
}
