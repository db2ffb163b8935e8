import { createHash } from "node:crypto";
import { newShortCode, readCode, showCode } from "../../letter/evidence/short-code.ts";

const CODES = 10;

/** Ten codes of 80 random bits, as they are shown this once: "7G3K-Q2M9-XW4T-0HVD". */
export function newRecoveryCodes(): readonly string[] {
  return Array.from({ length: CODES }, () => showCode(newShortCode()));
}

/** The hash under which a code stands, however a person types it; null for what is none. 80 random bits need no slow hash. */
export function recoveryCodeHash(typed: string): string | null {
  const code = readCode(typed);
  return code === null ? null : createHash("sha256").update(code).digest("hex");
}
