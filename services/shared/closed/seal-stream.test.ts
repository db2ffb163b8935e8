import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openStream } from "./open-stream.ts";
import { openBytes, sealBytes } from "./seal-bytes.ts";
import { SealFault } from "./seal-fault.ts";
import { sealStream } from "./seal-stream.ts";
import { bodyPart, CHUNK_BYTES, HEAD_BYTES, sealedBytes, TAG_BYTES } from "./sealed-form.ts";

const key = randomBytes(32);
const as = bodyPart("0197f1c2-3a00-7000-8000-000000000001", 0);
const SEALED_CHUNK = CHUNK_BYTES + TAG_BYTES;

const pieces = (octets: Buffer, sizes: readonly number[]): Buffer[] => {
  const cut: Buffer[] = [];
  for (let at = 0, turn = 0; at < octets.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? octets.length);
    cut.push(octets.subarray(at, at + size));
    at += size;
  }
  return cut;
};
const source = (octets: Buffer, sizes: readonly number[] = []): Readable =>
  Readable.from(sizes.length === 0 ? [octets] : pieces(octets, sizes), { objectMode: false });
const seal = (content: Buffer, sizes: readonly number[] = [], sealedAs = as): Promise<Buffer> =>
  buffer(source(content, sizes).pipe(sealStream(key, sealedAs)));

/** What a reader got hold of, and how it ended. */
async function open(sealed: Buffer, sizes: readonly number[] = [], openedAs = as, openKey = key) {
  const got: Buffer[] = [];
  const opening = openStream(openKey, openedAs);
  opening.on("data", (chunk: Buffer) => got.push(chunk));
  const fault = await pipeline(source(sealed, sizes), opening).then(
    () => null,
    (error: unknown) => (error instanceof SealFault ? error.fault : `not a SealFault: ${String(error)}`),
  );
  return { got: Buffer.concat(got), fault };
}

describe("a body", () => {
  test("comes back as it was, however it and its sealed form are cut into pieces", async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 150_000 }), { minLength: 1, maxLength: 5 });
    const edge = fc.constantFrom(0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES);
    const length = fc.oneof(edge, fc.integer({ min: 0, max: 300_000 }));
    await fc.assert(
      fc.asyncProperty(length, sizes, sizes, async (size, written, read) => {
        const content = randomBytes(size);
        const sealed = await seal(content, written);
        expect(sealed.length).toBe(sealedBytes(size));
        const { got, fault } = await open(sealed, read);
        expect(fault).toBeNull();
        expect(got.equals(content)).toBe(true);
      }),
      { seed: 20_2569, numRuns: 80 },
    );
  });

  test("is sealed differently each time, and shows nothing of itself", async () => {
    const content = Buffer.alloc(CHUNK_BYTES * 2, "ลับที่สุดของที่สุด");
    const [one, other] = await Promise.all([seal(content), seal(content)]);
    expect(one.equals(other)).toBe(false);
    expect(one.includes("ลับ")).toBe(false);
    expect(
      one
        .subarray(HEAD_BYTES, HEAD_BYTES + 64)
        .equals(one.subarray(HEAD_BYTES + SEALED_CHUNK, HEAD_BYTES + SEALED_CHUNK + 64)),
    ).toBe(false);
  });

  test("does not open under another key, as another letter's or part's, or as facts", async () => {
    const sealed = await seal(Buffer.from("ลับ"));
    expect((await open(sealed, [], as, randomBytes(32))).fault).toBe("wrong-key");
    expect((await open(sealed, [], { ...as, letterId: "0197f1c2-3a00-7000-8000-000000000002" })).fault).toBe(
      "wrong-key",
    );
    expect((await open(sealed, [], { ...as, part: "body 1" })).fault).toBe("wrong-key");
    // The border between id and part counts too.
    expect((await open(sealed, [], { letterId: as.letterId.slice(0, -1), part: `1${as.part}` })).fault).toBe(
      "wrong-key",
    );
    expect(() => openBytes(key, as, sealed)).toThrow(SealFault);
  });
});

