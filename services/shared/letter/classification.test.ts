import { describe, expect, it } from "vitest";
import {
  markingsAfterLabels,
  markingsInHeadline,
  markingsOnLine,
  readMarkingWords,
  UNMARKED,
} from "./classification.ts";
import { findLetterNumbers } from "./letter-number.ts";

function headline(text: string) {
  const mark = text.indexOf("เรื่อง ");
  return markingsInHeadline(text, findLetterNumbers(text), mark < 0 ? undefined : mark);
}

describe("readMarkingWords", () => {
  it.each([
    ["ลับ", "normal", "confidential"],
    ["ลับมาก", "normal", "secret"],
    ["** ลับที่สุด **", "normal", "top-secret"],
    ["ล ั บ", "normal", "confidential"],
    ["- ลับ - ๒ -", "normal", "confidential"],
    ["ด่วนที่สุด / ลับมาก", "most-urgent", "secret"],
    ["ด่วนมาก", "very-urgent", "normal"],
    ["เอกสารลับ", "normal", "confidential"],
    ["ลับมาก (SECRET)", "normal", "secret"],
    ["TOP SECRET", "normal", "top-secret"],
  ])("%s", (piece, urgency, secrecy) => expect(readMarkingWords(piece)).toEqual({ urgency, secrecy }));

  it.each([
    "ลับแล",
    "กลับ",
    "สายด่วน",
    "ทางด่วน",
    "เร่งด่วน",
    "การลับมีด",
    "1. ลับ",
    "ความลับ",
    "ปกติ",
    "",
    "secretary",
  ])("%s is no marking", (piece) => expect(readMarkingWords(piece)).toBeNull());
});

describe("markings in a headline", () => {
  it.each([
    ["ลับ ที่ ทม ๐๑๐๑/๒๑ เรื่อง แผน", "normal", "confidential"],
    ["[ลับมาก] รายงานจุดอ่อน", "normal", "secret"],
    ["ด่วนมาก ส่งหนังสือ ที่ ทม ๐๑๐๑/๒๓", "very-urgent", "normal"],
    ["ส่งหนังสือ ด่วนที่สุด ที่ ทม ๐๑๐๑/๒๓", "most-urgent", "normal"],
    ["ส่งความเห็นของหน่วยงาน (ด่วนที่สุด)", "most-urgent", "normal"],
    ["ส่งความเห็น (ด่วนที่สุด) ของหน่วยงาน", "most-urgent", "normal"],
    ["ด่วนที่สุดที่ นร ๑๒๐๐/๕๕", "most-urgent", "normal"],
    ["ลับที่ ทม ๐๑๐๑/๒๑", "normal", "confidential"],
    ["ด่วน ที่สุด ที่ นร ๑๒๐๐/๕๕", "most-urgent", "normal"],
    ["ลับด่วนที่สุด ที่ ทม ๐๑๐๑/๒๑", "most-urgent", "confidential"],
    ["ส่งหนังสือลับมาก ที่ ทม ๐๑๐๑/๒๑", "normal", "secret"],
    ["ที่ ทม ๐๑๐๑/๒๑ (ลับ) ลงวันที่", "normal", "confidential"],
    ["ที่ ทม ๐๑๐๑/๒๑ เรื่อง แผนเผชิญเหตุ (ลับที่สุด)", "normal", "top-secret"],
    ["ตอบหนังสือ ที่ ทก ๐๑๐๑/๒ เรื่อง แผน (ลับ)", "normal", "confidential"],
    ["รายงานจุดอ่อน ลับมาก", "normal", "secret"],
    ["ล ั บ ม า ก ที่ ทม ๐๑๐๑/๒๑", "normal", "secret"],
    ["Top Secret plan", "normal", "top-secret"],
    ["«ลับ» ที่ ทม ๐๑๐๑/๒๑", "normal", "confidential"],
    ["🔴 ลับ 🔴 ที่ ทม ๐๑๐๑/๒๑", "normal", "confidential"],
    ["ขอนำส่งหนังสือ ลับที่สุด ด่วนมาก ที่ ทม ๐๑๐๑/๒๑ ลงวันที่", "very-urgent", "top-secret"],
  ])("%s", (text, urgency, secrecy) => expect(headline(text)).toEqual({ urgency, secrecy }));

  it.each([
    "ที่ รง ๐๔๐๕/๑๗๗๓ เรื่อง ขอเชิญอบรมการลับมีด",
    "ที่ อต ๐๐๑๗.๒/๓๓๑๐ เรื่อง งานเทศกาล อำเภอลับแล",
    "ที่ นร ๑๒๐๐/๘๘ เรื่อง สายด่วนรัฐบาล ๑๑๑๑",
    "ขอใช้ทางด่วน และเรื่องเร่งด่วน",
    "ส่ ง ก ล ั บ",
    "เดินทาง ล ับแล",
    "ขอเชิญชมละคร ลับ ลวง พราง",
    "ตอบหนังสือ ลับ ที่ ทม ๐๑๐๑/๒",
    "ที่ นร ๑๒๐๐/๔ เรื่อง การเก็บรักษา และการทำลาย เอกสารลับ",
    "อ้างถึงหนังสือ ด่วนที่สุด ที่ นร ๐๕๐๖/ว(ล) ๑",
  ])("%s is unmarked", (text) => expect(headline(text)).toEqual(UNMARKED));
});

describe("markings in a body", () => {
  it.each([
    ["            ลับ", "normal", "confidential"],
    ["ชั้นความเร็ว : ด่วนที่สุด", "most-urgent", "normal"],
    ["ชั้นความลับ\tลับมาก", "normal", "secret"],
    ["ด่วนมาก          ที่ นร ๑/๑", "very-urgent", "normal"],
    ["บันทึกข้อความ          ลับที่สุด", "normal", "top-secret"],
  ])("%s", (line, urgency, secrecy) => expect(markingsOnLine(line)).toEqual({ urgency, secrecy }));

  it.each(["ชั้นความเร็ว : ปกติ", "การรักษาความลับ ลับมาก มีระเบียบ", "ติดต่อสายด่วน   ๑๑๑๑", "ลับมีดให้คม", "กลับ"])(
    "%s is unmarked",
    (line) => expect(markingsOnLine(line)).toEqual(UNMARKED),
  );

  it.each([
    ["ชั้นความลับ ☐ ปกติ ☑ ลับ ☐ ลับมาก", "confidential"],
    ["[x] ลับมาก [ ] ลับที่สุด", "secret"],
    ["ชั้นความลับ ☑ ปกติ ☐ ลับ ☐ ลับมาก", "normal"],
    ["Security classification: TOP SECRET", "top-secret"],
    ["Classification: Secretariat", "normal"],
    ["🔒 ลับ", "confidential"],
    ['หนังสือฉบับนี้มีชั้นความลับ "ลับมาก"', "secret"],
    ["เอกสารนี้กำหนดชั้นความลับเป็นลับที่สุด", "top-secret"],
    ["เอกสารที่กำหนดชั้นความลับเป็นลับมากให้เก็บในตู้", "normal"],
  ])("of a form %s: what is ticked or filled in", (line, secrecy) => {
    expect(markingsOnLine(line)).toEqual({ urgency: "normal", secrecy });
  });

  it("reads both labels of one line", () => {
    expect(markingsAfterLabels("ชั้นความเร็ว: ด่วน ชั้นความลับ: ลับ")).toEqual({
      urgency: "urgent",
      secrecy: "confidential",
    });
  });
});
