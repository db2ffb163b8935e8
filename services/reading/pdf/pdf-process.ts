/**
 * The process in which letters' PDFs are read: they come from strangers, and what reads them is a million lines of C++ (as
 * WebAssembly) that may loop, crash or take memory without measure. Started by pdf-child.ts; imported by nobody.
 *
 * stdin: for each file four octets of length (big endian) and its octets. stdout: one line of JSON when it is ready, and
 * one for each file (pdf-answer.ts). Ends with stdin. argv: what its memory for a file may grow to, in octets.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { openPdfEngine, type PdfEngine } from "./pdf-engine.ts";
import { readText } from "./pdf-text.ts";
import type { PdfRead } from "./read-pdf.ts";

const maxMemoryBytes = Number(process.argv[2]);
const program = fileURLToPath(import.meta.resolve("@hyzyla/pdfium/pdfium.wasm"));
const module = await WebAssembly.compile(await readFile(program));

let engine: PdfEngine = await openPdfEngine(module, maxMemoryBytes);
process.stdout.write('{"ready":true}\n');

let expected = -1;
let held: Buffer[] = [];
let heldBytes = 0;
for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
  held.push(chunk);
  heldBytes += chunk.length;
  if (expected < 0) {
    if (heldBytes < 4) continue;
    const start = Buffer.concat(held);
    expected = start.readUInt32BE(0);
    held = [start.subarray(4)];
    heldBytes -= 4;
  }
  if (heldBytes < expected) continue;
  const octets = Buffer.concat(held);
  expected = -1;
  held = [];
  heldBytes = 0;
  process.stdout.write(`${JSON.stringify(answerTo(octets))}\n`);
  // Now, so that it is ready when the next file comes.
  if (!engine.restore()) engine = await openPdfEngine(module, maxMemoryBytes);
}

function answerTo(octets: Buffer): PdfRead {
  try {
    return readText(engine.read(octets));
  } catch {
    return { kind: "unreadable", why: "crashed" };
  }
}
