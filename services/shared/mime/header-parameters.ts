import { decodeText } from "./charset.ts";
import { decodeHeader, unfold } from "./header-text.ts";

export type StructuredField = { value: string; parameters: Map<string, string> };

/** A Content-Type or Content-Disposition field: its value in lower case, its parameters still as octets. */
export function readStructuredField(binary: string): StructuredField {
  const text = unfold(binary).slice(0, 8_000);
  const pieces = splitAtSemicolons(text);
  const parameters = new Map<string, string>();
  for (const piece of pieces.slice(1, 65)) {
    const equals = piece.indexOf("=");
    if (equals < 0) continue;
    const name = piece.slice(0, equals).trim().toLowerCase();
    if (!parameters.has(name)) parameters.set(name, unquote(piece.slice(equals + 1).trim()));
  }
  const value = (pieces[0] ?? "").split("(")[0]?.trim().toLowerCase() ?? "";
  return { value, parameters };
}

/**
 * A parameter that is text, such as a file name: RFC 2231 (continuations, charset, percent signs) before the plain
 * form, which by custom may be an encoded word or raw octets. The name is data, never a path: nothing is removed
 * from it but NUL, which no database text can hold. Made well-formed after the cut, which may go through a surrogate
 * pair: PostgreSQL's jsonb refuses the half that is left.
 */
export function textParameter(field: StructuredField, name: string): string | null {
  const extended = extendedParameter(field, name);
  const plain = field.parameters.get(name);
  const text = extended ?? (plain === undefined ? null : decodeHeader(plain));
  return text === null ? null : text.replaceAll("\0", "").slice(0, 1_000).toWellFormed();
}

function extendedParameter({ parameters }: StructuredField, name: string): string | null {
  const whole = parameters.get(`${name}*`);
  if (whole !== undefined) {
    const [charset, text] = splitCharset(whole);
    return decodeText(percentOctets(text), charset).text;
  }
  let charset: string | null = null;
  const octets: Buffer[] = [];
  for (let part = 0; part < 100; part++) {
    const encoded = parameters.get(`${name}*${part}*`);
    const literal = parameters.get(`${name}*${part}`);
    if (encoded === undefined && literal === undefined) break;
    if (encoded === undefined) octets.push(Buffer.from(literal ?? "", "latin1"));
    else if (part > 0) octets.push(percentOctets(encoded));
    else {
      const first = splitCharset(encoded);
      charset = first[0];
      octets.push(percentOctets(first[1]));
    }
  }
  return octets.length === 0 ? null : decodeText(Buffer.concat(octets), charset).text;
}

function splitCharset(value: string): [string | null, string] {
  const match = /^([^']{0,60})'[^']{0,60}'/.exec(value);
  return match === null ? [null, value] : [match[1] ?? null, value.slice(match[0].length)];
}

function percentOctets(text: string): Buffer {
  return Buffer.from(
    text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
}

function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  const inner = value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value.slice(1);
  // Only a quote or a backslash is unescaped: senders put Windows paths here without doubling their backslashes.
  return inner.replace(/\\(["\\])/g, "$1");
}

function splitAtSemicolons(text: string): string[] {
  const pieces: string[] = [];
  let quoted = false;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\" && quoted) at++;
    else if (text[at] === '"') quoted = !quoted;
    else if (text[at] === ";" && !quoted) {
      pieces.push(text.slice(start, at));
      start = at + 1;
    }
  }
  pieces.push(text.slice(start));
  return pieces;
}
