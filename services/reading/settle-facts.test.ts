import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { findFacts } from "./find-facts.ts";
import type { LetterFile } from "./letter-file.ts";
import { openContentKeeper } from "./part-content.ts";
import { readFiles } from "./read-files.ts";
import type { PdfRead, PdfReader } from "./read-pdf.ts";
import type { KnownSender, KnownSenders } from "./reading.ts";
import { type SettledFacts, settleFacts } from "./settle-facts.ts";
import { linesOfText } from "./testing/printed-lines.ts";

const cgd: KnownSender = { name: "กรมบัญชีกลาง", codeLetters: "กค", romanCode: "CGD" };
const rid: KnownSender = { name: "กรมชลประทาน", codeLetters: "กษ" };
const known: KnownSenders = new Map([
  ["cgd.example.go.th", cgd],
  ["rid.example.go.th", rid],
]);

/** A reader of files that are the printed text itself. */
const reader: PdfReader = {
  async read(content): Promise<PdfRead> {
    const text = (await content.read()).toString("utf8").slice("%PDF-".length);
    if (text === "scan") return { kind: "no-text", pageCount: 1 };
    if (text === "locked") return { kind: "encrypted" };
    if (text === "damaged") return { kind: "unreadable", why: "damaged" };
    const recognised = text.startsWith("recognised\n");
    const pages = text.replace("recognised\n", "").split("\f");
    return {
      kind: "text",
      pageCount: pages.length,
      pages: pages.map((page, index) => ({ number: index + 1, lines: linesOfText(page) })),
      cut: false,
      recognised,
    };
  },
  async close() {},
};

const keeper = openContentKeeper();
afterEach(() => keeper.dispose());

type File = { name?: string; pdf?: string; xml?: string; forwarded?: boolean };

async function fileOf({ name, pdf, xml, forwarded = false }: File, index: number): Promise<LetterFile> {
  const octets = Buffer.from(pdf === undefined ? (xml ?? "") : `%PDF-${pdf}`);
  return {
    attachment: {
      name: name ?? null,
      safeName: "file",
      contentType: name?.endsWith(".txt") ? "text/plain" : "application/octet-stream",
      detectedType: null,
      sizeBytes: octets.length,
      sha256: null,
      role: "enclosure",
      marks: [],
      members: [],
      inline: false,
      partId: `${index + 2}`,
    },
    content: await keeper.keepOctets(octets),
    forwarded,
  };
}

type Sent = { subject?: string; body?: string; files?: File[]; sender?: KnownSender };

async function settle({ subject = "ส่งหนังสือ", body = "ตามแนบ", files = [], sender = cgd }: Sent) {
  const built = await Promise.all(files.map(fileOf));
  const found = findFacts(subject, [body], sender);
  const attachments = built.map(({ attachment }) => attachment);
  const settled = settleFacts(found, await readFiles(built, sender, known, reader, attachments), known);
  return {
    ...settled,
    roles: built.map(({ attachment }) => attachment.role),
    marks: built.map(({ attachment }) => attachment.marks),
  };
}

function printed(number: string, date = "๓ มีนาคม ๒๕๖๕", rest = "", agency = "กรมบัญชีกลาง"): string {
  return `ที่ ${number}                                ${agency}
                                       ถนนพระรามที่ ๖
                              ${date}
เรื่อง ตอบข้อหารือการเบิกจ่าย
เรียน ผู้อำนวยการหน่วยงานทดสอบ ก${rest}
               ด้วยกรมบัญชีกลางขอเรียนว่า ประชุมครั้งที่ ๑/๒๕๖๖
               จึงเรียนมาเพื่อโปรดทราบ`;
}

function xml(number: string, { secret = "001", speed = "001", date = "2022-03-03" } = {}): string {
  return `<GovernmentDocument><CorrespondenceLetter><ID>${number}</ID><CorrespondenceDate>${date}</CorrespondenceDate><Subject>ตอบข้อหารือการเบิกจ่าย</Subject><SecretCode>${secret}</SecretCode><SpeedCode>${speed}</SpeedCode><ReceiverParty><JobTitle>ผู้อำนวยการ</JobTitle></ReceiverParty><Attachment>๑. แบบสำรวจ จำนวน ๑ ชุด ๒. คู่มือ จำนวน ๒ เล่ม</Attachment><ReferenceCorrespondence><ID>ทก ๐๑๐๑/๑๒</ID><CorrespondenceDate>2020-04-10</CorrespondenceDate></ReferenceCorrespondence></CorrespondenceLetter></GovernmentDocument>`;
}

