import { Readable } from "node:stream";
import type { ClosedLevel } from "../../shared/closed/key-provider.ts";
import type { SealedSpool } from "../../shared/closed/seal-request.ts";
import { isMisdeclared, isTextMisdeclared } from "../../shared/letter/arrival/misdeclared.ts";
import type { LetterFacts } from "../../shared/letter/closed-facts.ts";
import type { ByteStore, SpooledBytes } from "../../shared/runtime/store.ts";
import { problem } from "../problem.ts";
import type { ClosedSubmission } from "./closed-submission.ts";

/** What a request of an appointed client was judged to be. */
export interface JudgedRequest extends Omit<ClosedSubmission, "sealed" | "level"> {
  readonly passage: "open" | ClosedLevel;
  /** As it came. */
  readonly mediaType: string;
}

/** @throws Problem 422 where the letter's words mark it as graver than it is declared */
export function needRightClass(facts: LetterFacts, passage: "open" | ClosedLevel): void {
  if (isMisdeclared(facts, passage === "open" ? "normal" : passage)) throw problem("misdeclared");
}

/**
 * What was sealed while it came either stays so, or is opened into the store of ordinary letters, whose road it goes from there
 * as if nothing had been.
 * @throws Problem 422 where a text among its files marks it as graver than it is declared; then nothing of it is kept
 */
export async function settleSubmission(
  sealed: SealedSpool,
  { passage, mediaType, ...judged }: JudgedRequest,
  letters: Pick<ByteStore, "spool">,
  limitBytes: number,
): Promise<{ readonly spooled: SpooledBytes } | { readonly closed: ClosedSubmission }> {
  let isKept = false;
  try {
    const declared = passage === "open" ? "normal" : passage;
    if (await isTextMisdeclared(judged.facts, declared, mediaType, () => sealed.spool.read()))
      throw problem("misdeclared");
    if (passage === "open") return { spooled: await sealed.spool.release(letters, limitBytes) };
    isKept = true;
    return { closed: { sealed, level: passage, ...judged } };
  } finally {
    if (!isKept) await sealed.drop();
  }
}

/** The same of octets that are held, and were never spooled. @throws Problem 422 */
export async function needRightText(
  facts: LetterFacts,
  passage: "open" | ClosedLevel,
  mediaType: string,
  octets: Buffer,
): Promise<void> {
  const declared = passage === "open" ? "normal" : passage;
  if (await isTextMisdeclared(facts, declared, mediaType, () => Readable.from([octets])))
    throw problem("misdeclared");
}
