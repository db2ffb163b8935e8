import { newShortCode, showCode } from "../../letter/evidence/short-code.ts";

/** It has to be changed at the first sign-in, and by then. */
export const ONE_TIME_PASSWORD_HOURS = 24;

/** 80 random bits, in letters and digits that nobody takes for another: "7G3K-Q2M9-XW4T-0HVD". */
export function newOneTimePassword(): string {
  return showCode(newShortCode());
}
