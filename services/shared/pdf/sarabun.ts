import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { create, type Font } from "fontkit";

export type Face = "regular" | "bold";

/** A glyph in its place; lengths in thousandths of the font size. */
export interface PlacedGlyph {
  readonly id: number;
  /** The characters it stands for. */
  readonly text: string;
  readonly advance: number;
  /** From the pen, to the right and upwards: how a mark finds its place over its consonant. */
  readonly dx: number;
  readonly dy: number;
}

/** A consonant with all that stands over, under and, for SARA AM, behind it; or any other character. */
export interface Cluster {
  readonly text: string;
  readonly glyphs: readonly PlacedGlyph[];
  readonly advance: number;
  /** A program that reads the glyphs one by one, from left to right, may get another text than this one. */
  readonly awkward: boolean;
}

/** One cut of Sarabun (SIL Open Font License), the face in which Thai offices write. */
export interface Sarabun {
  readonly face: Face;
  readonly font: Font;
  shape(text: string): Cluster[];
  /** Thousandths of the font size. */
  measure(text: string): number;
}

const FILES: Readonly<Record<Face, string>> = {
  regular: "@expo-google-fonts/sarabun/400Regular/Sarabun_400Regular.ttf",
  bold: "@expo-google-fonts/sarabun/700Bold/Sarabun_700Bold.ttf",
};

// No Thai syllable has more than three marks. A hostile text could pile up hundreds until they cover other entries; those
// after the third begin anew, where they lie over one another.
const CLUSTER = /[\s\S][\u0E31\u0E33-\u0E3A\u0E47-\u0E4E\p{M}]{0,3}/gu;
/** Thousandths of the size, a tenth of a point in a register's line: a smaller move of a mark is not seen. */
const UNSEEN = 12;
/** So far may the ring of SARA AM stand from its usual place, and the difference not be seen: less than half a stroke. */
const RING_PLAY = 45;
// Thai text has some thousand different clusters; the bound is for texts that are not Thai.
const MOST_REMEMBERED = 20_000;
const LONGEST_REMEMBERED = 40;

/** Reads the font file (80 kB). Shaping remembers every cluster it has seen, so keep what this returns. */
export function openSarabun(face: Face): Sarabun {
  const font = create(readFileSync(fileURLToPath(import.meta.resolve(FILES[face]))));
  const known = new Map<string, Cluster>();
  const shape = (text: string): Cluster[] =>
    clustersOf(text).map((piece) => {
      const before = known.get(piece);
      if (before !== undefined) return before;
      if (known.size >= MOST_REMEMBERED) known.clear();
      const cluster = shapeCluster(font, piece);
      known.set(piece, cluster);
      return cluster;
    });
  const widths = new Map<string, number>();
  return {
    face,
    font,
    shape,
    measure(text) {
      let width = widths.get(text);
      if (width !== undefined) return width;
      width = shape(text).reduce((sum, cluster) => sum + cluster.advance, 0);
      if (widths.size >= MOST_REMEMBERED) widths.clear();
      if (text.length <= LONGEST_REMEMBERED) widths.set(text, width);
      return width;
    },
  };
}

/** Where a word may be cut at the very least; a leading vowel (เ แ โ ใ ไ) is a cluster of its own. */
export function clustersOf(text: string): string[] {
  return text.match(CLUSTER) ?? [];
}

/**
 * fontkit shapes rightly (น้ำ, ปู่, ญู without its foot) but its glyphs forget which characters they stand for: it keeps
 * one object a glyph, so every า after the first กำ has none. Hence this works out the text of each glyph by itself.
 */
function shapeCluster(font: Font, text: string): Cluster {
  const { glyphs, positions } = font.layout(text);
  const scale = 1000 / font.unitsPerEm;
  const placed = glyphs.map((glyph, index): PlacedGlyph => {
    const position = positions[index];
    const dx = (position?.xOffset ?? 0) * scale;
    return {
      id: glyph.id,
      text: "",
      advance: (position?.xAdvance ?? 0) * scale,
      dx: Math.abs(dx) < UNSEEN ? 0 : dx,
      dy: (position?.yOffset ?? 0) * scale,
    };
  });
  joinSaraAm(font, text, placed);
  const texts = textsOf(text, placed.length);
  return {
    text,
    glyphs: placed.map((glyph, index) => ({ ...glyph, text: texts[index] ?? "" })),
    advance: placed.reduce((sum, glyph) => sum + glyph.advance, 0),
    // By their places, moved marks may be read before their vowel or after the next consonant.
    awkward: texts.join("") !== text || placed.some((glyph) => glyph.dx > 0),
  };
}

/**
 * SARA AM comes as two glyphs, the ring over the consonant and SARA AA behind it, but neither alone has a text. Where the
 * ring stands in its usual place, the font's own glyph of both does as well; beside the ascender of ป ฝ ฟ it does not.
 */
function joinSaraAm(font: Font, text: string, placed: PlacedGlyph[]): void {
  const ring = placed.at(-2);
  const usual = font.glyphForCodePoint(0x0e4d).id;
  if (!text.endsWith("\u0E33") || ring?.id !== usual || Math.abs(ring.dx) > RING_PLAY) return;
  const both = font.glyphForCodePoint(0x0e33);
  const advance = (both.advanceWidth * 1000) / font.unitsPerEm;
  placed.splice(-2, 2, { id: both.id, text: "", advance, dx: 0, dy: 0 });
}

/** The characters of each glyph: its own one, the parts of SARA AM, or else all that are left on the last glyph. */
function textsOf(cluster: string, glyphCount: number): string[] {
  for (const characters of [[...cluster], [...cluster.normalize("NFKD")]]) {
    if (characters.length === glyphCount) return characters;
  }
  const characters = [...cluster];
  return Array.from({ length: glyphCount }, (_, index) =>
    index === glyphCount - 1 ? characters.slice(index).join("") : (characters[index] ?? ""),
  );
}
