/** Longer than any fact that is told; a person's reason may be long. */
const LONGEST = 2000;

/**
 * Control characters, line ends of every kind, byte-order marks and the marks that turn the direction of writing: with these a
 * fact of a letter could write header fields, lines of its own, or show another number than it says.
 */
const NOT_OF_A_LINE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu;

/** A fact as it may stand within a line of a notice, or in its subject. */
export function plainLine(text: string, longest: number = LONGEST): string {
  const line = text.toWellFormed().replace(NOT_OF_A_LINE, " ").trim();
  return line.length <= longest
    ? line
    : `${line
        .slice(0, longest - 1)
        .toWellFormed()
        .replace(/\ufffd$/, "")}…`;
}
