import { arabicToThaiDigits } from "../../services/shared/letter/thai-text.ts";
import { chance, pick, pickByRank, type Random, weighted, whole } from "./draw.ts";
import { PROVINCES, subdistrictName } from "./letter-places.ts";

/** Who writes to the agencies and to whom they write. */
export interface Office {
  readonly name: string;
  /** Whom a letter addresses (เรียน). */
  readonly head: string;
  /** Of its letter numbers: `CODE (SUB) UNIT`; an empty sub stands for none. */
  readonly codeLetters: string;
  readonly sub: string;
  readonly unit: string;
  /** Letters that it writes in a year. */
  readonly lettersPerYear: number;
}

// Title of the head, code letters (Annex 1), sub-unit, unit, name. The units are made up where they are not well known.
const CENTRAL_LINES = `
อธิบดี กค - 0402.5 กรมบัญชีกลาง
อธิบดี มท - 0808.2 กรมส่งเสริมการปกครองท้องถิ่น
ปลัด สธ - 0216 กระทรวงสาธารณสุข
เลขาธิการ นร - 1004.3 สำนักงาน ก.พ.
เลขาธิการ ศธ - 04009 สำนักงานคณะกรรมการการศึกษาขั้นพื้นฐาน
ปลัด มท - 0201.2 กระทรวงมหาดไทย
เลขาธิการ นร - 0505 สำนักเลขาธิการคณะรัฐมนตรี
ผู้อำนวยการ ดศ สพธอ 511.04 สำนักงานพัฒนาธุรกรรมทางอิเล็กทรอนิกส์
ปลัด คค - 0202 กระทรวงคมนาคม
เลขาธิการ นร กพร 1203 สำนักงาน ก.พ.ร.
อธิบดี กษ - 0327 กรมชลประทาน
อธิบดี มท - 0612.3 กรมป้องกันและบรรเทาสาธารณภัย
อธิบดี สธ - 0422.4 กรมควบคุมโรค
ผู้อำนวยการ นร - 0711 สำนักงบประมาณ
ผู้อำนวยการ ดศ สพร 2003 สำนักงานพัฒนารัฐบาลดิจิทัล
อธิการบดี อว - 0603.02 มหาวิทยาลัยทดสอบ
ปลัด พม - 0207 กระทรวงการพัฒนาสังคมและความมั่นคงของมนุษย์
อธิบดี ทส - 1103.2 กรมควบคุมมลพิษ
อธิบดี คค - 0408 กรมการขนส่งทางบก
ปลัด พณ - 0803 กระทรวงพาณิชย์
อธิบดี รง - 0405 กรมพัฒนาฝีมือแรงงาน
อธิบดี อก - 0412 กรมส่งเสริมอุตสาหกรรม
อธิบดี ยธ - 0903.4 กรมคุมประพฤติ
อธิบดี กษ - 1003 กรมส่งเสริมการเกษตร
อธิบดี มท - 0310.1 กรมการปกครอง
ปลัด วธ - 0203 กระทรวงวัฒนธรรม
ปลัด คค ปคร 0210 กระทรวงคมนาคม
อธิบดี ทส - 0910.3 กรมอุทยานแห่งชาติ สัตว์ป่า และพันธุ์พืช
อธิบดี กก - 0502 กรมการท่องเที่ยว
อธิบดี พน - 0602 กรมพัฒนาพลังงานทดแทนและอนุรักษ์พลังงาน
อธิบดี มท - 0515.1 กรมที่ดิน
อธิบดี สธ - 0514 กรมการแพทย์แผนไทยและการแพทย์ทางเลือก
ผู้บัญชาการ ตช - 0009.2 สำนักงานตำรวจแห่งชาติ
ปลัด กต - 0302 กระทรวงการต่างประเทศ
ผู้อำนวยการ ดศ - 0507 สำนักงานสถิติแห่งชาติ
อธิบดี กษ - 0404 กรมตรวจบัญชีสหกรณ์
อธิบดี คค - 0613 กรมทางหลวง
เลขาธิการ ปช - 0004 สำนักงาน ป.ป.ช.
ปลัด กห - 0207 กระทรวงกลาโหม
ผู้ว่า ตผ - 0018 สำนักงานการตรวจเงินแผ่นดิน`;

