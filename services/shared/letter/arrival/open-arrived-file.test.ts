import { once } from "node:events";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { openArrivedFile } from "./open-arrived-file.ts";

const FILE = Buffer.alloc(300_001, "%PDF-1.4 letter ");
const CSV = "ก,ข\r\n";
const document = (rest = "</CorrespondenceLetter></GovernmentDocument>") =>
  `<GovernmentDocument><CorrespondenceLetter><MainLetterBinaryObject mimeCode="text/plain"></MainLetterBinaryObject>` +
  `<AttachmentBinaryObject mimeCode="application/pdf">${FILE.toString("base64")}</AttachmentBinaryObject>${rest}`;
const part = (type: string, octets: string | Buffer) =>
  `Content-Type: ${type}\r\nContent-Disposition: attachment; filename=a\r\nContent-Transfer-Encoding: base64\r\n\r\n` +
  `${Buffer.from(octets as string).toString("base64")}\r\n`;
const mixed = (...parts: string[]) =>
  `Subject: x\r\nContent-Type: multipart/mixed; boundary=b${parts.length}\r\n\r\n--b${parts.length}\r\n${parts.join(`\r\n--b${parts.length}\r\n`)}\r\n--b${parts.length}--\r\n`;
const MAIL = mixed(
  "Content-Type: text/plain\r\n\r\nเรียน",
  `Content-Type: message/rfc822\r\n\r\n${mixed(part("application/pdf", FILE), part("application/pdf", "second"))}`,
  part("application/xml", document()),
  `Content-Type: text/csv; charset=utf-8\r\n\r\n${CSV}`,
);

/** In small pieces, as a file on a slow disk comes. */
function raw(text: string): Readable {
  const octets = Buffer.from(text);
  const pieces = Array.from({ length: Math.ceil(octets.length / 7_000) }, (_, at) =>
    octets.subarray(at * 7_000, at * 7_000 + 7_000),
  );
  return Readable.from(pieces, { objectMode: false });
}

async function whole(content: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of content) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

describe("a file of a letter that has arrived", () => {
  it.each([
    ["of a mail within the mail", null, MAIL, "2>1", FILE],
    ["of a mail within the mail", null, MAIL, "2>2", Buffer.from("second")],
    ["of a document that is attached", null, MAIL, "3>2", FILE],
    ["that is text without a name", null, MAIL, "4", Buffer.from(CSV)],
    ["of a document", "application/xml", document(), "2", FILE],
  ])("%s (%s %#) is opened", async (_, mediaType, text, partId, wanted) => {
    const { content } = await openArrivedFile(raw(text), mediaType, partId);
    expect((await whole(content)).equals(wanted)).toBe(true);
  });

  it.each([
    [null, MAIL, "9"],
    [null, MAIL, "3>9"],
    ["application/xml", document(), "9"],
    ["application/json", '{"files":[]}', "1"],
    ["application/json", "[", "1"],
    ["multipart/form-data; boundary=b", "", "1"],
  ])("is missed (%s)", async (mediaType, text, partId) => {
    const source = raw(text);
    await expect(openArrivedFile(source, mediaType, partId)).rejects.toThrow("can be had by itself");
    expect(source.destroyed).toBe(true);
  });

  it("is not taken for whole where its octets end too soon, or cannot be read", async () => {
    const cut = document("").slice(0, -100_000);
    for (const [mediaType, text, partId] of [
      ["text/xml", cut, "2"],
      [null, mixed(part("application/xml", cut)), "1>2"],
    ] as const) {
      const { content } = await openArrivedFile(raw(text), mediaType, partId);
      await expect(whole(content)).rejects.toThrow("not-well-formed");
    }
    const broken = new Readable({
      read() {
        this.push(document().slice(0, 200_000));
        this.destroy(new Error("EIO"));
      },
    });
    const opened = openArrivedFile(broken, "text/xml", "2").then(({ content }) => whole(content));
    await expect(opened).rejects.toThrow("EIO");
  });

  it("that nobody reads to its end lets go of the letter", async () => {
    for (const [mediaType, text, partId] of [
      ["text/xml", document(), "2"],
      [null, MAIL, "2>1"],
    ] as const) {
      const source = raw(text.repeat(1));
      const { content } = await openArrivedFile(source, mediaType, partId);
      await once(content, "readable");
      content.destroy();
      if (!source.closed) await once(source, "close");
      expect(source.destroyed).toBe(true);
    }
  });
});
