import { strToU8, zipSync } from "fflate";
import { afterAll, describe, expect, it } from "vitest";
import { cpuTimeMs } from "../../shared/testing/cpu-time.ts";
import { emptyAttachment } from "../attachments/mark-attachment.ts";
import { openContentKeeper, type PartContent } from "../mime/part-content.ts";
import { DOCX_TYPE, docx, ODT_TYPE, odt, paragraphs } from "../testing/make-office.ts";
import { UNOPENED } from "../unread-reading.ts";
import { readFiles } from "./read-files.ts";
import { officeFormat, readOfficeDocument } from "./read-office-document.ts";

const keeper = openContentKeeper();
afterAll(() => keeper.dispose());

async function kept(octets: Uint8Array): Promise<PartContent> {
  const content = await keeper.keepOctets(Buffer.from(octets));
  if (content === null) throw new Error("not kept");
  return content;
}

const textOf = async (octets: Uint8Array, format: "docx" | "odt" = "docx") =>
  readOfficeDocument(await kept(octets), format);

async function read(octets: Uint8Array, detectedType = DOCX_TYPE, name = "หนังสือ.docx") {
  const attachment = { ...emptyAttachment(name, "application/octet-stream", "2"), detectedType };
  const file = { attachment, content: await kept(octets), forwarded: false };
  const { secrecy, problems, scans } = await readFiles([file], null, new Map(), UNOPENED);
  return { secrecy: secrecy.value, problems, marks: attachment.marks, scan: scans.has(file) };
}

const PLAIN = { problems: [], marks: [], scan: false };

describe("a marking in a Word or OpenDocument letter", () => {
  const ordinary = paragraphs("เรื่อง ก", "เรียน ข");
  it.each([
    ["a header alone", docx(ordinary, { "word/header2.xml": `<w:hdr>${paragraphs("ลับมาก")}</w:hdr>` })],
    ["a footer alone", docx(ordinary, { "word/footer1.xml": `<w:ftr>${paragraphs("- ลับมาก -")}</w:ftr>` })],
    [
      "a watermark",
      docx(ordinary, {
        "word/header1.xml": `<w:hdr><w:p><w:r><w:pict><v:shape><v:textpath string="ลับมาก"/></v:shape></w:pict></w:r></w:p></w:hdr>`,
      }),
    ],
    [
      "a table's cell",
      docx(`<w:tbl><w:tr><w:tc>${paragraphs("ที่")}</w:tc><w:tc>${paragraphs("ลับมาก")}</w:tc></w:tr></w:tbl>`),
    ],
    [
      "several runs",
      docx(
        "<w:p><w:r><w:t>ลั</w:t></w:r><w:del><w:r><w:delText>ก</w:delText></w:r></w:del><w:r><w:t>บมา</w:t></w:r><w:r><w:t>ก</w:t></w:r></w:p>",
      ),
    ],
    [
      "a text box in a paragraph",
      docx(
        `<w:p><w:r><w:t>ก่อน</w:t></w:r><w:r><w:pict><v:textbox><w:txbxContent>${paragraphs("ลับมาก")}</w:txbxContent></v:textbox></w:pict></w:r><w:r><w:t>หลัง</w:t></w:r></w:p>`,
      ),
    ],
    ["its เรื่อง", docx(paragraphs("ที่ กค ๐๔๐๒/๑๗", "เรื่อง แผนปฏิบัติการ (ลับมาก)", "เรียน อธิบดี"))],
    ["prefixes of its writer's own", docx("<x:p><x:r><x:t>ลับมาก</x:t></x:r></x:p>")],
  ])("in %s is obeyed", async (_, octets) => {
    expect(await read(octets)).toEqual({ ...PLAIN, secrecy: "secret" });
  });

  it("is obeyed in OpenDocument's text and the heads of its pages, split or spaced as it may be", async () => {
    for (const octets of [
      odt("<text:p>ลับ<text:span>มา<text:span>ก</text:span></text:span></text:p>"),
      odt("<text:p>ก</text:p>", "<style:header><text:p>ลับมาก</text:p></style:header>"),
      odt("<text:p>ลับ<text:s text:c='2'/>มาก</text:p>"),
      odt("<table:table-cell><text:h>ลับมาก</text:h></table:table-cell>"),
    ]) {
      expect(await read(octets, ODT_TYPE)).toEqual({ ...PLAIN, secrecy: "secret" });
    }
  });

  it("is not read from parts of words, nor from what was deleted or noted beside the text", async () => {
    for (const words of ["อำเภอลับแล", "การลับมีด", "กลับ", "ลับแล"]) {
      expect(await read(docx(paragraphs(words, "ก")))).toEqual({ ...PLAIN, secrecy: "normal" });
      expect(await read(odt(`<text:p>${words}</text:p>`), ODT_TYPE)).toEqual({ ...PLAIN, secrecy: "normal" });
    }
    const noted =
      "<office:text><text:tracked-changes><text:p>ลับ</text:p></text:tracked-changes><text:p>ก<office:annotation><text:p>ลับ</text:p></office:annotation></text:p></office:text>";
    expect(await read(odt(noted), ODT_TYPE)).toEqual({ ...PLAIN, secrecy: "normal" });
    const settings = { "word/settings.xml": paragraphs("ลับ") };
    expect(await read(docx(paragraphs("ก"), settings))).toEqual({ ...PLAIN, secrecy: "normal" });
  });
});

