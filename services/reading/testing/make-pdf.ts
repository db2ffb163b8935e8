/** What is drawn on a page: one text in one piece, in points from the top left corner. */
export interface Drawn {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly size?: number;
  /** Degrees, rising to the right. */
  readonly angle?: number;
  readonly red?: boolean;
  readonly invisible?: boolean;
  /** ActualText of the span that it stands in. */
  readonly says?: string;
}

/** How a letter is named by the file's font, where it is another one than is drawn; null: by none. */
export type Named = Readonly<Record<string, string | null>>;

export interface MadePage {
  readonly drawn: readonly Drawn[];
  /** Of the page as it is shown, degrees to the right. */
  readonly turned?: 0 | 90 | 180 | 270;
  /** Texts of stamps: annotations with an appearance of their own. */
  readonly stamps?: readonly Drawn[];
}

const WIDTH = 595;
const HEIGHT = 842;
const MARK = /^[\u0E31\u0E34-\u0E3A\u0E47-\u0E4E]$/u;

/** A letter as wide as half its height; marks take no room, as in Thai fonts. In ems. */
export function widthOf(text: string): number {
  return [...text].filter((letter) => !MARK.test(letter)).length * 0.5;
}

/** An A4 file with a font of its own that names its letters (ToUnicode), of up to 200 different ones. */
export function makePdf(pages: readonly MadePage[], named: Named = {}): Buffer {
  const letters = [
    ...new Set(
      pages.flatMap(({ drawn, stamps = [] }) => [...drawn, ...stamps]).flatMap(({ text }) => [...text]),
    ),
  ];
  const codeOf = new Map(letters.map((letter, index) => [letter, index + 0x21]));
  const draw = (piece: Drawn): string => {
    const turn = ((piece.angle ?? 0) * Math.PI) / 180;
    const [cos, sin] = [Math.cos(turn).toFixed(5), Math.sin(turn).toFixed(5)];
    const codes = [...piece.text].map((letter) => hex(codeOf.get(letter) ?? 0, 2)).join("");
    const text = `BT ${piece.red === true ? "1 0 0" : "0 0 0"} rg /F1 ${piece.size ?? 16} Tf ${piece.invisible === true ? 3 : 0} Tr ${cos} ${sin} ${-Number(sin)} ${cos} ${piece.x} ${HEIGHT - piece.y} Tm <${codes}> Tj ET`;
    return piece.says === undefined
      ? text
      : `/Span<</ActualText <FEFF${utf16(piece.says)}>>> BDC\n${text}\nEMC`;
  };
  const font = 3;
  const objects: (string | Buffer)[] = [];
  const add = (body: string | Buffer): number => objects.push(body) + 3;
  const map = letters.flatMap((letter) => {
    const name = named[letter] === undefined ? letter : named[letter];
    return name === null ? [] : [`<${hex(codeOf.get(letter) ?? 0, 2)}> <${utf16(name)}>`];
  });
  const toUnicode = add(
    stream(
      `/CIDInit /ProcSet findresource begin 12 dict begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange ${chunked(map)} endcmap end end`,
    ),
  );
  // Marks are seen to the left of where the pen is set down.
  const shapes = {
    letter: add(stream("500 0 50 0 450 600 d1 50 0 400 600 re f")),
    mark: add(stream("0 0 -350 650 -100 800 d1 -350 650 250 150 re f")),
    space: add(stream("500 0 0 0 0 0 d1")),
  };
  const shapeOf = (letter: string): string =>
    letter === " " ? "/space" : MARK.test(letter) ? "/mark" : "/letter";
  const widths = letters.map((letter) => widthOf(letter) * 1000);
  const kids = pages.map(({ drawn, turned = 0, stamps = [] }) => {
    const content = add(stream(drawn.map(draw).join("\n")));
    const annotations = stamps.map((piece) => {
      const form = add(
        stream(
          draw(piece),
          `/Type/XObject/Subtype/Form/BBox[0 0 ${WIDTH} ${HEIGHT}]/Resources<</Font<</F1 ${font} 0 R>>>>`,
        ),
      );
      return add(`<</Type/Annot/Subtype/Stamp/F 4/Rect[0 0 ${WIDTH} ${HEIGHT}]/AP<</N ${form} 0 R>>>>`);
    });
    return add(
      `<</Type/Page/Parent 2 0 R/MediaBox[0 0 ${WIDTH} ${HEIGHT}]/Rotate ${turned}/Contents ${content} 0 R/Annots[${annotations.map((id) => `${id} 0 R`).join(" ")}]/Resources<</Font<</F1 ${font} 0 R>>>>>>`,
    );
  });
  return fileOf([
    "<</Type/Catalog/Pages 2 0 R>>",
    `<</Type/Pages/Kids[${kids.map((id) => `${id} 0 R`).join(" ")}]/Count ${kids.length}>>`,
    `<</Type/Font/Subtype/Type3/FontBBox[-400 -200 600 900]/FontMatrix[.001 0 0 .001 0 0]/CharProcs<</letter ${shapes.letter} 0 R/mark ${shapes.mark} 0 R/space ${shapes.space} 0 R>>/Encoding<</Differences[33 ${letters.map(shapeOf).join("")}]>>/FirstChar 33/LastChar ${32 + letters.length}/Widths[${widths.join(" ")}]/ToUnicode ${toUnicode} 0 R/Resources<<>>>>`,
    ...objects,
  ]);
}

/** A file of these objects, numbered from 1; the first is its catalog. */
export function fileOf(objects: readonly (string | Buffer)[]): Buffer {
  const pieces: Buffer[] = [Buffer.from("%PDF-1.7\n")];
  let length = pieces[0]?.length ?? 0;
  const places = objects.map((body, index) => {
    const piece = Buffer.concat([
      Buffer.from(`${index + 1} 0 obj\n`),
      Buffer.from(body),
      Buffer.from("\nendobj\n"),
    ]);
    const place = length;
    pieces.push(piece);
    length += piece.length;
    return `${String(place).padStart(10, "0")} 00000 n \n`;
  });
  const size = objects.length + 1;
  pieces.push(
    Buffer.from(
      `xref\n0 ${size}\n0000000000 65535 f \n${places.join("")}trailer\n<</Size ${size}/Root 1 0 R>>\nstartxref\n${length}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(pieces);
}

/** A stream object, with further entries of its dictionary. */
export function stream(content: string | Buffer, entries = ""): Buffer {
  const octets = Buffer.from(content);
  return Buffer.concat([
    Buffer.from(`<<${entries}/Length ${octets.length}>>\nstream\n`),
    octets,
    Buffer.from("\nendstream"),
  ]);
}

/** A CMap lists at most 100 letters at once. */
function chunked(entries: readonly string[]): string {
  const chunks: string[] = [];
  for (let at = 0; at < entries.length; at += 100) {
    const chunk = entries.slice(at, at + 100);
    chunks.push(`${chunk.length} beginbfchar\n${chunk.join("\n")}\nendbfchar`);
  }
  return chunks.join("\n");
}

function utf16(text: string): string {
  return Buffer.from(text, "utf16le").swap16().toString("hex").toUpperCase();
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0").toUpperCase();
}
