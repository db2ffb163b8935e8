import { expect, test } from "vitest";
import type { RegisterLine } from "../shared/letter/register-line.ts";
import {
  contentsOf,
  hasPoppler,
  POPPLER_MISSING,
  pageCountOf,
  pagesOf,
  textOf,
} from "../shared/testing/read-pdf.ts";
import { writeRegisterPdf } from "./register-pdf.ts";
import type { RegisterOrder } from "./register-writer.ts";
import { lineOf, makeUpLines, orderOf } from "./testing/made-up-lines.ts";

const reader = hasPoppler ? "pdftotext" : POPPLER_MISSING;
const readTest = test.skipIf(!hasPoppler);

function print(lines: readonly RegisterLine[], order: RegisterOrder = orderOf("pdf")): Uint8Array {
  const writer = writeRegisterPdf(order);
  return Buffer.concat([writer.add(lines), writer.end()]);
}

function headsOf(order: RegisterOrder): string[] {
  const text = textOf(print([], order));
  // The heads stand in one or two lines between the period and the first entry.
  return text.split("\n").slice(3, 7).join(" ").split(/\s+/u);
}

readTest(`the columns of the forms, in their order (${reader})`, () => {
  expect(headsOf(orderOf("pdf")).join(" ")).toMatch(/^เลขทะเบียน ที่ ลงวันที่ จาก ถึง เรื่อง การปฏิบัติ หมายเหตุ รับ/u);
  const sent = textOf(print([], orderOf("pdf", { direction: "outbound" })));
  expect(sent).toContain("ทะเบียนหนังสือส่ง");
  expect(sent).not.toContain("ทะเบียนหนังสือรับ");
  const circular = textOf(print([], orderOf("pdf", { direction: "outbound", series: "circular" })));
  expect(circular).toContain("หนังสือเวียน (ว) ประจำปี พ.ศ. 2569");
  const secretIn = orderOf("pdf", { series: "classified" });
  expect(headsOf(secretIn)).toEqual(
    expect.arrayContaining([
      "เลขที่รับ",
      "ที่",
      "ชั้นความลับ",
      "ลงวันที่",
      "จาก",
      "ถึง",
      "เรื่อง",
      "ลงชื่อ",
      "วันที่รับ",
      "หมายเหตุ",
    ]),
  );
  const secretOut = orderOf("pdf", { direction: "outbound", series: "classified" });
  expect(headsOf(secretOut)).toEqual(
    expect.arrayContaining(["เลขที่ส่ง", "ชั้นความลับ", "จาก", "ถึง", "เรื่อง", "ลงชื่อ", "หมายเหตุ"]),
  );
  expect(headsOf(secretOut)).not.toContain("ที่");
});

readTest(`a line shows what stands in the register (${reader})`, () => {
  const [page = ""] = pagesOf(print([lineOf({ number: 1577, urgency: "most-urgent", remarks: "ส่งซ้ำ" })]));
  expect(page).toContain("ทะเบียนหนังสือรับ");
  expect(page).toContain("สำนักงานตัวอย่างแห่งชาติ");
  expect(page).toContain("ตั้งแต่วันที่ 1 มกราคม 2569 ถึงวันที่ 31 มกราคม 2569");
  expect(page).toContain("หน้า 1 จาก 1");
  expect(page).toContain("วันที่ 5 มกราคม 2569");
  expect(page).toMatch(
    /1577 +กค ๐๔๐๒\/ว ๑๑๙ +4 ม\.ค\. 2569 +กรมบัญชีกลาง +ปลัดกระทรวง +ด่วนที่สุด ขอเชิญประชุม +กองกลาง +ส่งซ้ำ/u,
  );
  expect(page).toContain("รวม 1 รายการ (ลงทะเบียน 1 จองเลข 0 ยกเลิก 0)");
  expect(page).toContain("ผู้พิมพ์ นางสาวสมใจ ตัวอย่าง พิมพ์เมื่อ 2 กุมภาพันธ์ 2569 เวลา 09:15:30 น.");
  expect(page).toMatch(/ผู้ตรวจ[\s\S]*ตำแหน่ง[\s\S]*วันที่ \./u);
});

readTest(`Thai digits in what the office writes, the letter's own in what it says (${reader})`, () => {
  const line = lineOf({ number: 1577, letterNumberPrinted: "กค 0402/ว 119", subject: "ครั้งที่ 3" });
  const [page = ""] = pagesOf(print([line], orderOf("pdf", {}, "thai")));
  expect(page).toContain("หน้า ๑ จาก ๑");
  expect(page).toContain("ประจำปี พ.ศ. ๒๕๖๙");
  expect(page).toMatch(/๑๕๗๗ +กค 0402\/ว 119 +๔ ม\.ค\. ๒๕๖๙/u);
  expect(page).toContain("ครั้งที่ 3");
});

test("a cancelled entry is struck through but for its reason, an urgent one begins in red", () => {
  const strokes = (lines: RegisterLine[]) => contentsOf(print(lines)).match(/^0\.7 w /gmu)?.length ?? 0;
  const plain = strokes([lineOf()]);
  // Number, ที่, ลงวันที่, จาก, ถึง, เรื่อง, การปฏิบัติ: one line of text each.
  expect(strokes([lineOf({ status: "cancelled", remarks: "ลงซ้ำ" })])).toBe(plain + 7);
  expect(strokes([lineOf({ status: "reserved" })])).toBe(plain);
  const reds = (line: RegisterLine) => contentsOf(print([line])).includes("0.78 0 0 rg");
  expect(reds(lineOf({ urgency: "urgent" }))).toBe(true);
  expect(reds(lineOf())).toBe(false);
});

