import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arabicToThaiDigits } from "../../shared/letter/thai-text.ts";
import { linesOfText } from "../testing/printed-lines.ts";
import { findCitations } from "./find-citations.ts";
import { findEnclosures } from "./find-enclosures.ts";
import { readPdfLetter } from "./read-pdf-letter.ts";

/** Letters in the forms that offices print, put together by chance, with what they must be read as. */
const MONTHS = "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม".split(
  " ",
);
const WORDS = [
  "การส่งเสริม",
  "อำเภอลับแล",
  "สายด่วน ๑๑๑๑",
  "การลับมีด",
  "ทางด่วน",
  "ครั้งที่ ๑/๒๕๖๖",
  "กลับคืน",
  "การประชุมคณะทำงานพัฒนา",
  "ระบบสารบรรณอิเล็กทรอนิกส์",
];
const spaced = (text: string): string => text.replaceAll(" ", "");

const letters = fc.record({
  code: fc.constantFrom("กค", "นร", "ศธ", "อต", "พณ", "สธ", "มท"),
  sub: fc.constantFrom("", "", "(กวจ) ", "(สพธอ) "),
  unit: fc.constantFrom("0402", "0808.2", "511.04", "04009", "1200"),
  circular: fc.boolean(),
  running: fc.integer({ min: 1, max: 99_999 }),
  day: fc.integer({ min: 1, max: 28 }),
  month: fc.nat({ max: 11 }),
  year: fc.integer({ min: 2560, max: 2570 }),
  era: fc.constantFrom("", "", "พ.ศ. "),
  thai: fc.boolean(),
  urgency: fc.constantFrom("", "", "ด่วน", "ด่วนมาก", "ด่วนที่สุด"),
  secrecy: fc.constantFrom("", "", "", "ลับ", "ลับมาก", "ลับที่สุด"),
  markAt: fc.constantFrom("line", "before", "column"),
  agency: fc.constantFrom("กรมบัญชีกลาง", "สำนักงาน ก.พ.ร.", "จังหวัดอุตรดิตถ์", "กระทรวงสาธารณสุข"),
  address: fc.constantFrom("", "ถนนพระรามที่ ๖ กทม. ๑๐๔๐๐", "ศาลากลางจังหวัด ๕๓๐๐๐", "ถนนใต้ทางด่วน แขวงลับแล"),
  numberRight: fc.boolean(),
  memo: fc.boolean(),
  subject: fc.array(fc.constantFrom(...WORDS), { minLength: 2, maxLength: 9 }),
  to: fc.array(fc.constantFrom("อธิบดี", "ปลัดกระทรวง", "ผู้ว่าราชการจังหวัด ทุกจังหวัด", "นายกรัฐมนตรี"), {
    minLength: 1,
    maxLength: 3,
  }),
  citations: fc.nat({ max: 3 }),
  enclosures: fc.nat({ max: 3 }),
  opening: fc.constantFrom("ด้วย", "กรมทดสอบขอเรียนว่า ", "ในคราวประชุม"),
  counted: fc.boolean(),
  gap: fc.integer({ min: 3, max: 30 }),
});
type Planted = typeof letters extends fc.Arbitrary<infer Letter> ? Letter : never;

