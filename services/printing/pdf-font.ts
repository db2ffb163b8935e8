import type { PdfFile } from "./pdf-file.ts";
import { pdfNumber, pdfText } from "./pdf-file.ts";
import type { Cluster, PlacedGlyph, Sarabun } from "./sarabun.ts";

const MOST_REMEMBERED = 20_000;

/** A face of Sarabun inside one PDF. */
export interface PdfFont {
  /** For a page's resources: `/Fr 5 0 R`. */
  readonly resource: string;
  readonly name: string;
  readonly sarabun: Sarabun;
  /**
   * Operators that show a text in font size 1, scaled by the text matrix: so the rise of a tone mark, which PDF counts in
   * units and not in parts of the size, needs no size here.
   */
  show(text: string): string;
  /** Writes the glyphs used; after this nothing more can be shown. */
  embed(): void;
}

/**
 * Embeds Sarabun with a character code of its own for each glyph with its text. Other writers know one text a glyph,
 * which cannot say that the same stroke is า in กา and half of ำ in กำ: then copying and searching lose one of them.
 */
export function addPdfFont(file: PdfFile, sarabun: Sarabun): PdfFont {
  const number = file.reserve();
  const name = sarabun.face === "bold" ? "Fb" : "Fr";
  const subset = sarabun.font.createSubset();
  const codes = new Map<string, number>();
  // Code 0 is the glyph for what the font has not.
  const glyphs = [0];
  const widths = [0];
  const texts = [""];
  const codeOf = (glyph: PlacedGlyph, width: number): number => {
    const key = `${glyph.id} ${width} ${glyph.text}`;
    const known = codes.get(key);
    if (known !== undefined) return known;
    const code = glyphs.length;
    // A code has two bytes. Only a register full of signs that the font lacks anyway has more kinds of them.
    if (code > 0xffff) return 0;
    codes.set(key, code);
    glyphs.push(subset.includeGlyph(glyph.id));
    widths.push(width);
    texts.push(glyph.text);
    return code;
  };
  const showCluster = (cluster: Cluster): string => {
    let operands = "";
    for (const glyph of cluster.glyphs) {
      const ownWidth = (sarabun.font.getGlyph(glyph.id).advanceWidth * 1000) / sarabun.font.unitsPerEm;
      // A mark moved to the left leaves a gap behind it, which readers of the text take for a space: so it is as wide.
      const width = Math.max(ownWidth, glyph.advance - glyph.dx);
      const code = codeOf(glyph, width);
      const moveBack = glyph.dx + width - glyph.advance;
      if (glyph.dx !== 0) operands += `>${pdfNumber(-glyph.dx)}<`;
      if (glyph.dy !== 0) operands += `>] TJ ${pdfNumber(glyph.dy / 1000)} Ts [<`;
      operands += code.toString(16).padStart(4, "0");
      if (glyph.dy !== 0) operands += ">] TJ 0 Ts [<";
      if (moveBack !== 0) operands += `>${pdfNumber(moveBack)}<`;
    }
    if (!cluster.awkward) return operands;
    return `>] TJ /Span<</ActualText${pdfText(cluster.text)}>>BDC [<${operands}>] TJ EMC [<`;
  };
  const shown = new Map<Cluster, string>();
  const show = (text: string): string => {
    let operands = "";
    for (const cluster of sarabun.shape(text)) {
      let piece = shown.get(cluster);
      if (piece === undefined) {
        if (shown.size >= MOST_REMEMBERED) shown.clear();
        piece = showCluster(cluster);
        shown.set(cluster, piece);
      }
      operands += piece;
    }
    return `/${name} 1 Tf [<${operands}>] TJ`;
  };
  return {
    resource: `/${name} ${number} 0 R`,
    name,
    sarabun,
    show,
    embed: () => embedFont(file, number, sarabun, { subset: subset.encode(), glyphs, widths, texts }),
  };
}

interface UsedGlyphs {
  readonly subset: Uint8Array;
  /** By character code: glyph of the subset, width in thousandths, text. */
  readonly glyphs: readonly number[];
  readonly widths: readonly number[];
  readonly texts: readonly string[];
}

/** A composite font with two-byte codes (ISO 32000-1 §9.7): code to glyph, width and text, each in its table. */
function embedFont(file: PdfFile, number: number, sarabun: Sarabun, used: UsedGlyphs): void {
  const { font } = sarabun;
  const scale = 1000 / font.unitsPerEm;
  const name = `/SARABN+${font.postscriptName}`;
  const descendant = file.reserve();
  const descriptor = file.reserve();
  const data = file.reserve();
  const map = file.reserve();
  const unicode = file.reserve();
  const box = [font.bbox.minX, font.bbox.minY, font.bbox.maxX, font.bbox.maxY];
  file.object(
    number,
    `<</Type/Font/Subtype/Type0/BaseFont${name}/Encoding/Identity-H/DescendantFonts[${descendant} 0 R]/ToUnicode ${unicode} 0 R>>`,
  );
  file.object(
    descendant,
    `<</Type/Font/Subtype/CIDFontType2/BaseFont${name}/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>` +
      `/FontDescriptor ${descriptor} 0 R/CIDToGIDMap ${map} 0 R/W[0[${used.widths.map(pdfNumber).join(" ")}]]>>`,
  );
  file.object(
    descriptor,
    `<</Type/FontDescriptor/FontName${name}/Flags 4/FontBBox[${box.map((edge) => pdfNumber(edge * scale)).join(" ")}]` +
      `/ItalicAngle ${font.italicAngle}/Ascent ${pdfNumber(font.ascent * scale)}/Descent ${pdfNumber(font.descent * scale)}` +
      `/CapHeight ${pdfNumber(font.capHeight * scale)}/StemV ${sarabun.face === "bold" ? 140 : 80}/FontFile2 ${data} 0 R>>`,
  );
  file.stream(data, `/Length1 ${used.subset.length}`, used.subset);
  const gids = Buffer.alloc(used.glyphs.length * 2);
  used.glyphs.forEach((glyph, code) => {
    gids.writeUInt16BE(glyph, code * 2);
  });
  file.stream(map, "", gids);
  file.stream(unicode, "", toUnicode(used.texts));
}

/** The table from which viewers copy and search (ISO 32000-1 §9.10.3); its format allows 100 lines a block. */
function toUnicode(texts: readonly string[]): string {
  const lines = texts.map(
    (text, code) =>
      `<${code.toString(16).padStart(4, "0")}><${Buffer.from(text, "utf16le").swap16().toString("hex")}>`,
  );
  const blocks: string[] = [];
  for (let at = 1; at < lines.length; at += 100) {
    const block = lines.slice(at, at + 100);
    blocks.push(`${block.length} beginbfchar\n${block.join("\n")}\nendbfchar`);
  }
  return `/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def
/CMapName/Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000><ffff>
endcodespacerange
${blocks.join("\n")}
endcmap
CMapName currentdict/CMap defineresource pop
end
end
`;
}
