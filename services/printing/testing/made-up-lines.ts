import type { RegisterLine } from "../../shared/letter/register-line.ts";
import { seededRandom } from "../../shared/testing/seeded-random.ts";
import type { RegisterHeader } from "../register-columns.ts";
import type { RegisterOrder } from "../register-writer.ts";

export const HEADER: RegisterHeader = {
  agencyNameThai: "สำนักงานตัวอย่างแห่งชาติ",
  direction: "inbound",
  series: "ordinary",
  yearBuddhist: 2569,
  periodWords: "ตั้งแต่วันที่ 1 มกราคม 2569 ถึงวันที่ 31 มกราคม 2569",
  printedByName: "นางสาวสมใจ ตัวอย่าง",
  printedAt: new Date("2026-02-02T02:15:30Z"),
};

export function orderOf(
  format: RegisterOrder["format"],
  header: Partial<RegisterHeader> = {},
  digits: RegisterOrder["digits"] = "arabic",
): RegisterOrder {
  return { format, header: { ...HEADER, ...header }, digits };
}

/** An ordinary received letter, registered on 5 January 2569 at 8:35. */
export function lineOf(change: Partial<RegisterLine> = {}): RegisterLine {
  return {
    bookId: "book",
    agencyId: "agency",
    direction: "inbound",
    series: "ordinary",
    year: 2026,
    number: 1,
    status: "registered",
    letterNumber: "กค 0402/ว 119",
    letterNumberPrinted: "กค ๐๔๐๒/ว ๑๑๙",
    letterDate: "2026-01-04",
    from: "กรมบัญชีกลาง",
    to: "ปลัดกระทรวง",
    subject: "ขอเชิญประชุม",
    action: "กองกลาง",
    remarks: null,
    urgency: "normal",
    secrecy: "normal",
    kind: "external",
    references: [],
    enclosures: [],
    channel: "smtp",
    unit: null,
    arrivedAt: new Date("2026-01-05T01:34:00Z"),
    deemedReceivedAt: new Date("2026-01-05T01:34:00Z"),
    registeredAt: new Date("2026-01-05T01:35:00Z"),
    registeredBy: "rule:arrival",
    registeredByName: null,
    ...change,
  };
}

const OFFICES = ["กรมบัญชีกลาง", "สำนักงบประมาณ", "กรมส่งเสริมการปกครองท้องถิ่น", "มหาวิทยาลัยสงขลานครินทร์"] as const;
const SUBJECTS = [
  "แจ้งผลการพิจารณาอนุมัติโครงการฝึกอบรม",
  "การบริหารจัดการน้ำในพื้นที่ลุ่มน้ำเจ้าพระยา",
  "ขอเชิญประชุมคณะกรรมการฯ ครั้งที่ 3/2569",
  "รายงานผลการเบิกจ่ายเงินงบประมาณ",
] as const;

/** So many letters of one office, one every ten minutes from 5 January 2569, the same for the same seed. */
export function makeUpLines(count: number, seed: number): RegisterLine[] {
  const random = seededRandom(seed);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  return Array.from({ length: count }, (_, index) =>
    lineOf({
      number: index + 1,
      letterNumberPrinted: `กค ๐๔๐๒/${1000 + index}`,
      from: pick(OFFICES),
      to: pick(OFFICES),
      subject: `${pick(SUBJECTS)}และ${pick(SUBJECTS)} เรื่องที่ ${index + 1}`,
      registeredAt: new Date(Date.parse("2026-01-05T01:30:00Z") + index * 600_000),
    }),
  );
}
