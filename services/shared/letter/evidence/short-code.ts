import { randomBytes } from "node:crypto";

/** Crockford's base 32: no I, L, O and U, so that a code read aloud or from a bad copy is still the same code. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_BYTES = 10;
const CODE_LENGTH = (CODE_BYTES * 8) / 5;
/** Longer input is no code, whatever it is. */
const LONGEST_INPUT = 100;

/**
 * A receipt's short code: 80 random bits, 16 characters. Who tries a thousand codes a second finds one of a thousand
 * million receipts in some 40,000 years.
 */
export function newShortCode(): string {
  let left = BigInt(`0x${randomBytes(CODE_BYTES).toString("hex")}`);
  let code = "";
  for (let place = 0; place < CODE_LENGTH; place++) {
    code = ALPHABET.charAt(Number(left & 31n)) + code;
    left >>= 5n;
  }
  return code;
}

/** As it is printed: "7G3K-Q2M9-XW4T-0HVD". */
export function showCode(code: string): string {
  return (
    code
      .replaceAll("-", "")
      .match(/.{1,4}/g)
      ?.join("-") ?? ""
  );
}

/**
 * A code as a person types it: small letters, hyphens of any kind, spaces, O for 0, I and L for 1.
 * @returns the 16 characters that receipt.code has; null for what is no code
 */
export function readCode(text: string): string | null {
  if (text.length > LONGEST_INPUT) return null;
  const code = text
    .replace(/[\s\p{Dash_Punctuation}\u2212]/gu, "")
    .toUpperCase()
    .replaceAll("O", "0")
    .replace(/[IL]/g, "1");
  return code.length === CODE_LENGTH && [...code].every((letter) => ALPHABET.includes(letter)) ? code : null;
}
