import { readFile } from "node:fs/promises";
import { simpleParser } from "mailparser";
import { expect, it } from "vitest";
import { freshCopy, readEnds, renumbered } from "./read-eml.ts";

const sample = (name: string): Promise<Buffer> => readFile(new URL(`../../samples/${name}`, import.meta.url));

it("renumbers the letter's own number in the digits it was printed with, and no other", () => {
  expect(renumbered("ที่ นร 1203/301 (นร ๑๒๐๓/๓๐๑) อ้างถึง ที่ สธ 0216/55", 4711)).toBe(
    "ที่ นร 1203/4711 (นร ๑๒๐๓/๔๗๑๑) อ้างถึง ที่ สธ 0216/55",
  );
  expect(renumbered("ที่ นร 1004/ว 31", 5)).toBe("ที่ นร 1004/ว 5");
  expect(renumbered("ขอสอบถามเวลาเปิด", 5)).toBe("ขอสอบถามเวลาเปิด");
});

it("makes another letter of a letter: another Message-ID and number, the same subject and ends", async () => {
  const given = await sample("02-tis620-quoted-printable.eml");
  const [before, after] = await Promise.all(
    [given, await freshCopy(given, 9001)].map((octets) => simpleParser(octets)),
  );
  expect(after?.messageId).not.toBe(before?.messageId);
  expect(after?.subject).toBe(before?.subject?.replace("๒๐๗๗", "๙๐๐๑"));
  expect(after?.text).toContain("กค ๐๔๐๒.๕/๙๐๐๑");
  expect(await readEnds(await freshCopy(given, 9001))).toEqual(await readEnds(given));
});

it("keeps the marks of a machine's message, so that the copy of one is none the less one", async () => {
  const copy = await freshCopy(await sample("09-automatic-reply.eml"), 1);
  expect(copy.toString()).toMatch(/^Auto-Submitted: auto-replied/im);
});
