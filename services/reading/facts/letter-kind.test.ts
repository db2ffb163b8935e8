import { describe, expect, it } from "vitest";
import { cpuTimeMs } from "../../shared/testing/cpu-time.ts";
import { readBodyItems } from "./body-items.ts";
import { findLetterKind } from "./letter-kind.ts";

type Sent = { subject?: string; body?: string; number?: string | null };

function kindOf({ subject = "", body = "", number = null }: Sent): string {
  return findLetterKind(subject, [readBodyItems(body)], number)?.kind ?? "external";
}

const OWN = "กค 0402/17";

describe("a letter says what it is", () => {
  it.each<[string, Sent]>([
    ["internal", { body: "บันทึกข้อความ\nส่วนราชการ กรม ก\nที่ กค ๐๔๐๒/๑๗", number: OWN }],
    ["internal", { body: "ด่วนที่สุด      บันทึกข้อความ\nส่วนราชการ : กรม ก", number: OWN }],
    ["internal", { body: "เรียน เจ้าหน้าที่\n\nบันทึกข้อความ\nส่วนราชการ กรม ก", number: OWN }],
    ["internal", { subject: "ด่วน บันทึกข้อความ ที่ กค 0402/17 เรื่อง ก", number: OWN }],
    ["internal", { subject: "Fwd: ขอส่งบันทึกข้อความ", number: OWN }],
    ["internal", { body: "กรม ก ขอส่งบันทึกข้อความ ด่วนที่สุด ที่ กค ๐๔๐๒/๑๗ เรื่อง ข", number: OWN }],
    ["stamped", { subject: "ส่งหนังสือประทับตรา" }],
    ["stamped", { subject: "ที่ กค 0402/17", body: "ขอส่งหนังสือประทับตราแทนการลงชื่อ ที่ กค 0402/17", number: OWN }],
    ["stamped", { body: "ที่ กค 0402/17\n\n(หนังสือประทับตราแทนการลงชื่อ)\n\nถึง กรม ข", number: OWN }],
    ["order", { subject: "คำสั่งกรม ก ที่ ๑๒/๒๕๖๖ เรื่อง แต่งตั้งคณะทำงาน" }],
    ["order", { subject: "คำสั่งที่ 12/2566" }],
    ["order", { body: "คำสั่งกรม ก\nที่ ๑๒/๒๕๖๖\nเรื่อง แต่งตั้งคณะทำงาน" }],
    ["order", { body: "ระเบียบกรม ก\nว่าด้วยการทดสอบ\nพ.ศ. ๒๕๖๖" }],
    ["order", { subject: "ข้อบังคับสภา ก (ฉบับที่ 2/2566)" }],
    ["public", { body: "ประกาศกรม ก\nเรื่อง ผลการคัดเลือก" }],
    ["public", { subject: "[ด่วน] ประกาศกรม ก เรื่อง ผลการคัดเลือก" }],
    ["public", { body: "แถลงการณ์กรม ก\nฉบับที่ ๑" }],
    ["public", { subject: "ข่าวกรม ก ฉบับที่ ๑/๒๕๖๖ เรื่อง งานแสดงสินค้า" }],
    ["evidence", { body: "หนังสือรับรองฉบับนี้ให้ไว้เพื่อรับรองว่า", number: OWN }],
    ["evidence", { body: "หนังสือรับรอง\nเลขที่ กค 0402/17", number: OWN }],
    ["evidence", { subject: "หนังสือรับรองการทำงาน" }],
    ["evidence", { body: "รายงานการประชุมคณะทำงาน\nครั้งที่ ๑/๒๕๖๖\nเมื่อวันที่ …" }],
    ["evidence", { subject: "รายงานการประชุมคณะทำงาน ครั้งที่ 1/2566" }],
  ])("%s: %j", (kind, sent) => expect(kindOf(sent)).toBe(kind));
});

describe("a letter about another kind of letter is an external one", () => {
  it.each<Sent>([
    { subject: "ที่ กค 0402/17 เรื่อง บันทึกข้อความ", number: OWN },
    { subject: "ขอส่งสำเนาคำสั่งกรม ก ที่ 12/2566", number: OWN },
    { subject: "ขอส่งคำสั่งกรม ก ที่ 12/2566" },
    { subject: "คำสั่งกรม ก ที่ 12/2566", number: OWN },
    { subject: "เรื่อง คำสั่งกรม ก ที่ 12/2566" },
    { subject: "คำสั่งแต่งตั้งตามคำสั่งที่ 12/2566" },
    { subject: "คำสั่งซื้อ" },
    { subject: "ระเบียบวาระการประชุม ครั้ง ที่ 1/2566" },
    { subject: "ประกาศรับสมัครงาน" },
    { subject: "ประกาศนียบัตร เรื่อง การอบรม" },
    { subject: "สำเนาบันทึกข้อความ" },
    { subject: "บันทึกข้อความร่วมมือ" },
    { subject: "สอบถามเรื่องหนังสือประทับตรา" },
    { subject: "ขอส่งรายงานการประชุมคณะทำงาน ครั้งที่ 1/2566" },
    { subject: "การออกหนังสือรับรองดิจิทัล" },
    { body: "เรียน เจ้าหน้าที่\n\nตามประกาศกรม ก\nเรื่อง ผลการคัดเลือก" },
    { body: "ระเบียบกรม ก ว่าด้วยการทดสอบ พ.ศ. ๒๕๖๖ กำหนดให้ส่งรายงาน" },
    { body: "ประกาศกรม ก\nเรื่อง ผลการคัดเลือก", number: OWN },
    { body: "ตามบันทึกข้อความ ที่ กค 0402/17 นั้น", number: OWN },
    { body: "ตาม (บันทึกข้อความ ที่ กค 0402/17) นั้น", number: OWN },
    { body: "ขอส่งบันทึกข้อความ ที่ กค 0402/99", number: OWN },
    { body: "อ้างถึง บันทึกข้อความ ที่ กค 0402/1\nที่ กค 0402/17", number: OWN },
    { body: "แนวทางการใช้\nหนังสือประทับตราแทนการลงชื่อ\nให้ถือปฏิบัติ" },
    { body: "> บันทึกข้อความ\n> ส่วนราชการ กรม ก\nรับทราบ" },
    {},
  ])("%j", (sent) => expect(kindOf(sent)).toBe("external"));
});

it("tells where it was read and how surely", () => {
  expect(findLetterKind("ส่งหนังสือประทับตรา", [], null)).toEqual({
    kind: "stamped",
    place: "subject",
    confidence: 0.9,
  });
  expect(findLetterKind("ที่ กค 0402/17", [], OWN)).toBeNull();
});

it("is quick with hostile texts", () => {
  for (const piece of ["คำสั่ง ", "บันทึกข้อความ ", "ประกาศ", "บันทึกข้อความ ที่ กค 0402/1 ", "บันทึกข้อความ\n"]) {
    const text = piece.repeat(Math.floor(200_000 / piece.length));
    const started = cpuTimeMs();
    kindOf({ subject: text, body: text, number: OWN });
    expect(cpuTimeMs() - started, piece).toBeLessThan(2_000);
  }
});
