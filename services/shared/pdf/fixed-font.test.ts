import { expect, test } from "vitest";
import { hasPoppler, POPPLER_MISSING, textOf } from "../testing/read-pdf.ts";
import { fixFont, thaiAndAscii } from "./fixed-font.ts";
import { newPdfFile } from "./pdf-file.ts";
import { openSarabun } from "./sarabun.ts";

const font = await fixFont(openSarabun("regular"), thaiAndAscii());

function pageWith(lines: readonly string[]): Uint8Array {
  const file = newPdfFile();
  const face = font.addTo(file);
  const [catalogue, pages, page, content] = [file.reserve(), file.reserve(), file.reserve(), file.reserve()];
  const height = lines.length * 20 + 20;
  file.stream(
    content,
    "",
    lines.map((line, at) => `BT 10 0 0 10 10 ${height - 20 * (at + 1)} Tm ${face.show(line)} ET\n`).join(""),
  );
  file.object(
    page,
    `<</Type/Page/Parent ${pages} 0 R/MediaBox[0 0 900 ${height}]/Contents ${content} 0 R/Resources<</Font<<${face.resource}>>>>>>`,
  );
  file.object(pages, `<</Type/Pages/Count 1/Kids[${page} 0 R]>>`);
  file.object(catalogue, `<</Type/Catalog/Pages ${pages} 0 R>>`);
  face.embed();
  file.endWithTable(`/Root ${catalogue} 0 R`);
  return file.take();
}

const NAMES = [
  "สำนักงานคณะกรรมการพัฒนาระบบราชการ กลุ่มที่ ๑๒ (ฝ่ายน้ำบาดาล) เลขที่ 12/2569",
  "ปู่ฟื้นฝั่ง กรุ๊ป จ๋า โต๊ะ ญาติ ฐู ฎู ก็ เล่ห์ สิทธิ์ พันธุ์ ฯลฯ ๆ ฿",
];
// Not as Thai is spelt, and not Thai.
const UNUSUAL = ["Général ñ 漢字 ภาษา", "ณ๊ ธ๋ ศ๊ำ"];

test.skipIf(!hasPoppler)(
  `what was chosen and what was not can be read back (${hasPoppler ? "pdftotext" : POPPLER_MISSING})`,
  () => {
    const lines = [...NAMES, ...UNUSUAL];
    const found = textOf(pageWith(lines))
      .split("\n")
      .filter((line) => line.trim() !== "");
    expect(found.map((line) => line.trim())).toEqual(lines);
  },
);

test("a second font comes into those files alone that need one", () => {
  for (const text of NAMES) expect(font.holds(text), text).toBe(true);
  for (const text of UNUSUAL) expect(font.holds(text), text).toBe(false);
  const fonts = (lines: readonly string[]): number =>
    Buffer.from(pageWith(lines)).toString("latin1").split("/Type0").length - 1;
  expect(fonts(NAMES)).toBe(1);
  expect(fonts(UNUSUAL)).toBe(2);
  // The one before it left nothing behind.
  expect(pageWith(NAMES)).toEqual(pageWith(NAMES));
  expect(fonts(NAMES)).toBe(1);
});
