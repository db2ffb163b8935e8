import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { packedDrawing } from "../testing/hostile-pdfs.ts";
import { type Drawn, type MadePage, makePdf, type Named, widthOf } from "../testing/make-pdf.ts";
import { openPdfEngine } from "./pdf-engine.ts";
import { readText } from "./pdf-text.ts";
import type { PdfLine, PdfRead } from "./read-pdf.ts";

const program = await WebAssembly.compile(
  readFileSync(fileURLToPath(import.meta.resolve("@hyzyla/pdfium/pdfium.wasm"))),
);

async function readMade(pages: readonly MadePage[], named: Named = {}): Promise<PdfRead> {
  const engine = await openPdfEngine(program, 256 * 1024 * 1024);
  return readText(engine.read(makePdf(pages, named)));
}

async function linesOf(drawn: readonly Drawn[], named: Named = {}): Promise<readonly PdfLine[]> {
  const read = await readMade([{ drawn }], named);
  return read.kind === "text" ? (read.pages[0]?.lines ?? []) : [];
}

async function textsOf(drawn: readonly Drawn[], named: Named = {}): Promise<string[]> {
  return (await linesOf(drawn, named)).map(({ text }) => text);
}

/** Each letter in a piece of its own, in the order given by `order`. */
function scattered(text: string, order: (pieces: Drawn[]) => Drawn[], y = 100): Drawn[] {
  const letters = [...text];
  const pieces = letters.map((letter, at) => ({
    text: letter,
    x: 70 + 16 * widthOf(letters.slice(0, at).join("")),
    y,
  }));
  return order(pieces);
}

test("lines are read as they stand on the paper, whatever the order in which they are drawn", async () => {
  const drawn: Drawn[] = [
    { text: "เรื่อง ขอเชิญประชุม", x: 70, y: 200 },
    { text: "กรมตัวอย่าง", x: 330, y: 150 },
    { text: "ลับ", x: 280, y: 800, size: 32, red: true },
    { text: "ที่ กค ๐๔๑๐/๑๒๓", x: 70, y: 150 },
    { text: "ด่วนที่สุด", x: 70, y: 110, size: 32, red: true },
  ];
  const lines = await linesOf(drawn);
  expect(lines.map(({ text, zone, red, sizePt }) => [text, zone, red, sizePt])).toEqual([
    ["ด่วนที่สุด", "top", true, 32],
    ["ที่ กค ๐๔๑๐/๑๒๓\tกรมตัวอย่าง", "middle", false, 16],
    ["เรื่อง ขอเชิญประชุม", "middle", false, 16],
    ["ลับ", "bottom", true, 32],
  ]);
  expect(lines[3]?.at).toBeCloseTo(800 / 842, 2);
  expect(lines[3]?.left).toBeCloseTo(280 / 595, 2);
});

test("letters drawn one by one, marks first, last or backwards, are one text", async () => {
  const text = "น้ำท่วมที่ปั่นป่วน กำหนดฟื้นฟูญี่ปุ่น";
  const orders: ((pieces: Drawn[]) => Drawn[])[] = [
    (pieces) => pieces,
    (pieces) => [...pieces].reverse(),
    (pieces) => [...pieces].sort((a, b) => widthOf(a.text) - widthOf(b.text)),
    (pieces) => [...pieces].sort((a, b) => widthOf(b.text) - widthOf(a.text)),
  ];
  for (const order of orders) expect(await textsOf(scattered(text, order))).toEqual([text]);
});

