/**
 * Thai text from outside, brought to one spelling before anything compares, searches or stores it.
 *
 * The same word arrives in several encodings that look alike: SARA AM typed as NIKHAHIT + SARA AA, a tone mark
 * before its vowel, zero-width breaks put in by word processors. PostgreSQL refuses NUL, and bidirectional
 * controls turn "fdp.exe" into "exe.pdf" on a clerk's screen, so neither survives here.
 */

// Zero width and bidirectional controls, soft hyphen, BOM, variation selectors, interlinear marks.
const INVISIBLE =
  /\u034F|[\uFE00-\uFE0F]|[\u00AD\u061C\u180E\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB]/gu;
const CONTROLS = /[\u0000-\u0008\u000E-\u001F\u007F-\u0084\u0086-\u009F]/gu;
const LINE_BREAKS = /\r\n|[\r\u000B\u000C\u0085\u2028\u2029]/gu;
const WIDE_SPACES = /[\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]/gu;
// Everything that stands above or below a consonant, with SARA AM, whose ring does.
const MARK_RUN = /[\u0E31\u0E33-\u0E3A\u0E47-\u0E4E]{2,}/gu;
const SPLIT_SARA_AM = /\u0E4D\u0E32/gu;
const DOUBLE_SARA_E = /\u0E40\u0E40/gu;

/**
 * One spelling of a text: NFC, SARA AM composed (tone mark first), marks in typing order, lines ended by \n,
 * every other space a plain one or a tab, no invisible characters and no controls. Idempotent.
 */
export function normaliseThai(text: string): string {
  return (
    text
      .toWellFormed()
      .replace(LINE_BREAKS, "\n")
      // Before the composing steps, or a zero width space between NIKHAHIT and SARA AA would keep them apart.
      .replace(CONTROLS, "")
      .replace(INVISIBLE, "")
      .replace(WIDE_SPACES, " ")
      .normalize("NFC")
      // Sorting puts NIKHAHIT behind its tone mark, beside the SARA AA it belongs to, and then SARA AM last.
      .replace(MARK_RUN, marksInTypingOrder)
      .replace(SPLIT_SARA_AM, "\u0E33")
      .replace(MARK_RUN, marksInTypingOrder)
      .replace(DOUBLE_SARA_E, "\u0E41")
  );
}

function marksInTypingOrder(marks: string): string {
  let ordered = true;
  for (let at = 1; at < marks.length && ordered; at++) ordered = rank(marks, at - 1) <= rank(marks, at);
  if (ordered) return marks;
  return [...marks].sort((a, b) => rank(a, 0) - rank(b, 0)).join("");
}

/** PHINTHU, vowels, tone marks, other signs, SARA AM: the order Unicode's own normalisation leaves alone. */
function rank(marks: string, at: number): number {
  const code = marks.charCodeAt(at);
  if (code === 0x0e3a) return 0;
  if (code === 0x0e33) return 4;
  if (code <= 0x0e39) return 1;
  return code >= 0x0e48 && code <= 0x0e4b ? 2 : 3;
}

/** ๐–๙ to 0–9. Keeps every character's position, so that an offset found in the result holds in the input. */
export function thaiDigitsToArabic(text: string): string {
  return text.replace(/[๐-๙]/gu, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0x0e50 + 0x30));
}

/** 0–9 to ๐–๙, for what is printed. */
export function arabicToThaiDigits(text: string): string {
  return text.replace(/[0-9]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0x30 + 0x0e50));
}

/**
 * The form in which two texts are the same text: one spelling, no white space, Arabic digits, lower case.
 *
 * Searching relies on this: where a term stands in a text, the folded term stands in the folded text, if neither cut goes
 * through a character as a reader sees it. So it must hold at both ends that the first visible character behind the cut
 * is no mark (Thai or other combining, SARA AM, a Hangul medial or final), nor SARA AA behind a NIKHAHIT, and that no
 * เเ typed for แ and no surrogate pair is parted. (Σ has two lower cases, by its neighbours; here it has one.)
 *
 * Fold once: white space goes last, so that marks which it kept apart lie unordered side by side in the result.
 */
export function foldForComparison(text: string): string {
  return thaiDigitsToArabic(normaliseThai(text)).replace(/\s/gu, "").toLowerCase().replaceAll("ς", "σ");
}
