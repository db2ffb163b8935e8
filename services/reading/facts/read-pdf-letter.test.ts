import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cpuTimeMs } from "../../shared/testing/cpu-time.ts";
import type { PdfPage } from "../pdf/read-pdf.ts";
import { linesOfText } from "../testing/printed-lines.ts";
import { findCitations } from "./find-citations.ts";
import { findEnclosures } from "./find-enclosures.ts";
import { findLetterKind } from "./letter-kind.ts";
import { type PdfLetter, readPdfLetter } from "./read-pdf-letter.ts";

function pagesOf(...texts: string[]): PdfPage[] {
  return texts.map((text, index) => ({ number: index + 1, lines: linesOfText(text) }));
}

function read(...texts: string[]): PdfLetter {
  return readPdfLetter(pagesOf(...texts), false);
}

function told({ number, date, subject, from, to, markings }: PdfLetter) {
  return {
    number: number?.found.canonical ?? null,
    date: date?.value ?? null,
    subject: subject?.value ?? null,
    from: from?.value ?? null,
    to: to?.value ?? null,
    urgency: markings.urgency,
    secrecy: markings.secrecy,
  };
}

const TEXT = `
             ด้วยกรมบัญชีกลางปิดบัญชีเงินฝากคลังสิ้นปีงบประมาณ และต้องการคำยืนยันยอดคงเหลือ
จากหน่วยงานเจ้าของบัญชี ตามหนังสือ ที่ นร ๐๕๐๕/๙ ลงวันที่ ๑ มกราคม ๒๕๖๕ นั้น โปรดดำเนินการโดย
ด่วน
             จึงเรียนมาเพื่อโปรดพิจารณา
                                  ขอแสดงความนับถือ`;
const HEAD = `ที่ กค ๐๔๐๒/๑๗                                        กรมบัญชีกลาง
                                                      ถนนพระรามที่ ๖ กทม. ๑๐๔๐๐
                              ๓ มีนาคม ๒๕๖๕
เรื่อง ตอบข้อหารือ
เรียน ผู้อำนวยการหน่วยงานทดสอบ ก`;
const FACTS = {
  number: "กค 0402/17",
  date: "2022-03-03",
  subject: "ตอบข้อหารือ",
  from: "กรมบัญชีกลาง",
  to: "ผู้อำนวยการหน่วยงานทดสอบ ก",
  urgency: "normal",
  secrecy: "normal",
};

