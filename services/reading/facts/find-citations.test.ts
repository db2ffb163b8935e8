import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBodyItems } from "./body-items.ts";
import { findCitations } from "./find-citations.ts";

const NOBODY = { number: null, date: null };

function cited(body: string, own: { number: string | null; date: string | null } = NOBODY) {
  return findCitations([readBodyItems(body)], own);
}

describe("what stands under อ้างถึง", () => {
  it("is one letter, wrapped over two lines", () => {
    const body =
      "เรียน ผู้อำนวยการหน่วยงานทดสอบ ก\n" +
      "อ้างถึง หนังสือสำนักทดสอบ ด่วนที่สุด ที่ นร ๐๕๐๖/\n        ว(ล) ๑๑๕๖๑ ลงวัน\n        ที่ ๑๔ เมษายน ๒๕๖๓\n" +
      "            ตามหนังสือที่อ้างถึง ขอให้เสนอความเห็น นั้น";
    expect(cited(body)).toEqual([
      {
        printed: "หนังสือสำนักทดสอบ ด่วนที่สุด ที่ นร ๐๕๐๖/ ว(ล) ๑๑๕๖๑ ลงวันที่ ๑๔ เมษายน ๒๕๖๓",
        number: "นร 0506/ว(ล) 11561",
        date: "2020-04-14",
      },
    ]);
  });

  it("is a numbered list, one item a line, all on one, or a paragraph each", () => {
    const items = [
      { printed: "หนังสือกรม ก ที่ กค ๐๔๐๒/๑ ลงวันที่ ๑ ม.ค. ๖๕", number: "กค 0402/1", date: "2022-01-01" },
      { printed: "พระราชบัญญัติทดสอบ พ.ศ. ๒๕๖๐ ข้อ ๓. และ ๔", number: null, date: null },
      { printed: "หนังสือ ที่ กค 0402/3", number: "กค 0402/3", date: null },
    ];
    const printed = items.map((item, index) => `${"๑๒๓"[index]}. ${item.printed}`);
    for (const body of [
      `อ้างถึง ${printed.join("\n        ")}`,
      `อ้างถึง\t${printed.join(" ")}`,
      `อ้างถึง : ${printed.join("\n\n")}`,
      `อ้างถึง\n\n(${printed
        .join("\n(")
        .replaceAll(/(?<=[๑-๓])\./gu, ")")
        .replace("ข้อ ๓)", "ข้อ ๓.")}`,
      `อ้างถึง ดังนี้\n${printed.join("\n")}`,
    ]) {
      expect(cited(body), body).toEqual(items);
    }
  });

  it("names two letters in one item: cut between them", () => {
    expect(
      cited("อ้างถึง หนังสือกรม ก ที่ กค 0402/1 ลงวันที่ 1 ม.ค. 65 เรื่อง ข และหนังสือ ที่ กค 0402/2 ลงวันที่ 2 ม.ค. 65"),
    ).toEqual([
      { printed: "หนังสือกรม ก ที่ กค 0402/1 ลงวันที่ 1 ม.ค. 65 เรื่อง ข", number: "กค 0402/1", date: "2022-01-01" },
      { printed: "หนังสือ ที่ กค 0402/2 ลงวันที่ 2 ม.ค. 65", number: "กค 0402/2", date: "2022-01-02" },
    ]);
    expect(cited("อ้างถึง หนังสือ ที่ กค 0402/1 ลว. 1 ม.ค. 65 กค 0402/2").map(({ printed }) => printed)).toEqual([
      "หนังสือ ที่ กค 0402/1 ลว. 1 ม.ค. 65",
      "กค 0402/2",
    ]);
  });

  it("is not the letter that a sentence below the label sends", () => {
    const list = "อ้างถึง หนังสือ ที่ กค 0402/1 กรม ก ขอส่งหนังสือ ที่ กค 0402/9";
    expect(cited(list).map(({ number }) => number)).toEqual(["กค 0402/1"]);
  });

  it("keeps a letter without a number, and no date but a letter's", () => {
    expect(cited("อ้างถึง หนังสือของท่าน ลงวันที่ ๓ มีนาคม ๒๕๖๕")).toEqual([
      { printed: "หนังสือของท่าน ลงวันที่ ๓ มีนาคม ๒๕๖๕", number: null, date: "2022-03-03" },
    ]);
    expect(cited("อ้างถึง การประชุมเมื่อวันที่ ๓ มีนาคม ๒๕๖๕")[0]?.date).toBeNull();
    expect(cited("อ้างถึง หนังสือ ที่ กค 0402/1 เรื่อง การประชุมวันที่ 3 มีนาคม 2565")[0]?.date).toBeNull();
  });

  it.each([
    "อ้างถึง -",
    "อ้างถึง : ไม่มี",
    "อ้างถึง\nสิ่งที่ส่งมาด้วย แบบสำรวจ",
    "อ้างถึงการประชุมที่ผ่านมา ขอแจ้งว่า",
    "อ้างอิง : https://example.go.th/a",
    "ตามหนังสือที่\nอ้างถึง แจ้งว่าไม่ขัดข้อง",
  ])("is nothing: %s", (body) => expect(cited(body)).toEqual([]));

  it("ends where the text begins, and keeps no marking", () => {
    const list = "อ้างถึง หนังสือ ที่ กค 0402/1 ลงวันที่ 1 ม.ค. 65";
    for (const below of [
      "        ตามที่กรม ก ขอให้รายงาน",
      "        กรม ก ขอเรียนว่า ๑. ข",
      "   - ลับ -",
      "๑. ให้รายงาน",
    ]) {
      expect(
        cited(`${list}\n${below}`).map(({ printed }) => printed),
        below,
      ).toEqual(["หนังสือ ที่ กค 0402/1 ลงวันที่ 1 ม.ค. 65"]);
    }
  });
});