describe("octets that were changed", () => {
  test("every octet of a small one, in several ways: always a fault, never anything else than the content", async () => {
    const content = Buffer.from("หนังสือลับมาก ที่ กห ๐๒๐๑/๑๒๓");
    const sealed = await seal(content);
    for (let at = 0; at < sealed.length; at++) {
      for (const bits of [0x01, 0x80, 0xff]) {
        const changed = Buffer.from(sealed);
        changed[at] = (changed[at] as number) ^ bits;
        const { got, fault } = await open(changed);
        expect([at, got.length]).toEqual([at, 0]);
        expect(fault).toBe(at < 12 ? "not-sealed" : at < HEAD_BYTES ? "wrong-key" : "damaged");
      }
    }
  });

  test("cut off anywhere: a fault", async () => {
    const content = randomBytes(2 * CHUNK_BYTES + 10);
    const sealed = await seal(content);
    const ends = [0, 1, 8, 75, HEAD_BYTES, HEAD_BYTES + 15, HEAD_BYTES + 16, HEAD_BYTES + SEALED_CHUNK - 1];
    ends.push(HEAD_BYTES + SEALED_CHUNK, HEAD_BYTES + SEALED_CHUNK + 1, HEAD_BYTES + 2 * SEALED_CHUNK);
    ends.push(sealed.length - 1, sealed.length - 16);
    for (const end of ends) {
      const { got, fault } = await open(sealed.subarray(0, end), [7001]);
      expect([end, fault]).toEqual([end, "damaged"]);
      expect(content.subarray(0, got.length).equals(got)).toBe(true);
    }
  });

  test("added to: a fault, also when what is added is a chunk", async () => {
    const content = randomBytes(CHUNK_BYTES);
    const sealed = await seal(content);
    for (const more of [Buffer.alloc(1), Buffer.alloc(16), sealed.subarray(HEAD_BYTES), sealed]) {
      const { got, fault } = await open(Buffer.concat([sealed, more]));
      expect(fault).toBe("damaged");
      expect(got.length).toBe(0);
    }
  });

  test("chunks in another order, doubled, left out, or out of another sealing: a fault where it begins", async () => {
    const content = randomBytes(3 * CHUNK_BYTES + 5);
    const sealed = await seal(content);
    const sibling = await seal(content);
    const head = sealed.subarray(0, HEAD_BYTES);
    const chunkOf = (of: Buffer, number: number): Buffer =>
      of.subarray(HEAD_BYTES + number * SEALED_CHUNK, HEAD_BYTES + (number + 1) * SEALED_CHUNK);
    const [a, b, c, d] = [0, 1, 2, 3].map((number) => chunkOf(sealed, number)) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ];
    const made: [string, Buffer[], number][] = [
      ["order", [b, a, c, d], 0],
      ["doubled", [a, a, b, c, d], 1],
      ["left out", [a, c, d], 1],
      ["first left out", [b, c, d], 0],
      ["last left out", [a, b, c], 2],
      ["another sealing's", [a, chunkOf(sibling, 1), c, d], 1],
      ["another sealing's last", [a, b, c, chunkOf(sibling, 3)], 3],
    ];
    for (const [what, chunks, whole] of made) {
      const { got, fault } = await open(Buffer.concat([head, ...chunks]), [100_000]);
      expect([what, fault, got.length]).toEqual([what, "damaged", whole * CHUNK_BYTES]);
      expect(content.subarray(0, got.length).equals(got)).toBe(true);
    }
    const otherHead = Buffer.concat([sibling.subarray(0, HEAD_BYTES), a, b, c, d]);
    expect(await open(otherHead)).toMatchObject({ fault: "damaged", got: Buffer.alloc(0) });
  });

  test("an empty last chunk behind a full one is not what we write, and does not open", async () => {
    const sealed = await seal(Buffer.alloc(0));
    expect(sealed.length).toBe(HEAD_BYTES + TAG_BYTES);
    expect(await open(sealed)).toMatchObject({ fault: null, got: Buffer.alloc(0) });
    expect((await open((await seal(randomBytes(CHUNK_BYTES))).subarray(0, -TAG_BYTES))).fault).toBe(
      "damaged",
    );
  });

  test("random damage: what was released is the content's beginning", async () => {
    const content = randomBytes(180_000);
    const sealed = await seal(content);
    const place = fc.integer({ min: 0, max: sealed.length - 1 });
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), async (at, bits) => {
        const changed = Buffer.from(sealed);
        changed[at] = (changed[at] as number) ^ bits;
        const { got, fault } = await open(changed, [33_333]);
        expect(fault).not.toBeNull();
        expect(got.length).toBeLessThanOrEqual(
          Math.max(0, Math.floor((at - HEAD_BYTES) / SEALED_CHUNK)) * CHUNK_BYTES,
        );
        expect(content.subarray(0, got.length).equals(got)).toBe(true);
      }),
      { seed: 31_12, numRuns: 150 },
    );
  });
});

describe("facts", () => {
  test("come back, all or nothing", () => {
    const facts = Buffer.from(JSON.stringify({ subject: "ลับมาก", from: "กรมตัวอย่าง" }));
    const sealed = sealBytes(key, as, facts);
    expect(openBytes(key, as, sealed).equals(facts)).toBe(true);
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] as number) ^ 4;
      expect(() => openBytes(key, as, changed)).toThrow(SealFault);
      expect(() => openBytes(key, as, sealed.subarray(0, at))).toThrow(SealFault);
    }
    const large = randomBytes(150_000);
    expect(openBytes(key, as, sealBytes(key, as, large)).equals(large)).toBe(true);
  });

  test("a fault tells nothing of the content", () => {
    const sealed = sealBytes(key, as, Buffer.from("ลับมาก"));
    sealed[HEAD_BYTES] = (sealed[HEAD_BYTES] as number) ^ 1;
    const fault = (() => {
      try {
        return openBytes(key, as, sealed);
      } catch (error) {
        return error as SealFault;
      }
    })();
    expect(JSON.stringify([String(fault), (fault as SealFault).stack])).not.toContain("ลับ");
  });

  test("a key of another length, or nothing to bind to, is a fault of ours", () => {
    expect(() => sealBytes(randomBytes(16), as, Buffer.alloc(1))).toThrow(RangeError);
    expect(() => sealBytes(key, { letterId: "", part: "facts" }, Buffer.alloc(1))).toThrow(RangeError);
  });
});

test("memory is cleared: neither key nor content stays in what was used", () => {
  const used: Buffer[] = [];
  const original = Buffer.allocUnsafeSlow;
  Buffer.allocUnsafeSlow = (size) => {
    const block = original(size);
    used.push(block);
    return block;
  };
  try {
    sealBytes(key, as, Buffer.alloc(1000, "ลับ"));
  } finally {
    Buffer.allocUnsafeSlow = original;
  }
  expect(used).toHaveLength(1);
  expect(used[0]?.every((octet) => octet === 0)).toBe(true);
});
