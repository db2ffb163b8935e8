import { SaxesParser } from "saxes";
import type { PartContent } from "../mime/part-content.ts";
import { openXmlDecoder } from "./xml-encoding.ts";

/** Why an XML document is not read. None of them quotes the document. */
export type XmlFault =
  | "doctype"
  | "not-well-formed"
  | "unknown-encoding"
  | "too-deep"
  | "too-many-elements"
  | "too-large";

export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  /** Empty when it is in none; null when its prefix is declared nowhere. */
  readonly namespace: string | null;
  readonly prefix: string;
  /** By their names as written. */
  readonly attributes: ReadonlyMap<string, string>;
}

export interface XmlEvents {
  /** True: what stands in this element goes to `raw` piece by piece, in place of `text`, and is never held. */
  open(element: XmlElement): boolean;
  text(text: string): void;
  raw(piece: string): void;
  close(): void;
}

export interface XmlLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  readonly maxElements: number;
  /** Outside raw elements: the longest text, comment or tag, whatever stands in it. */
  readonly maxPieceCharacters: number;
  readonly maxPieces: number;
  /** Of one element; and namespaces in force at any place, which each element that declares one takes over. */
  readonly maxAttributes: number;
}

const LETTER_LIMITS: XmlLimits = {
  maxBytes: 100 * 1024 * 1024,
  maxDepth: 32,
  maxElements: 20_000,
  maxPieceCharacters: 256 * 1024,
  maxPieces: 200_000,
  maxAttributes: 200,
};
const SLICE_BYTES = 64 * 1024;
const CDATA = "<![CDATA[";

type Refuse = (fault: XmlFault) => never;

/**
 * The one gate for XML from outside: no DOCTYPE (so no entities but the five, XML 1.0 §4.6), bounded in size, depth and
 * count, and base64 passed on without being held. Prefixes are resolved here and not by the parser, as real senders leave
 * their declarations out. `settled` is awaited after each slice, so that what `raw` was given can be written away.
 *
 * @returns null, or why it was refused; events may have been told before that, and are then to be forgotten.
 */
export async function readXml(
  source: PartContent | AsyncIterable<Buffer>,
  events: XmlEvents,
  settled: () => Promise<void> = async () => {},
  limits: XmlLimits = LETTER_LIMITS,
): Promise<XmlFault | null> {
  let fault: XmlFault | null = null;
  const refuse: Refuse = (why) => {
    fault = why;
    throw new Error(why);
  };
  if ("sizeBytes" in source && source.sizeBytes > limits.maxBytes) return "too-large";
  const octets = "sizeBytes" in source ? source.octets() : source;
  try {
    const decoder = openXmlDecoder(refuse);
    const feed = openFeed(events, refuse, limits);
    let passed = 0;
    for await (const slice of inSlices(octets)) {
      passed += slice.length;
      if (passed > limits.maxBytes) return "too-large";
      feed.write(decoder.write(slice));
      await settled();
    }
    feed.write(decoder.end());
    feed.close();
    await settled();
    return null;
  } catch (error) {
    if (fault !== null) return fault;
    throw error;
  }
}

/** Of one size, whatever the network gives: what is told by the first of them needs more than a few octets. */
async function* inSlices(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      const piece = chunk.subarray(at, at + SLICE_BYTES);
      held.push(piece);
      heldBytes += piece.length;
      if (heldBytes < SLICE_BYTES) continue;
      yield held.length === 1 ? piece : Buffer.concat(held);
      held = [];
      heldBytes = 0;
    }
  }
  if (heldBytes > 0) yield Buffer.concat(held);
}

