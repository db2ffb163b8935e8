import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { type Entry, getFileNameLowLevel, type ZipFile } from "yauzl";
import { decodeText } from "../../shared/mime/charset.ts";
import type { ContentKeeper, PartContent } from "../../shared/mime/part-content.ts";
import { openZip } from "./open-zip.ts";

/** What may still be unpacked of a message, over all its archives together. */
export interface UnpackBudget {
  members: number;
  bytes: number;
}

export interface UnpackedMember {
  /** As the archive names it, with its folders; data, never a path. */
  readonly name: string | null;
  readonly content: PartContent | null;
  readonly sizeBytes: number | null;
  readonly sha256: string | null;
  readonly fault: "encrypted" | "not-unpacked" | "unreadable" | null;
}

export interface UnpackedArchive {
  readonly members: readonly UnpackedMember[];
  /** An office document by what lies in it; then nothing is unpacked. */
  readonly officeType: string | null;
  /** limit: more than may be unpacked; damaged: not (wholly) an archive; encrypted: even its list. */
  readonly fault: "limit" | "damaged" | "encrypted" | null;
}

const MAX_MEMBER_BYTES = 64 * 1024 * 1024;
const MAX_RATIO = 100;
const FREE_BYTES = 1024 * 1024;
const LOCAL_HEADER_BYTES = 30;

/** Unpacks what the budget allows; a limit or a fault is told, and never thrown. */
export async function unpackZip(
  content: PartContent,
  keeper: ContentKeeper,
  budget: UnpackBudget,
): Promise<UnpackedArchive> {
  const members: UnpackedMember[] = [];
  let zip: ZipFile | undefined;
  let fault: UnpackedArchive["fault"] = null;
  try {
    zip = await openZip(content);
    const entries: Entry[] = [];
    try {
      for await (const entry of zip.eachEntry()) {
        if (entries.length >= Math.max(0, budget.members)) {
          fault = "limit";
          break;
        }
        entries.push(entry);
      }
    } catch (error) {
      fault = /strong encryption/.test(String(error)) ? "encrypted" : "damaged";
    }
    const names = entries.map((entry) => rawName(entry).toString("latin1"));
    const officeType = await officeTypeOf(zip, entries, names);
    if (officeType !== null) return { members, officeType, fault: null };
    if (overlap(entries)) return { members, officeType, fault: "limit" };
    for (const entry of entries) {
      const raw = rawName(entry);
      if (/[/\\]$/.test(raw.toString("latin1"))) continue;
      budget.members--;
      const member = await unpackMember(zip, entry, keeper, budget);
      if (member.fault === "not-unpacked") fault = "limit";
      members.push({ name: decodeName(entry, raw), ...member });
    }
  } catch {
    fault ??= "damaged";
  } finally {
    zip?.close();
  }
  return { members, officeType: null, fault };
}

async function unpackMember(
  zip: ZipFile,
  entry: Entry,
  keeper: ContentKeeper,
  budget: UnpackBudget,
): Promise<Omit<UnpackedMember, "name">> {
  const nothing = { content: null, sizeBytes: null, sha256: null };
  if (entry.isEncrypted()) return { ...nothing, fault: "encrypted" };
  // A link has no contents of its own, and where it leads is nobody's business.
  if (((entry.externalFileAttributes >>> 16) & 0o170000) === 0o120000)
    return { ...nothing, fault: "unreadable" };
  const packed = Math.min(entry.compressedSize, zip.fileSize);
  const allowed = Math.min(MAX_MEMBER_BYTES, budget.bytes, Math.max(FREE_BYTES, packed * MAX_RATIO));
  const hash = createHash("sha256");
  let checksum = 0;
  let sizeBytes = 0;
  let over = entry.uncompressedSize > allowed;
  if (over) return { ...nothing, fault: "not-unpacked" };
  try {
    const stream = await zip.openReadStreamPromise(entry);
    const counted = async function* (): AsyncGenerator<Buffer> {
      try {
        for await (const chunk of stream as AsyncIterable<Buffer>) {
          sizeBytes += chunk.length;
          over = sizeBytes > allowed;
          if (over) return;
          checksum = crc32(chunk, checksum);
          hash.update(chunk);
          yield chunk;
        }
      } finally {
        stream.destroy();
      }
    };
    const content = await keeper.keep(Readable.from(counted(), { objectMode: true, highWaterMark: 1 }));
    budget.bytes -= Math.min(sizeBytes, allowed);
    if (over || content === null) return { ...nothing, fault: "not-unpacked" };
    if (sizeBytes !== entry.uncompressedSize || checksum !== entry.crc32)
      return { ...nothing, fault: "unreadable" };
    return { content, sizeBytes, sha256: hash.digest("hex"), fault: null };
  } catch {
    budget.bytes -= Math.min(sizeBytes, allowed);
    return { ...nothing, fault: "unreadable" };
  }
}

