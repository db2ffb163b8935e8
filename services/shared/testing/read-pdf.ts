import { spawnSync } from "node:child_process";
import { inflateSync } from "node:zlib";
import { PDFDocument } from "@cantoo/pdf-lib";

/** Reads PDFs as others do; without poppler (package poppler-utils) those tests are left out, and say so. */
export const hasPoppler = spawnSync("pdftotext", ["-v"]).error === undefined;
export const POPPLER_MISSING = "left out: pdftotext is not installed (poppler-utils)";

/** The text of a PDF, in the places of the page. `repairs`: what is wrong with the file may be said and repaired. */
export function textOf(pdf: Uint8Array, { repairs = false } = {}): string {
  const { stdout, stderr, status } = spawnSync("pdftotext", ["-layout", "-", "-"], {
    input: pdf,
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0 || (!repairs && stderr.length > 0)) throw new Error(`pdftotext: ${stderr}`);
  return stdout.toString();
}

/** The text of each page. */
export function pagesOf(pdf: Uint8Array): string[] {
  return textOf(pdf).split("\f").slice(0, -1);
}

/** How many pages its tree says it has. */
export async function pageCountOf(pdf: Uint8Array): Promise<number> {
  const { catalog } = await PDFDocument.load(pdf);
  return catalog.Pages().Count().asNumber();
}

/** All streams that can be inflated, as text: what our writer wrote into pages. */
export function contentsOf(pdf: Uint8Array): string {
  const bytes = Buffer.from(pdf);
  const contents: string[] = [];
  for (let at = bytes.indexOf("\nstream\n"); at >= 0; at = bytes.indexOf("\nstream\n", at + 1)) {
    try {
      contents.push(inflateSync(bytes.subarray(at + 8)).toString("latin1"));
    } catch {
      // Bytes of a font that happen to look like the beginning of a stream.
    }
  }
  return contents.join("\n");
}