readTest(`cancelled and reserved numbers say so (${reader})`, () => {
  const lines = [
    lineOf({ number: 1, status: "cancelled", remarks: "ลงซ้ำ" }),
    lineOf({ number: 2, status: "cancelled", remarks: "ยกเลิก ผิดเล่ม" }),
    lineOf({ number: 3, status: "reserved", subject: null, from: null, letterNumber: null }),
  ];
  const text = textOf(print(lines));
  expect(text).toContain("ยกเลิก ลงซ้ำ");
  expect(text.match(/ยกเลิก ผิดเล่ม/gu)).toHaveLength(1);
  expect(text).not.toContain("ยกเลิก ยกเลิก");
  expect(text).toMatch(/^3 .*จองเลข$/mu);
  expect(text).toContain("รวม 3 รายการ (ลงทะเบียน 0 จองเลข 1 ยกเลิก 2)");
});

readTest(`3,000 lines: every number once, every page with its number and the day (${reader})`, async () => {
  const pdf = print(makeUpLines(3000, 7));
  const pages = pagesOf(pdf);
  expect(await pageCountOf(pdf)).toBe(pages.length);
  expect(pages.length).toBeGreaterThan(150);
  for (const [index, page] of pages.entries()) {
    expect(page).toContain(`หน้า ${index + 1} จาก ${pages.length}`);
    expect(page).toContain("ผู้พิมพ์ นางสาวสมใจ ตัวอย่าง");
  }
  const text = pages.join("\n");
  const numbers = Array.from(text.matchAll(/^(\d+) +กค ๐๔๐๒/gmu), (match) => Number(match[1]));
  expect(numbers).toEqual(Array.from({ length: 3000 }, (_, index) => index + 1));
  // 144 letters a day from 8:30: the register's days are those of Bangkok, not of UTC.
  const days = Array.from(text.matchAll(/^วันที่ (\d+ มกราคม 2569)$/gmu), (match) => match[1]);
  expect(days.slice(0, 3)).toEqual(["5 มกราคม 2569", "6 มกราคม 2569", "7 มกราคม 2569"]);
  expect(days).toHaveLength(new Set(days).size);
  // Ninety-three letters on the first day, until midnight.
  expect(text).toMatch(/^วันที่ 6 มกราคม 2569\n94 /mu);
  expect(text).toContain("วันที่ 5 มกราคม 2569 (ต่อ)");
});

readTest(`hostile texts neither break the page nor vanish (${reader})`, () => {
  const long = "ฌฬฮ".repeat(700).slice(0, 2000);
  const lines = [
    lineOf({ number: 1, subject: '=HYPERLINK("http://example.go.th")' }),
    lineOf({ number: 2, subject: "ลับ\u200Bลวง \u202Efdp.exe\u202C\u0000\u0007ก\u00ADข" }),
    lineOf({ number: 3, subject: long }),
    lineOf({ number: 4, subject: ") Tj ET (<</EOF>> \\ %" }),
    lineOf({ number: 5, subject: "ทดสอบ\nหลาย\tบรรทัด" }),
  ];
  const text = textOf(print(lines));
  expect(text).toContain('=HYPERLINK("http://');
  expect(text).toContain("ลับลวง fdp.exeกข");
  expect(text.match(/[ฌฬฮ]/gu)).toHaveLength(2000);
  expect(text).toContain(") Tj ET (<</EOF>> \\ %");
  expect(text).toContain("ทดสอบ หลาย บรรทัด");
  for (const number of [1, 2, 3, 4, 5]) expect(text).toMatch(new RegExp(`^${number} +กค`, "mu"));
});

test("a pile of marks does not climb over the entries above", () => {
  const highest = (subject: string): number => {
    const rises = contentsOf(print([lineOf({ subject })])).matchAll(/([\d.]+) Ts/g);
    return Math.max(0, ...Array.from(rises, ([, rise]) => Number(rise)));
  };
  expect(highest(`ก${"\u0E48".repeat(3000)}`)).toBeLessThan(1);
  expect(highest(`e${"\u0301".repeat(3000)}`)).toBeLessThan(1);
});

readTest(`an entry longer than a page goes on on the next (${reader})`, () => {
  const pages = pagesOf(print([lineOf({ remarks: "หมายเหตุยาว ".repeat(300) }), lineOf({ number: 2 })]));
  expect(pages.length).toBeGreaterThan(2);
  expect(pages[1]).toContain("วันที่ 5 มกราคม 2569 (ต่อ)");
  expect(pages.join("").match(/หมายเหตุยาว/gu)).toHaveLength(300);
  expect(pages.join("")).toMatch(/^2 +กค/mu);
});

readTest(`an empty register says that it is (${reader})`, () => {
  const [page = "", ...others] = pagesOf(print([]));
  expect(others).toEqual([]);
  expect(page).toContain("ไม่มีรายการ");
});

test("nothing is written below the table but the foot", () => {
  const contents = contentsOf(print(makeUpLines(1500, 8)));
  const baselines = Array.from(contents.matchAll(/ ([\d.]+) Tm /g), ([, y]) => Number(y));
  expect(new Set(baselines.filter((y) => y > 0 && y < 40))).toEqual(new Set([24]));
});

test("the closing is never parted and never below the table", () => {
  for (let count = 1; count <= 14; count++) {
    const tops = Array.from(
      contentsOf(print(makeUpLines(count, 8))).matchAll(/^q 1 0 0 1 0 ([\d.]+) cm$/gmu),
    );
    expect(tops).toHaveLength(1);
    expect(Number(tops[0]?.[1])).toBeGreaterThan(40 + 103);
  }
});

test("the same register gives the same bytes", () => {
  const lines = makeUpLines(40, 3);
  expect(print(lines)).toEqual(print(lines));
});
