import { setImmediate as letOthersRun } from "node:timers/promises";
import type { PdfFile } from "./pdf-file.ts";
import {
  addPdfFont,
  nameOf,
  openCodes,
  operandsOf,
  type PackedFont,
  type PdfFont,
  packFont,
  showing,
  writeFont,
} from "./pdf-font.ts";
import type { Cluster, Sarabun } from "./sarabun.ts";

/**
 * A face whose glyphs and codes are chosen once, for many small PDFs: to make the subset of a font for each of them would
 * take longer than everything else. What else a text needs comes in a second font, which that one file gets besides.
 */
export interface FixedFont {
  addTo(file: PdfFile): PdfFont;
  /** Whether these characters are all among the chosen ones: then `show` gives the same operators in every file. */
  holds(text: string): boolean;
}

/** Some milliseconds of work between two looks at what else the process has to do. */
const TEXTS_AT_A_TIME = 50;

/** Takes some tenths of a second, a little at a time: the service goes on meanwhile. */
export async function fixFont(sarabun: Sarabun, texts: Iterable<string>): Promise<FixedFont> {
  const codes = openCodes(sarabun);
  const shown = new Map<Cluster["text"], string>();
  let count = 0;
  for (const text of texts) {
    count += 1;
    if (count % TEXTS_AT_A_TIME === 0) await letOthersRun();
    for (const cluster of sarabun.shape(text)) {
      if (!shown.has(cluster.text)) shown.set(cluster.text, operandsOf(cluster, sarabun, codes));
    }
  }
  const packed: PackedFont = packFont(sarabun, codes);
  const name = nameOf(sarabun);
  const operandsFor = (text: string): string | null => {
    let operands = "";
    for (const cluster of sarabun.shape(text)) {
      const piece = shown.get(cluster.text);
      if (piece === undefined) return null;
      operands += piece;
    }
    return operands;
  };
  return {
    holds: (text) => operandsFor(text) !== null,
    addTo(file) {
      const number = file.reserve();
      let beside: PdfFont | null = null;
      return {
        get resource() {
          return `/${name} ${number} 0 R${beside === null ? "" : beside.resource}`;
        },
        sarabun,
        show(text) {
          const operands = operandsFor(text);
          if (operands !== null) return showing(name, operands);
          beside ??= addPdfFont(file, sarabun, `${name}x`);
          return beside.show(text);
        },
        embed() {
          writeFont(file, number, packed);
          beside?.embed();
        },
      };
    },
  };
}

const CONSONANTS = range(0x0e01, 0x0e2e);
const VOWELS = ["", "ั", "ิ", "ี", "ึ", "ื", "ุ", "ู"];
// Thai spelling puts tone marks on these alone, ๊ and ๋ on those of the middle class and what may follow them (กรุ๊ป); to
// shape all that could be typed would take twice as long.
const TONED = new Set("กขคงจฉชซญดตถทนบปผฝพฟมยรลวสหอฮ");
const MIDDLE = new Set("กจดตบปอรลว");

/** Thai as it is spelt, digits of both kinds and ASCII: what names, numbers and times consist of. */
export function* thaiAndAscii(): Generator<string> {
  for (const consonant of CONSONANTS) {
    const tones = ["", ...(TONED.has(consonant) ? "่้" : ""), ...(MIDDLE.has(consonant) ? "๊๋" : "")];
    for (const tone of tones) {
      for (const vowel of VOWELS) yield consonant + vowel + tone;
      yield `${consonant}${tone}ำ`;
    }
    for (const silent of ["์", "ิ์", "ุ์"]) yield consonant + silent;
    yield `${consonant}็`;
  }
  yield* range(0x0e2f, 0x0e33).filter((sign) => sign !== "ั");
  yield* range(0x0e3f, 0x0e46);
  yield* range(0x0e50, 0x0e59);
  yield* range(0x20, 0x7e);
  yield* "‘’“”–—…·•";
}

function range(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index));
}
