/** What an Authentication-Results field says (RFC 8601 §2.2): only the parts that anything here rests on. */
export interface AuthenticationResults {
  /** The name of the server that wrote it, in lower case. */
  readonly authservId: string;
  /** Of an ARC-Authentication-Results field (RFC 8617 §4.1.1): its instance; null otherwise. */
  readonly instance: number | null;
  readonly results: readonly MethodResult[];
}

export interface MethodResult {
  /** spf, dkim, dmarc, arc …, in lower case. */
  readonly method: string;
  readonly result: string;
  /** Such as "header.from" → "example.go.th", in lower case. */
  readonly properties: ReadonlyMap<string, string>;
}

const MOST_CHARACTERS = 16 * 1024;
const MOST_RESULTS = 30;
const MOST_PROPERTIES = 20;

/**
 * Reads the body of such a field. Comments are left out; what is not understood is left out too.
 * @returns null when it names no server or is beyond all measure
 */
export function readAuthenticationResults(body: string): AuthenticationResults | null {
  if (body.length > MOST_CHARACTERS) return null;
  const parts = partsOf(body);
  const instance = /^i ?= ?(\d{1,2})$/.exec(parts[0] ?? "")?.[1];
  if (instance !== undefined) parts.shift();
  const authservId = parts.shift()?.split(" ", 1)[0]?.toLowerCase() ?? "";
  if (authservId === "" || authservId.includes("=")) return null;
  return {
    authservId,
    instance: instance === undefined ? null : Number(instance),
    results: parts.slice(0, MOST_RESULTS).flatMap((part) => methodResult(part) ?? []),
  };
}

function methodResult(part: string): MethodResult | null {
  const [first = "", ...more] = part.replace(/ ?= ?/g, "=").split(" ", MOST_PROPERTIES);
  const [, method, result] = /^([a-z][a-z0-9-]{0,40})(?:\/\d{1,3})?=([a-z]{1,20})$/i.exec(first) ?? [];
  if (method === undefined || result === undefined) return null;
  const properties = new Map<string, string>();
  for (const word of more) {
    const at = word.indexOf("=");
    const name = word.slice(0, Math.max(at, 0)).toLowerCase();
    // Of a property that stands there twice neither is believed.
    if (name !== "") properties.set(name, properties.has(name) ? "" : word.slice(at + 1).toLowerCase());
  }
  return { method: method.toLowerCase(), result: result.toLowerCase(), properties };
}

/** The parts between semicolons, without comments and quotes, white space as one blank. One pass over the text. */
function partsOf(body: string): string[] {
  const parts = [""];
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < body.length; at++) {
    const character = body[at] as string;
    const escaped = character === "\\" && (quoted || depth > 0);
    if (escaped) at++;
    if (depth > 0) {
      if (!escaped && character === "(") depth++;
      if (!escaped && character === ")") depth--;
    } else if (!escaped && character === '"') quoted = !quoted;
    else if (!quoted && character === "(") depth = 1;
    else if (!quoted && character === ";") parts.push("");
    else append(parts, escaped ? (body[at] ?? "") : character, quoted);
  }
  return parts.map((part) => part.trim());
}

function append(parts: string[], character: string, quoted: boolean): void {
  const last = parts.length - 1;
  const part = parts[last] as string;
  // A blank, or an equals sign, inside quotes must not begin a property of its own.
  if (quoted && /[\s=]/.test(character)) parts[last] += "_";
  else if (!/\s/.test(character)) parts[last] += character;
  else if (!part.endsWith(" ")) parts[last] += " ";
}
