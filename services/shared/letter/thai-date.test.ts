import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cpuTimeMs } from "../testing/cpu-time.ts";
import { findThaiDates, parseThaiDate } from "./thai-date.ts";
import { arabicToThaiDigits } from "./thai-text.ts";

it("reads English months, in either order, and eras in full", () => {
  for (const text of [
    "9 March 2026",
    "March 9, 2026",
    "9th Mar. 2026",
    "9-Mar-2026",
    "๙ เดือน มีนาคม พุทธศักราช ๒๕๖๙",
  ])
    expect(
      findThaiDates(`ref ${text} (x)`).map(({ iso }) => iso),
      text,
    ).toEqual(["2026-03-09"]);
  for (const text of ["31 April 2026", "9 Marches 2026", "Mar 9", "march 2026"])
    expect(findThaiDates(text), text).toEqual([]);
});

describe("parseThaiDate", () => {
  it.each([
    ["๙ เมษายน ๒๕๖๓", "2020-04-09"],
    ["9 เม.ย. 63", "2020-04-09"],
    ["30 ก.ย. ๒๕๖๔", "2021-09-30"],
    ["๙/๔/๒๕๖๓", "2020-04-09"],
    ["9-4-63", "2020-04-09"],
    ["9.4.2563", "2020-04-09"],
    ["ลงวันที่ ๒๑ มกราคม พ.ศ. ๒๕๖๕", "2022-01-21"],
    ["วันที่ ๒๑ เดือน มกราคม พ.ศ.๒๕๖๕", "2022-01-21"],
    ["ลว. 6 พค 63", "2020-05-06"],
    ["๑๔กรกฎาคม๒๕๖๕", "2022-07-14"],
    ["9 เมษายน 2020", "2020-04-09"],
    ["9 เมษายน ค.ศ. 2020", "2020-04-09"],
    ["2020-04-09", "2020-04-09"],
    ["2563-04-09", "2020-04-09"],
    ["29 ก.พ. 2563", "2020-02-29"],
  ])("reads %s", (written, iso) => expect(parseThaiDate(written)).toBe(iso));

  it.each([
    "31 เมษายน 2563",
    "29 กุมภาพันธ์ 2564",
    "0 มกราคม 2563",
    "32/1/2563",
    "1/13/2563",
    "9/4/20", // 2520 or 2020
    "9 เมษายน 1200",
    "1/2/3/2563",
    "9 เมษายน 2563 เวลา 9 น.",
    "๕ - ๗ ตุลาคม ๒๕๖๔",
    "วันนี้",
    "",
  ])("refuses %s", (written) => expect(parseThaiDate(written)).toBeNull());

  it("agrees with the calendar for every day of seventy years", () => {
    const months =
      "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม".split(" ");
    fc.assert(
      fc.property(
        fc.date({ min: new Date("1980-01-01"), max: new Date("2050-12-31"), noInvalidDate: true }),
        (date) => {
          const day = date.getUTCDate();
          const year = date.getUTCFullYear() + 543;
          const iso = date.toISOString().slice(0, 10);
          const long = `${day} ${months[date.getUTCMonth()]} ${year}`;
          expect(parseThaiDate(long)).toBe(iso);
          expect(parseThaiDate(arabicToThaiDigits(long))).toBe(iso);
          expect(parseThaiDate(`${day}/${date.getUTCMonth() + 1}/${year}`)).toBe(iso);
        },
      ),
      { seed: 2563 },
    );
  });
});

/** A month as offices write it: in full, then short. */
const MONTHS = [
  ["มกราคม", "ม.ค.", "มค"],
  ["กุมภาพันธ์", "ก.พ.", "กพ."],
  ["มีนาคม", "มี.ค.", "มีค"],
  ["เมษายน", "เม.ย.", "เมษา"],
  ["พฤษภาคม", "พ.ค.", "พ.ค"],
  ["มิถุนายน", "มิ.ย.", "มิ. ย."],
  ["กรกฎาคม", "ก.ค.", "กรกฏาคม"],
  ["สิงหาคม", "ส.ค.", "สค."],
  ["กันยายน", "ก.ย.", "กันยา"],
  ["ตุลาคม", "ต.ค.", "ตค"],
  ["พฤศจิกายน", "พ.ย.", "พฤศจิกา"],
  ["ธันวาคม", "ธ.ค.", "ธค."],
];

/** Every form of a calendar date that is read, in Arabic digits; `year` is Christian. The day need not exist. */
function formsOf(day: number, month: number, year: number): string[] {
  const buddhist = year + 543;
  const two = (part: number) => String(part).padStart(2, "0");
  const names = MONTHS[month - 1] ?? [];
  const named = (name: string) => [
    `${day} ${name} ${buddhist}`,
    `${two(day)}${name}${buddhist}`,
    `${day} เดือน ${name} พ.ศ. ${buddhist}`,
    `${day}\t${name}  พศ.${buddhist}`,
    `${day} ${name} ค.ศ. ${year}`,
    ...(year >= 1900 ? [`${day} ${name} ${year}`] : []),
    // In two digits a Buddhist year from 2540 to 2599, or one that says its era.
    ...(buddhist >= 2540 && buddhist < 2600
      ? [`${day} ${name} ${two(buddhist % 100)}`, `${day} ${name} '${two(buddhist % 100)}`]
      : []),
    ...(buddhist >= 2500 && buddhist < 2600 ? [`${day} ${name} พ.ศ. ${two(buddhist % 100)}`] : []),
    ...(year >= 2000 && year < 2100 ? [`${day} ${name} ค.ศ.${two(year % 100)}`] : []),
  ];
  return [
    ...names.flatMap(named),
    `${day}/${month}/${buddhist}`,
    `${two(day)} / ${two(month)} / ${buddhist}`,
    `${day}-${month}-${buddhist}`,
    `${day}.${month}.${buddhist}`,
    `${buddhist}-${two(month)}-${two(day)}`,
    ...(year >= 1900 ? [`${day}/${month}/${year}`, `${year}-${two(month)}-${two(day)}`] : []),
  ];
}

