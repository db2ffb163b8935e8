import { crc32 } from "node:zlib";

/** Packings that no honest program writes, and mails around them. */
export interface PackedFile {
  readonly octets: Uint8Array;
  readonly name: string;
  readonly type?: string;
}

export function mailWith(files: readonly PackedFile[], text = "text"): Buffer {
  const parts = files.map(
    ({ octets, name, type = "application/octet-stream" }) =>
      `--b\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n` +
      `Content-Disposition: attachment; filename*=utf-8''${encodeURIComponent(name)}\r\n\r\n` +
      `${(
        Buffer.from(octets)
          .toString("base64")
          .match(/.{1,76}/g) ?? []
      ).join("\r\n")}\r\n`,
  );
  return Buffer.from(
    "From: saraban@opdc.example.go.th\r\nTo: saraban@agency-a.example.go.th\r\nSubject: x\r\nMIME-Version: 1.0\r\n" +
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n${text}\r\n${parts.join("")}--b--\r\n`,
  );
}

export interface StoredMember {
  readonly name: string | Buffer;
  readonly octets: Buffer;
  readonly flags?: number;
  readonly mode?: number;
  readonly crc?: number;
  readonly statedBytes?: number;
  /** Where the list says it lies. */
  readonly offset?: number;
}

/** A ZIP of stored members whose list says what it is told to. */
export function storedZip(members: readonly StoredMember[]): Buffer {
  const bodies: Buffer[] = [];
  const list: Buffer[] = [];
  let at = 0;
  for (const { name, octets, flags = 0, mode = 0o100644, crc, statedBytes, offset } of members) {
    const raw = Buffer.from(name);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(flags, 2);
    fields.writeUInt32LE(crc ?? crc32(octets), 10);
    fields.writeUInt32LE(octets.length, 14);
    fields.writeUInt32LE(statedBytes ?? octets.length, 18);
    fields.writeUInt16LE(raw.length, 22);
    const body = Buffer.concat([Buffer.from("PK\x03\x04"), fields, raw, octets]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((mode << 16) >>> 0, 6);
    tail.writeUInt32LE(offset ?? at, 10);
    list.push(Buffer.from("PK\x01\x02"), Buffer.from([20, 3]), fields, tail, raw);
    bodies.push(body);
    at += body.length;
  }
  const directory = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...bodies, directory, end]);
}

/** A winmail.dat with long names in UTF-16. */
export function tnefOf(files: readonly (readonly [name: string, octets: Buffer])[]): Buffer {
  const attribute = (level: number, id: number, data: Buffer): Buffer => {
    const head = Buffer.alloc(9);
    head.writeUInt8(level, 0);
    head.writeUInt32LE(id, 1);
    head.writeUInt32LE(data.length, 5);
    const sum = Buffer.alloc(2);
    sum.writeUInt16LE(data.reduce((total, octet) => total + octet, 0) & 0xffff);
    return Buffer.concat([head, data, sum]);
  };
  const words = (...values: number[]): Buffer => {
    const made = Buffer.alloc(values.length * 4);
    values.forEach((value, index) => {
      made.writeUInt32LE(value, index * 4);
    });
    return made;
  };
  return Buffer.concat([
    Buffer.from([0x78, 0x9f, 0x3e, 0x22, 1, 0]),
    attribute(1, 0x69007, words(874, 0)),
    ...files.flatMap(([name, octets]) => {
      const text = Buffer.from(`${name}\0`, "utf16le");
      const properties = Buffer.concat([
        words(1, 0x3707001f, 1, text.length),
        text,
        Buffer.alloc((4 - (text.length % 4)) % 4),
      ]);
      return [
        attribute(2, 0x69002, Buffer.alloc(14)),
        attribute(2, 0x6800f, octets),
        attribute(2, 0x69005, properties),
      ];
    }),
  ]);
}

/** CMS in DER: signed by nobody, or an envelope for nobody. */
export function cmsOf(kind: "signed" | "enveloped", content: Buffer): Buffer {
  const der = (tag: number, ...parts: Buffer[]): Buffer => {
    const body = Buffer.concat(parts);
    const size = Buffer.alloc(4);
    size.writeUInt32BE(body.length);
    const length =
      body.length < 0x80 ? Buffer.from([body.length]) : Buffer.concat([Buffer.from([0x84]), size]);
    return Buffer.concat([Buffer.from([tag]), length, body]);
  };
  const type = (last: number): Buffer =>
    der(6, Buffer.from([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, last]));
  const version = der(2, Buffer.from([1]));
  if (kind === "enveloped") return der(0x30, type(3), der(0xa0, der(0x30, version, der(0x31))));
  const inner = der(0x30, type(1), der(0xa0, der(4, content)));
  return der(0x30, type(2), der(0xa0, der(0x30, version, der(0x31), inner, der(0x31))));
}