const CENTRAL: readonly Office[] = CENTRAL_LINES.trim()
  .split("\n")
  .map((line) => {
    const [title = "", codeLetters = "", sub = "", unit = "", ...words] = line.split(" ");
    const name = words.join(" ");
    // สำนักงาน ก.พ. has a เลขาธิการ ก.พ.; a ผู้อำนวยการ bears the whole name.
    const head = title + (title === "ผู้อำนวยการ" ? name : name.replace(/^สำนัก(งาน|เลขาธิการ)/, ""));
    return { name, head, codeLetters, sub: sub === "-" ? "" : sub, unit, lettersPerYear: 24_000 };
  });

/** Unit, name and head before the place; whose place; letters a year. */
type LocalKind = readonly [string, string, string, "province" | "district" | "subdistrict", number];

const LOCAL_KINDS = weighted<LocalKind>([
  [5, ["0017.2", "จังหวัด", "ผู้ว่าราชการจังหวัด", "province", 30_000]],
  [3, ["0032", "สำนักงานสาธารณสุขจังหวัด", "นายแพทย์สาธารณสุขจังหวัด", "province", 20_000]],
  [2, ["0018.1", "ที่ทำการปกครองจังหวัด", "ปลัดจังหวัด", "province", 15_000]],
  [3, ["0023.3", "สำนักงานส่งเสริมการปกครองท้องถิ่นจังหวัด", "ท้องถิ่นจังหวัด", "province", 15_000]],
  [1, ["0003", "สำนักงานคลังจังหวัด", "คลังจังหวัด", "province", 5_000]],
  [1, ["0009", "สำนักงานเกษตรจังหวัด", "เกษตรจังหวัด", "province", 5_000]],
  [1, ["0022", "สำนักงานโยธาธิการและผังเมืองจังหวัด", "โยธาธิการและผังเมืองจังหวัด", "province", 6_000]],
  [2, ["51001", "องค์การบริหารส่วนจังหวัด", "นายกองค์การบริหารส่วนจังหวัด", "province", 8_000]],
  [2, ["0032.2", "โรงพยาบาล", "ผู้อำนวยการโรงพยาบาล", "province", 4_000]],
  [4, ["0118", "อำเภอ", "นายอำเภอ", "district", 7_000]],
  [3, ["52101", "เทศบาลตำบล", "นายกเทศมนตรีตำบล", "subdistrict", 3_000]],
  [5, ["71201", "องค์การบริหารส่วนตำบล", "นายกองค์การบริหารส่วนตำบล", "subdistrict", 2_000]],
]);

export function pickOffice(random: Random): Office {
  if (chance(random, 0.55)) return pickByRank(random, CENTRAL);
  const province = pickByRank(random, PROVINCES);
  const [unit, name, head, level, lettersPerYear] = pick(random, LOCAL_KINDS);
  const place =
    level === "province"
      ? province.name
      : level === "district"
        ? pick(random, province.districts)
        : subdistrictName(random);
  return {
    name: name + place,
    head: head + place,
    codeLetters: province.codeLetters,
    sub: "",
    unit,
    lettersPerYear,
  };
}

/** ที่ of a letter. */
export interface MadeUpNumber {
  readonly canonical: string;
  /** As typists write it: Thai digits mostly, spaces more or fewer. */
  readonly printed: string;
}

export function writeNumber(
  random: Random,
  { codeLetters, sub, unit }: Pick<Office, "codeLetters" | "sub" | "unit">,
  circular: boolean,
  running: string,
): MadeUpNumber {
  const mark = circular ? "ว" : "";
  const bracket = sub === "" ? "" : `(${sub})`;
  const canonical = `${codeLetters} ${bracket}${bracket && " "}${unit}/${mark}${mark && " "}${running}`;
  const arabic = chance(random, 0.7)
    ? canonical
    : pick(random, [
        `${codeLetters}${bracket}${unit}/${mark}${running}`,
        `${codeLetters} ${bracket}${unit}/${mark}${running}`,
        `${codeLetters} ${bracket && `(${[...sub].join(".")}.) `}${unit}/${mark && `${mark}. `}${running}`,
        `${codeLetters}  ${bracket}${bracket && " "}${unit} / ${mark}${running}`,
      ]);
  return { canonical, printed: chance(random, 0.7) ? arabicToThaiDigits(arabic) : arabic };
}

/** A number of the office's own send register, on a day by which `yearShare` (0 to 1) of the year has passed. */
export function writeOfficeNumber(random: Random, office: Office, yearShare: number): MadeUpNumber {
  const circular = chance(random, 0.15);
  const written = Math.ceil(office.lettersPerYear * yearShare * (circular ? 0.1 : 1));
  const running = String(1 + whole(random, written));
  return writeNumber(random, office, circular, chance(random, 0.05) ? running.padStart(4, "0") : running);
}
