import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findThaiDates, parseThaiDate } from "./thai-date.ts";
import { arabicToThaiDigits } from "./thai-text.ts";

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

describe("findThaiDates", () => {
  it("finds every date with its place", () => {
    const text = "ที่ นร ๑๒๐๐/๕๕ ลงวันที่ ๙ เมษายน ๒๕๖๓ และ 1 ม.ค. 64";
    const found = findThaiDates(text);
    expect(found.map(({ iso }) => iso)).toEqual(["2020-04-09", "2021-01-01"]);
    expect(text.slice(found[0]?.start, found[0]?.end)).toBe("๙ เมษายน ๒๕๖๓");
  });

  it("is quick with hostile digits", () => {
    const started = performance.now();
    for (const piece of ["1/", "1.", "9 ", "1/1/", "9 เม.ย. "]) findThaiDates(piece.repeat(100_000));
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});
