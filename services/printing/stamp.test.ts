import { decode, toRGBA8 } from "@cantoo/pdf-lib/upng";
import { expect, test } from "vitest";
import { openSarabun } from "../shared/pdf/sarabun.ts";
import { hasPoppler, POPPLER_MISSING, pageCountOf, textOf } from "../shared/testing/read-pdf.ts";
import { drawReceiveStamp, type ReceiveStamp } from "./receive-stamp.ts";
import { stampSheetPdf } from "./stamp-pdf.ts";
import { stampPng } from "./stamp-png.ts";
import { stampSvg } from "./stamp-svg.ts";

const faces = { regular: openSarabun("regular"), bold: openSarabun("bold") };
const STAMP: ReceiveStamp = {
  agencyNameThai: "สำนักงานตัวอย่างแห่งชาติ",
  number: 1577,
  year: 2026,
  arrivedAt: new Date("2026-11-21T06:50:10Z"),
  registeredAt: new Date("2026-11-21T17:30:00Z"),
  receiverName: "นางสาวสมใจ ตัวอย่าง",
};

function wordsOf(stamp: ReceiveStamp): string[] {
  return drawReceiveStamp(stamp, faces).words.map(({ text }) => text);
}

test("the stamp says number, date and time of arrival as official letters do", () => {
  expect(wordsOf(STAMP)).toEqual([
    "สำนักงานตัวอย่างแห่งชาติ",
    "เลขรับ ๑๕๗๗/๒๕๖๙",
    "วันที่ ๒๑ พฤศจิกายน ๒๕๖๙",
    "เวลา ๑๓.๕๐ น.",
    "ผู้รับ นางสาวสมใจ ตัวอย่าง",
  ]);
});

test("a letter on paper is stamped with its registration, in Bangkok, and without a receiver nobody is named", () => {
  expect(wordsOf({ ...STAMP, arrivedAt: null, receiverName: null }).slice(2)).toEqual([
    "วันที่ ๒๒ พฤศจิกายน ๒๕๖๙",
    "เวลา ๐๐.๓๐ น.",
  ]);
});

test("long names stay within the stamp", () => {
  const long = "สำนักงานปลัดกระทรวงดิจิทัลเพื่อเศรษฐกิจและสังคม".repeat(20);
  const drawing = drawReceiveStamp({ ...STAMP, agencyNameThai: long, receiverName: "ก".repeat(500) }, faces);
  expect(drawing.words.length).toBeLessThanOrEqual(9);
  expect(drawing.heightPt).toBeLessThan(140);
  for (const { text, face, sizePt, x, y } of drawing.words) {
    expect(x).toBeGreaterThan(0);
    expect(x + (faces[face].measure(text) * sizePt) / 1000).toBeLessThan(drawing.widthPt);
    expect(y).toBeGreaterThan(0);
    expect(y).toBeLessThan(drawing.heightPt);
  }
});

test("SVG: shapes only, and the words for those who do not see it", () => {
  const svg = stampSvg({ ...STAMP, agencyNameThai: "ก<script>&" }, faces);
  expect(svg).toContain("<title>ก&lt;script&gt;&amp; เลขรับ ๑๕๗๗/๒๕๖๙ วันที่ ๒๑ พฤศจิกายน ๒๕๖๙ เวลา ๑๓.๕๐ น. ผู้รับ");
  expect(svg).not.toContain("<script");
  expect(svg).not.toMatch(/<text|href|NaN|undefined/);
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="141\.7pt" height="77pt"/);
});

test("PNG: a frame of ink on a clear ground, of its real size", () => {
  const { width, height, dpi, alpha } = readPng(stampPng(STAMP, faces, 150));
  expect([width, height, dpi]).toEqual([295, 160, 150]);
  const at = (x: number, y: number): number => alpha[y * width + x] ?? -1;
  for (const y of [0, 80, 158]) expect(at(0, y)).toBe(255);
  expect(at(148, 1)).toBe(255);
  // Between frame and words nothing; ink in each of the five lines, with soft edges.
  expect(at(6, 80)).toBe(0);
  for (let line = 0; line < 5; line++) {
    const top = Math.round(((5 + 13.4 * line) * 150) / 72);
    const inked = Array.from(alpha.subarray((top + 8) * width, (top + 26) * width)).filter((a) => a === 255);
    expect(inked.length, `line ${line}`).toBeGreaterThan(100);
  }
  expect(new Set(alpha).size).toBeGreaterThan(16);
  expect(() => stampPng(STAMP, faces, 6000)).toThrow(RangeError);
});

test.skipIf(!hasPoppler)(
  `PDF of the stamp alone: one clear page (${hasPoppler ? "pdftotext" : POPPLER_MISSING})`,
  async () => {
    const pdf = stampSheetPdf(STAMP, faces);
    expect(await pageCountOf(pdf)).toBe(1);
    for (const words of wordsOf(STAMP)) expect(textOf(pdf)).toContain(words);
  },
);

function readPng(png: Buffer): { width: number; height: number; dpi: number; alpha: Uint8Array } {
  const image = decode(new Uint8Array(png).buffer);
  const [pixels] = toRGBA8(image);
  const alpha = new Uint8Array(pixels ?? []).filter((_, at) => at % 4 === 3);
  const density = png.indexOf("pHYs") + 4;
  const dpi = Math.round(png.readUInt32BE(density) * 0.0254);
  return { width: image.width, height: image.height, dpi, alpha };
}
