import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openSenderOctets } from "./sender-head.ts";

const LONGEST_LINE = 128 * 1024;

test("whatever the octets and however they come, the same octets go on, with each bare LF as CRLF", async () => {
  const octet = fc.constantFrom(10, 13, 10, 13, 32, 58, 65, 66, 224);
  await fc.assert(
    fc.asyncProperty(
      fc.array(octet, { maxLength: 200 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 20 }),
      async (octets, sizes) => {
        const message = Buffer.from(octets);
        const chunks: Buffer[] = [];
        for (let at = 0, turn = 0; at < message.length; turn++) {
          const size = sizes[turn % sizes.length] as number;
          chunks.push(message.subarray(at, at + size));
          at += size;
        }
        const opened = await openSenderOctets(Readable.from(chunks));
        const given = opened === null ? null : await buffer(opened.octets);
        const wanted = message.toString("latin1").replace(/\r?\n/g, "\r\n");
        expect(given?.toString("latin1")).toBe(wanted);
      },
    ),
    { seed: 5, numRuns: 500 },
  );
});

test("fields are unfolded, names folded before the colon too; the body is no part of the head", async () => {
  const opened = await openSenderOctets(
    Buffer.from("Received: a\r\n\tb\r\nFROM\r\n : x@y\r\nno field\r\n\r\nSubject: body\r\n"),
  );
  expect(opened?.fields).toEqual([
    { name: "received", body: "a \tb" },
    { name: "from", body: "x@y" },
  ]);
});

test("of too many signatures the topmost stay, and a chain without measure is left out", async () => {
  const lines = (name: string, count: number) =>
    Array.from({ length: count }, (_, at) => `${name}: ${at}\r\n more\r\n`).join("");
  const message = `A: 1\r\n${lines("DKIM-Signature", 15)}${lines("ARC-Seal", 11)}B: 2\r\n\r\nbody`;
  const opened = await openSenderOctets(Buffer.from(message));
  const text = (await buffer(opened?.octets as Readable)).toString();
  expect(text).toBe(`A: 1\r\n${lines("DKIM-Signature", 10)}B: 2\r\n\r\nbody`);
});

test("a head without end is not read on; a line without end is broken", async () => {
  let taken = 0;
  const endless = Readable.from(
    (function* () {
      for (;;) {
        taken += 65_536;
        yield Buffer.alloc(65_536, 65);
      }
    })(),
  );
  expect(await openSenderOctets(endless)).toBeNull();
  expect(endless.destroyed).toBe(true);
  expect(taken).toBeLessThan(3_000_000);
  const opened = await openSenderOctets(
    Buffer.concat([Buffer.from("A: 1\r\n\r\n"), Buffer.alloc(1_000_000, 65)]),
  );
  const given = (await buffer(opened?.octets as Readable)).toString("latin1");
  expect(given.replaceAll("\r\n", "")).toHaveLength(1_000_004);
  expect(Math.max(...given.split("\r\n").map(({ length }) => length))).toBeLessThan(LONGEST_LINE + 65_537);
});

test("an error of the disk is not the message's", async () => {
  const broken = new Readable({
    read() {
      this.destroy(Object.assign(new Error("EIO"), { errno: -5 }));
    },
  });
  await expect(openSenderOctets(broken)).rejects.toMatchObject({ errno: -5 });
});
