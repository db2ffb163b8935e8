import { expect, it } from "vitest";
import type { PdfReader } from "../pdf/read-pdf.ts";
import type { Attachment } from "../reading.ts";
import { readFiles } from "./read-files.ts";

const reader: PdfReader = {
  read: () => Promise.reject(new Error("there is no PDF here")),
  close: async () => {},
};

function attachment(name: string, members: Attachment[] = []): Attachment {
  return {
    name,
    safeName: "file",
    contentType: "application/octet-stream",
    detectedType: null,
    sizeBytes: null,
    sha256: null,
    role: "enclosure",
    marks: [],
    members,
    inline: false,
    partId: "2",
  };
}

it("obeys a marking in the name of an archive, or of what is locked in it", async () => {
  for (const [archive, secrecy] of [
    [attachment("ลับมาก.zip"), "secret"],
    [attachment("a.zip", [attachment("b.zip", [attachment("แผน (ลับ).pdf")])]), "confidential"],
    [attachment("a.zip", [attachment("ลับที่สุด/แผน.pdf")]), "top-secret"],
    [attachment("ลับแล.zip", [attachment("การลับมีด.pdf")]), "normal"],
  ] as const) {
    const said = await readFiles([], null, new Map(), reader, [archive]);
    expect(said.secrecy).toEqual({ value: secrecy, source: "file-name" });
  }
});
