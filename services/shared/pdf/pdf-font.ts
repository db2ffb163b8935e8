import { DEFLATED, deflated, type PdfFile, pdfNumber, pdfText } from "./pdf-file.ts";
import type { Cluster, PlacedGlyph, Sarabun } from "./sarabun.ts";

const MOST_REMEMBERED = 20_000;

/** A face of Sarabun inside one PDF. */
export interface PdfFont {
  /** For a page's resources, when everything is shown: `/Fr 5 0 R`. */
  readonly resource: string;
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
export function addPdfFont(file: PdfFile, sarabun: Sarabun, name = nameOf(sarabun)): PdfFont {
  const number = file.reserve();
  const codes = openCodes(sarabun);
  const shown = new Map<Cluster, string>();
  return {
    resource: `/${name} ${number} 0 R`,
    sarabun,
    show(text) {
      let operands = "";
      for (const cluster of sarabun.shape(text)) {
        let piece = shown.get(cluster);
        if (piece === undefined) {
          if (shown.size >= MOST_REMEMBERED) shown.clear();
          piece = operandsOf(cluster, sarabun, codes);
          shown.set(cluster, piece);
        }
        operands += piece;
      }
      return showing(name, operands);
    },
    embed: () => writeFont(file, number, packFont(sarabun, codes)),
  };
}

/** In the resources of a page. */
export function nameOf({ face }: Sarabun): string {
  return face === "bold" ? "Fb" : "Fr";
}

export function showing(name: string, operands: string): string {
  return `/${name} 1 Tf [<${operands}>] TJ`;
}

/** The character codes of one face in one PDF: by code, from 0, a glyph of the subset, its width in thousandths, its text. */
export interface FontCodes {
  readonly subset: { includeGlyph(id: number): number; encode(): Uint8Array };
  readonly known: Map<string, number>;
  readonly glyphs: number[];
  readonly widths: number[];
  readonly texts: string[];
}

export function openCodes(sarabun: Sarabun): FontCodes {
  // Code 0 is the glyph for what the font has not.
  return {
    subset: sarabun.font.createSubset(),
    known: new Map(),
    glyphs: [0],
    widths: [0],
    texts: [""],
  };
}

function codeOf(codes: FontCodes, glyph: PlacedGlyph, width: number): number {
  const key = `${glyph.id} ${width} ${glyph.text}`;
  const known = codes.known.get(key);
  if (known !== undefined) return known;
  const code = codes.glyphs.length;
  // A code has two bytes. Only a register full of signs that the font lacks anyway has more kinds of them.
  if (code > 0xffff) return 0;
  codes.known.set(key, code);
  codes.glyphs.push(codes.subset.includeGlyph(glyph.id));
  codes.widths.push(width);
  codes.texts.push(glyph.text);
  return code;
}

/** Operands of TJ for a cluster, without the brackets around them; its glyphs get their codes. */
export function operandsOf(cluster: Cluster, { font }: Sarabun, codes: FontCodes): string {
  let operands = "";
  for (const glyph of cluster.glyphs) {
    const ownWidth = (font.getGlyph(glyph.id).advanceWidth * 1000) / font.unitsPerEm;
    // A mark moved to the left leaves a gap behind it, which readers of the text take for a space: so it is as wide.
    const width = Math.max(ownWidth, glyph.advance - glyph.dx);
    const code = codeOf(codes, glyph, width);
    const moveBack = glyph.dx + width - glyph.advance;
    if (glyph.dx !== 0) operands += `>${pdfNumber(-glyph.dx)}<`;
    if (glyph.dy !== 0) operands += `>] TJ ${pdfNumber(glyph.dy / 1000)} Ts [<`;
    operands += code.toString(16).padStart(4, "0");
    if (glyph.dy !== 0) operands += ">] TJ 0 Ts [<";
    if (moveBack !== 0) operands += `>${pdfNumber(moveBack)}<`;
  }
  if (!cluster.awkward) return operands;
  return `>] TJ /Span<</ActualText${pdfText(cluster.text)}>>BDC [<${operands}>] TJ EMC [<`;
}

/** What a font holds in a file, ready to be written into any number of them. */
export interface PackedFont {
  readonly name: string;
  readonly descriptor: string;
  readonly widths: string;
  /** Before it was deflated. */
  readonly programBytes: number;
  readonly program: Uint8Array;
  readonly glyphs: Uint8Array;
  readonly unicode: Uint8Array;
}

export function packFont({ font, face }: Sarabun, codes: FontCodes): PackedFont {
  const scale = 1000 / font.unitsPerEm;
  const name = `/SARABN+${font.postscriptName}`;
  const box = [font.bbox.minX, font.bbox.minY, font.bbox.maxX, font.bbox.maxY];
  const program = codes.subset.encode();
  const gids = Buffer.alloc(codes.glyphs.length * 2);
  codes.glyphs.forEach((glyph, code) => {
    gids.writeUInt16BE(glyph, code * 2);
  });
  return {
    name,
    descriptor:
      `/Type/FontDescriptor/FontName${name}/Flags 4/FontBBox[${box.map((edge) => pdfNumber(edge * scale)).join(" ")}]` +
      `/ItalicAngle ${font.italicAngle}/Ascent ${pdfNumber(font.ascent * scale)}/Descent ${pdfNumber(font.descent * scale)}` +
      `/CapHeight ${pdfNumber(font.capHeight * scale)}/StemV ${face === "bold" ? 140 : 80}`,
    widths: codes.widths.map(pdfNumber).join(" "),
    programBytes: program.length,
    program: deflated(program),
    glyphs: deflated(gids),
    unicode: deflated(toUnicode(codes.texts)),
  };
}

/** A composite font with two-byte codes (ISO 32000-1 §9.7): code to glyph, width and text, each in its table. */
export function writeFont(file: PdfFile, number: number, packed: PackedFont): void {
  const descendant = file.reserve();
  const descriptor = file.reserve();
  const program = file.reserve();
  const map = file.reserve();
  const unicode = file.reserve();
  file.object(
    number,
    `<</Type/Font/Subtype/Type0/BaseFont${packed.name}/Encoding/Identity-H/DescendantFonts[${descendant} 0 R]/ToUnicode ${unicode} 0 R>>`,
  );
  file.object(
    descendant,
    `<</Type/Font/Subtype/CIDFontType2/BaseFont${packed.name}/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>` +
      `/FontDescriptor ${descriptor} 0 R/CIDToGIDMap ${map} 0 R/W[0[${packed.widths}]]>>`,
  );
  file.object(descriptor, `<<${packed.descriptor}/FontFile2 ${program} 0 R>>`);
  file.rawStream(program, `/Length1 ${packed.programBytes}${DEFLATED}`, packed.program);
  file.rawStream(map, DEFLATED, packed.glyphs);
  file.rawStream(unicode, DEFLATED, packed.unicode);
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
