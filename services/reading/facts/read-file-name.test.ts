import { describe, expect, it } from "vitest";
import type { KnownSender, KnownSenders } from "../reading.ts";
import { readFileName } from "./read-file-name.ts";

const opdc: KnownSender = { name: "สำนักงาน ก.พ.ร.", codeLetters: "นร", romanCode: "OPDC" };
const ocsc: KnownSender = { name: "สำนักงาน ก.พ.", codeLetters: "นร" };
const known: KnownSenders = new Map([
  ["opdc.example.go.th", opdc],
  ["ocsc.example.go.th", ocsc],
]);

function told(name: string, sender: KnownSender | null = opdc) {
  const { number, enclosureNumber, says, markings } = readFileName(name, sender, known);
  return [number?.canonical ?? null, number?.confidence ?? null, enclosureNumber, says, markings.secrecy];
}

describe("the name of a file", () => {
  it.each([
    ["OPDC_1200_57_2563.pdf", "นร 1200/57", 0.8, null],
    ["opdc_1200_57_2563.PDF", "นร 1200/57", 0.8, null],
    ["OPDC_๑๒๐๐_๕๗_๒๕๖๓.pdf", "นร 1200/57", 0.8, null],
    ["OPDC_1200_57_2563_2.pdf", "นร 1200/57", 0.8, 2],
    ["OPDC_1200_W_57_2563.pdf", "นร 1200/ว 57", 0.8, null],
    ["OPDC_1200_W57_2563_1.xlsx", "นร 1200/ว 57", 0.8, 1],
    ["OPDC_1200_ว57_2563.pdf", "นร 1200/ว 57", 0.8, null],
    ["OPDC_0402.5_57_2563.pdf", "นร 0402.5/57", 0.8, null],
    ["OPDC-1200-57-2563 (1).pdf", "นร 1200/57", 0.8, 1],
    // Another agency's, none, or out of order.
    ["MOPH_1200_57_2563.pdf", null, null, null],
    ["OPDC_1200_57_2020.pdf", null, null, null],
    ["OPDC_1200_57.pdf", null, null, null],
    ["../../etc/passwd", null, null, null],
    ["scan0001.pdf", null, null, null],
    ["", null, null, null],
  ])("%s is read by the form of Annex 7", (name, number, confidence, enclosure) => {
    expect(told(name).slice(0, 3)).toEqual([number, confidence, enclosure]);
  });

  it("is less sure where the directory has no Roman code, and says nothing of a stranger's letter", () => {
    expect(told("OCSC_1008_24_2565.pdf", ocsc).slice(0, 2)).toEqual(["นร 1008/24", 0.7]);
    expect(told("OPDC_1008_24_2565.pdf", ocsc)[0]).toBeNull();
    expect(told("OPDC_1200_57_2563.pdf", null)[0]).toBeNull();
  });

  it.each([
    ["หนังสือ นร ๑๒๐๐_๕๕ ลงวันที่ ๙ เมษายน ๒๕๖๓.pdf", "นร 1200/55", 0.65, "letter"],
    ["นร1200-55.pdf", "นร 1200/55", 0.65, null],
    ["นร (สปส) 0210_154.pdf", "นร (สปส) 0210/154", 0.65, null],
    ["นร 1200_ว 55.pdf", "นร 1200/ว 55", 0.65, null],
    ["กค 1200_55.pdf", "กค 1200/55", 0.4, null],
    ["สิ่งที่ส่งมาด้วย 1.pdf", null, null, "enclosure"],
    ["แบบสำรวจ.xlsx", null, null, "enclosure"],
    ["agenda.pdf", null, null, "enclosure"],
    ["ว918.pdf", null, null, null],
  ])("%s is read as people write it", (name, number, confidence, says) => {
    const [found, sure, , word] = told(name);
    expect([found, sure, word]).toEqual([number, confidence, says]);
  });

  it.each([
    ["ลับ.pdf", "confidential"],
    ["ลับมาก_แผน.pdf", "secret"],
    ["(ลับ) แผนการซ้อม.docx", "confidential"],
    ["แผนการซ้อม_ลับที่สุด.pdf", "top-secret"],
    ["หนังสือลับ ที่ นร 1200_5.pdf", "confidential"],
    ["ลับมาก/แผน.pdf", "secret"],
    ["OPDC_1200_57_2563_ลับ.pdf", "confidential"],
    ["TOP SECRET.pdf", "top-secret"],
    ["report (CONFIDENTIAL).pdf", "confidential"],
    ["ลับแล.pdf", "normal"],
    ["การลับมีด.pdf", "normal"],
    ["ส่งกลับ.pdf", "normal"],
    ["ที่ตั้ง อ.ลับแล จ.อุตรดิตถ์.pdf", "normal"],
    ["confidentiality agreement.pdf", "normal"],
    ["Secret Santa.pdf", "normal"],
  ])("%s is marked %s", (name, secrecy) => {
    expect(told(name)[4]).toBe(secrecy);
  });
});
