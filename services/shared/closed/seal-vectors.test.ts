import { expect, test } from "vitest";
import { beginOpening } from "./open-stream.ts";
import { openBytes } from "./seal-bytes.ts";
import { beginSealing } from "./seal-stream.ts";
import { bodyPart, type Purpose } from "./sealed-form.ts";
import { readSealed } from "./testing/read-sealed.ts";

const counted = (from: number): Buffer => Buffer.from(Array.from({ length: 32 }, (_, at) => from + at));
const dataKey = counted(0);
const as = bodyPart("0197f1c2-3a00-7000-8000-000000000001", 0);

/** The form is what lies on disks: these octets can be opened for ever. (Opened with Python's cryptography too.) */
const example = {
  content: "เรื่อง ลับ",
  salt: counted(0x40),
  info: "7361726162616e20636c6f73656420626f64792031 00 534152425345414c01011000 0024 30313937663163322d336130302d373030302d383030302d303030303030303030303031 0006 626f64792030",
  aesKey: "d320e788069585ac4d290c257ec256ba0c265f8b27f0602aeb295e0e6b2266dd",
  commitment: "0426535076f3121416adc6902f4d94ce91c8d4f2afc80f3625f0737bf1c1fd54",
  sealed: [
    "534152425345414c01011000",
    "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f",
    "0426535076f3121416adc6902f4d94ce91c8d4f2afc80f3625f0737bf1c1fd54",
    "8e0abda3a49183d595e5acd8be494bd8284bf470fba455a7b795c5b8",
    "edace1c44937bbc0a9c675084a0618f6",
  ].join(""),
};

const sealWith = (salt: Buffer, purpose: Purpose, content: Buffer): Buffer => {
  const sealing = beginSealing(dataKey, purpose, as, () => salt);
  return Buffer.concat([sealing.head, ...sealing.take(content), sealing.end()]);
};

test("the example is sealed to the octet, and opened by us and by a reader written from the text", async () => {
  const sealed = sealWith(example.salt, "body", Buffer.from(example.content));
  expect(sealed.toString("hex")).toBe(example.sealed);
  const opening = beginOpening(dataKey, "body", as);
  const opened = Buffer.concat([...opening.take(sealed), opening.end()]);
  expect(opened.toString()).toBe(example.content);
  const read = await readSealed(sealed, dataKey, { holds: "body", ...as });
  expect(Buffer.from(read.content).toString()).toBe(example.content);
  expect(Buffer.from(read.aesKey).toString("hex")).toBe(example.aesKey);
});

test("what its text says of keys: info, commitment", () => {
  const info = Buffer.from(example.info.replaceAll(" ", ""), "hex");
  expect(info.subarray(0, 21).toString()).toBe("saraban closed body 1");
  expect(info.subarray(36, 72).toString()).toBe(as.letterId);
  expect(example.sealed.slice(88, 152)).toBe(example.commitment);
});

test.each([0, 1, 65_535, 65_536, 65_537, 131_072, 200_001])(
  "%i octets are read by that reader, as body and as facts",
  async (size) => {
    const content = Buffer.alloc(size, "ลับมาก");
    for (const holds of ["body", "facts"] as const) {
      const sealed = sealWith(counted(7), holds, content);
      const read = await readSealed(sealed, dataKey, { holds, ...as });
      expect(content.equals(read.content)).toBe(true);
    }
    expect(openBytes(dataKey, as, sealWith(counted(9), "facts", content)).equals(content)).toBe(true);
  },
);