function conflicting({ conflicts, problems }: SettledFacts) {
  return { fields: conflicts.map(({ field }) => field), blocked: problems.includes("conflicting-facts") };
}
const AGREED = { fields: [], blocked: false };

describe("where a fact is taken from", () => {
  it("an e-CMS document before the PDF, the PDF before the mail, the mail before the file's name", async () => {
    const mail = "ที่ กค 0402/17 ลงวันที่ 3 มี.ค. 65 เรื่อง ตอบข้อหารือการเบิกจ่าย";
    const name = "CGD_0402_17_2565.pdf";
    const sources = async (sent: Sent) => {
      const { facts, sources, ...rest } = await settle(sent);
      expect(facts).toMatchObject({ number: "กค 0402/17" });
      expect(conflicting({ facts, sources, ...rest })).toEqual(AGREED);
      return [sources.number?.source, sources.date?.source, sources.subject?.source];
    };
    const pdf = { name, pdf: printed("กค ๐๔๐๒/๑๗") };
    expect(await sources({ subject: mail, files: [pdf, { xml: xml("กค ๐๔๐๒/๑๗") }] })).toEqual([
      "xml",
      "xml",
      "xml",
    ]);
    expect(await sources({ subject: mail, files: [pdf] })).toEqual(["pdf", "pdf", "pdf"]);
    expect(await sources({ subject: mail, files: [{ name, pdf: "scan" }] })).toEqual([
      "subject",
      "subject",
      "subject",
    ]);
    expect(await sources({ files: [{ name, pdf: "scan" }] })).toEqual(["file-name", undefined, undefined]);
  });

  it("reads all of an e-CMS document", async () => {
    const settled = await settle({
      files: [{ name: "CGD_402_17_2565.xml", xml: xml("กค ๐๔๐๒.๕/๐๐๑๗", { speed: "003" }) }],
    });
    expect(settled.facts).toEqual({
      number: "กค 0402.5/0017",
      numberPrinted: "กค ๐๔๐๒.๕/๐๐๑๗",
      date: "2022-03-03",
      subject: "ตอบข้อหารือการเบิกจ่าย",
      from: "กรมบัญชีกลาง",
      to: "ผู้อำนวยการ",
      urgency: "very-urgent",
      secrecy: "normal",
    });
    expect(settled.citations).toMatchObject([{ number: "ทก 0101/12", date: "2020-04-10" }]);
    expect(settled.enclosures).toEqual(["แบบสำรวจ จำนวน ๑ ชุด", "คู่มือ จำนวน ๒ เล่ม"]);
    expect(conflicting(settled)).toEqual(AGREED);
  });

  it("marks a scan, a locked and a damaged PDF, and goes on with the mail", async () => {
    const subject = "ที่ กค 0402/17 ลงวันที่ 3 มี.ค. 65";
    for (const [pdf, problem, mark] of [
      ["scan", "scanned-letter", "no-text"],
      ["locked", "encrypted-attachment", "encrypted"],
      ["damaged", "pdf-unreadable", "unreadable"],
    ] as const) {
      const { facts, problems, marks } = await settle({ subject, files: [{ pdf }] });
      expect([facts.number, problems, marks]).toEqual(["กค 0402/17", [problem], [[mark]]]);
    }
    const recognised = await settle({ subject, files: [{ pdf: `recognised\n${printed("กค ๐๔๐๒/๑๑")}` }] });
    expect(recognised.facts.number).toBe("กค 0402/17");
    expect(conflicting(recognised).blocked).toBe(false);
    expect(recognised.problems).toContain("scanned-letter");
  });

  it("takes a form without a number for nothing but blanks", async () => {
    const form = printed("")
      .replace("ที่ ", "ที่ กค ......../......")
      .replace("ตอบข้อหารือการเบิกจ่าย", "ตอบรับการเข้าร่วม");
    const { facts } = await settle({ subject: "ที่ กค 0402/17 เรื่อง เชิญประชุม", files: [{ pdf: form }] });
    expect(facts).toMatchObject({ number: "กค 0402/17", subject: "เชิญประชุม", date: "2022-03-03" });
    expect((await settle({ subject: "ที่ กค 0402/17", files: [{ pdf: form }] })).facts.subject).toBe(
      "ตอบรับการเข้าร่วม",
    );
  });

  it("takes a letter passed on by another agency for its own", async () => {
    const { facts } = await settle({ sender: rid, files: [{ pdf: printed("กค ๐๔๐๒/๑๗") }] });
    expect(facts).toMatchObject({ number: "กค 0402/17", from: "กรมบัญชีกลาง" });
    expect((await settle({ sender: rid, files: [{ xml: xml("กค ๐๔๐๒/๑๗") }] })).facts.from).toBe(cgd.name);
    const unlisted = { pdf: printed("อต ๐๐๑๗/๕", undefined, "", "จังหวัดอุตรดิตถ์") };
    expect((await settle({ files: [unlisted] })).facts.from).toBe("จังหวัดอุตรดิตถ์");
    expect((await settle({ files: [{ ...unlisted, forwarded: true }] })).facts.from).toBe("จังหวัดอุตรดิตถ์");
    expect((await settle({ files: [{ pdf: printed("กค ๐๔๐๒/๑๗", "", "", "กองกฎหมาย") }] })).facts.from).toBe(
      cgd.name,
    );
  });
});