function openFeed(
  events: XmlEvents,
  refuse: Refuse,
  limits: XmlLimits,
): { write(text: string): void; close(): void } {
  const parser = new SaxesParser({ position: false });
  const scopes: ReadonlyMap<string, string>[] = [new Map()];
  let elements = 0;
  let raw = false;
  let inCdata = false;
  let pending = "";
  let hasBegun = false;
  let pieces = 0;
  /** Given to the parser and not told by it yet: it holds them, however many ">" stand in them. */
  let heldCharacters = 0;
  const told = (): void => {
    heldCharacters = 0;
  };
  parser.on("comment", told);
  parser.on("processinginstruction", told);
  parser.on("error", () => refuse("not-well-formed"));
  parser.on("doctype", () => refuse("doctype"));
  parser.on("opentag", ({ name, attributes }) => {
    if (++elements > limits.maxElements) refuse("too-many-elements");
    if (scopes.length > limits.maxDepth) refuse("too-deep");
    told();
    const written = new Map(Object.entries(attributes as Record<string, string>));
    if (written.size > limits.maxAttributes) refuse("too-many-elements");
    const scope = scopeOf(scopes.at(-1) ?? new Map(), written);
    if (scope.size > limits.maxAttributes) refuse("too-many-elements");
    scopes.push(scope);
    const colon = name.indexOf(":");
    const prefix = colon < 0 ? "" : name.slice(0, colon);
    const namespace = scope.get(prefix) ?? (prefix === "" ? "" : null);
    raw = events.open({
      name: name.slice(colon + 1),
      namespace,
      prefix,
      attributes: written,
    });
  });
  parser.on("closetag", () => {
    told();
    scopes.pop();
    raw = false;
    events.close();
  });
  parser.on("text", (text) => events.text(text));
  parser.on("cdata", (text) => {
    told();
    events.text(text);
  });

  /** Takes what may be taken of `pending`; false when more has to come first. */
  const step = (): boolean => {
    if (raw) {
      const end = pending.indexOf("<");
      let piece = end < 0 ? pending : pending.slice(0, end);
      pending = pending.slice(piece.length);
      if (inCdata) piece = piece.replaceAll(/[\]>]/g, "");
      if (piece !== "") events.raw(piece);
      if (end < 0) return false;
      if (pending.startsWith(CDATA)) {
        inCdata = true;
        pending = pending.slice(CDATA.length);
        return true;
      }
      if (CDATA.startsWith(pending)) return false;
      inCdata = false;
      if ("<!--".startsWith(pending)) return false;
      if (pending.startsWith("<!--") || pending.startsWith("<?")) {
        // Says nothing, and ends nothing.
        const end = pending.indexOf(pending[1] === "?" ? "?>" : "-->", 2);
        if (end < 0 && pending.length > limits.maxPieceCharacters) refuse("too-large");
        if (end < 0) return false;
        if (++pieces > limits.maxPieces) refuse("too-many-elements");
        pending = pending.slice(end + (pending[1] === "?" ? 2 : 3));
        return true;
      }
      // What stands behind it would be lost without a word.
      if (pending.startsWith("<!")) events.raw("*");
      raw = false;
      return true;
    }
    const end = pending.indexOf(">");
    const piece = end < 0 ? pending : pending.slice(0, end + 1);
    if (heldCharacters + piece.length > limits.maxPieceCharacters) refuse("too-large");
    if (end < 0) return false;
    if (++pieces > limits.maxPieces) refuse("too-many-elements");
    if (/<!DOCTYPE/iu.test(piece)) refuse("doctype");
    pending = pending.slice(piece.length);
    heldCharacters += piece.length;
    parser.write(piece);
    return pending !== "";
  };

  return {
    write(text) {
      // Old clients put a line end before the declaration.
      pending += hasBegun ? text : text.trimStart();
      hasBegun ||= pending !== "";
      while (pending !== "" && step());
    },
    close() {
      if (raw || scopes.length > 1) refuse("not-well-formed");
      parser.write(pending);
      parser.close();
    },
  };
}

function scopeOf(
  outer: ReadonlyMap<string, string>,
  attributes: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const declared = [...attributes].filter(([name]) => /^xmlns(?::|$)/u.test(name));
  if (declared.length === 0) return outer;
  return new Map([...outer, ...declared.map(([name, uri]): [string, string] => [name.slice(6), uri])]);
}
