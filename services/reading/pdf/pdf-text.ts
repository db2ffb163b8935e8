import type { PdfGlyphs } from "./pdf-engine.ts";
import type { PdfGlyph, PdfPageGlyphs } from "./pdf-glyphs.ts";
import { mendLetters } from "./pdf-letters.ts";
import { layOutLines } from "./pdf-lines.ts";
import type { PdfLine, PdfPage, PdfRead } from "./read-pdf.ts";

/** Of all pages together, and lines of one page. */
const MAX_CHARACTERS = 60_000;
const MAX_PAGE_LINES = 400;
/** Beyond this a page's text is noise: fonts that name their letters wrongly, or not at all. */
const MAX_UNKNOWN_SHARE = 0.3;

/** The lines of a file from its glyphs, within bounds: on further pages it is the text between top and bottom that is left out. */
export function readText(glyphs: PdfGlyphs): PdfRead {
  if (glyphs.kind === "encrypted") return { kind: "encrypted" };
  if (glyphs.kind !== "pages") return { kind: "unreadable", why: glyphs.kind };
  let left = MAX_CHARACTERS;
  let cut = glyphs.pages.some((page) => page.cut);
  let recognised = 0;
  let drawn = 0;
  const pages: PdfPage[] = glyphs.pages.map((page) => {
    const shown = shownGlyphs(page.glyphs);
    recognised += shown.recognised ? shown.glyphs.length : 0;
    drawn += shown.recognised ? 0 : shown.glyphs.length;
    const unknownShare = mendLetters(shown.glyphs);
    if (unknownShare > MAX_UNKNOWN_SHARE) return { number: page.number, lines: [] };
    const all = layOutLines({ ...page, glyphs: shown.glyphs } satisfies PdfPageGlyphs);
    const lines: PdfLine[] = [];
    for (const line of all) {
      const room = line.zone === "middle" ? lines.length < MAX_PAGE_LINES : lines.length < MAX_PAGE_LINES * 2;
      const fits = line.zone === "middle" ? left >= line.text.length : left + RESERVED >= line.text.length;
      if (!room || !fits) {
        cut = true;
        continue;
      }
      left -= line.text.length;
      lines.push(line);
    }
    return { number: page.number, lines };
  });
  if (pages.every((page) => page.lines.length === 0)) {
    if (glyphs.pages.some((page) => page.lost)) return { kind: "unreadable", why: "damaged" };
    return { kind: "no-text", pageCount: glyphs.pageCount };
  }
  return { kind: "text", pageCount: glyphs.pageCount, pages, cut, recognised: recognised > drawn };
}

/** For the tops and bottoms of pages when the rest has used up all room. */
const RESERVED = 60_000;

/** Invisible letters count only where they are the most: beside a printed text they repeat it, or contradict it unseen. */
function shownGlyphs(glyphs: readonly PdfGlyph[]): { glyphs: PdfGlyph[]; recognised: boolean } {
  const visible = glyphs.filter((glyph) => !glyph.invisible);
  if (visible.length * 2 >= glyphs.length) return { glyphs: visible, recognised: false };
  return { glyphs: [...glyphs], recognised: true };
}
