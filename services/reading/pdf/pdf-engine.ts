import { type PdfPageGlyphs, type PdfTools, readPageGlyphs } from "./pdf-glyphs.ts";
import { openPdfInstance } from "./pdf-instance.ts";
import type { Pdfium } from "./pdfium-functions.ts";

export type PdfGlyphs =
  | { readonly kind: "pages"; readonly pageCount: number; readonly pages: readonly PdfPageGlyphs[] }
  | { readonly kind: "encrypted" | "damaged" | "too-much-memory" | "crashed" };

export interface PdfEngine {
  /** Once: what a hostile file leaves behind in its memory must not touch the next letter. Then it is to be restored. */
  read(octets: Buffer): PdfGlyphs;
  /** Makes its memory what it was before any file. @returns false when it cannot: it is of no more use, open another */
  restore(): boolean;
}

const MAX_FIRST_PAGES = 5;
/** Of the further pages only what is printed at top and bottom is read: markings. What is bound in behind may bear its own. */
const MAX_FURTHER_PAGES = 60;
const FURTHER_PAGES_MS = 2_000;
const MAX_ANNOTATIONS = 500;
const ERROR_PASSWORD = 4;
const ERROR_SECURITY_HANDLER = 5;

/**
 * An instance of PDFium with memory of its own.
 * @param maxMemoryBytes a file that needs more is not read
 */
export async function openPdfEngine(module: WebAssembly.Module, maxMemoryBytes: number): Promise<PdfEngine> {
  const instance = await openPdfInstance(module, maxMemoryBytes);
  // "lost" after an error in a file's reading: what it has left undone is not known.
  let state: "fresh" | "used" | "lost" = "fresh";
  const lose = (): void => {
    state = "lost";
  };
  return {
    read(octets) {
      if (state !== "fresh") throw new Error("the engine was not restored");
      state = "used";
      try {
        return readDocument(instance.pdfium, octets, lose);
      } catch (error) {
        lose();
        if (instance.wasRefused()) return { kind: "too-much-memory" };
        if (error instanceof Error) return { kind: "crashed" };
        throw error;
      }
    },
    restore() {
      if (state === "lost" || !instance.restore()) return false;
      state = "fresh";
      return true;
    },
  };
}

/** @param onFailure told of an error that costs further pages only */
function readDocument(pdfium: Pdfium, octets: Buffer, onFailure: () => void): PdfGlyphs {
  const at = pdfium.malloc(octets.length);
  if (at === 0) return { kind: "too-much-memory" };
  new Uint8Array(pdfium.memory.buffer).set(octets, at);
  const document = pdfium.FPDF_LoadMemDocument(at, octets.length, 0);
  if (document === 0) {
    const error = pdfium.FPDF_GetLastError();
    const locked = error === ERROR_PASSWORD || error === ERROR_SECURITY_HANDLER;
    return { kind: locked ? "encrypted" : "damaged" };
  }
  const pageCount = pdfium.FPDF_GetPageCount(document);
  const pages: PdfPageGlyphs[] = [];
  const tools: PdfTools = { pdfium, scratch: pdfium.malloc(64), actualText: pdfium.malloc(16) };
  new Uint8Array(pdfium.memory.buffer).set(Buffer.from("ActualText\0"), tools.actualText);
  const last = pageCount - 1;
  const wanted = Array.from({ length: Math.min(pageCount, MAX_FIRST_PAGES) }, (_, index) => index);
  if (last >= MAX_FIRST_PAGES) wanted.push(last);
  for (const index of wanted) {
    const page = readPage(tools, document, index, "all");
    if (page !== null) pages.push(page);
  }
  const until = performance.now() + FURTHER_PAGES_MS;
  try {
    for (const index of spread(MAX_FIRST_PAGES, last, MAX_FURTHER_PAGES)) {
      if (performance.now() > until) break;
      const page = readPage(tools, document, index, "edges");
      if (page !== null) pages.push(page);
    }
  } catch (error) {
    // A plan or a map bound in behind that is too much for it must not cost the letter.
    if (!(error instanceof Error)) throw error;
    onFailure();
  }
  pages.sort((a, b) => a.number - b.number);
  // Not one page could be opened: what is printed is not known, so it must not pass for a scan.
  return pages.length === 0 ? { kind: "damaged" } : { kind: "pages", pageCount, pages };
}

/** The whole numbers from `start` to before `end`; of more than `most` so many, evenly apart. */
function spread(start: number, end: number, most: number): number[] {
  const all = Math.max(0, end - start);
  const taken = Math.min(all, most);
  return Array.from({ length: taken }, (_, nth) => start + Math.floor((nth * all) / taken));
}

function readPage(
  tools: PdfTools,
  document: number,
  index: number,
  part: "all" | "edges",
): PdfPageGlyphs | null {
  const { pdfium } = tools;
  let page = pdfium.FPDF_LoadPage(document, index);
  if (page === 0) return null;
  const annotations = pdfium.FPDFPage_GetAnnotCount(page);
  if (annotations > 0 && annotations <= MAX_ANNOTATIONS) {
    // Filled fields and stamps (a marking may be one) become text of the page.
    pdfium.FPDFPage_Flatten(page, 0);
    pdfium.FPDF_ClosePage(page);
    page = pdfium.FPDF_LoadPage(document, index);
    if (page === 0) return null;
  }
  const read = readPageGlyphs(tools, page, part);
  pdfium.FPDF_ClosePage(page);
  return { number: index + 1, ...read };
}