test("what a font names wrongly is mended: shapes of Windows fonts, a lost ring of สระอำ, TIS-620 as Latin-1", async () => {
  const shapes = { "\u0E48": "\uF70A", "\u0E31": "\uF710" };
  expect(await textsOf([{ text: "สัปดาห์ที่ผ่านมา", x: 70, y: 100 }], shapes)).toEqual(["สัปดาห์ที่ผ่านมา"]);
  // As word processors write it: ring and tone mark are drawn, but the ring is called a space.
  const ring = { "\u0E4D": " " };
  const split = "ส\u0E4Dานักงาน น\u0E4D\u0E49าท่วม ก\u0E4Dาหนด";
  expect(await textsOf([{ text: split, x: 70, y: 100 }], ring)).toEqual(["สำนักงาน น้ำท่วม กำหนด"]);
  const thai = "กรมบัญชีกลางขอส่งหนังสือ";
  const latin = Object.fromEntries(
    [...thai].map((l) => [l, String.fromCharCode(l.charCodeAt(0) - 0x0e01 + 0xa1)]),
  );
  expect(await textsOf([{ text: thai, x: 70, y: 100 }], latin)).toEqual([thai]);
  const french = "Été à Genève: réponse préférée";
  expect(await textsOf([{ text: french, x: 70, y: 100 }])).toEqual([french]);
});

test("a span that says what it stands for is believed once", async () => {
  const drawn: Drawn[] = [
    { text: "ท", x: 70, y: 100, says: "ที่" },
    { text: "ประชุม", x: 78, y: 100 },
  ];
  expect(await textsOf(drawn)).toEqual(["ที่ประชุม"]);
});

test("letters that are drawn twice to look bold are read once; those of a stamp are not mixed in", async () => {
  const bold = [0, 0.4].flatMap((off) =>
    scattered("ด่วนที่สุด", (pieces) => pieces.map((p) => ({ ...p, x: p.x + off }))),
  );
  expect(await textsOf(bold)).toEqual(["ด่วนที่สุด"]);
  const stamped: Drawn[] = [
    { text: "เรื่องขอเชิญประชุมคณะกรรมการ", x: 70, y: 100 },
    { text: "สำเนา", x: 110, y: 101, size: 20 },
  ];
  const [line] = await textsOf(stamped);
  expect(line).toContain("เรื่องขอเชิญประชุมคณะกรรมการ");
  expect(line).toContain("สำเนา");
});

test("spaces: those of the print, not those of the file", async () => {
  const spread = [..."กรมตวอยาง"].map((text, at) => ({ text, x: 70 + at * 12, y: 100 }));
  expect(await textsOf(spread)).toEqual(["กรมตวอยาง"]);
  const gap: Drawn[] = [
    { text: "กรม", x: 70, y: 100 },
    { text: "ตัวอย่าง", x: 70 + 24 + 6, y: 100 },
  ];
  expect(await textsOf(gap)).toEqual(["กรม ตัวอย่าง"]);
});

test("a page that lies on its side, a watermark aslant and a stamp of a program are read too", async () => {
  const upright: Drawn[] = [{ text: "ที่ กค ๐๔๑๐/๑๒๓", x: 70, y: 100 }];
  const sideways = upright.map((piece) => ({ ...piece, x: piece.y, y: 842 - piece.x, angle: 90 }));
  const read = await readMade([{ drawn: sideways, turned: 90 }]);
  expect(read).toMatchObject({
    kind: "text",
    pages: [{ lines: [{ text: "ที่ กค ๐๔๑๐/๑๒๓", zone: "middle" }] }],
  });
  const unsaid = await readMade([{ drawn: sideways }]);
  expect(unsaid).toMatchObject({ kind: "text", pages: [{ lines: [{ text: "ที่ กค ๐๔๑๐/๑๒๓" }] }] });
  const marked = await readMade([
    {
      drawn: [...upright, { text: "ลับมาก", x: 200, y: 500, size: 60, angle: 45 }],
      stamps: [{ text: "ด่วนมาก", x: 70, y: 60, red: true }],
    },
  ]);
  expect(marked.kind === "text" && marked.pages[0]?.lines.map(({ text, red }) => [text, red])).toEqual([
    ["ด่วนมาก", true],
    ["ที่ กค ๐๔๑๐/๑๒๓", false],
    ["ลับมาก", false],
  ]);
});

