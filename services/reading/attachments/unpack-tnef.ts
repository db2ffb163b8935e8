import { decodeText } from "../../shared/mime/charset.ts";

/**
 * winmail.dat, the packing that Outlook and Exchange use among themselves (MS-OXTNEF): attributes in a row, and in some of
 * them lists of MAPI properties. Own code: the one package found for it bounds nothing, and letters are read in Thai code pages.
 */
export interface UnpackedTnef {
  readonly files: readonly { readonly name: string | null; readonly type: string; readonly octets: Buffer }[];
  /** The message's plain text; null where it has none. */
  readonly body: string | null;
  /** False when it is cut off, or an octet is not as its sender wrote it. */
  readonly intact: boolean;
  /** True when it holds more files than were asked for. */
  readonly cut: boolean;
}

const SIGNATURE = 0x223e9f78;
const ATT_OEM_CODEPAGE = 0x69007;
const ATT_BODY = 0x2800c;
const ATT_MESSAGE_PROPERTIES = 0x69003;
const ATT_RENDER_DATA = 0x69002;
const ATT_TITLE = 0x18010;
const ATT_DATA = 0x6800f;
const ATT_PROPERTIES = 0x69005;
const PR_BODY = 0x1000;
const PR_DISPLAY_NAME = 0x3001;
const PR_DATA = 0x3701;
const PR_SHORT_NAME = 0x3704;
const PR_LONG_NAME = 0x3707;
const PR_MIME_TYPE = 0x370e;
const MAX_ATTRIBUTES = 20_000;
const MAX_PROPERTIES = 2_000;
const MAX_BODY_BYTES = 1024 * 1024;

interface Draft {
  title: string | null;
  data: Buffer | null;
  properties: Properties;
}
type Properties = Map<number, { type: number; value: Buffer }>;

/** Reads what is readable; null when it is no TNEF at all. Octets are views of the given ones. Never throws. */
export function unpackTnef(octets: Buffer, maxFiles: number): UnpackedTnef | null {
  if (octets.length < 6 || octets.readUInt32LE(0) !== SIGNATURE) return null;
  const drafts: Draft[] = [];
  let codepage = "windows-874";
  let body: string | null = null;
  let intact = true;
  let cut = false;
  let at = 6;
  for (let count = 0; at < octets.length && intact; count++) {
    if (octets.length - at < 11 || count >= MAX_ATTRIBUTES) {
      intact = false;
      break;
    }
    const id = octets.readUInt32LE(at + 1);
    const length = octets.readUInt32LE(at + 5);
    const end = at + 9 + length;
    if (end + 2 > octets.length) {
      intact = false;
      break;
    }
    const data = octets.subarray(at + 9, end);
    const stated = octets.readUInt16LE(end);
    // Some writers leave it at nought.
    const sound = stated === 0 || stated === checksum(data);
    at = end + 2;
    const draft = drafts.at(-1);
    if (id === ATT_OEM_CODEPAGE && length >= 4) codepage = charsetOf(data.readUInt32LE(0));
    else if (id === ATT_BODY) body = text(data, codepage);
    else if (id === ATT_MESSAGE_PROPERTIES) {
      body ??= textProperty(readProperties(data), PR_BODY, codepage);
    } else if (id === ATT_RENDER_DATA) {
      cut = drafts.length >= maxFiles;
      if (cut) break;
      drafts.push({ title: null, data: null, properties: new Map() });
    } else if (draft !== undefined && id === ATT_TITLE) draft.title = text(data, codepage);
    else if (draft !== undefined && id === ATT_DATA) draft.data = data;
    else if (draft !== undefined && id === ATT_PROPERTIES) draft.properties = readProperties(data);
    if (!sound && (id === ATT_DATA || id === ATT_PROPERTIES || id === ATT_BODY)) intact = false;
  }
  const files = drafts.map(({ title, data, properties }) => ({
    name:
      textProperty(properties, PR_LONG_NAME, codepage) ??
      title ??
      textProperty(properties, PR_SHORT_NAME, codepage) ??
      textProperty(properties, PR_DISPLAY_NAME, codepage),
    type: (textProperty(properties, PR_MIME_TYPE, codepage) ?? "").toLowerCase().slice(0, 200),
    octets: dataOf(data, properties),
  }));
  return { files, body, intact, cut };
}

/** An attached item is a TNEF of its own behind the identifier of its interface (16 octets). */
function dataOf(data: Buffer | null, properties: Properties): Buffer {
  const held = properties.get(PR_DATA);
  if (data !== null && data.length > 0) return data;
  if (held === undefined) return Buffer.alloc(0);
  return held.type === 0x0d ? held.value.subarray(16) : held.value;
}

/** Those before the first that makes no sense; of a property with several values the first. */
function readProperties(data: Buffer): Properties {
  const properties: Properties = new Map();
  if (data.length < 4) return properties;
  let at = 4;
  const has = (bytes: number): boolean => data.length - at >= bytes;
  const count = Math.min(data.readUInt32LE(0), MAX_PROPERTIES);
  for (let index = 0; index < count; index++) {
    if (!has(4)) return properties;
    const type = data.readUInt16LE(at);
    const id = data.readUInt16LE(at + 2);
    at += 4;
    if (id >= 0x8000) {
      if (!has(24)) return properties;
      const named = data.readUInt32LE(at + 16) === 1;
      const length = data.readUInt32LE(at + 20);
      at += 24 + (named ? padded(length) : 0);
    }
    const plain = type & 0x0fff;
    const size = sizeOf(plain);
    let values = 1;
    if (size === 0 || (type & 0x1000) !== 0) {
      if (!has(4)) return properties;
      values = data.readUInt32LE(at);
      at += 4;
    }
    for (let value = 0; value < values; value++) {
      if (!has(size === 0 ? 4 : size)) return properties;
      const length = size === 0 ? data.readUInt32LE(at) : size;
      if (size === 0) at += 4;
      if (!has(length)) return properties;
      if (value === 0) properties.set(id, { type: plain, value: data.subarray(at, at + length) });
      at += padded(length);
    }
  }
  return properties;
}

/** In octets, as written; 0 for what states its length itself. */
function sizeOf(type: number): number {
  if ([0x05, 0x06, 0x07, 0x14, 0x40].includes(type)) return 8;
  if (type === 0x48) return 16;
  return [0x0d, 0x1e, 0x1f, 0x102].includes(type) ? 0 : 4;
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}

function textProperty(properties: Properties, id: number, codepage: string): string | null {
  const found = properties.get(id);
  if (found === undefined || (found.type !== 0x1e && found.type !== 0x1f)) return null;
  return text(found.value, found.type === 0x1f ? "utf-16le" : codepage);
}

function text(octets: Buffer, charset: string): string | null {
  const decoded = decodeText(octets.subarray(0, MAX_BODY_BYTES), charset).text;
  const clean = (decoded.split("\0", 1)[0] ?? "").toWellFormed();
  return clean.trim() === "" ? null : clean;
}

function charsetOf(codepage: number): string {
  if (codepage === 65001) return "utf-8";
  if (codepage === 20127 || codepage === 1252) return "windows-1252";
  return `windows-${codepage}`;
}

function checksum(data: Buffer): number {
  let sum = 0;
  for (let at = 0; at < data.length; at++) sum = (sum + (data[at] as number)) & 0xffff;
  return sum;
}
