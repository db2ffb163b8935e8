import { deflateSync } from "node:zlib";

/** Writes PDF objects in the order in which they come and remembers where each begins (ISO 32000-1 §7.5). */
export interface PdfFile {
  /** A number for an object that is written later. */
  reserve(): number;
  object(number: number, body: string): void;
  /** A stream, deflated. `entries` are the dictionary's own, without Length and Filter. */
  stream(number: number, entries: string, data: string | Uint8Array): void;
  /** What was written since the last call. */
  take(): Buffer;
  /** Ends the file with a cross-reference table. `entries` of the trailer, without Size. */
  endWithTable(entries: string): void;
  /** Ends it with a cross-reference stream, as the update of a file must that has one (ISO 32000-1 §7.5.8.1). */
  endWithStream(entries: string): void;
}

/** The comment in the second line tells programs that the file is not text. */
const HEADER = "%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n";

export function newPdfFile(): PdfFile {
  return writePdf(HEADER, 0, 1);
}

/**
 * What is appended to a finished file to change it, its own bytes left as they are (ISO 32000-1 §7.5.6).
 * @param lengthBytes of the file
 * @param firstNumber no object of the file has it or a higher one
 */
export function updatePdfFile(lengthBytes: number, firstNumber: number): PdfFile {
  return writePdf("\n", lengthBytes, firstNumber);
}

function writePdf(start: string, offsetBytes: number, firstNumber: number): PdfFile {
  let waiting: Buffer[] = [];
  let written = offsetBytes;
  let next = firstNumber;
  const places = new Map<number, number>();
  const write = (piece: string | Buffer): void => {
    const bytes = typeof piece === "string" ? Buffer.from(piece, "latin1") : piece;
    waiting.push(bytes);
    written += bytes.length;
  };
  const begin = (number: number): void => {
    places.set(number, written);
    write(`${number} 0 obj\n`);
  };
  const stream = (number: number, entries: string, data: string | Uint8Array): void => {
    const bytes = deflateSync(typeof data === "string" ? Buffer.from(data, "latin1") : data);
    begin(number);
    write(`<<${entries}/Filter/FlateDecode/Length ${bytes.length}>>\nstream\n`);
    write(bytes);
    write("\nendstream\nendobj\n");
  };
  write(start);
  return {
    reserve: () => next++,
    object(number, body) {
      begin(number);
      write(`${body}\nendobj\n`);
    },
    stream,
    take() {
      const bytes = Buffer.concat(waiting);
      waiting = [];
      return bytes;
    },
    endWithTable(entries) {
      const table = written;
      // Every table of a whole file begins with the head of the list of free objects.
      const free = offsetBytes === 0 ? [0] : [];
      write("xref\n");
      for (const run of consecutive([...free, ...places.keys()])) {
        write(`${run[0]} ${run.length}\n${run.map((number) => tableEntry(places.get(number))).join("")}`);
      }
      write(`trailer\n<<${entries}/Size ${next}>>\nstartxref\n${table}\n%%EOF\n`);
    },
    endWithStream(entries) {
      const number = next++;
      const place = written;
      places.set(number, place);
      const runs = consecutive(places.keys());
      const rows = Buffer.alloc(11 * places.size);
      let at = 0;
      for (const object of runs.flat()) {
        rows.writeUInt8(1, at);
        rows.writeBigUInt64BE(BigInt(places.get(object) ?? 0), at + 1);
        at += 11;
      }
      const index = runs.map((run) => `${run[0]} ${run.length}`).join(" ");
      stream(number, `/Type/XRef/W[1 8 2]/Index[${index}]/Size ${next}${entries}`, rows);
      write(`startxref\n${place}\n%%EOF\n`);
    },
  };
}

function tableEntry(place: number | undefined): string {
  if (place === undefined) return "0000000000 65535 f \n";
  return `${String(place).padStart(10, "0")} 00000 n \n`;
}

/** Object numbers in runs without a gap: a cross-reference section lists them so. */
function consecutive(numbers: Iterable<number>): number[][] {
  const runs: number[][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && run.at(-1) === number - 1) run.push(number);
    else runs.push([number]);
  }
  return runs;
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