describe("the text", () => {
  it("has a line for each paragraph, boxes before what they are anchored in", async () => {
    const { lines, margins, fault } = await textOf(
      docx(
        "<w:p>\n<w:pPr><w:tabs><w:tab w:val='left'/></w:tabs></w:pPr><w:r><w:t>ที่ กค &amp; ๑</w:t><w:tab/><w:t>ข</w:t></w:r></w:p><w:p><w:r><w:t>ก</w:t><w:br/><w:t>ค</w:t></w:r></w:p>",
        { "word/footer1.xml": paragraphs("หน้า ๑") },
      ),
    );
    expect([lines, margins, fault]).toEqual([["ที่ กค & ๑\tข", "ก\nค"], ["หน้า ๑"], null]);
  });

  it("is read in UTF-16 too", async () => {
    const wide = Buffer.from(
      `\ufeff<?xml version="1.0" encoding="UTF-16"?><w:d>${paragraphs("ลับ")}</w:d>`,
      "utf16le",
    );
    const octets = zipSync({ "[Content_Types].xml": strToU8("<Types/>"), "word/document.xml": wide });
    expect((await textOf(octets)).lines).toEqual(["ลับ"]);
  });
});

describe("a document that cannot be looked through is an officer's", () => {
  const BROKEN = { marks: ["unreadable"], problems: ["undecodable-attachment"], scan: false };
  it("damaged, whatever of it is read", async () => {
    const octets = docx(paragraphs("ก"));
    expect(await read(octets.subarray(0, octets.length >> 1))).toEqual({ ...BROKEN, secrecy: "normal" });
    // One octet of what is packed.
    const flipped = Buffer.from(zipSync({ "word/document.xml": [strToU8(paragraphs("ก")), { level: 0 }] }));
    flipped[flipped.indexOf("ก")] = 0x41;
    expect(await read(flipped)).toEqual({ ...BROKEN, secrecy: "normal" });
    expect(await read(docx(`${paragraphs("ลับ")}<w:p`))).toEqual({ ...BROKEN, secrecy: "confidential" });
    expect(await read(zipSync({ "word/settings.xml": strToU8("<a/>") }))).toEqual({
      ...BROKEN,
      secrecy: "normal",
    });
  });

  it("with a DOCTYPE", async () => {
    const octets = zipSync({
      "word/document.xml": strToU8(`<!DOCTYPE d [<!ENTITY a "ลับ">]><w:d>${paragraphs("&a;")}</w:d>`),
    });
    expect(await read(octets)).toEqual({ ...BROKEN, secrecy: "normal" });
  });

  it("with a password, in OpenDocument", async () => {
    const octets = odt("<text:p>ก</text:p>", "", "<manifest:encryption-data/>");
    expect(await read(octets, ODT_TYPE)).toMatchObject({
      marks: ["encrypted"],
      problems: ["encrypted-attachment"],
    });
  });

  it("beyond the limits, in time and memory that are bounded; what stood before them is obeyed", async () => {
    const started = cpuTimeMs();
    const head = { "word/header1.xml": paragraphs("ลับ") };
    for (const bomb of [
      "ก".repeat(8_000_000),
      "<w:p>".repeat(1_000_000),
      "<w:p/>".repeat(1_000_000),
      `<w:p ${"a".repeat(4_000_000)}`,
      paragraphs("ก").repeat(25_000),
    ]) {
      const octets = docx(bomb, head);
      expect(octets.length).toBeLessThan(100_000);
      expect(await read(octets)).toMatchObject({ secrecy: "confidential", marks: [expect.any(String)] });
    }
    expect(cpuTimeMs() - started).toBeLessThan(10_000);
    const budget = { bytes: 1_000 };
    const cut = await readOfficeDocument(await kept(docx(paragraphs("ก".repeat(1_000)))), "docx", budget);
    expect([cut.fault, budget.bytes]).toEqual(["limit", 0]);
  });

  it("no text at all, as a scan in Word or Word of before 2007, is told of and holds nothing up", async () => {
    expect(await read(docx("<w:p><w:r><w:drawing/></w:r></w:p>"))).toEqual({
      secrecy: "normal",
      marks: ["no-text"],
      problems: [],
      scan: true,
    });
    const old = await read(Buffer.from("d0cf11e0a1b11ae1", "hex"), "application/x-cfb", "หนังสือ.doc");
    expect(old).toEqual({ secrecy: "normal", marks: ["no-text"], problems: [], scan: true });
  });
});

it("knows Word and OpenDocument by what is in them, and leaves others alone", () => {
  const format = (detectedType: string) => officeFormat({ ...emptyAttachment(null, "", "2"), detectedType });
  expect([DOCX_TYPE, ODT_TYPE, "application/zip", "application/rtf"].map(format)).toEqual([
    "docx",
    "odt",
    null,
    null,
  ]);
});
