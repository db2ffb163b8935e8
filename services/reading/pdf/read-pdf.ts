import type { PartContent } from "../../shared/mime/part-content.ts";
import { type PdfChild, type PdfChildEnd, startPdfChild } from "./pdf-child.ts";

/** One printed line of a page, as a reader sees it. */
export interface PdfLine {
  /** Thai text in one spelling (normaliseThai), single spaces, never empty. A wide gap (two columns) is a tab. */
  readonly text: string;
  /** Where it stands: top and bottom are where a page's markings (ด่วน, ลับ) are printed, apart from the letter's text. */
  readonly zone: "top" | "middle" | "bottom";
  /** Of its baseline, from the top of the page: 0 to 1. */
  readonly at: number;
  /** Of its first letter, from the left of the page: 0 to 1. */
  readonly left: number;
  /** Height of its letters in points; most text of a letter is 16. */
  readonly sizePt: number;
  /** Printed in red, as markings are. */
  readonly red: boolean;
}

export interface PdfPage {
  /** 1 is the first. */
  readonly number: number;
  /** In reading order, top to bottom. */
  readonly lines: readonly PdfLine[];
}

export type PdfRead =
  | {
      readonly kind: "text";
      /** Of the whole file, read or not. */
      readonly pageCount: number;
      /** The first ones and the last one, those without text too; of those between, some or all, the tops and bottoms. */
      readonly pages: readonly PdfPage[];
      /** True when not all text of these pages is told. */
      readonly cut: boolean;
      /** True when most text is drawn invisibly, as text recognition does behind a scan: it may be misread. */
      readonly recognised: boolean;
    }
  /** Nothing but pictures, or fonts that do not tell their letters. */
  | { readonly kind: "no-text"; readonly pageCount: number }
  /** It cannot be opened without a password. One that only forbids printing or copying is read like any other. */
  | { readonly kind: "encrypted" }
  | { readonly kind: "unreadable"; readonly why: PdfFault };

/** crashed: the engine failed on it, twice. */
export type PdfFault = "damaged" | "too-large" | "too-slow" | "too-much-memory" | "crashed";

export interface PdfReader {
  /** Never rejects for what is in the file; rejects when the content cannot be had, or after `close`. */
  read(content: PartContent): Promise<PdfRead>;
  close(): Promise<void>;
}

/** Code of the errors that say that no PDF can be read now, whatever is in it: our fault, and it passes. */
export const PDF_READER_DOWN = "SARABAN_PDF_READER_DOWN";

/** With the state of its processes. */
export interface OpenPdfReader extends PdfReader {
  /** Why no process could be started the last time, in words for an operator; null when one could. */
  trouble(): string | null;
}

export interface PdfReaderOptions {
  /** Processes beside this one that read at the same time. */
  readonly processes: number;
  /** Of one file; its process is killed then. */
  readonly timeoutMs: number;
  /** Of one such process, all in all. At least 256. */
  readonly memoryMb: number;
  /** A process that has had nothing to read for so long ends. */
  readonly idleMs?: number;
}

const MAX_PDF_BYTES = 64 * 1024 * 1024;
/** ISO 32000-1 leaves room for what mail and printers put before a file; PDFium looks so far. */
const HEADER_WITHIN_BYTES = 1_024;
const IDLE_MS = 60_000;
/** After so many files a process makes room for a fresh one, whatever they left behind in it. */
const MAX_FILES = 2_000;
const TRIES = 2;

/** One process and what it is waited for. */
interface Place {
  child: PdfChild | null;
  files: number;
  idle: NodeJS.Timeout | undefined;
}

/**
 * Reads PDFs in processes of their own: the first one starts with the first file. A file that takes too long or too much
 * memory costs its process, which is replaced; one at which the process dies is tried once more in a fresh one, as it may
 * have been killed for another reason. No other file is concerned: a process has one at a time.
 */
export function openPdfReader(options: PdfReaderOptions): OpenPdfReader {
  const free: Place[] = Array.from({ length: options.processes }, () => ({
    child: null,
    files: 0,
    idle: undefined,
  }));
  const places = [...free];
  const waiting: ((place: Place) => void)[] = [];
  let closed = false;
  let trouble: string | null = null;

  const take = (): Promise<Place> | Place => {
    // A warm one first: a second process is started only when two files come at once.
    const warm = free.findLastIndex(({ child }) => child !== null);
    const [place] = free.splice(Math.max(warm, 0), 1);
    return place ?? new Promise((resolve) => waiting.push(resolve));
  };
  const give = (place: Place): void => {
    const next = waiting.shift();
    if (next !== undefined) {
      next(place);
      return;
    }
    free.push(place);
    place.idle = setTimeout(() => void retire(place), options.idleMs ?? IDLE_MS);
    place.idle.unref();
  };
  const retire = async (place: Place): Promise<void> => {
    const { child } = place;
    place.child = null;
    place.files = 0;
    await child?.stop();
  };
  const attempt = async (place: Place, content: PartContent): Promise<PdfRead | PdfChildEnd> => {
    if (closed) throw Object.assign(new Error("the reader of PDFs is closed"), { code: PDF_READER_DOWN });
    place.child ??= startPdfChild(options);
    await place.child.ready.catch((error: Error) => {
      trouble = `the program that reads PDFs does not start, and letters with PDFs wait: ${error.message.slice(0, 200)}`;
      throw Object.assign(error, { code: PDF_READER_DOWN });
    });
    trouble = null;
    place.files += 1;
    return place.child.read(content);
  };
  const readAt = async (place: Place, content: PartContent): Promise<PdfRead> => {
    for (let tried = 1; ; tried++) {
      const read = await attempt(place, content).catch(async (error: unknown) => {
        await retire(place);
        throw error;
      });
      if (!("ended" in read)) {
        const full = (place.child?.residentMb() ?? 0) > options.memoryMb / 2;
        if (full || place.files >= MAX_FILES) await retire(place);
        return read;
      }
      await retire(place);
      if (read.ended !== "crashed" || tried === TRIES) return { kind: "unreadable", why: read.ended };
    }
  };
  return {
    async read(content) {
      if (content.sizeBytes > MAX_PDF_BYTES) return { kind: "unreadable", why: "too-large" };
      if (!content.head.subarray(0, HEADER_WITHIN_BYTES).includes("%PDF-"))
        return { kind: "unreadable", why: "damaged" };
      const place = await take();
      clearTimeout(place.idle);
      try {
        return await readAt(place, content);
      } finally {
        give(place);
      }
    },
    trouble: () => trouble,
    async close() {
      closed = true;
      for (const { idle } of places) clearTimeout(idle);
      await Promise.all(places.map(retire));
    },
  };
}
