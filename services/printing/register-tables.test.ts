import { inflateRawSync } from "node:zlib";
import { expect, onTestFinished, test, vi } from "vitest";
import type { RegisterLine } from "../shared/letter/register-line.ts";
import { writeRegisterCsv } from "./register-csv.ts";
import type { RegisterOrder } from "./register-writer.ts";
import { writeRegisterXlsx } from "./register-xlsx.ts";
import { lineOf, makeUpLines, orderOf } from "./testing/made-up-lines.ts";

const HEADINGS = [
  ...[
    "เลขทะเบียนรับ",
    "ที่",
    "ลงวันที่",
    "จาก",
    "ถึง",
    "เรื่อง",
    "การปฏิบัติ",
    "หมายเหตุ",
    "สถานะ",
    "ชั้นความเร็ว",
    "ชั้นความลับ",
  ],
  ...[
    "ชนิดหนังสือ",
    "หน่วยงานภายใน",
    "ช่องทาง",
    "อ้างถึง",
    "สิ่งที่ส่งมาด้วย",
    "เข้าระบบเมื่อ",
    "ถือว่าได้รับเมื่อ",
    "ลงทะเบียนเมื่อ",
    "ผู้ลงทะเบียน",
  ],
];

function csv(lines: readonly RegisterLine[], order: RegisterOrder = orderOf("csv")): string {
  const writer = writeRegisterCsv(order);
  const pieces = lines.map((line) => writer.add([line]));
  return Buffer.concat([...pieces, writer.end()]).toString();
}

/** The parts of a workbook, read from the archive's directory. */
function unzip(archive: Buffer): Map<string, string> {
  const parts = new Map<string, string>();
  const end = archive.length - 22;
  expect(archive.readUInt32LE(end)).toBe(0x06054b50);
  let at = archive.readUInt32LE(end + 16);
  for (let count = archive.readUInt16LE(end + 10); count > 0; count--) {
    const [packed, size, place] = [20, 24, 42].map((offset) => archive.readUInt32LE(at + offset));
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.toString("ascii", at + 46, at + 46 + nameLength);
    const start = (place ?? 0) + 30 + nameLength;
    const content = inflateRawSync(archive.subarray(start, start + (packed ?? 0)));
    expect(content.length).toBe(size);
    parts.set(name, content.toString());
    at += 46 + nameLength;
  }
  expect(at).toBe(end);
  return parts;
}

function sheetOf(lines: readonly RegisterLine[], order: RegisterOrder = orderOf("xlsx")): string {
  const writer = writeRegisterXlsx(order);
  const pieces = lines.map((line) => writer.add([line]));
  const parts = unzip(Buffer.concat([...pieces, writer.end()]));
  return parts.get("xl/worksheets/sheet1.xml") ?? "";
}