function mixed(text: string, thai: readonly boolean[]): string {
  return [...text]
    .map((character, at) => (thai[at % thai.length] ? arabicToThaiDigits(character) : character))
    .join("");
}

const scripts = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 });

describe("every form of a date", () => {
  it("is the day that it names, in either era and any digits, alone and in a text", () => {
    fc.assert(
      fc.property(
        // ค.ศ. 1900 is the first year taken as a Christian one, พ.ศ. 2699 the last Buddhist one.
        fc.date({ min: new Date("1900-01-01"), max: new Date("2156-12-31"), noInvalidDate: true }),
        scripts,
        fc.constantFrom("", "วันที่ ", "ลงวันที่  ", "ลว."),
        (date, thai, label) => {
          const iso = date.toISOString().slice(0, 10);
          for (const form of formsOf(date.getUTCDate(), date.getUTCMonth() + 1, date.getUTCFullYear())) {
            const written = mixed(form, thai);
            expect(parseThaiDate(label + written), written).toBe(iso);
            const [found, ...more] = findThaiDates(`ที่ นร ๑๒๐๐/๕๕ ลงวันที่ ${written} เรื่อง ก`);
            expect(found?.iso, written).toBe(iso);
            expect(more).toEqual([]);
          }
        },
      ),
      { seed: 2564, numRuns: 60 },
    );
  });

  it("of a day that never was is none, alone and in a text", () => {
    const never = fc
      .record({
        year: fc.integer({ min: 1900, max: 2156 }),
        month: fc.integer({ min: 1, max: 12 }),
        day: fc.integer({ min: 0, max: 99 }),
      })
      .filter(({ year, month, day }) => day === 0 || day > new Date(Date.UTC(year, month, 0)).getUTCDate());
    fc.assert(
      fc.property(never, scripts, ({ year, month, day }, thai) => {
        for (const form of formsOf(day, month, year)) {
          const written = mixed(form, thai);
          expect(parseThaiDate(written), written).toBeNull();
          expect(findThaiDates(`ลงวันที่ ${written} เรื่อง ก`), written).toEqual([]);
        }
      }),
      { seed: 2565, numRuns: 60 },
    );
  });

  it("of a month that never was, or a year of neither era, is none", () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 13, 31, 99), fc.integer({ min: 2443, max: 2699 }), (month, year) => {
        for (const written of [`1/${month}/${year}`, `1-${month}-${year}`, `1.${month}.${year}`]) {
          expect(findThaiDates(written), written).toEqual([]);
        }
      }),
      { seed: 2566 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.integer({ min: 1000, max: 1899 }),
          fc.integer({ min: 2200, max: 2399 }),
          fc.integer({ min: 2700, max: 9999 }),
        ),
        (year) => {
          for (const written of [
            `1 มกราคม ${year}`,
            `1 ม.ค. พ.ศ. ${year}`,
            `1/1/${year}`,
            `1.1.${year}`,
            `${year}-01-01`,
          ]) {
            expect(findThaiDates(written), written).toEqual([]);
          }
        },
      ),
      { seed: 2567 },
    );
  });

  it("is a day of the calendar, and stands where it is said to, in any text", () => {
    const pieces = fc.array(
      fc.constantFrom(..."1|๒๙|31|0|ก.พ.|มกราคม|เดือน|พ.ศ.|ค.ศ.|2564|63|2020|/|-|.| |'|\n|วันที่".split("|")),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(pieces, (words) => {
        const text = words.join("");
        let behindLast = 0;
        for (const { iso, start, end } of findThaiDates(text)) {
          expect(new Date(`${iso}T00:00:00Z`).toISOString().slice(0, 10)).toBe(iso);
          expect(start).toBeGreaterThanOrEqual(behindLast);
          expect(parseThaiDate(text.slice(start, end))).toBe(iso);
          behindLast = end;
        }
      }),
      { seed: 2568, numRuns: 1_000 },
    );
  });
});

describe("findThaiDates", () => {
  it("finds every date with its place", () => {
    const text = "ที่ นร ๑๒๐๐/๕๕ ลงวันที่ ๙ เมษายน ๒๕๖๓ และ 1 ม.ค. 64";
    const found = findThaiDates(text);
    expect(found.map(({ iso }) => iso)).toEqual(["2020-04-09", "2021-01-01"]);
    expect(text.slice(found[0]?.start, found[0]?.end)).toBe("๙ เมษายน ๒๕๖๓");
  });

  it("is quick with hostile digits", () => {
    const started = cpuTimeMs();
    for (const piece of ["1/", "1.", "9 ", "1/1/", "9 เม.ย. "]) findThaiDates(piece.repeat(100_000));
    expect(cpuTimeMs() - started).toBeLessThan(3_000);
  });
});