describe("the first page of a letter", () => {
  it("is read, and nothing of what its text says", () => {
    expect(told(read(HEAD + TEXT))).toEqual(FACTS);
  });

  it.each([
    ["urgency before ที่", HEAD.replace("ที่ กค", "ด่วนที่สุด ที่ กค"), { urgency: "most-urgent" }],
    ["urgency on a line of its own", `ด่วนมาก\n${HEAD}`, { urgency: "very-urgent" }],
    ["urgency in the other column", `ด่วน                         สำเนาคู่ฉบับ\n${HEAD}`, { urgency: "urgent" }],
    ["number at the right", HEAD.replace(/^ที่ (\S+ \S+)\s+(\S+)/u, "$2                          ที่ $1"), {}],
    ["one column", HEAD.replace(/ {20,}กรม/u, " กรม"), {}],
    ["colons", HEAD.replace("เรื่อง ", "เรื่อง : ").replace("เรียน ", "เรียน: "), {}],
    [
      "spaces inside words",
      HEAD.replace("เรื่อง", "เรื ่อง").replace("เรียน", "เรี ยน").replace("๑๗  ", "๑ ๗  "),
      {},
    ],
    ["spaces inside the date", HEAD.replace("๓ มีนาคม ๒๕๖๕", "๓ มีนา คม ๒๕ ๖๕"), {}],
    ["lost spaces", HEAD.replace("เรื่อง ", "เรื่อง").replace("เรียน ", "เรียน"), {}],
    ["the year on the line below", HEAD.replace("๓ มีนาคม ๒๕๖๕", "๓ มีนาคม\n๒๕๖๕"), {}],
    ["an era", HEAD.replace("๓ มีนาคม ๒๕๖๕", "วันที่ ๓ เดือน มีนาคม พ.ศ. ๒๕๖๕"), {}],
    [
      "a subject over lines",
      HEAD.replace("ตอบข้อหารือ", "ตอบข้อหารือเกี่ยวกับการ\n      ส่งหนังสือทางไปรษณีย์\n      อิเล็กทรอนิกส์"),
      { subject: "ตอบข้อหารือเกี่ยวกับการส่งหนังสือทางไปรษณีย์อิเล็กทรอนิกส์" },
    ],
    [
      "a subject whose second line begins like a text",
      HEAD.replace("ตอบข้อหารือ", "การรายงานผลการดำเนินงาน\n       ตามมติคณะรัฐมนตรีและ\n       ขอให้ส่งเอกสาร"),
      { subject: "การรายงานผลการดำเนินงานตามมติคณะรัฐมนตรีและขอให้ส่งเอกสาร" },
    ],
    [
      "several addressees",
      HEAD.replace("เรียน ผู้อำนวยการหน่วยงานทดสอบ ก", "เรียน ปลัดกระทรวง\n        อธิบดี\n        ผู้ว่าราชการจังหวัด"),
      { to: "ปลัดกระทรวง อธิบดี ผู้ว่าราชการจังหวัด" },
    ],
    ["its addressee first", HEAD.replace(/(เรื่อง.*)\n(เรียน.*)/u, "$2\n$1"), {}],
    ["no subject", HEAD.replace("เรื่อง ตอบข้อหารือ\n", ""), { subject: null }],
    ["a number still to be filled in", HEAD.replace("๐๔๐๒/๑๗  ", "๐๔๐๒/      "), { number: null }],
    ["a number filled in later", HEAD.replace(/๐๔๐๒\/๑๗\s+/u, "๐๔๐๒/      ๑๗                       "), {}],
    [
      "the stamp of an office that received it before",
      `                            เลขรับ ๔๔๑๒\n                            วันที่ ๗ มี.ค. ๖๕ เวลา ๑๐.๓๐ น.\n${HEAD}`,
      {},
    ],
    [
      "the stamp's date on a line of its own",
      `                            เลขรับ ๔๔๑๒\n                            วันที่ ๗ มี.ค. ๖๕\n                       เวลา ๑๐.๓๐ น.\n${HEAD}`,
      {},
    ],
    ["a circular", HEAD.replace("๐๔๐๒/๑๗", "๐๔๐๒.๕/ว ๑๗"), { number: "กค 0402.5/ว 17" }],
    [
      "a secret circular",
      HEAD.replace("๐๔๐๒/๑๗", "๐๔๐๒/ว(ล) ๑๗"),
      { number: "กค 0402/ว(ล) 17", secrecy: "confidential" },
    ],
    ["a sub-unit", HEAD.replace("กค ๐๔๐๒", "กค (กวจ) ๐๔๐๒"), { number: "กค (กวจ) 0402/17" }],
    [
      "an agency's name on two lines",
      HEAD.replace("กรมบัญชีกลาง\n", `กรมบัญชี\n${" ".repeat(54)}กลางแห่งชาติ\n`),
      { from: "กรมบัญชีกลางแห่งชาติ" },
    ],
    [
      "its digits on the line below",
      HEAD.replace("กค ๐๔๐๒/๑๗    ", "กค (กวจ)").replace("\n      ", "\n๐๔๐๒/๑๗"),
      { number: "กค (กวจ) 0402/17" },
    ],
    [
      "the name above the line of its number",
      HEAD.replace(/^(ที่ \S+ \S+)\s+(\S+)\n\s+/u, `${" ".repeat(54)}$2\n$1${" ".repeat(40)}`),
      {},
    ],
    [
      "an addressee who fills more than a line",
      HEAD.replace(
        "หน่วยงานทดสอบ ก",
        "หน่วยงานทดสอบ ก ปลัดกระทรวงการพัฒนาสังคมและความมั่นคงของมนุษย์\n        อธิบดีกรมกิจการเด็กและเยาวชน อธิบดีกรมกิจการผู้สูงอายุ และเลขาธิการสภากาชาดไทย",
      ),
      {
        to: "ผู้อำนวยการหน่วยงานทดสอบ ก ปลัดกระทรวงการพัฒนาสังคมและความมั่นคงของมนุษย์ อธิบดีกรมกิจการเด็กและเยาวชน อธิบดีกรมกิจการผู้สูงอายุ และเลขาธิการสภากาชาดไทย",
      },
    ],
    ["no address", HEAD.replace(/\n\s+ถนน.*/u, ""), {}],
  ])("with %s", (_, head, differs) => {
    expect(told(read(head + TEXT))).toEqual({ ...FACTS, ...differs });
  });

  it("lists what it cites and encloses", () => {
    const lists = `
อ้างถึง ๑. หนังสือหน่วยงานทดสอบ ก ลับ ที่ ทก ๐๑๐๑/๒ ลงวัน
         ที่ ๑ มกราคม ๒๕๖๕
       ๒. หนังสือ ที่ กค ๐๔๐๒/๑ ลงวันที่ ๒ มกราคม ๒๕๖๕
สิ่งที่ส่งมาด้วย ๑. สำเนาหนังสือ ที่ นร ๐๑๐๑/๕ ลงวันที่ ๒ มกราคม ๒๕๖๕ จำนวน ๑ ฉบับ
              ๒. แบบสำรวจ จำนวน ๒ ชุด`;
    const letter = read(HEAD + lists + TEXT);
    expect(told(letter)).toEqual(FACTS);
    expect(findCitations([letter.items], { number: "กค 0402/17", date: "2022-03-03" })).toMatchObject([
      { number: "ทก 0101/2", date: "2022-01-01" },
      { number: "กค 0402/1", date: "2022-01-02" },
      { number: "นร 0505/9", date: "2022-01-01" },
    ]);
    expect(findEnclosures([letter.items])).toEqual([
      "สำเนาหนังสือ ที่ นร ๐๑๐๑/๕ ลงวันที่ ๒ มกราคม ๒๕๖๕ จำนวน ๑ ฉบับ",
      "แบบสำรวจ จำนวน ๒ ชุด",
    ]);
  });

  it("is a stamped letter with ถึง and its date at the end", () => {
    const letter = read(`ที่ กค ๐๔๑๐/๒
ถึง หน่วยงานทดสอบ ก
          ตามที่ขอให้ตรวจสอบรายการเงินฝากคลัง ประชุมเมื่อวันที่ ๑ ตุลาคม ๒๕๖๔ ได้ตรวจสอบแล้ว
                                        กรมบัญชีกลาง
                                       ๒๐ ตุลาคม ๒๕๖๔
กลุ่มงานสารบรรณ
โทร. ๐ ๒๐๐๐ ๐๐๐๐`);
    expect(told(letter)).toEqual({
      ...FACTS,
      number: "กค 0410/2",
      date: "2021-10-20",
      subject: null,
      to: "หน่วยงานทดสอบ ก",
    });
    expect(letter.isStamped).toBe(true);
  });

  it("is a memo with ส่วนราชการ, and วันที่ behind the number", () => {
    const letter = read(`ด่วนที่สุด                    บันทึกข้อความ
ส่วนราชการ กองคลัง สำนักงานทดสอบ โทร. ๐ ๒๐๐๐ ๐๐๐๐
ที่ ทก ๐๑๐๒/๓๔                         วันที่ ๕ มีนาคม ๒๕๖๕
เรื่อง ขออนุมัติเบิกจ่าย
เรียน ผู้อำนวยการสำนัก${TEXT}`);
    expect(told(letter)).toEqual({
      number: "ทก 0102/34",
      date: "2022-03-05",
      subject: "ขออนุมัติเบิกจ่าย",
      from: "กองคลัง สำนักงานทดสอบ",
      to: "ผู้อำนวยการสำนัก",
      urgency: "most-urgent",
      secrecy: "normal",
    });
    expect(findLetterKind("", [letter.items], "ทก 0102/34")?.kind).toBe("internal");
  });

  it("is no letter when it is an order, an agenda or an article", () => {
    const order = read(
      "คำสั่งกรมบัญชีกลาง\nที่ ๑๒/๒๕๖๕\nเรื่อง แต่งตั้งคณะทำงาน\n   ตามหนังสือ ที่ นร ๐๕๐๕/๙ นั้น\n   สั่ง ณ วันที่ ๓ มีนาคม พ.ศ. ๒๕๖๕",
    );
    expect(order).toMatchObject({ isLetter: false, number: null });
    expect(order.date?.value).toBe("2022-03-03");
    expect(findLetterKind("", [order.items], null)?.kind).toBe("order");
    expect(read("ระเบียบวาระการประชุม ครั้งที่ ๑/๒๕๖๕\nเรื่อง ที่ประธานแจ้ง (ที่ นร ๐๕๐๕/๙)").isLetter).toBe(false);
    expect(read(`${"ข้อความยาว\n".repeat(40)}ที่ นร ๐๕๐๕/๙\nเรื่อง ก`).isLetter).toBe(false);
  });

  it("lies below a cover sheet too", () => {
    expect(told(read("ใบปะหน้า\nจำนวน ๒ หน้า", HEAD + TEXT)).number).toBe("กค 0402/17");
  });

  it("is less believed where it was recognised in a scan", () => {
    const letter = readPdfLetter(pagesOf(HEAD + TEXT), true);
    expect([letter.number?.confidence, letter.date?.confidence]).toEqual([0.65, 0.65]);
  });
});

