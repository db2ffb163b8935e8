import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bangkokYear,
  buddhistYear,
  englishDateTime,
  systemClock,
  thaiDateTime,
  thaiLetterDate,
} from "./stamp.ts";

const SEED = 20261121;

test("the year is that of Asia/Bangkok, to the millisecond", () => {
  expect(bangkokYear(new Date("2026-12-31T16:59:59.999Z"))).toBe(2026);
  expect(bangkokYear(new Date("2026-12-31T17:00:00.000Z"))).toBe(2027);
  expect(buddhistYear(2026)).toBe(2569);
  const inBangkok = new Intl.DateTimeFormat("en", { year: "numeric", timeZone: "Asia/Bangkok" });
  const moments = fc.date({ min: new Date("2000-01-01"), max: new Date("2100-01-01"), noInvalidDate: true });
  fc.assert(
    fc.property(moments, (at) => bangkokYear(at) === Number(inBangkok.format(at))),
    { seed: SEED },
  );
});

test("a clock set back never makes a time fall within a process", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1e12 }), { minLength: 1 }), (readings) => {
      let index = 0;
      const now = systemClock(() => readings[index++] as number);
      const times = readings.map(() => now().at.getTime());
      return times.every((time, place) => place === 0 || time >= (times[place - 1] as number));
    }),
    { seed: SEED },
  );
});

test("times are told in Thai (B.E.) and English, always Asia/Bangkok", () => {
  const at = new Date("2026-12-31T17:00:00Z");
  expect(thaiDateTime(at)).toBe("1 มกราคม 2570 เวลา 00:00:00 น.");
  expect(englishDateTime(at)).toBe("1 January 2027 at 00:00:00 (UTC+7)");
  expect(thaiLetterDate("2020-04-09")).toBe("9 เมษายน 2563");
});
