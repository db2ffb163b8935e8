import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AGREED, cgd, conflicting, printed, rid, type Sent, settle, xml } from "../testing/settled-mail.ts";

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