describe("a marking of secrecy", () => {
  const foot = `${"\n".repeat(20)}                                ลับมาก`;
  it.each([
    ["at the top", `                                  ลับ\n${HEAD}${TEXT}`, "confidential"],
    ["at the foot", HEAD + TEXT + foot, "secret"],
    ["beside the page number", `- ๒ -                        ลับที่สุด\n${HEAD}${TEXT}`, "top-secret"],
    ["before ที่", `${HEAD.replace("ที่ กค", "ลับ  ที่ กค")}${TEXT}`, "confidential"],
    ["in brackets behind the subject", `${HEAD.replace("ข้อหารือ", "ข้อหารือ (ลับ)")}${TEXT}`, "confidential"],
    ["counted by its pages", `              ลับ หน้า ๑ ของ ๒ หน้า\n${HEAD}${TEXT}`, "confidential"],
    ["counted by its copies", `              ชุดที่ ๑ ของ ๕ ชุด - ลับมาก\n${HEAD}${TEXT}`, "secret"],
    ["behind its label", HEAD.replace("เรื่อง", "ชั้นความลับ : ลับมาก\nเรื่อง") + TEXT, "secret"],
    ["behind its label below the text", `${HEAD}${TEXT}\n\nชั้นความลับ : ลับมาก`, "secret"],
    ["in English", `             TOP SECRET\n${HEAD}${TEXT}`, "top-secret"],
    ["spaced out", `                        ล ั บ ม า ก\n${HEAD}${TEXT}`, "secret"],
  ])("%s counts", (_, text, secrecy) => {
    expect(read(text).markings.secrecy).toBe(secrecy);
  });

  it("counts on any page, of any document", () => {
    expect(read("รายงาน\nข้อความ", `${"ข้อความ\n".repeat(30)}${foot}`).markings.secrecy).toBe("secret");
  });

  it.each([
    ["การลับมีด", HEAD.replace("ตอบข้อหารือ", "การฝึกอบรมการลับมีด")],
    ["อำเภอลับแล", HEAD.replace("ถนนพระรามที่ ๖", "อำเภอลับแล")],
    ["กลับ at a line's end", `${HEAD}\n          ขอให้ตรวจสอบและส่งแบบสำรวจตามที่แนบมาพร้อมหนังสือฉบับนี้\nกลับ`],
    ["a word broken off", `${HEAD}\n          ขอให้ตรวจสอบและรายงานการเก็บรักษาเอกสารซึ่งเป็นความ\nลับ`],
    ["a subject's last word", HEAD.replace("ตอบข้อหารือ", "ขอส่งแนวทางการเก็บรักษาเอกสารที่เป็นความ\n       ลับ")],
    ["a table of the levels", `${HEAD}${TEXT}\n${"\n".repeat(4)}    ลับ        ลับมาก        ลับที่สุด`],
    ["papers spoken of", HEAD.replace("ตอบข้อหารือ", "การเก็บรักษา และการทำลาย เอกสารลับ")],
    ["another letter's", `${HEAD}\nอ้างถึง หนังสือ ลับ ที่ นร ๐๕๐๖/ว(ล) ๑ ลงวันที่ ๑ มกราคม ๒๕๖๕${TEXT}`],
    ["สายด่วน", HEAD.replace("ตอบข้อหารือ", "ข้อมูลสายด่วน ๑๑๑๑ และทางด่วน")],
  ])("does not stand in %s", (_, text) => {
    expect(read(text).markings).toEqual({ urgency: "normal", secrecy: "normal" });
  });
});

describe("any text", () => {
  it("is read without fault, in bounded time", () => {
    const words =
      "ที่|กค ๐๔๐๒/๑|ลับ|ด่วน|เรื่อง|เรียน|ถึง|อ้างถึง|สิ่งที่ส่งมาด้วย|๑.|๓ มีนาคม ๒๕๖๕|\n|\n|    |ส่วนราชการ|ก".split("|");
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...words), { maxLength: 60 }),
        fc.string({ unit: "binary" }),
        (pieces, noise) => {
          const letter = read(`${pieces.join(" ")}${noise}`);
          expect(["กค 0402/1", undefined]).toContain(letter.number?.found.canonical);
          expect(["2022-03-03", undefined]).toContain(letter.date?.value);
        },
      ),
      { seed: 2526, numRuns: 300 },
    );
    for (const piece of words) {
      const started = cpuTimeMs();
      read(`${piece} `.repeat(20_000), `${piece}\n`.repeat(5_000));
      expect(cpuTimeMs() - started, piece).toBeLessThan(1_500);
    }
  });
});