describe("which file is the letter", () => {
  const letter = printed("กค ๐๔๐๒/๑๗", undefined, "\nอ้างถึง หนังสือ ที่ ทก ๐๑๐๑/๒ ลงวันที่ ๑ มกราคม ๒๕๖๕");
  const copy = printed("ทก ๐๑๐๑/๒", "๑ มกราคม ๒๕๖๕", "", "หน่วยงานทดสอบ ก");
  it.each([
    [
      "the one not spoken of by the other, of the same agency",
      [
        { pdf: printed("กค ๐๔๐๒/๒") },
        { pdf: printed("กค ๐๔๐๒/๑๗", undefined, "\nสิ่งที่ส่งมาด้วย สำเนาหนังสือ ที่ กค ๐๔๐๒/๒") },
      ],
      1,
    ],
    ["the one not cited by the other", [{ pdf: copy }, { pdf: letter }], 1],
    [
      "the one without a running number",
      [
        { name: "CGD_0402_17_2565_1.pdf", pdf: copy },
        { name: "CGD_0402_17_2565.pdf", pdf: letter },
      ],
      1,
    ],
    [
      "the one not called an enclosure",
      [{ name: "สำเนาหนังสือ.pdf", pdf: printed("กค ๐๔๐๒/๒") }, { pdf: letter }],
      1,
    ],
    [
      "the one with the sender's letters",
      [{ pdf: printed("นร ๐๕๐๕/๒", undefined, "", "สำนัก") }, { pdf: letter }],
      1,
    ],
    ["the one that looks like a letter", [{ pdf: "แผนงาน\nเรื่อง ก" }, { pdf: letter }], 1],
  ])("%s", async (_, files, main) => {
    const settled = await settle({ files });
    expect(settled.facts.number).toBe("กค 0402/17");
    expect(settled.roles.indexOf("main")).toBe(main);
    expect(settled.problems).toEqual([]);
  });

  it("the one that the mail names; where nothing tells, an officer", async () => {
    const files = [{ pdf: printed("กค ๐๔๐๒/๑๘") }, { pdf: printed("กค ๐๔๐๒/๑๗") }];
    expect((await settle({ files })).problems).toEqual(["several-numbers"]);
    const named = await settle({ subject: "ที่ กค 0402/17 เรื่อง ก", files });
    expect([named.facts.number, named.problems, named.roles]).toEqual([
      "กค 0402/17",
      [],
      ["enclosure", "main"],
    ]);
  });

  it("none, where the letter is typed into the mail and the PDF is one that it cites or encloses", async () => {
    const body = `${printed("กค ๐๔๐๒/๑๗", undefined, "\nสิ่งที่ส่งมาด้วย สำเนาหนังสือ ที่ กค ๐๔๐๒/๒ จำนวน ๑ ฉบับ").replaceAll("\n", "\n\n")}`;
    for (const pdf of [printed("กค ๐๔๐๒/๒"), printed("นร ๐๕๐๕/๒", undefined, "", "สำนัก")]) {
      const settled = await settle({ body, files: [{ pdf }] });
      expect([settled.facts.number, conflicting(settled)]).toEqual(["กค 0402/17", AGREED]);
    }
  });

  it("the scan beside a letter that is typed into the mail", async () => {
    const body = printed("กค ๐๔๐๒/๑๗").replaceAll("\n", "\n\n");
    for (const files of [[{ pdf: "scan" }], [{ pdf: "แผน" }, { pdf: "scan", name: "กค ๐๔๐๒_๑๗.pdf" }]]) {
      const settled = await settle({ body, files });
      expect([settled.problems, settled.roles.at(-1)]).toEqual([["scanned-letter"], "main"]);
    }
  });

  it("none of an attached message's, where the mail has its own", async () => {
    const passedOn = { pdf: printed("กษ ๐๓๒๗/๖", undefined, "", "กรมชลประทาน"), forwarded: true };
    const settled = await settle({ subject: "ที่ กค 0402/17", files: [passedOn] });
    expect([settled.facts.number, conflicting(settled)]).toEqual(["กค 0402/17", AGREED]);
    expect((await settle({ sender: rid, files: [passedOn] })).facts.number).toBe("กษ 0327/6");
  });
});

