import { markingsInHeadline, markingsOnLine, readMarkingWords, UNMARKED } from "./classification.ts";
import { findLetterNumbers } from "./letter-number.ts";

/** The words of a letter of our own, as far as they go by mail. */
export interface OwnWords {
  readonly subject: string;
  /** Of the covering mail. */
  readonly text: string;
  readonly references: readonly string[];
  readonly enclosures: readonly string[];
}

/**
 * Whether a letter says of itself that it is classified: such a letter never goes by mail (Annex 6 §2.2.9), whoever asks.
 * The receiving side would refuse it for the same words, and by then it has passed through others' servers.
 */
export function marksItself({ subject, text, references, enclosures }: OwnWords): boolean {
  // What is cited or enclosed may speak of a classified letter; a marking that stands alone there is this one's.
  const listed = [...references, ...enclosures].map((line) => readMarkingWords(line) ?? UNMARKED);
  return [
    markingsInHeadline(subject, findLetterNumbers(subject)),
    ...text.split("\n").map((line) => markingsOnLine(line)),
    ...listed,
  ].some(({ secrecy }) => secrecy !== "normal");
}
