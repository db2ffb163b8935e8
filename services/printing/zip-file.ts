import { constants, crc32, deflateRawSync } from "node:zlib";

/**
 * Writes a ZIP archive from front to back (APPNOTE.TXT 6.3.3 §4.3), never holding a whole entry: lengths and check sums
 * follow their entry in a data descriptor. Entries have no date, so the same content gives the same bytes. No ZIP64: an
 * archive ends at 4 GB.
 */
export interface ZipFile {
  /** Begins the next entry; `name` in ASCII. */
  begin(name: string): Uint8Array;
  write(text: string): Uint8Array;
  /** Ends the entry. */
  finish(): Uint8Array;
  /** The directory, after the last entry. */
  end(): Uint8Array;
}

interface Entry {
  readonly name: Buffer;
  readonly place: number;
  crc: number;
  size: number;
  packed: number;
}

const LIMIT = 0xffff_ffff;
/** Version 2.0, lengths in a data descriptor, deflated, 1 January 1980. */
const COMMON = Buffer.from([20, 0, 8, 0, 8, 0, 0, 0, 0x21, 0]);

export function newZipFile(): ZipFile {
  const entries: Entry[] = [];
  let written = 0;
  const out = (bytes: Buffer): Buffer => {
    written += bytes.length;
    if (written > LIMIT) throw new Error("the archive would be larger than 4 GB");
    return bytes;
  };
  const current = (): Entry => {
    const entry = entries.at(-1);
    if (entry === undefined) throw new Error("no entry was begun");
    return entry;
  };
  const pack = (text: string, last: boolean): Buffer => {
    const entry = current();
    const bytes = Buffer.from(text);
    entry.crc = crc32(bytes, entry.crc);
    entry.size += bytes.length;
    if (entry.size > LIMIT) throw new Error("an entry would be larger than 4 GB");
    // A piece that ends with a flush can be followed by another: together they are one deflate stream (RFC 1951 §3.2).
    const packed = deflateRawSync(bytes, { finishFlush: last ? constants.Z_FINISH : constants.Z_SYNC_FLUSH });
    entry.packed += packed.length;
    return packed;
  };
  return {
    begin(name) {
      const entry = { name: Buffer.from(name, "ascii"), place: written, crc: 0, size: 0, packed: 0 };
      entries.push(entry);
      return out(
        Buffer.concat([fourBytes(0x04034b50), COMMON, Buffer.alloc(12), nameLength(entry), entry.name]),
      );
    },
    write: (text) => out(pack(text, false)),
    finish() {
      const packed = pack("", true);
      return out(Buffer.concat([packed, fourBytes(0x08074b50), sizes(current())]));
    },
    end() {
      const place = written;
      const directory = Buffer.concat(entries.map(directoryEntry));
      const ending = Buffer.alloc(22);
      ending.writeUInt32LE(0x06054b50, 0);
      ending.writeUInt16LE(entries.length, 8);
      ending.writeUInt16LE(entries.length, 10);
      ending.writeUInt32LE(directory.length, 12);
      ending.writeUInt32LE(place, 16);
      return out(Buffer.concat([directory, ending]));
    },
  };
}

function directoryEntry(entry: Entry): Buffer {
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(entry.place, 10);
  const head = Buffer.concat([fourBytes(0x02014b50), Buffer.from([20, 0]), COMMON, sizes(entry)]);
  return Buffer.concat([head, nameLength(entry), rest, entry.name]);
}

/** Check sum, packed and unpacked length: in this order in the descriptor and in the directory. */
function sizes({ crc, packed, size }: Entry): Buffer {
  return Buffer.concat([fourBytes(crc), fourBytes(packed), fourBytes(size)]);
}

/** With the length of the extra field, which is never there. */
function nameLength({ name }: Entry): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(name.length, 0);
  return bytes;
}

function fourBytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0, 0);
  return bytes;
}
