import { markingsInHeadline, markingsOnLine, readMarkingWords } from "../../shared/letter/classification.ts";
import { findLetterNumbers } from "../../shared/letter/letter-number.ts";
import type { OutboundFacts } from "../../shared/letter/outbound.ts";

/**
 * Whether a letter says of itself that it is classified: such a letter never goes by mail (Annex 6 §2.2.9), whoever asks.
 * Words are looked at, files are not opened.
 */
export function isClassified(facts: OutboundFacts, fileNames: readonly string[]): boolean {
  // No door offers it; a row that another hand has written must not get out all the same.
  const { secrecy = "normal" } = facts as OutboundFacts & { readonly secrecy?: string };
  return (
    secrecy !== "normal" ||
    isMarked(facts.subject ?? "") ||
    (facts.text ?? "").split("\n").some((line) => markingsOnLine(line).secrecy !== "normal") ||
    fileNames.some((name) =>
      name
        .replace(/\.[a-z0-9]{1,8}$/i, "")
        .split(/[_.]/u)
        .some((part) => (readMarkingWords(part.trim())?.secrecy ?? "normal") !== "normal"),
    )
  );
}

function isMarked(headline: string): boolean {
  return markingsInHeadline(headline, findLetterNumbers(headline)).secrecy !== "normal";
}