test("recognised text behind a scan is told as such; beside printed text it is not believed", async () => {
  const scan: Drawn[] = [{ text: "ที่ กค ๐๔๑๐/๑๒๓", x: 70, y: 100, invisible: true }];
  expect(await readMade([{ drawn: scan }])).toMatchObject({
    kind: "text",
    recognised: true,
    pages: [{ lines: [{ text: "ที่ กค ๐๔๑๐/๑๒๓" }] }],
  });
  const both = await readMade([
    {
      drawn: [
        { text: "ที่ มท ๐๘๐๘/๑ ขอเชิญประชุม", x: 70, y: 100 },
        { text: "ที่ กค ๐๔๑๐/๑๒๓", x: 70, y: 130, invisible: true },
      ],
    },
  ]);
  expect(both).toMatchObject({ recognised: false, pages: [{ lines: [{ text: "ที่ มท ๐๘๐๘/๑ ขอเชิญประชุม" }] }] });
});

test("no text: an empty page, a font that names no letter, letters off the page", async () => {
  expect(await readMade([{ drawn: [] }, { drawn: [] }])).toEqual({ kind: "no-text", pageCount: 2 });
  const unnamed = Object.fromEntries([..."กรมตัวอย่าง"].map((letter) => [letter, "\uE123"]));
  expect(await readMade([{ drawn: [{ text: "กรมตัวอย่าง", x: 70, y: 100 }] }], unnamed)).toEqual({
    kind: "no-text",
    pageCount: 1,
  });
  expect(await readMade([{ drawn: [{ text: "ลับ", x: 700, y: 100 }] }])).toEqual({
    kind: "no-text",
    pageCount: 1,
  });
});

test("of many pages the first five and the last are read, of those between and of much text the tops and bottoms", async () => {
  const full = (page: number): MadePage => ({
    drawn: [
      { text: `หน้า ${page}`, x: 280, y: 40 },
      ...Array.from({ length: 120 }, (_, line) => ({
        text: `${line} ${"ข้อความ".repeat(14)}`,
        x: 40,
        y: 130 + 4 * line,
        size: 4,
      })),
      { text: "ลับมาก", x: 280, y: 810 },
    ],
  });
  const read = await readMade(Array.from({ length: 9 }, (_, index) => full(index + 1)));
  if (read.kind !== "text") throw new Error(read.kind);
  expect(read.pageCount).toBe(9);
  expect(read.cut).toBe(true);
  expect(read.pages.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(read.pages[6]?.lines.every(({ at }) => at < 0.2 || at > 0.8)).toBe(true);
  for (const page of read.pages) {
    expect(page.lines[0]?.text).toBe(`หน้า ${page.number}`);
    expect(page.lines.at(-1)?.text).toBe("ลับมาก");
  }
  const characters = read.pages.flatMap(({ lines }) => lines).reduce((sum, { text }) => sum + text.length, 0);
  expect(characters).toBeLessThan(80_000);
});

test("of very many pages those that may bear a marking are read as far as there is time", async () => {
  const marked = (page: number): MadePage => ({
    drawn: [{ text: page >= 30 && page < 40 ? "ลับมาก" : "-", x: 280, y: 40 }],
  });
  const read = await readMade(Array.from({ length: 300 }, (_, index) => marked(index + 1)));
  if (read.kind !== "text") throw new Error(read.kind);
  expect(read.pages.length).toBe(66);
  expect(read.pages.some(({ lines }) => lines[0]?.text === "ลับมาก")).toBe(true);
});

test("SARA AM told for its circle alone is not doubled by the SARA AA beside it", async () => {
  expect(await textsOf([{ text: "จัดทำาแผนที่ลำน้ำา", x: 70, y: 100 }])).toEqual(["จัดทำแผนที่ลำน้ำ"]);
});

test("a file that asks for more memory than it may is refused by the engine itself", async () => {
  const engine = await openPdfEngine(program, 48 * 1024 * 1024);
  expect(engine.read(packedDrawing(60_000_000))).toEqual({ kind: "too-much-memory" });
});
