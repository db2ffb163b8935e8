import { deflateSync } from "node:zlib";

/**
 * Writes PDF objects in the order in which they come and remembers where each begins (ISO 32000-1 §7.5).
 *
 * Our own writer, because pdfkit and typst were measured and lose Thai text when it is copied or searched (pdf-font.ts says
 * what it takes to keep it).
 */
export interface PdfFile {
  /** A number for an object that is written later. */
  reserve(): number;
  object(number: number, body: string): void;
  /** A stream, deflated. `entries` are the dictionary's own, without Length and Filter. */
  stream(number: number, entries: string, data: string | Uint8Array): void;
  /** A stream as it is: deflated before, with its Filter among the entries, or to be found in the file's octets. */
  rawStream(number: number, entries: string, data: Uint8Array): void;
  /** What was written since the last call. */
  take(): Buffer;
  /** Ends the file with a cross-reference table. `entries` of the trailer, without Size. */
  endWithTable(entries: string): void;
}

/** The comment in the second line tells programs that the file is not text. */
const HEADER = "%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n";

export function newPdfFile(): PdfFile {
  let waiting: Uint8Array[] = [];
  let written = 0;
  let next = 1;
  const places = new Map<number, number>();
  const write = (piece: string | Uint8Array): void => {
    const bytes = typeof piece === "string" ? Buffer.from(piece, "latin1") : piece;
    waiting.push(bytes);
    written += bytes.length;
  };
  const begin = (number: number): void => {
    places.set(number, written);
    write(`${number} 0 obj\n`);
  };
  const rawStream = (number: number, entries: string, data: Uint8Array): void => {
    begin(number);
    write(`<<${entries}/Length ${data.length}>>\nstream\n`);
    write(data);
    write("\nendstream\nendobj\n");
  };
  write(HEADER);
  return {
    reserve: () => next++,
    object(number, body) {
      begin(number);
      write(`${body}\nendobj\n`);
    },
    stream: (number, entries, data) => rawStream(number, entries + DEFLATED, deflated(data)),
    rawStream,
    take() {
      const bytes = Buffer.concat(waiting);
      waiting = [];
      return bytes;
    },
    endWithTable(entries) {
      const table = written;
      write(`xref\n0 ${next}\n0000000000 65535 f \n`);
      for (let number = 1; number < next; number++) {
        const place = places.get(number);
        if (place === undefined) throw new Error(`object ${number} was reserved and never written`);
        write(`${String(place).padStart(10, "0")} 00000 n \n`);
      }
      write(`trailer\n<<${entries}/Size ${next}>>\nstartxref\n${table}\n%%EOF\n`);
    },
  };
}

/** Entry of a stream's dictionary. */
export const DEFLATED = "/Filter/FlateDecode";

/** What a stream with that entry holds. @param level of zlib: 1 is quick, 9 small */
export function deflated(data: string | Uint8Array, level = 6): Uint8Array {
  return deflateSync(typeof data === "string" ? Buffer.from(data, "latin1") : data, { level });
}

/** A text string, for example a title (ISO 32000-1 §7.9.2.2). */
export function pdfText(text: string): string {
  return `<FEFF${Buffer.from(text, "utf16le").swap16().toString("hex").toUpperCase()}>`;
}

/** A time (ISO 32000-1 §7.9.4) in Asia/Bangkok, UTC+7 all year. */
export function pdfDate(at: Date): string {
  const local = new Date(at.getTime() + 7 * 3_600_000).toISOString();
  return `(D:${local.slice(0, 19).replace(/[-T:]/g, "")}+07'00')`;
}

/** A number as PDF writes it: no exponent, no more digits than anybody can see. */
export function pdfNumber(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