describe("a conflict", () => {
  it("of numbers goes to an officer with both values, whatever the sources", async () => {
    const pdf = { pdf: printed("กค ๐๔๐๒/๑๗") };
    for (const [sent, source] of [
      [{ subject: "ที่ กค 0402/18 เรื่อง ก", files: [pdf] }, "subject"],
      [{ body: "ขอส่งหนังสือ ที่ กค 0402/18", files: [pdf] }, "body"],
      [{ files: [{ ...pdf, name: "CGD_0402_18_2565.pdf" }] }, "file-name"],
      [{ subject: "ที่ นร 0505/18 เรื่อง ก", files: [pdf] }, "subject"],
    ] as const) {
      const settled = await settle({ ...sent, files: [...sent.files] });
      expect(conflicting(settled), source).toMatchObject({ fields: ["number"], blocked: true });
      expect(settled.conflicts[0]?.values).toMatchObject([
        { value: "กค 0402/17", source: "pdf" },
        { source },
      ]);
    }
    const settled = await settle({ files: [pdf, { xml: xml("กค ๐๔๐๒/๑๘") }] });
    expect(settled.conflicts[0]?.values).toMatchObject([
      { value: "กค 0402/18", source: "xml" },
      { value: "กค 0402/17", source: "pdf" },
    ]);
  });

  it("of dates does, when the mail says that it is the letter's", async () => {
    const files = [{ pdf: printed("กค ๐๔๐๒/๑๗") }];
    const settled = await settle({ subject: "ที่ กค 0402/17 ลงวันที่ 4 มี.ค. 65", files });
    expect(settled.facts.date).toBe("2022-03-03");
    expect(conflicting(settled)).toEqual({ fields: ["date"], blocked: true });
    const noted = await settle({ body: "๕ มีนาคม ๒๕๖๕\n\nตามแนบ", files });
    expect([noted.facts.date, conflicting(noted)]).toEqual(["2022-03-03", AGREED]);
  });

  it("of subjects and urgency is shown and holds nothing up", async () => {
    const files = [{ pdf: `ด่วน\n${printed("กค ๐๔๐๒/๑๗")}` }];
    const settled = await settle({ subject: "ด่วนที่สุด ที่ กค 0402/17 เรื่อง เชิญประชุม", files });
    expect(settled.facts).toMatchObject({ subject: "ตอบข้อหารือการเบิกจ่าย", urgency: "urgent" });
    expect(conflicting(settled)).toEqual({ fields: ["urgency", "subject"], blocked: false });
  });

  it("is not unit and number the other way round in a name", async () => {
    const settled = await settle({ files: [{ name: "CGD_17_0402_2565.pdf", pdf: printed("กค ๐๔๐๒/๑๗") }] });
    expect([settled.facts.number, conflicting(settled)]).toEqual(["กค 0402/17", AGREED]);
  });

  it.each([
    ["the letter that it answers", "ตอบหนังสือ ที่ ทก 0101/2 ลงวันที่ 1 ม.ค. 65", ""],
    ["a reply's subject", "Re: ที่ ทก 0101/2 ลงวันที่ 1 ม.ค. 65 เรื่อง ก", ""],
    [
      "a number that the letter cites",
      "ที่ ทก 0101/2 เรื่อง ตอบข้อหารือการเบิกจ่าย",
      "\nอ้างถึง หนังสือ ที่ ทก ๐๑๐๑/๒ ลงวันที่ ๑ มกราคม ๒๕๖๕",
    ],
    ["a meeting's number", "ส่งรายงานการประชุม ครั้งที่ 1/2566", ""],
    ["a mention", "เรื่องที่กล่าวถึงใน กค 0402/99", ""],
    ["other spaces and digits", "ที่ กค0402/๑๗ ลงวันที่ ๓/๓/๒๕๖๕ เรื่อง ตอบข้อหารือ การเบิกจ่าย", ""],
    ["a part of the subject", "ที่ กค 0402/17 เรื่อง ตอบข้อหารือ", ""],
    ["a number without its sub-unit or zeros", "ที่ กค 402/017 เรื่อง ตอบข้อหารือ", ""],
  ])("is not %s", async (_, subject, rest) => {
    const settled = await settle({ subject, files: [{ pdf: printed("กค (กวจ) ๐๔๐๒/๑๗", undefined, rest) }] });
    expect(settled.facts).toMatchObject({ number: "กค (กวจ) 0402/17", date: "2022-03-03" });
    expect(conflicting(settled)).toEqual(AGREED);
  });
});