/** Cells of a row by column: their text or number. */
function rowOf(sheet: string, row: number): Map<string, string> {
  const xml = new RegExp(`<row r="${row}">(.*?)</row>`, "su").exec(sheet)?.[1] ?? "";
  const cells = xml.matchAll(/<c r="([A-Z]+)\d+"[^>]*>(?:<v>|<is><t xml:space="preserve">)(.*?)<\//gsu);
  return new Map(Array.from(cells, ([, column = "", value = ""]) => [column, value]));
}

test("CSV: Thai headings behind a byte order mark, dates that programs read", () => {
  const line = lineOf({
    number: 12,
    remarks: "ส่งซ้ำ",
    references: ["กค 0402/1", "กค 0402/2"],
    enclosures: ["รายงาน, 1 ชุด"],
    registeredByName: "นายตัวอย่าง ทดสอบ",
  });
  const [head = "", row = "", ...rest] = csv([line]).split("\r\n");
  expect(head).toBe(`\uFEFF${HEADINGS.join(",")}`);
  expect(row).toBe(
    "12,กค ๐๔๐๒/ว ๑๑๙,2026-01-04,กรมบัญชีกลาง,ปลัดกระทรวง,ขอเชิญประชุม,กองกลาง,ส่งซ้ำ,ลงทะเบียน,ปกติ,ปกติ,หนังสือภายนอก,," +
      'ไปรษณีย์อิเล็กทรอนิกส์,กค 0402/1; กค 0402/2,"รายงาน, 1 ชุด",2026-01-05 08:34:00,2026-01-05 08:34:00,2026-01-05 08:35:00,นายตัวอย่าง ทดสอบ',
  );
  expect(rest).toEqual([""]);
  expect(csv([])).toBe(`\uFEFF${HEADINGS.join(",")}\r\n`);
});

test("CSV: a text stays a text, whatever it looks like", () => {
  const subjects = ['=HYPERLINK("http://example.go.th","x")', "+66", "-1+1", "@SUM(1)", "＝1"];
  const text = csv(subjects.map((subject, index) => lineOf({ number: index + 1, subject })));
  const rows = text.split("\r\n").slice(1, -1);
  for (const row of rows) {
    expect(row).toMatch(/ปลัดกระทรวง,"?'[=+\-@＝]/u);
  }
  expect(csv([lineOf({ subject: "ก\u0000\u200B\u202Eข\nค\tง" })])).toContain(",กข ค ง,");
});

test("XLSX: headings that stay, numbers as numbers, dates as dates in the Buddhist calendar", () => {
  const sheet = sheetOf([
    lineOf({ number: 12 }),
    lineOf({ number: 13, status: "cancelled", remarks: "ลงซ้ำ" }),
  ]);
  expect([...rowOf(sheet, 1).values()]).toEqual(HEADINGS);
  expect(sheet).toContain('<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>');
  const row = rowOf(sheet, 2);
  expect(row.get("A")).toBe("12");
  expect(row.get("B")).toBe("กค ๐๔๐๒/ว ๑๑๙");
  // 4 January 2026 is day 46,026 of the spreadsheet's calendar; 8:35 is 515 minutes of 1,440.
  expect(row.get("C")).toBe("46026");
  expect(Number(row.get("S"))).toBeCloseTo(46_027 + 515 / 1440, 7);
  expect(rowOf(sheet, 3).get("H")).toBe("ยกเลิก ลงซ้ำ");
  expect(rowOf(sheet, 3).get("I")).toBe("ยกเลิก");
});

test("XLSX: a text is never a formula, markup or an escape", () => {
  const subjects = ['=HYPERLINK("http://example.go.th")', "</t></is></c><c><f>1+1</f></c>", "_x0041_ & <b>"];
  const sheet = sheetOf(subjects.map((subject, index) => lineOf({ number: index + 1, subject })));
  expect(sheet).not.toContain("<f>");
  const cells = [2, 3, 4].map((row) => rowOf(sheet, row).get("F"));
  expect(cells).toEqual([
    "=HYPERLINK(&quot;http://example.go.th&quot;)",
    "&lt;/t&gt;&lt;/is&gt;&lt;/c&gt;&lt;c&gt;&lt;f&gt;1+1&lt;/f&gt;&lt;/c&gt;",
    "_x005F_x0041_ &amp; &lt;b&gt;",
  ]);
  expect(sheet).toMatch(/<c r="F2" s="2" t="inlineStr">/);
  const hostile = rowOf(sheetOf([lineOf({ subject: "ก\u0000\uFFFE\uD800\u200Bข" })]), 2).get("F");
  expect(hostile).toBe("ก\uFFFDข");
});

test("the secret registers leave out what is signed by hand and do not name the secrecy twice", () => {
  const line = lineOf({ secrecy: "secret", series: "classified" });
  const order = orderOf("csv", { series: "classified" });
  const [head = "", row = ""] = csv([line], order).split("\r\n");
  expect(head.split(",").filter((heading) => heading === "ชั้นความลับ")).toHaveLength(1);
  expect(head).not.toContain("ลงชื่อ");
  expect(head).toContain("วันที่รับ");
  expect(row).toContain("ลับมาก");
});

test("letters without dates and dates before spreadsheets' calendar", () => {
  const sheet = sheetOf([lineOf({ letterDate: null }), lineOf({ letterDate: "1890-01-01" })]);
  expect(rowOf(sheet, 2).get("C")).toBeUndefined();
  expect(rowOf(sheet, 3).get("C")).toBe("1890-01-01");
});

test("many pieces are one archive, and the same lines give the same bytes", () => {
  const lines = makeUpLines(500, 5);
  const print = () => {
    const writer = writeRegisterXlsx(orderOf("xlsx"));
    return Buffer.concat([writer.add(lines.slice(0, 200)), writer.add(lines.slice(200)), writer.end()]);
  };
  const archive = print();
  const sheet = unzip(archive).get("xl/worksheets/sheet1.xml") ?? "";
  expect(sheet.match(/<row /g)).toHaveLength(501);
  expect(rowOf(sheet, 501).get("A")).toBe("500");
  onTestFinished(() => void vi.useRealTimers());
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2031-06-07T08:09:10Z") });
  expect(print()).toEqual(archive);
});
