import { describe, expect, it } from "vitest";
import { AGREED, conflicting, printed, settle, xml } from "../testing/settled-mail.ts";

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
