import { markingsInHeadline, markingsOnLine, readMarkingWords, UNMARKED } from "./classification.ts";
import { graverSecrecy, type Secrecy } from "./letter.ts";
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
export function marksItself(words: OwnWords): boolean {
  return gravestMark(words) !== "normal";
}

/** The gravest class that a letter's own words mark it with. */
export function gravestMark({ subject, text, references, enclosures }: OwnWords): Secrecy {
  // What is cited or enclosed may speak of a classified letter; a marking that stands alone there is this one's.
  const listed = [...references, ...enclosures].map((line) => readMarkingWords(line) ?? UNMARKED);
  return [
    markingsInHeadline(subject, findLetterNumbers(subject)),
    ...text.split("\n").map((line) => markingsOnLine(line)),
    ...listed,
  ].reduce<Secrecy>((gravest, { secrecy }) => graverSecrecy(gravest, secrecy), "normal");
}

/** The gravest marking that stands as a part of a file's name (ลับมาก_หนังสือ.pdf). */
export function markOfFileName(name: string): Secrecy {
  return name
    .replace(/\.[a-z0-9]{1,8}$/i, "")
    .split(/[_.]/u)
    .reduce<Secrecy>(
      (gravest, part) => graverSecrecy(gravest, readMarkingWords(part.trim())?.secrecy ?? "normal"),
      "normal",
    );
}
