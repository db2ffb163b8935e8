import { inflateSync } from "node:zlib";

/** A longer text is no receipt of ours, and is not looked into. */
export const LONGEST_JWS = 64 * 1024;
/** A larger file is no receipt: ours are some ten kilobytes, with the fonts of the PDF some hundred. */
export const LARGEST_UPLOAD = 1024 * 1024;

/** How the JWS of each receipt begins: base64url of {"alg":"EdDSA","kid": in its canonical spelling. */
const BEGINNING = Buffer.from('{"alg":"EdDSA","kid":').toString("base64url");
/** The same where a mail carries the file as it goes over the line: base64 once more, from its first octet (RFC 2045 §6.8). */
const ENCODED_BEGINNING = Buffer.from(BEGINNING.slice(0, 27)).toString("base64");
const MOST_ENCODED = 10;
/** An Ed25519 signature: 64 octets, base64url. */
const SIGNATURE_LENGTH = 86;

const MOST_STREAMS = 100;
const LARGEST_STREAM = 512 * 1024;

/**
 * Finds a receipt's JWS in a file: the JWS itself, a text with it (broken into lines, quoted), a mail that it is attached to,
 * JSON, or a PDF of ours. The first one that is complete.
 * @param octets what somebody has uploaded, whatever it is
 * @returns null when there is none, or the file is larger than LARGEST_UPLOAD
 */
export function findJws(octets: Uint8Array): string | null {
  if (octets.length > LARGEST_UPLOAD) return null;
  const file = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const text = file.toString("latin1");
  return (
    findInText(text) ??
    findInBase64(text) ??
    (text.slice(0, 1024).includes("%PDF-") ? findInPdf(file, text) : null)
  );
}

/** Few beginnings, each read so far and no further: one mail carries one receipt. */
function findInBase64(text: string): string | null {
  let at = text.indexOf(ENCODED_BEGINNING);
  for (let looked = 0; at >= 0 && looked < MOST_ENCODED; looked++) {
    const [encoded = ""] = /^[A-Za-z0-9+/\s]*/.exec(text.slice(at, at + 2 * LONGEST_JWS)) ?? [];
    const found = findInText(Buffer.from(encoded, "base64").toString("latin1"));
    if (found !== null) return found;
    at = text.indexOf(ENCODED_BEGINNING, at + ENCODED_BEGINNING.length);
  }
  return null;
}

/** Linear in the text: each beginning is read at most LONGEST_JWS further, and the next one is looked for behind it. */
function findInText(text: string): string | null {
  let at = text.indexOf(BEGINNING);
  while (at >= 0) {
    const { jws, end } = readJws(text, at);
    if (jws !== null) return jws;
    at = text.indexOf(BEGINNING, Math.max(end, at + BEGINNING.length));
  }
  return null;
}

/**
 * Reads a JWS from where it begins, over the ends of lines: white space, quotation marks (>) after one, and the soft line
 * breaks of quoted-printable. What stands behind the signature's length belongs to it no more.
 */
function readJws(text: string, from: number): { jws: string | null; end: number } {
  let jws = "";
  let dots = 0;
  let inSignature = 0;
  let isLineStart = false;
  let at = from;
  for (; at < text.length && at - from < 2 * LONGEST_JWS; at++) {
    const letter = text.charAt(at);
    if (/[A-Za-z0-9_-]/.test(letter)) {
      if (dots === 2) inSignature++;
      jws += letter;
    } else if (letter === "." && dots < 2) {
      dots++;
      jws += letter;
    } else if (letter === "\n" || letter === "\r") {
      isLineStart = true;
      continue;
    } else if (
      !(letter === " " || letter === "\t" || (letter === ">" && isLineStart) || isSoftBreak(text, at))
    ) {
      break;
    } else continue;
    isLineStart = false;
    if (inSignature === SIGNATURE_LENGTH) return { jws: jws.length <= LONGEST_JWS ? jws : null, end: at + 1 };
  }
  return { jws: null, end: at };
}

function isSoftBreak(text: string, at: number): boolean {
  return text.charAt(at) === "=" && (text.charAt(at + 1) === "\n" || text.startsWith("\r\n", at + 1));
}

/** The streams of a PDF, inflated within limits: a file attached to it may be compressed. */
function findInPdf(file: Buffer, text: string): string | null {
  let at = 0;
  let left = 8 * LARGEST_STREAM;
  for (let stream = 0; stream < MOST_STREAMS && left > 0; stream++) {
    const word = /stream\r?\n/g;
    word.lastIndex = at;
    const begin = word.exec(text);
    if (!begin) return null;
    at = begin.index + begin[0].length;
    const end = text.indexOf("endstream", at);
    if (end < 0) return null;
    const inflated = inflateWithin(file.subarray(at, end), Math.min(left, LARGEST_STREAM));
    at = end + "endstream".length;
    left -= inflated?.length ?? LARGEST_STREAM;
    if (inflated === undefined) continue;
    const found = findInText(inflated.toString("latin1"));
    if (found !== null) return found;
  }
  return null;
}

/** Undefined for what cannot be inflated, or gives more than allowed. */
function inflateWithin(octets: Buffer, most: number): Buffer | undefined {
  try {
    return inflateSync(octets, { maxOutputLength: most });
  } catch {
    return undefined;
  }
}