function rawName(entry: Entry): Buffer {
  return Buffer.isBuffer(entry.fileNameRaw) ? entry.fileNameRaw : Buffer.alloc(0);
}

/** Members that share octets: how a few kilobytes become petabytes without any one member being suspicious. */
function overlap(entries: readonly Entry[]): boolean {
  const byPlace = [...entries].sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  let end = 0;
  for (const entry of byPlace) {
    if (entry.relativeOffsetOfLocalHeader < end) return true;
    end = entry.relativeOffsetOfLocalHeader + LOCAL_HEADER_BYTES + entry.compressedSize;
  }
  return false;
}

/** UTF-8 where flagged (or where the octets are), the Unicode field of Info-ZIP, Thai octets, and at last IBM's 437. */
function decodeName(entry: Entry, raw: Buffer): string | null {
  const unicode = entry.extraFields?.find(({ id }) => id === 0x7075)?.data;
  if (
    unicode !== undefined &&
    unicode.length > 5 &&
    unicode[0] === 1 &&
    unicode.readUInt32LE(1) === crc32(raw)
  ) {
    return shown(decodeText(unicode.subarray(5), "utf-8").text);
  }
  if ((entry.generalPurposeBitFlag & 0x800) !== 0) return shown(decodeText(raw, "utf-8").text);
  const { text } = decodeText(raw, null);
  const guessed = isUtf8(raw) || /[\u0E01-\u0E5B]/u.test(text);
  return shown(guessed ? text : getFileNameLowLevel(0, raw, [], false));
}

function shown(name: string): string | null {
  const clean = name.replaceAll("\0", "").slice(0, 1_000).toWellFormed();
  return clean === "" ? null : clean;
}

const OFFICE = "application/vnd.openxmlformats-officedocument";

async function officeTypeOf(
  zip: ZipFile,
  entries: readonly Entry[],
  names: readonly string[],
): Promise<string | null> {
  const [first] = entries;
  if (
    names[0] === "mimetype" &&
    first !== undefined &&
    first.uncompressedSize <= 100 &&
    !first.isEncrypted()
  ) {
    const type = await readShort(zip, first);
    if (/^application\/(?:vnd\.oasis\.opendocument\.[a-z-]{1,40}|epub\+zip)$/.test(type)) return type;
  }
  if (!names.includes("[Content_Types].xml")) return null;
  if (names.some((name) => name.startsWith("word/"))) return `${OFFICE}.wordprocessingml.document`;
  if (names.some((name) => name.startsWith("xl/"))) return `${OFFICE}.spreadsheetml.sheet`;
  if (names.some((name) => name.startsWith("ppt/"))) return `${OFFICE}.presentationml.presentation`;
  return null;
}

async function readShort(zip: ZipFile, entry: Entry): Promise<string> {
  let text = "";
  const stream = await zip.openReadStreamPromise(entry);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    text += chunk.toString("latin1");
    if (text.length > 100) break;
  }
  stream.destroy();
  return text.trim();
}
