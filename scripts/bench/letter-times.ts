import { chance, type Random, whole } from "./draw.ts";

const THAI_MONTHS = [
  "มกราคม",
  "กุมภาพันธ์",
  "มีนาคม",
  "เมษายน",
  "พฤษภาคม",
  "มิถุนายน",
  "กรกฎาคม",
  "สิงหาคม",
  "กันยายน",
  "ตุลาคม",
  "พฤศจิกายน",
  "ธันวาคม",
] as const;

/** When a letter is written. */
export interface Writing {
  /** B.E. */
  readonly year: number;
  /** 0 to 11 */
  readonly month: number;
}

// What says when, each with the space before it.

/** " ครั้งที่ 3/2567", or the day, of a meeting. */
export function session(random: Random, at: Writing): string {
  if (chance(random, 0.15)) return ` วันที่ ${date(random, at)}`;
  return ` ครั้งที่ ${1 + whole(random, at.month + 3)}/${at.year}`;
}

/** A period or a date to keep, or nothing. */
export function period(random: Random, at: Writing, share: number): string {
  if (!chance(random, share)) return "";
  const dice = whole(random, 100);
  if (dice < 45) return fiscalYear(at);
  if (dice < 65)
    return ` ประจำเดือน${THAI_MONTHS[(at.month + 11) % 12]} ${at.month === 0 ? at.year - 1 : at.year}`;
  if (dice < 75) return ` ไตรมาสที่ ${1 + whole(random, 4)} ปีงบประมาณ พ.ศ. ${fiscal(at)}`;
  if (dice < 85) return ` ประจำปี ${at.year}`;
  if (dice < 93) return ` ภายในวันที่ ${date(random, at)}`;
  return ` รอบที่ ${1 + whole(random, 2)} ปี ${at.year}`;
}

export function fiscalYear(at: Writing): string {
  return ` ประจำปีงบประมาณ พ.ศ. ${fiscal(at)}`;
}

/** The fiscal year begins on 1 October of the year before. */
function fiscal({ year, month }: Writing): number {
  return month >= 9 ? year + 1 : year;
}

/** Some day of the month after the letter's. */
function date(random: Random, { year, month }: Writing): string {
  return `${1 + whole(random, 28)} ${THAI_MONTHS[(month + 1) % 12]} ${month === 11 ? year + 1 : year}`;
}
