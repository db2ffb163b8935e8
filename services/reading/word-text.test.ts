import { strToU8, zipSync } from "fflate";
import { expect, it } from "vitest";
import { detectType } from "./detect-type.ts";
import { openContentKeeper, type PartContent } from "./part-content.ts";
import { NO_FILES, readFiles } from "./read-files.ts";
import type { Attachment } from "./reading.ts";
import { UNOPENED } from "./unread-reading.ts";
import { readWordText } from "./word-text.ts";

const keeper = openContentKeeper();
const kept = async (octets: Uint8Array): Promise<PartContent> => {
  const content = await keeper.keepOctets(Buffer.from(octets));
  if (content === null) throw new Error("not kept");
  return content;
};
const zipped = (members: Record<string, string>) =>
  zipSync(Object.fromEntries(Object.entries(members).map(([name, text]) => [name, strToU8(text)])));

const DOCX = zipped({
  "[Content_Types].xml": "<Types/>",
  "word/header1.xml":
    '<w:hdr><w:p><w:r><w:t>ลั</w:t></w:r><w:r><w:t xml:space="preserve">บ</w:t></w:r></w:p></w:hdr>',
  "word/document.xml":
    "<w:document>\n<w:p>\n<w:r><w:t>ที่ กค &amp; ๑</w:t><w:tab/><w:t>ข</w:t></w:r></w:p><w:p><w:r><w:t>ค</w:t></w:r></w:p></w:document>",
  "word/settings.xml": "<w:p>ไม่</w:p>",
});

async function secrecyOf(octets: Uint8Array, detectedType?: string) {
  const content = await kept(octets);
  const attachment = {
    name: "a",
    contentType: "application/octet-stream",
    detectedType: detectedType ?? (await detectType(content)),
    members: [],
    marks: [],
    role: "main",
    partId: "1",
  } as unknown as Attachment;
  const file = { attachment, content, forwarded: false };
  return (await readFiles([file], null, new Map(), UNOPENED)).secrecy.value;
}

it("reads paragraphs, cells and the heads of pages of a Word document, and those of OpenDocument", async () => {
  const text = await readWordText(await kept(DOCX));
  expect(text.split("\n")).toEqual(expect.arrayContaining(["ลับ", "ที่ กค & ๑\tข", "ค"]));
  expect(text).not.toContain("ไม่");
  const odt = zipped({ "content.xml": "<text:p>ลับ<text:span>มาก</text:span></text:p><text:h>ข</text:h>" });
  expect((await readWordText(await kept(odt))).split("\n")).toContain("ลับมาก");
});

it("reads RTF in Thai octets and in Unicode", async () => {
  const rtf = (text: string) =>
    Buffer.from(`{\\rtf1\\ansi\\ansicpg874{\\qc\\b ${text}\\par}x\\par}`, "latin1");
  for (const text of ["\\'c5\\'d1\\'ba", "\\u3621?\\u3633?\\u3610?"]) {
    expect(
      (await readWordText(await kept(rtf(text)))).split("\n").map((line) => line.trim()),
      text,
    ).toContain("ลับ");
    expect(await secrecyOf(rtf(text)), text).toBe("confidential");
  }
});

it("obeys a marking that stands in a Word document alone", async () => {
  const type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
  expect(await secrecyOf(DOCX, type)).toBe("confidential");
  expect(await secrecyOf(Buffer.from(DOCX).subarray(0, 200), type)).toBe(NO_FILES.secrecy.value);
});

it("is bounded and quick with hostile documents", async () => {
  const started = performance.now();
  for (const piece of ["<", "<w:p>", "> ", "&#", "<w:tab", "\\'", "\\u1", "{\\rtf"]) {
    await readWordText(await kept(zipped({ "word/document.xml": piece.repeat(500_000) })));
    await readWordText(await kept(Buffer.from(`{\\rtf${piece.repeat(100_000)}`)));
  }
  const bomb = await kept(zipped({ "word/document.xml": "ก".repeat(8_000_000) }));
  expect((await readWordText(bomb)).length).toBeLessThan(5_000_000);
  expect(performance.now() - started).toBeLessThan(8_000);
});