function print(letter: Planted): { text: string; foot: string } {
  const { thai, gap, urgency, secrecy, markAt } = letter;
  const digits = (text: string): string => (thai ? arabicToThaiDigits(text) : text);
  const between = " ".repeat(gap);
  const number = digits(
    `ที่ ${letter.code} ${letter.sub}${letter.unit}/${letter.circular ? "ว " : ""}${letter.running}`,
  );
  const date = digits(`${letter.day} ${MONTHS[letter.month] ?? ""} ${letter.era}${letter.year}`);
  const marked = [secrecy, urgency].filter((word) => word !== "");
  const lines: string[] = [];
  if (secrecy !== "") lines.push(`${" ".repeat(40)}${secrecy}`);
  if (urgency !== "" && markAt === "line") lines.push(urgency);
  if (letter.memo)
    lines.push(
      `${urgency !== "" && markAt === "column" ? `${urgency}${between}` : between}บันทึกข้อความ`,
      `ส่วนราชการ ${letter.agency} โทร. ๐ ๒๐๐๐ ๐๐๐๐`,
    );
  else if (urgency !== "" && markAt === "column") lines.push(`${urgency}${between}(สำเนา)`);
  const before = markAt === "before" && marked.length > 0 ? `${marked.at(-1)} ${number}` : number;
  if (letter.memo) lines.push(`${before}${between}วันที่ ${date}`);
  else {
    lines.push(
      letter.numberRight ? `${letter.agency}${between}${before}` : `${before}${between}${letter.agency}`,
    );
    if (letter.address !== "") lines.push(`${" ".repeat(45)}${letter.address}`);
    lines.push(`${" ".repeat(30)}${date}`);
  }
  lines.push(...wrapped(`เรื่อง ${letter.subject.join("")}`, "      "), `เรียน ${letter.to.join("\n        ")}`);
  for (let at = 0; at < letter.citations; at++) {
    const label = at === 0 ? "อ้างถึง" : "      ";
    const ordinal = letter.citations > 1 ? `${at + 1}. ` : "";
    lines.push(
      ...wrapped(
        digits(
          `${label} ${ordinal}หนังสือกรมทดสอบ ด่วนที่สุด ลับ ที่ กษ 0327/${at + 100_001} ลงวันที่ ${at + 1} มกราคม 2560`,
        ),
        "         ",
      ),
    );
  }
  for (let at = 0; at < letter.enclosures; at++) {
    const label = at === 0 ? "สิ่งที่ส่งมาด้วย" : "            ";
    const ordinal = letter.enclosures > 1 ? `${at + 1}. ` : "";
    lines.push(
      ...wrapped(
        digits(
          `${label} ${ordinal}สำเนาหนังสือกรมทดสอบ ที่ กษ 0327/${at + 200_001} ${letter.counted ? `จำนวน ${at + 1} ชุด` : "พร้อมเอกสาร"}`,
        ),
        "                ",
      ),
    );
  }
  lines.push(
    ...wrapped(
      `            ${letter.opening}คณะทำงานได้ประชุมครั้งที่ ๒/๒๕๖๖ เมื่อวันที่ ๑๕ มีนาคม ๒๕๖๖ ณ อำเภอลับแล และขอให้แจ้งกลับโดยด่วน ตามหนังสือ ที่ พณ ๐๘๐๓/๙๙๙๙๙๙ ลงวันที่ ๒ มีนาคม ๒๕๖๖ นั้น โปรดพิจารณา`,
      "",
    ),
    "            จึงเรียนมาเพื่อโปรดพิจารณาดำเนินการต่อไปด้วย จะขอบคุณยิ่ง",
  );
  return { text: lines.join("\n"), foot: secrecy };
}

/** Broken between words where the line is full, as the width of a page breaks it. */
function wrapped(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<= )|(?=การ|อำเภอ|สาย|ทาง|ระบบ|กลับ)/u)) {
    if (line.length + word.length > 75 && line.trim() !== "") {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += word;
  }
  return [...lines, line];
}

const URGENCY: Record<string, string> = {
  "": "normal",
  ด่วน: "urgent",
  ด่วนมาก: "very-urgent",
  ด่วนที่สุด: "most-urgent",
};
const SECRECY: Record<string, string> = {
  "": "normal",
  ลับ: "confidential",
  ลับมาก: "secret",
  ลับที่สุด: "top-secret",
};

describe("letters put together by chance", () => {
  it("are read as they were meant", () => {
    fc.assert(
      fc.property(letters, (letter) => {
        const { text } = print(letter);
        const read = readPdfLetter([{ number: 1, lines: linesOfText(text) }], false);
        const mark = letter.circular ? "ว " : "";
        const number = `${letter.code} ${letter.sub}${letter.unit}/${mark}${letter.running}`;
        const date = `${letter.year - 543}-${`${letter.month + 1}`.padStart(2, "0")}-${`${letter.day}`.padStart(2, "0")}`;
        expect(read.number?.found.canonical, text).toBe(number);
        expect(read.date?.value, text).toBe(date);
        expect(spaced(read.subject?.value ?? ""), text).toBe(spaced(letter.subject.join("")));
        expect(spaced(read.to?.value ?? ""), text).toBe(spaced(letter.to.join("")));
        expect(read.from?.value, text).toBe(letter.agency);
        expect(read.markings, text).toEqual({
          urgency: URGENCY[letter.urgency],
          secrecy: SECRECY[letter.secrecy],
        });
        const cited = findCitations([read.items], { number, date }).map((each) => each.number);
        expect(cited, text).toEqual([
          ...Array.from({ length: letter.citations }, (_, at) => `กษ 0327/${at + 100_001}`),
          "พณ 0803/999999",
        ]);
        expect(findEnclosures([read.items]).map(spaced), text).toEqual(
          Array.from({ length: letter.enclosures }, (_, at) => {
            const count = letter.counted ? `จำนวน${at + 1}ชุด` : "พร้อมเอกสาร";
            const enclosure = `สำเนาหนังสือกรมทดสอบที่กษ0327/${at + 200_001}${count}`;
            return letter.thai ? arabicToThaiDigits(enclosure) : enclosure;
          }),
        );
      }),
      { seed: 2548, numRuns: 400 },
    );
  });
});
