import { describe, expect, it } from "vitest";
import { cpuTimeMs } from "../../shared/testing/cpu-time.ts";
import { htmlToText } from "../mime/html-text.ts";
import { readBodyItems } from "./body-items.ts";
import { findEnclosures } from "./find-enclosures.ts";

function enclosed(...bodies: string[]): string[] {
  return findEnclosures(bodies.map((body) => readBodyItems(body)));
}

describe("findEnclosures", () => {
  it("takes one enclosure with its count", () => {
    expect(enclosed("สิ่งที่ส่งมาด้วย แบบสำรวจ     จำนวน ๑ ชุด\n   ด้วยกรม ก รวบรวมที่อยู่")).toEqual([
      "แบบสำรวจ จำนวน ๑ ชุด",
    ]);
    expect(enclosed("สิ่งที่ส่งมาด้วย : สำเนาหนังสือ ที่ กค 0402/1")).toEqual(["สำเนาหนังสือ ที่ กค 0402/1"]);
    expect(enclosed("สิ่งที่ส่งมาด้วย\nสํารวจ")).toEqual(["สำรวจ"]);
  });

  it("takes a numbered list, however its lines are broken", () => {
    const items = [
      "รายงานการประชุม ก.พ.ร. ครั้งที่ ๑/๒๕๖๓ จำนวน ๙๐ ชุด",
      "แบบ ข้อ ๓. ถึง ๑.๕",
      "แผ่นบันทึก จำนวน 3 แผ่น",
    ];
    const [a, b, c] = items;
    for (const body of [
      `สิ่งที่ส่งมาด้วย ๑. ${a}\n              ๒. ${b}\n              ๓. ${c}`,
      `สิ่งที่ส่งมาด้วย\n1. ${a}\n2. ${b}\n3. ${c}\n\n1. ข้อความ`,
      `สิ่งที่ส่งมาด้วย:\n1) ${a}\n2) ${b}\n3) ${c}`,
      `สิ่งที่ส่งมาด้วย\n\n(๑) ${a}\n\n(๒) ${b}\n\n(๓) ${c}\n\nจึงเรียนมา`,
      `สิ่งที่ส่งมาด้วย\t๑. ${a} ๒. ${b} ๓. ${c}`,
      `สิ่งที่ส่งมาด้วย จำนวน ๓ รายการ ดังนี้\n๑. ${a}\n๒. ${b}\n๓. ${c}`,
      `สิ่งที่ส่งมาด้วย\n- ${a}\n- ${b}\n- ${c}`,
      `สิ่งที่ส่งมาด้วย ๑ : ${a}\nสิ่งที่ส่งมาด้วย ๒ : ${b}\nสิ่งที่ส่งมาด้วย ๓ : ${c}`,
      `สิ่งที่ส่งมาด้วย ๑. ${a?.replace(" ครั้งที่", "\n        ครั้งที่")}\n  ๒. ${b}\n  ๓. ${c}\n        กรม ก ขอเรียนว่า`,
      htmlToText(`<p>สิ่งที่ส่งมาด้วย ๑. ${a}</p><p>๒. ${b}</p><p>๓. ${c}</p><p>จึงเรียนมา</p>`),
      htmlToText(`<table><tr><td>สิ่งที่ส่งมาด้วย</td><td>๑. ${a}<br>๒. ${b}<br>๓. ${c}</td></tr></table>`),
    ]) {
      expect(enclosed(body), body).toEqual(items);
    }
  });

  it("takes lines without ordinals by their counts, and lets brackets and และ go on", () => {
    expect(
      enclosed(
        "สิ่งที่ส่งมาด้วย แบบ จำนวน ๑ ชุด\n     (ส่งทางไปรษณีย์)\n     คู่มือ\n     และภาคผนวก ๒ เล่ม\n     บัญชี ๑ ฉบับ",
      ),
    ).toEqual(["แบบ จำนวน ๑ ชุด (ส่งทางไปรษณีย์) คู่มือ และภาคผนวก ๒ เล่ม", "บัญชี ๑ ฉบับ"]);
  });

  it("ends at the text: its opening words, an ordinal that counts back, a whole item above", () => {
    for (const text of ["ตามที่กรม ก ขอ", "๑. ให้หน่วยงานรายงาน", "กรม ก ขอเรียนว่า", "จึงเรียนมาเพื่อโปรดทราบ"]) {
      expect(enclosed(`สิ่งที่ส่งมาด้วย ๑. ก\n   ๒. ข จำนวน ๑ ชุด\n        ${text}`), text).toEqual([
        "ก",
        "ข จำนวน ๑ ชุด",
      ]);
    }
  });

  it("ends at the text's opening words also where no count closes the last item", () => {
    for (const text of ["ด้วยกรม ก ขอ", "เนื่องจาก", "ตามหนังสือกรม ก", "จึงเรียนมา"]) {
      expect(enclosed(`สิ่งที่ส่งมาด้วย ๑. ก\n   ๒. ข\n        ${text}`), text).toEqual(["ก", "ข"]);
    }
  });

  it("ends a whole item without an ordinal at a numbered line", () => {
    expect(enclosed("สิ่งที่ส่งมาด้วย แบบ จำนวน ๑ ชุด\n   ๑. ให้หน่วยงานรายงาน")).toEqual(["แบบ จำนวน ๑ ชุด"]);
  });

  it.each([
    "สิ่งที่ส่งมาด้วย -",
    "สิ่งที่ส่งมาด้วย : ไม่มี",
    "สิ่งที่ส่งมาด้วย",
    "สำเนาส่ง กรม ก",
    "เอกสารแนบมาพร้อมนี้",
    "สิ่งที่ส่งมาด้วยนี้ขอให้ส่งคืน",
    "รายละเอียดตาม\nสิ่งที่ส่งมาด้วย ๑ จึงเรียนมา",
    "> สิ่งที่ส่งมาด้วย แบบ",
    "อ้างถึง หนังสือ ที่ กค 0402/1",
  ])("finds none in %s", (body) => expect(enclosed(body)).toEqual([]));

  it("reads the first form of the text that lists them, and no list further down", () => {
    expect(enclosed("ตามแนบ", "สิ่งที่ส่งมาด้วย ก", "สิ่งที่ส่งมาด้วย ข")).toEqual(["ก"]);
    expect(enclosed("สิ่งที่ส่งมาด้วย ก\n\nเรื่อง ข\n\nสิ่งที่ส่งมาด้วย ค")).toEqual(["ก"]);
  });

  it("leaves a marking out and keeps its bounds", () => {
    expect(enclosed("สิ่งที่ส่งมาด้วย ๑. ก\n   - ลับ -\n   ๒. ข")).toEqual(["ก", "ข"]);
    const many = Array.from({ length: 130 }, (_, at) => `${at + 1}. ${"😀".repeat(300)}`);
    const found = enclosed(`สิ่งที่ส่งมาด้วย\n${many.join("\n")}`);
    expect(found).toHaveLength(100);
    for (const text of found) {
      expect(text.length).toBeLessThanOrEqual(500);
      expect(text.isWellFormed()).toBe(true);
    }
  });

  it("is quick with hostile lists", () => {
    for (const piece of ["1. ", "1.\n", "- ก\n", "   ก\n", "๑. ก ๒. ", "จำนวน ๑ ชุด\n  ", "("]) {
      const body = `สิ่งที่ส่งมาด้วย ${piece.repeat(Math.floor(200_000 / piece.length))}`;
      const started = cpuTimeMs();
      enclosed(body);
      expect(cpuTimeMs() - started, piece).toBeLessThan(2_000);
    }
  });
});