describe("what a text cites", () => {
  it("is kept from หนังสือ to its date, and not what it sends or encloses", () => {
    const body =
      "เรียน เจ้าหน้าที่\n\nตาม“หนังสือสำนัก ด่วนที่สุด ที่ นร ๐๕๐๖/ว(ล) ๑ ลงวันที่ ๑ ม.ค. ๖๔” นั้น\n" +
      "กรม ก ขอส่งหนังสือ ที่ กค 0402/9 ลงวันที่ 2 ม.ค. 64 เรื่อง ก\n\n" +
      "ยกเลิกหนังสือ ที่ กค 0402/5 และ ที่ กค 0402/6 ทั้งนี้\n\nสิ่งที่ส่งมาด้วย สำเนาหนังสือ ที่ กค 0402/7";
    expect(cited(body)).toEqual([
      {
        printed: "หนังสือสำนัก ด่วนที่สุด ที่ นร ๐๕๐๖/ว(ล) ๑ ลงวันที่ ๑ ม.ค. ๖๔",
        number: "นร 0506/ว(ล) 1",
        date: "2021-01-01",
      },
      { printed: "หนังสือ ที่ กค 0402/5", number: "กค 0402/5", date: null },
      { printed: "กค 0402/6", number: "กค 0402/6", date: null },
    ]);
  });

  it("is found behind a label glued to it, and across a broken line", () => {
    for (const body of [
      "อ้างถึงหนังสือที่ กค 0402/1 ลงวันที่ 1 ม.ค. 64 กรมขอส่งหนังสือ ที่ กค 0402/2",
      "ตามหนังสือที่\nอ้างถึง (หนังสือที่ กค 0402/1 ลงวันที่ 1 ม.ค. 64) แจ้งว่า",
    ]) {
      expect(cited(body), body).toEqual([
        { printed: "หนังสือที่ กค 0402/1 ลงวันที่ 1 ม.ค. 64", number: "กค 0402/1", date: "2021-01-01" },
      ]);
    }
  });

  it("is told once, in the letter's order, over both forms of a text", () => {
    const body = "อ้างถึง หนังสือ ที่ กค 0402/1\n\nตามหนังสือ ที่ กค ๐๔๐๒/๑ และหนังสือ ที่ กค 0402/2 นั้น";
    const items = readBodyItems(body);
    expect(findCitations([items, items], NOBODY).map(({ number }) => number)).toEqual([
      "กค 0402/1",
      "กค 0402/2",
    ]);
  });

  it("is never the letter itself, but last year's letter of the same number", () => {
    const own = { number: "กค 0402/1", date: "2022-01-01" };
    expect(cited("ตามหนังสือ ที่ กค 0402/1 นั้น", own)).toEqual([]);
    expect(cited("ตามหนังสือ ที่ กค 0402/1 ลงวันที่ 1 ม.ค. 65 นั้น", own)).toEqual([]);
    expect(cited("ตามหนังสือ ที่ กค 0402/1 ลงวันที่ 1 ม.ค. 64 นั้น", own)).toHaveLength(1);
  });

  it("knows its bounds", () => {
    const many = Array.from({ length: 80 }, (_, at) => `${at + 1}. หนังสือ ${"ก".repeat(600)} ที่ กค 0402/${at}`);
    const citations = cited(`อ้างถึง ${many.join("\n")}`);
    expect(citations).toHaveLength(50);
    for (const { printed } of citations) expect(printed.length).toBeLessThanOrEqual(500);
  });

  it("states nothing that is not there, of any text", () => {
    const pieces = fc.array(
      fc.constantFrom(
        ..."อ้างถึง|ที่|กค 0402/1|และ|ลงวันที่ ๓ มีนาคม ๒๕๖๕|ตามหนังสือ|นั้น|๑.|๒.|-|(|)|:|\n|\n\n|\t|ขอส่งหนังสือ|เรื่อง|ก|😀".split(
          "|",
        ),
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(pieces, (words) => {
        const body = words.join(" ");
        for (const { printed, number, date } of cited(body)) {
          expect(["กค 0402/1", null]).toContain(number);
          expect(["2022-03-03", null]).toContain(date);
          expect(printed).toBe(printed.trim());
          const held = body.replace(/\s/gu, "");
          for (const word of printed.split(" ")) expect(held).toContain(word);
        }
      }),
      { seed: 50, numRuns: 300 },
    );
  });
});
