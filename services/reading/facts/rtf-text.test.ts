import { expect, it } from "vitest";
import { cpuTimeMs } from "../../shared/testing/cpu-time.ts";
import { detectType } from "../attachments/detect-type.ts";
import { openContentKeeper, type PartContent } from "../mime/part-content.ts";
import type { Attachment } from "../reading.ts";
import { UNOPENED } from "../unread-reading.ts";
import { readFiles } from "./read-files.ts";
import { readRtfText } from "./rtf-text.ts";

const keeper = openContentKeeper();
const kept = async (octets: Uint8Array): Promise<PartContent> => {
  const content = await keeper.keepOctets(Buffer.from(octets));
  if (content === null) throw new Error("not kept");
  return content;
};

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

it("reads RTF in Thai octets and in Unicode", async () => {
  const rtf = (text: string) =>
    Buffer.from(`{\\rtf1\\ansi\\ansicpg874{\\qc\\b ${text}\\par}x\\par}`, "latin1");
  for (const text of ["\\'c5\\'d1\\'ba", "\\u3621?\\u3633?\\u3610?"]) {
    expect(
      (await readRtfText(await kept(rtf(text)))).split("\n").map((line) => line.trim()),
      text,
    ).toContain("ลับ");
    expect(await secrecyOf(rtf(text)), text).toBe("confidential");
  }
});

it("is quick with hostile documents", async () => {
  const started = cpuTimeMs();
  for (const piece of ["<", "&#", "\\'", "\\u1", "{\\rtf", "\\par"]) {
    await readRtfText(await kept(Buffer.from(`{\\rtf${piece.repeat(100_000)}`)));
  }
  expect(cpuTimeMs() - started).toBeLessThan(4_000);
});
