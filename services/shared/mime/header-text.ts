import { decodeText } from "./charset.ts";

/**
 * Header fields as text. Every value here is octets held one to a character ("binary"), as they came, so that
 * raw UTF-8 (RFC 6532), unlabelled TIS-620 and encoded words (RFC 2047) can be told apart and joined rightly.
 */

// Each part ends at a "?", so a run of unfinished words is passed once.
const ENCODED_WORD = /=\?([^?\s]{1,75})\?([bBqQ])\?([^?]*)\?=/g;

/**
 * A field body, unfolded and decoded. Adjacent encoded words of one charset are joined before decoding: mailers
 * cut them inside a character, against RFC 2047 §5. The result may hold CR LF that was encoded: see safeLine.
 */
export function decodeHeader(binary: string): string {
  const value = unfold(binary);
  let text = "";
  let pending: { charset: string; octets: Buffer[] } | null = null;
  let at = 0;
  const flush = () => {
    if (pending !== null) text += decodeText(Buffer.concat(pending.octets), pending.charset).text;
    pending = null;
  };
  for (const match of value.matchAll(ENCODED_WORD)) {
    const between = value.slice(at, match.index);
    at = match.index + match[0].length;
    const charset = (match[1] ?? "").toLowerCase();
    const octets = decodeWord(match[2] ?? "", match[3] ?? "");
    // RFC 2047 §6.2: white space between encoded words is no part of the text.
    if (pending !== null && between.trim() === "") {
      if ((pending as { charset: string }).charset === charset) {
        (pending as { octets: Buffer[] }).octets.push(octets);
        continue;
      }
      flush();
    } else {
      flush();
      text += rawText(between);
    }
    pending = { charset, octets: [octets] };
  }
  flush();
  return text + rawText(value.slice(at));
}

function decodeWord(encoding: string, content: string): Buffer {
  if (encoding.toLowerCase() === "b") return Buffer.from(content, "base64");
  return Buffer.from(
    content
      .replaceAll("_", " ")
      .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
}

function rawText(binary: string): string {
  return hasHighOctets(binary) ? decodeText(Buffer.from(binary, "latin1"), null).text : binary;
}

function hasHighOctets(binary: string): boolean {
  for (let at = 0; at < binary.length; at++) if (binary.charCodeAt(at) >= 0x80) return true;
  return false;
}

/** RFC 5322 §2.2.3; a tab that folded a field counts as the space it replaced. */
export function unfold(binary: string): string {
  return binary.replace(/\r?\n[ \t]?/g, " ").trim();
}

/** One line of text: what follows a decoded line break would be a forged header field, and is dropped. */
export function safeLine(text: string): { line: string; injected: boolean } {
  const at = text.search(/[\r\n\u0085\u2028\u2029]/);
  if (at < 0) return { line: text, injected: false };
  return { line: text.slice(0, at), injected: text.slice(at).trim() !== "" };
}

export type Mailbox = { address: string | null; name: string | null };

/**
 * The mailboxes of a From field, at most 20. Names stay undecoded until the structure is known, or an encoded
 * "<" or "," inside a name would make an address of it.
 */
export function readMailboxes(binary: string): Mailbox[] {
  const boxes: Mailbox[] = [];
  for (const part of splitMailboxes(unfold(binary).slice(0, 4_000)).slice(0, 20)) {
    const open = lastOutsideQuotes(part, "<");
    const address = open < 0 ? part.trim() : (part.slice(open + 1).split(">")[0] ?? "").trim();
    const name = open < 0 ? "" : part.slice(0, open).trim();
    const valid = /^[^\s@<>"(),;:]{1,200}@[^\s@<>"(),;:]{1,253}$/.test(address);
    const decoded = decodeHeader(
      name.replace(/^"(.*)"$/s, (_, inner: string) => inner.replace(/\\(.)/g, "$1")),
    );
    if (valid || name !== "" || address !== "") {
      boxes.push({
        address: valid ? rawText(address).toLowerCase() : null,
        name: decoded === "" ? null : decoded,
      });
    }
  }
  return boxes;
}

function splitMailboxes(value: string): string[] {
  const parts: string[] = [];
  let quoted = false;
  let depth = 0;
  let start = 0;
  for (let at = 0; at < value.length; at++) {
    const character = value[at];
    if (character === "\\" && (quoted || depth > 0)) at++;
    else if (character === '"' && depth === 0) quoted = !quoted;
    else if (quoted) continue;
    else if (character === "(") depth++;
    else if (character === ")") depth = Math.max(0, depth - 1);
    else if (character === "," && depth === 0) {
      parts.push(value.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(value.slice(start));
  return parts.filter((part) => part.trim() !== "");
}

function lastOutsideQuotes(value: string, wanted: string): number {
  let quoted = false;
  let found = -1;
  for (let at = 0; at < value.length; at++) {
    if (value[at] === "\\") at++;
    else if (value[at] === '"') quoted = !quoted;
    else if (!quoted && value[at] === wanted) found = at;
  }
  return found;
}
