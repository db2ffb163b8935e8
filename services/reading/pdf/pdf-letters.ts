import type { PdfGlyph } from "./pdf-glyphs.ts";

/**
 * Thai fonts for Windows keep the shapes of marks that are moved aside (over ป ฝ ฟ, below another mark) at private code
 * points, and many a PDF names these instead of the letters. In the order of U+F700 to U+F71A.
 */
const WINDOWS_SHAPES =
  "\u0E10\u0E34\u0E35\u0E36\u0E37\u0E48\u0E49\u0E4A\u0E4B\u0E4C\u0E48\u0E49\u0E4A\u0E4B\u0E4C\u0E0D\u0E31\u0E4D\u0E47\u0E48\u0E49\u0E4A\u0E4B\u0E4C\u0E38\u0E39\u0E3A";
const FIRST_WINDOWS_SHAPE = 0xf700;
/** TIS-620 taken for Latin-1: its letters lie where ¡ to û do. */
const LATIN_THAI = /[\u00A1-\u00DA\u00DF-\u00FB]/u;
const LATIN_TO_THAI = 0x0e01 - 0xa1;
const OTHER_LETTER = /[A-Za-z\u0E01-\u0E5B]/u;
const MIN_LATIN_THAI = 8;
const LATIN_THAI_SHARE = 0.7;

/**
 * Gives each glyph the letter that is printed, where a font tells another one. In place.
 * @returns the share of letters that no font tells, 0 to 1
 */
export function mendLetters(glyphs: readonly PdfGlyph[]): number {
  const latinFonts = fontsOfThaiAsLatin(glyphs);
  let unknown = 0;
  let told = 0;
  for (const glyph of glyphs) {
    if (glyph.text.trim() === "") continue;
    let text = "";
    for (const letter of glyph.text)
      text += latinFonts.has(glyph.font) ? thaiOfLatin(letter) : shapeToLetter(letter);
    glyph.text = text;
    if (/[\uFFFD\uE000-\uF8FF]/u.test(text)) unknown += 1;
    else told += 1;
  }
  return unknown === 0 ? 0 : unknown / (unknown + told);
}

function shapeToLetter(letter: string): string {
  return WINDOWS_SHAPES[letter.charCodeAt(0) - FIRST_WINDOWS_SHAPE] ?? letter;
}

function thaiOfLatin(letter: string): string {
  return LATIN_THAI.test(letter) ? String.fromCharCode(letter.charCodeAt(0) + LATIN_TO_THAI) : letter;
}

/** A font in which nearly all letters are accented: no language is written so. */
function fontsOfThaiAsLatin(glyphs: readonly PdfGlyph[]): ReadonlySet<number> {
  const counts = new Map<number, { latin: number; other: number }>();
  for (const { font, text } of glyphs) {
    const count = counts.get(font) ?? { latin: 0, other: 0 };
    counts.set(font, count);
    if (LATIN_THAI.test(text)) count.latin += 1;
    else if (OTHER_LETTER.test(text)) count.other += 1;
  }
  const fonts = new Set<number>();
  for (const [font, { latin, other }] of counts) {
    if (latin >= MIN_LATIN_THAI && latin / (latin + other) >= LATIN_THAI_SHARE) fonts.add(font);
  }
  return fonts;
}
