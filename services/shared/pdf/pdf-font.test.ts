import { expect, test } from "vitest";
import { contentsOf, hasPoppler, POPPLER_MISSING, textOf } from "../testing/read-pdf.ts";
import { newPdfFile } from "./pdf-file.ts";
import { addPdfFont } from "./pdf-font.ts";
import { type Face, openSarabun } from "./sarabun.ts";

/** One page with these lines. */
function pageWith(face: Face, lines: readonly string[]): Uint8Array {
  const file = newPdfFile();
  const font = addPdfFont(file, openSarabun(face));
  const catalogue = file.reserve();
  const pages = file.reserve();
  const page = file.reserve();
  const content = file.reserve();
  const height = lines.length * 20 + 20;
  const text = lines.map(
    (line, index) => `BT 10 0 0 10 10 ${height - 20 * (index + 1)} Tm ${font.show(line)} ET\n`,
  );
  file.stream(content, "", text.join(""));
  file.object(
    page,
    `<</Type/Page/Parent ${pages} 0 R/MediaBox[0 0 900 ${height}]/Contents ${content} 0 R/Resources<</Font<<${font.resource}>>>>>>`,
  );
  file.object(pages, `<</Type/Pages/Count 1/Kids[${page} 0 R]>>`);
  file.object(catalogue, `<</Type/Catalog/Pages ${pages} 0 R>>`);
  font.embed();
  file.endWithTable(`/Root ${catalogue} 0 R`);
  return file.take();
}

/** Every consonant with every vowel over or under it and every tone mark, ม between them. */
function everySyllable(): string[] {
  const lines: string[] = [];
  for (let code = 0x0e01; code <= 0x0e2e; code++) {
    const consonant = String.fromCharCode(code);
    const syllables = ["", "ั", "ิ", "ี", "ึ", "ื", "ุ", "ู", "็"].flatMap((vowel) =>
      ["", "่", "้", "๊", "๋", "์"].map((tone) => (vowel === "็" ? vowel : vowel + tone)),
    );
    const saraAm = ["", "่", "้", "๊", "๋"].map((tone) => `${tone}ำ`);
    const all = [...new Set(syllables), ...saraAm].map((marks) => `${consonant}${marks}ม`);
    lines.push(all.slice(0, 27).join(""), all.slice(27).join(""));
  }
  return lines;
}

test.skipIf(!hasPoppler).each(["regular", "bold"] as const)(
  `every Thai syllable can be copied and searched in the %s face (${hasPoppler ? "pdftotext" : POPPLER_MISSING})`,
  (face) => {
    const lines = everySyllable();
    const found = textOf(pageWith(face, lines)).split("\n");
    expect(found.filter((line) => line.trim() !== "").map((line) => line.trim())).toEqual(lines);
  },
);

test.skipIf(!hasPoppler)(
  `what the font has no glyph for keeps its text (${hasPoppler ? "pdftotext" : POPPLER_MISSING})`,
  () => {
    expect(textOf(pageWith("regular", ["ภาษา 漢字 office é"])).trim()).toBe("ภาษา 漢字 office é");
  },
);

test("more kinds of characters than a code can name do not break the file", () => {
  let unusual = "";
  for (let point = 0x4e00; point < 0x4e00 + 76_000; point++) {
    if (point < 0xd800 || point > 0xf8ff) unusual += String.fromCodePoint(point);
  }
  const shown = contentsOf(pageWith("regular", [unusual])).match(/<[0-9a-f]+>/g) ?? [];
  const digits = shown.reduce((sum, codes) => sum + codes.length - 2, 0);
  expect(digits).toBeGreaterThanOrEqual([...unusual].length * 4);
  for (const codes of shown) expect((codes.length - 2) % 4).toBe(0);
});

test("น้ำ has one stroke over another, ญู no foot, and ป a tone mark beside its ascender", () => {
  const sarabun = openSarabun("regular");
  const glyphs = (text: string) => sarabun.shape(text).flatMap((cluster) => cluster.glyphs);
  const plain = (text: string) => sarabun.font.glyphForCodePoint(text.codePointAt(0) ?? 0).id;
  expect(glyphs("ญู")[0]?.id).not.toBe(plain("ญ"));
  expect(glyphs("ฐู")[0]?.id).not.toBe(plain("ฐ"));
  expect(glyphs("ญา")[0]?.id).toBe(plain("ญ"));
  expect(glyphs("น้ำ").map(({ text }) => text)).toEqual(["น", "้", "ำ"]);
  expect(glyphs("น้ำ")[1]?.id).not.toBe(plain("้"));
  expect(glyphs("ปู่")[2]?.dx).toBeLessThan(-100);
  expect(glyphs("ทั้")[2]?.dy).not.toBe(0);
  // The glyph of า is the same in both, but its text is not lost after the first ำ.
  expect(glyphs("กำกา").map(({ text }) => text)).toEqual(["ก", "ำ", "ก", "า"]);
});

test("marks take no room of their own", () => {
  const sarabun = openSarabun("regular");
  for (const [marked, plain] of [
    ["ปู่", "ป"],
    ["ฟื้น", "ฟน"],
    ["น้ำ", "นำ"],
    ["ฝั่ง", "ฝง"],
  ] as const) {
    expect(sarabun.measure(marked)).toBe(sarabun.measure(plain));
  }
});
