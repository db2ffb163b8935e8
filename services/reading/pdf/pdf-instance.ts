import { PDFiumModule } from "@hyzyla/pdfium";
import type { Pdfium } from "./pdfium-functions.ts";

/** PDFium in a memory of its own. */
export interface PdfInstance {
  readonly pdfium: Pdfium;
  /** Whether it was refused memory. */
  wasRefused(): boolean;
  /**
   * Makes its memory what it was before the first file, octet by octet.
   * @returns false when that cannot be: its memory has grown, or its stack is not as it was. Then it is of no more use
   */
  restore(): boolean;
}

type Imported = Record<string, unknown>;

/** ENOENT, EBADF and EROFS, as PDFium's C library has them. */
const NO_SUCH_FILE = -44;
const NO_SUCH_DESCRIPTOR = 8;
const READ_ONLY = -69;

/**
 * PDFium has no file system and no output. What comes with it keeps both in JavaScript, out of reach of `restore`, and a
 * file that takes PDFium over could leave something there for the next one. It finds no fonts there anyway.
 */
const WITHOUT_FILES: Readonly<Record<string, () => number>> = {
  ...answering(NO_SUCH_FILE, [
    "__syscall_openat",
    "__syscall_stat64",
    "__syscall_lstat64",
    "__syscall_newfstatat",
  ]),
  ...answering(-NO_SUCH_DESCRIPTOR, [
    "__syscall_fcntl64",
    "__syscall_fstat64",
    "__syscall_ioctl",
    "__syscall_getdents64",
  ]),
  ...answering(READ_ONLY, ["__syscall_ftruncate64", "__syscall_rmdir", "__syscall_unlinkat"]),
  ...answering(NO_SUCH_DESCRIPTOR, ["fd_close", "fd_read", "fd_seek", "fd_sync", "fd_write"]),
};

/**
 * An instance with its library begun.
 * @param maxMemoryBytes a file that needs more is not read
 */
export async function openPdfInstance(
  module: WebAssembly.Module,
  maxMemoryBytes: number,
): Promise<PdfInstance> {
  let refused = false;
  const load = PDFiumModule as unknown as (options: object) => Promise<{ readonly wasmExports: Pdfium }>;
  const { wasmExports: pdfium } = await load({
    // What it prints may quote the letter, and stdout carries the answers.
    print: () => undefined,
    printErr: () => undefined,
    instantiateWasm(imports: Record<string, Imported>, take: (instance: WebAssembly.Instance) => void) {
      const env = imports["env"] as Imported;
      const grow = env["emscripten_resize_heap"] as (bytes: number) => boolean;
      const resize = (bytes: number): boolean => {
        if (bytes >>> 0 <= maxMemoryBytes && grow(bytes)) return true;
        refused = true;
        return false;
      };
      // "env" and the system's interface are one object here.
      for (const given of Object.values(imports)) Object.assign(given, WITHOUT_FILES);
      env["emscripten_resize_heap"] = resize;
      void WebAssembly.instantiate(module, imports).then(take);
      return {};
    },
  });
  pdfium.FPDF_InitLibrary();
  const begun = readState(pdfium);
  return {
    pdfium,
    wasRefused: () => refused,
    restore() {
      const { buffer } = pdfium.memory;
      if (refused || buffer.byteLength !== begun.memoryBytes || stackOf(pdfium) !== begun.stack) return false;
      restorePages(Buffer.from(buffer), begun.octets);
      return true;
    },
  };
}

/** All that an instance can change, but for a register in which a call's second result is handed over. */
function readState(pdfium: Pdfium) {
  const memory = new Uint8Array(pdfium.memory.buffer);
  const end = memory.findLastIndex((octet) => octet !== 0) + 1;
  const pages = Math.ceil(end / PAGE_BYTES);
  const octets = Buffer.from(memory.slice(0, pages * PAGE_BYTES).buffer);
  return { memoryBytes: memory.length, octets, stack: stackOf(pdfium) };
}

/** Of WebAssembly: its memory is so many of them. */
const PAGE_BYTES = 64 * 1024;
const FIRST_BYTES = 4 * 1024;
const EMPTY = Buffer.alloc(FIRST_BYTES);

/**
 * Writes only where something is not as it was. A letter uses a tenth of the memory: to the rest, which nobody has ever
 * written to, the system has given none yet, so that looking at it costs a tenth of emptying it.
 */
function restorePages(memory: Buffer, begun: Buffer): void {
  for (let at = 0; at < begun.length; at += PAGE_BYTES) {
    const end = at + PAGE_BYTES;
    if (begun.compare(memory, at, end, at, end) !== 0) begun.copy(memory, at, at, end);
  }
  empty(memory, begun.length, memory.length);
}

/** By halves: what a letter has used lies at the beginning. */
function empty(memory: Buffer, from: number, to: number): void {
  if (isEmpty(memory, from, to)) return;
  if (to - from <= PAGE_BYTES) {
    memory.fill(0, from, to);
    return;
  }
  const middle = from + Math.ceil((to - from) / PAGE_BYTES / 2) * PAGE_BYTES;
  empty(memory, from, middle);
  empty(memory, middle, to);
}

/** Its first octets are nothing, and all others are as those so many before them: one comparison for all. */
function isEmpty(memory: Buffer, from: number, to: number): boolean {
  if (to === from) return true;
  if (EMPTY.compare(memory, from, from + FIRST_BYTES) !== 0) return false;
  return memory.compare(memory, from + FIRST_BYTES, to, from, to - FIRST_BYTES) === 0;
}

function stackOf(pdfium: Pdfium): string {
  return [
    pdfium.emscripten_stack_get_current(),
    pdfium.emscripten_stack_get_base(),
    pdfium.emscripten_stack_get_end(),
  ].join();
}

function answering(code: number, names: readonly string[]): Record<string, () => number> {
  return Object.fromEntries(names.map((name) => [name, () => code]));
}
