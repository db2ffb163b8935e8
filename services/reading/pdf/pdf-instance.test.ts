import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { seededRandom } from "../../shared/testing/seeded-random.ts";
import { countlessForms, deepArrays, endlessPages, packedDrawing } from "../testing/hostile-pdfs.ts";
import { makePdf } from "../testing/make-pdf.ts";
import { openPdfEngine } from "./pdf-engine.ts";
import { openPdfInstance } from "./pdf-instance.ts";
import type { Pdfium } from "./pdfium-functions.ts";

const MAX_BYTES = 96 * 1024 * 1024;
const program = fileURLToPath(import.meta.resolve("@hyzyla/pdfium/pdfium.wasm"));
const module = await WebAssembly.compile(await readFile(program));

function letter(text: string): Buffer {
  return makePdf([{ drawn: [{ text, x: 70, y: 150 }] }, { drawn: [{ text: "หน้า ๒", x: 70, y: 90 }] }]);
}

function memoryOf(pdfium: Pdfium): Buffer {
  return Buffer.from(pdfium.memory.buffer);
}

/** Leaves a file open in the middle of its reading, as one that takes PDFium over might. */
function use(pdfium: Pdfium, octets: Buffer): void {
  const at = pdfium.malloc(octets.length);
  new Uint8Array(pdfium.memory.buffer).set(octets, at);
  const document = pdfium.FPDF_LoadMemDocument(at, octets.length, 0);
  const page = pdfium.FPDF_LoadPage(document, 0);
  expect(pdfium.FPDFText_CountChars(pdfium.FPDFText_LoadPage(page))).toBeGreaterThan(0);
}

test("restored, its memory is that of a fresh one, octet by octet; whatever was written, and wherever", async () => {
  const fresh = await openPdfInstance(module, MAX_BYTES);
  const used = await openPdfInstance(module, MAX_BYTES);
  use(used.pdfium, letter("ที่ กค ๐๔๑๐/๑๒๓"));
  expect(memoryOf(used.pdfium).equals(memoryOf(fresh.pdfium))).toBe(false);
  expect(used.restore()).toBe(true);
  expect(memoryOf(used.pdfium).equals(memoryOf(fresh.pdfium))).toBe(true);
  new Uint8Array(used.pdfium.memory.buffer).fill(0x5a);
  expect(used.restore()).toBe(true);
  expect(memoryOf(used.pdfium).equals(memoryOf(fresh.pdfium))).toBe(true);
  // Single octets too: at the ends of what is compared at a time, and anywhere.
  const { length } = memoryOf(used.pdfium);
  const random = seededRandom(7);
  const edges = [
    0,
    4_095,
    4_096,
    65_535,
    65_536,
    length - 65_536,
    length - 4_097,
    length - 4_096,
    length - 1,
  ];
  const anywhere = Array.from({ length: 200 }, () => Math.floor(random() * length));
  for (const at of [...edges, ...anywhere]) {
    const memory = memoryOf(used.pdfium);
    memory[at] = (memory[at] ?? 0) ^ 0xff;
    expect(used.restore()).toBe(true);
    expect(memory.equals(memoryOf(fresh.pdfium))).toBe(true);
  }
  memoryOf(used.pdfium).fill(1, length / 2);
  expect(used.restore()).toBe(true);
  expect(memoryOf(used.pdfium).equals(memoryOf(fresh.pdfium))).toBe(true);
  use(used.pdfium, letter("ที่ กค ๐๔๑๐/๑๒๔"));
});

test("one whose memory has grown, was refused, or whose stack is not as it was is not restored", async () => {
  const grown = await openPdfInstance(module, MAX_BYTES);
  expect(grown.pdfium.malloc(32 * 1024 * 1024)).not.toBe(0);
  expect(grown.restore()).toBe(false);
  const refused = await openPdfInstance(module, MAX_BYTES);
  expect(refused.pdfium.malloc(MAX_BYTES)).toBe(0);
  expect(refused.wasRefused()).toBe(true);
  expect(refused.restore()).toBe(false);
  const bent = await openPdfInstance(module, MAX_BYTES);
  bent.pdfium._emscripten_stack_alloc(64);
  expect(bent.restore()).toBe(false);
});

test("an engine reads each file as a fresh one does, whatever came before; after an error it is of no more use", async () => {
  const files = [
    letter("ที่ กค ๐๔๑๐/๑๒๓"),
    endlessPages(),
    letter("เรื่อง ขอเชิญประชุม"),
    deepArrays(10_000),
    letter("ลับ").subarray(0, 700),
    Buffer.from("%PDF-1.7\nno more"),
    letter("ที่ กค ๐๔๑๐/๑๒๓"),
  ];
  const engine = await openPdfEngine(module, MAX_BYTES);
  for (const file of files) {
    const fresh = await openPdfEngine(module, MAX_BYTES);
    expect(engine.read(file)).toEqual(fresh.read(file));
    expect(engine.restore()).toBe(true);
  }
  engine.read(letter("ลับ"));
  expect(() => engine.read(letter("ลับ"))).toThrow("not restored");
  for (const hostile of [countlessForms(9), packedDrawing(120_000_000)]) {
    const lost = await openPdfEngine(module, MAX_BYTES);
    expect(lost.read(hostile)).toEqual({ kind: "too-much-memory" });
    expect(lost.restore()).toBe(false);
    expect(() => lost.read(letter("ลับ"))).toThrow("not restored");
  }
});