describe("secrecy", () => {
  it.each([
    [
      "the letter's foot",
      [{ pdf: `${printed("กค ๐๔๐๒/๑๗")}${"\n".repeat(40)}                     ลับมาก` }],
      "secret",
      "pdf",
    ],
    [
      "an enclosure's third page",
      [{ pdf: printed("กค ๐๔๐๒/๑๗") }, { pdf: "ก\fข\f                  ลับที่สุด\nค" }],
      "top-secret",
      "pdf",
    ],
    ["an attached text", [{ name: "ก.txt", xml: "รายงาน\n\n- ลับมาก -\n" }], "secret", "body"],
    ["a word for a code", [{ xml: xml("กค ๐๔๐๒/๑๗", { secret: "ลับมาก" }) }], "secret", "xml"],
    ["a code", [{ xml: xml("กค ๐๔๐๒/๑๗", { secret: "003" }) }], "secret", "xml"],
    [
      "the gravest of several",
      [{ xml: xml("กค ๐๔๐๒/๑๗", { secret: "002" }) }, { name: "ลับมาก.docx" }],
      "secret",
      "file-name",
    ],
    ["a file's name", [{ pdf: printed("กค ๐๔๐๒/๑๗"), name: "หนังสือ (ลับ).pdf" }], "confidential", "file-name"],
    ["a forwarded file", [{ pdf: "              ลับ\nก", forwarded: true }], "confidential", "pdf"],
  ])("in %s makes the letter classified", async (_, files, secrecy, source) => {
    const settled = await settle({ subject: "ที่ กค 0402/17", files });
    expect([settled.facts.secrecy, settled.sources.secrecy?.source]).toEqual([secrecy, source]);
  });

  it("of a code that no list has is an officer's to judge", async () => {
    expect((await settle({ files: [{ xml: xml("กค ๐๔๐๒/๑๗", { secret: "009" }) }] })).problems).toContain(
      "sensitivity-header",
    );
  });

  it("is not read from parts of words", async () => {
    const settled = await settle({
      files: [
        { name: "ลับแล.pdf", pdf: printed("กค ๐๔๐๒/๑๗", undefined, "", "อำเภอลับแล") },
        { name: "การลับมีด.pdf" },
      ],
    });
    expect(settled.facts).toMatchObject({ secrecy: "normal", urgency: "normal" });
  });
});

describe("files of any content", () => {
  it("state nothing that is not there, and never throw", async () => {
    const pieces = fc.constantFrom(
      "ที่ กค ๐๔๐๒/๑",
      "ลับ",
      "เรื่อง ก",
      "เรียน ข",
      "๓ มีนาคม ๒๕๖๕",
      "\n",
      "\f",
      "<",
      "GovernmentDocument",
      ">",
      "CGD_0402_1_2565",
    );
    const text = fc.array(pieces, { maxLength: 20 }).map((all) => all.join(" "));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ name: text, pdf: text }), { maxLength: 4 }),
        fc.array(fc.record({ name: text, xml: text }), { maxLength: 3 }),
        text,
        async (pdfs, xmls, subject) => {
          const { facts } = await settle({
            subject: subject.replaceAll(/\s/gu, " "),
            files: [...pdfs, ...xmls],
          });
          expect([null, "กค 0402/1"]).toContain(facts.number);
          expect([null, "2022-03-03"]).toContain(facts.date);
        },
      ),
      { seed: 2564, numRuns: 150 },
    );
  });
});
