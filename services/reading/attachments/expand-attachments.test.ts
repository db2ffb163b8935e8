import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { strToU8, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { parseMime } from "../../shared/mime/parse-mime.ts";
import { openContentKeeper } from "../../shared/mime/part-content.ts";
import type { Attachment, ReadingProblem } from "../reading.ts";
import { cmsOf, mailWith, storedZip, tnefOf } from "../testing/hostile-packings.ts";
import { digestOfLetter } from "./digest-letter.ts";
import { type ExpandedAttachments, expandAttachments } from "./expand-attachments.ts";

const LIMITS = { maxDepth: 20, maxParts: 300, maxHeaderBytes: 131_072, maxTextBytes: 1_048_576 };
const PDF = Buffer.from("%PDF-1.4\n% a letter\n%%EOF\n");

type Expanded = ExpandedAttachments & { problems: Set<ReadingProblem> };

async function expand(raw: Buffer): Promise<Expanded> {
  const keeper = openContentKeeper();
  const problems = new Set<ReadingProblem>();
  async function* source(): AsyncGenerator<Buffer> {
    for (let at = 0; at < raw.length; at += 65_536) yield raw.subarray(at, at + 65_536);
  }
  try {
    const message = await parseMime(source(), LIMITS, keeper);
    return { ...(await expandAttachments(message, keeper, problems)), problems };
  } finally {
    await keeper.dispose();
  }
}

const sha256 = (octets: Uint8Array): string => createHash("sha256").update(octets).digest("hex");
const attach = (octets: Uint8Array, name: string, type = "application/octet-stream"): Promise<Expanded> =>
  expand(mailWith([{ octets, name, type }]));

const corpus = fileURLToPath(new URL("../../../../shared/corpus/", import.meta.url));
const present = existsSync(`${corpus}expected.json`);
type Listed = {
  filename: string | null;
  mimeType: string;
  size: number | null;
  sha256: string | null;
  inline?: boolean;
  contains?: Listed[];
};

describe.skipIf(!present)("the attachments of the shared corpus", () => {
  const cases = present
    ? (
        JSON.parse(readFileSync(`${corpus}expected.json`, "utf8")) as {
          mail: { file: string; attachments: Listed[] }[];
        }
      ).mail
    : [];
  const listed = (attachment: Attachment, isMember: boolean): Listed => {
    const isMessage = attachment.contentType === "message/rfc822";
    return {
      filename: attachment.name,
      mimeType: isMember ? (attachment.detectedType ?? attachment.contentType) : attachment.contentType,
      size: isMessage ? null : attachment.sizeBytes,
      sha256: isMessage ? null : attachment.sha256,
      ...(attachment.inline ? { inline: true } : {}),
      ...(attachment.members.length > 0
        ? { contains: attachment.members.map((member) => listed(member, true)) }
        : {}),
    };
  };

  it.each(cases)("$file", async ({ file, attachments }) => {
    const found = await expand(readFileSync(`${corpus}${file}`));
    expect(found.attachments.map((attachment) => listed(attachment, false))).toEqual(attachments);
  });

  it("gives the same letter the same digest, whatever it is called", async () => {
    const digest = async (name: string): Promise<string | null> =>
      digestOfLetter((await expand(readFileSync(`${corpus}mail/${name}.eml`))).attachments, "");
    expect(await digest("a26-resend-new-message-id")).toBe(await digest("a01-utf8-base64-rfc2231"));
    expect(await digest("a20-zip")).not.toBe(await digest("a01-utf8-base64-rfc2231"));
  });
});

describe("packings", () => {
  it("lists a ZIP in a ZIP, and nothing deeper", async () => {
    const third = zipSync({ "third.pdf": PDF });
    const second = zipSync({ "second.pdf": PDF, "third.zip": third });
    const { attachments, files, problems } = await attach(
      zipSync({ "first.pdf": PDF, "second.zip": second }),
      "a.zip",
    );
    const [zip] = attachments;
    const deeper = zip?.members[1]?.members[1];
    expect(deeper).toMatchObject({ name: "third.zip", marks: ["not-unpacked"], members: [] });
    expect(files.map(({ attachment }) => attachment.partId)).toEqual(["2>1", "2>2>1", "2>2>2"]);
    expect(problems).toContain("archive-too-large");
  });

  it("counts a letter packed and unpacked as one", async () => {
    const other = Buffer.from("%PDF-1.4\n% an enclosure\n%%EOF\n");
    const loose = await expand(
      mailWith([
        { octets: PDF, name: "a.pdf" },
        { octets: other, name: "b.pdf" },
      ]),
    );
    const expected = digestOfLetter(loose.attachments, "");
    const zip = zipSync({ "b.pdf": other, "a.pdf": PDF });
    const inMail = mailWith([{ octets: zip, name: "x.zip" }]);
    for (const raw of [
      inMail,
      mailWith([
        {
          octets: tnefOf([
            ["a.pdf", PDF],
            ["b.pdf", other],
          ]),
          name: "winmail.dat",
        },
      ]),
      mailWith([{ octets: inMail, name: "forwarded.eml" }]),
    ]) {
      expect(digestOfLetter((await expand(raw)).attachments, "")).toBe(expected);
    }
    const locked = storedZip([
      { name: "b.pdf", octets: other, flags: 1 },
      { name: "a.pdf", octets: PDF },
    ]);
    expect(digestOfLetter((await attach(locked, "x.zip")).attachments, "")).toBe(
      sha256(Buffer.from(sha256(locked))),
    );
  });

  it("reads names in Thai octets, and marks what is locked, linked or lies", async () => {
    const { attachments, files, problems } = await attach(
      storedZip([
        {
          name: Buffer.from([0xcb, 0xb9, 0xd1, 0xa7, 0xca, 0xd7, 0xcd, 0x2e, 0x70, 0x64, 0x66]),
          octets: PDF,
        },
        { name: "locked.pdf", octets: PDF, flags: 1 },
        { name: "link", octets: Buffer.from("/etc/passwd"), mode: 0o120777 },
        { name: "../../up.pdf", octets: PDF },
        { name: "../../up.pdf", octets: PDF, crc: 1 },
        { name: "short.pdf", octets: PDF, statedBytes: 5 },
      ]),
      "x.zip",
    );
    expect(attachments[0]?.marks).toEqual(["encrypted"]);
    expect(attachments[0]?.members.map(({ name, safeName, marks }) => [name, safeName, ...marks])).toEqual([
      ["หนังสือ.pdf", "หนังสือ.pdf"],
      ["locked.pdf", "locked.pdf", "encrypted"],
      ["link", "link", "unreadable"],
      ["../../up.pdf", "up.pdf"],
      ["../../up.pdf", "up (2).pdf", "unreadable"],
      ["short.pdf", "short.pdf", "unreadable"],
    ]);
    expect(files.filter(({ content }) => content !== null)).toHaveLength(2);
    expect(problems).toEqual(new Set(["encrypted-attachment", "undecodable-attachment"]));
  });

  it("stops at bombs: one of zeros, one of overlapping members, one of too many", async () => {
    const zeros = await attach(
      zipSync({ "zeros.bin": new Uint8Array(20_000_000), "a.pdf": PDF }),
      "bomb.zip",
    );
    expect(zeros.attachments[0]?.members.map(({ marks }) => marks)).toEqual([["not-unpacked"], []]);
    expect(zeros.problems).toContain("archive-too-large");

    const overlapping = await attach(
      storedZip([
        { name: "a.pdf", octets: PDF },
        { name: "b.pdf", octets: PDF, offset: 0 },
      ]),
      "quine.zip",
    );
    expect(overlapping.attachments[0]).toMatchObject({ marks: ["not-unpacked"], members: [] });

    const many = zipSync(
      Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`${n}.txt`, strToU8(`text ${n}`)])),
    );
    const crowd = await attach(many, "many.zip");
    expect(crowd.attachments[0]?.members).toHaveLength(200);
    expect(crowd.attachments[0]?.marks).toEqual(["not-unpacked"]);
    expect(crowd.files).toHaveLength(200);
  });

  it("does not take an office document for an archive", async () => {
    const docx = zipSync({
      "[Content_Types].xml": strToU8("<Types/>"),
      "word/document.xml": strToU8("<w/>"),
    });
    const { attachments, files } = await attach(docx, "a.docx");
    expect(attachments[0]).toMatchObject({ members: [], marks: [], safeName: "a.docx" });
    expect(attachments[0]?.detectedType).toContain("wordprocessingml");
    expect(files).toHaveLength(1);
  });

  it("opens a signed envelope, and says of an encrypted one that it is", async () => {
    const entity = mailWith([{ octets: PDF, name: "letter.pdf" }], "the letter's text");
    const signed = await expand(
      mailWith([{ octets: cmsOf("signed", entity), name: "smime.p7m", type: "application/pkcs7-mime" }]),
    );
    expect(signed.attachments[0]?.members).toMatchObject([
      { name: "letter.pdf", sha256: sha256(PDF), role: "main" },
    ]);
    expect(signed.texts.join()).toContain("the letter's text");
    expect(signed.problems).toEqual(new Set());
    const sealed = await expand(
      mailWith([{ octets: cmsOf("enveloped", entity), name: "smime.p7m", type: "application/pkcs7-mime" }]),
    );
    expect(sealed.problems).toEqual(new Set(["encrypted"]));
  });

  it("reads .eml files as attached messages, and uuencoded text as files", async () => {
    const inner = mailWith([{ octets: PDF, name: "letter.pdf" }]);
    const { messages, files } = await attach(inner, "หนังสือ.eml");
    expect(messages).toHaveLength(1);
    expect(files).toMatchObject([{ forwarded: true, attachment: { partId: "2>2", sha256: sha256(PDF) } }]);
    const text = "see below\r\n\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n";
    const old = await expand(mailWith([], text));
    expect(old.attachments).toMatchObject([
      { name: "cat.txt", sha256: sha256(Buffer.from("Cat")), partId: "1>1" },
    ]);
    const broken = await expand(mailWith([], text.replace("end", "never")));
    expect(broken.problems).toEqual(new Set(["undecodable-attachment"]));
  });

  it("tells a program from the PDF it is called, and the letter from its enclosures", async () => {
    const program = Buffer.concat([Buffer.from("MZ"), Buffer.alloc(600, 0x90)]);
    const { attachments } = await expand(
      mailWith([
        { octets: program, name: "report.pdf", type: "application/pdf" },
        { octets: PDF, name: "OPDC_1200_57_2563_1.pdf" },
        { octets: PDF, name: "OPDC_1200_57_2563.pdf" },
      ]),
    );
    expect(attachments.map(({ safeName, role, marks }) => [safeName, role, ...marks])).toEqual([
      ["report.pdf.exe.bin", "enclosure", "type-mismatch"],
      ["OPDC_1200_57_2563_1.pdf", "enclosure"],
      ["OPDC_1200_57_2563.pdf", "main"],
    ]);
  });
});

describe("hostile octets", () => {
  const zip = Buffer.from(zipSync({ "a.pdf": PDF, "b.zip": zipSync({ "c.txt": strToU8("c") }) }));
  const tnef = tnefOf([["a.pdf", PDF]]);
  const cms = cmsOf("signed", mailWith([{ octets: PDF, name: "letter.pdf" }]));
  const damage = fc.array(fc.tuple(fc.nat(100_000), fc.nat(255)), { minLength: 1, maxLength: 8 });

  it.each([
    ["ZIP", zip, "a.zip", "application/zip"],
    ["TNEF", tnef, "winmail.dat", "application/ms-tnef"],
    ["S/MIME", cms, "smime.p7m", "application/pkcs7-mime"],
  ])("are never thrown at: %s", async (_, sound, name, type) => {
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(sound.length), async (changes, cutAt) => {
        const octets = Buffer.from(changes.length > 6 ? sound.subarray(0, cutAt) : sound);
        for (const [at, value] of changes) if (octets.length > 0) octets[at % octets.length] = value;
        const { attachments } = await attach(octets, name, type);
        expect(attachments).toHaveLength(1);
      }),
      { numRuns: 150, seed: 20_261_121 },
    );
  });
});
