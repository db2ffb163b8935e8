import { decodeText } from "../../shared/mime/charset.ts";

export interface UuencodedFile {
  readonly name: string | null;
  readonly octets: Buffer;
  /** False when a line is none, or the end is missing. */
  readonly whole: boolean;
}

const MAX_FILES = 20;

/** Files between "begin 644 name" and "end" in a text, at most 20. A text that only speaks of such lines holds none. */
export function unpackUuencoded(octets: Buffer): UuencodedFile[] {
  const files: UuencodedFile[] = [];
  if (!octets.includes("begin ")) return files;
  let name: string | null = null;
  let pieces: Buffer[] | null = null;
  const finish = (whole: boolean): void => {
    if (pieces !== null && pieces.length > 0) files.push({ name, octets: Buffer.concat(pieces), whole });
    pieces = null;
  };
  for (let at = 0; at < octets.length && files.length < MAX_FILES; ) {
    const newline = octets.indexOf(0x0a, at);
    const end = newline < 0 ? octets.length : newline;
    const line = octets.toString("latin1", at, Math.min(end, at + 1_000)).replace(/\r$/, "");
    at = end + 1;
    const begin = /^begin [0-7]{3,4} ([^\r\n]{1,500})$/.exec(line);
    if (begin !== null) {
      finish(false);
      name = decodeText(Buffer.from(begin[1] ?? "", "latin1"), null)
        .text.replaceAll("\0", "")
        .trim();
      pieces = [];
    } else if (pieces !== null) {
      const data = decodeLine(line);
      if (line.trimEnd() === "end") finish(true);
      else if (data === null) finish(false);
      else (pieces as Buffer[]).push(data);
    }
  }
  finish(false);
  return files;
}

/** Null for what is no such line. Trailing spaces, which some systems drop, count as zeros. */
function decodeLine(line: string): Buffer | null {
  const length = (line.charCodeAt(0) - 32) & 63;
  if (line === "" || length === 0) return line.trimEnd().length <= 1 ? Buffer.alloc(0) : null;
  const groups = Math.ceil(length / 3);
  if (line.length > 1 + groups * 4 + 1 || /[^\x20-\x60]/.test(line)) return null;
  const out = Buffer.alloc(groups * 3);
  for (let group = 0; group < groups; group++) {
    let bits = 0;
    for (let place = 0; place < 4; place++) {
      const code = line.charCodeAt(1 + group * 4 + place);
      bits = (bits << 6) | (Number.isNaN(code) ? 0 : (code - 32) & 63);
    }
    out.writeUIntBE(bits, group * 3, 3);
  }
  return out.subarray(0, length);
}
