import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { projectDir, SettingsError } from "../runtime/settings.ts";
import { dayOfIsoDate, weekdayOfDay } from "./bangkok-day.ts";
import { calendarYearOf, holidayOn, isProvisional, openCalendar } from "./holidays.ts";

const DAY = {
  date: "2030-01-01",
  nameThai: "วันขึ้นปีใหม่",
  nameEnglish: "New Year's Day",
  kind: "ordinary",
  source: "made up for this test",
  announced: null,
};
const YEAR = {
  year: 2573,
  commonEra: 2030,
  status: "announced",
  sources: [{ resolved: "2029-11-01", text: "made up for this test" }],
  days: [DAY],
};

/** Year files are YAML, and so JSON does. */
function folderWith(files: Record<string, object | string>): string {
  const folder = mkdtempSync(join(tmpdir(), "saraban-holidays-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return folder;
}

function faultsOf(dir: string): readonly string[] {
  try {
    openCalendar(dir);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
}

test("year files are read; an editor's own file beside them is not", () => {
  const regional = { ...DAY, date: "2030-03-26", kind: "regional", region: "north" };
  const alsoSouth = { ...regional, region: "south" };
  const calendar = openCalendar(
    folderWith({
      "2573.yaml": { ...YEAR, days: [DAY, regional, alsoSouth], provisionalRegions: ["south"] },
      ".2573.yaml.swp": "\0",
    }),
  );
  const day = dayOfIsoDate("2030-03-26") as number;
  const year = calendarYearOf(calendar, day);
  if (year === undefined) throw new Error("the year is not there");
  expect(holidayOn(year, dayOfIsoDate("2030-01-01") as number, [])?.nameEnglish).toBe("New Year's Day");
  expect(holidayOn(year, day, [])).toBeUndefined();
  expect(holidayOn(year, day, ["central", "south"])?.region).toBe("south");
  expect(holidayOn(year, day + 1, ["north"])).toBeUndefined();
  expect([isProvisional(year, []), isProvisional(year, ["north"]), isProvisional(year, ["south"])]).toEqual([
    false,
    false,
    true,
  ]);
  expect(calendarYearOf(calendar, dayOfIsoDate("2031-01-01") as number)).toBeUndefined();
});

test("every fault of every file is told at once, with its file and place", () => {
  const dir = folderWith({
    "2573.yaml": {
      ...YEAR,
      days: [DAY, { ...DAY, date: "2031-01-01" }, DAY, { ...DAY, date: "2030-05-01", region: "north" }],
    },
    "2574.yaml": { ...YEAR, year: 2575, sources: [{ resolved: null, text: "none" }] },
    "2576.yaml": {
      ...YEAR,
      extra: 1,
      days: [
        { ...DAY, date: "2030-02-30" },
        { ...DAY, holiday: true },
      ],
    },
    "2577.yaml": "year: [",
    "2578.yml": YEAR,
  });
  expect(faultsOf(dir).map((fault) => fault.replace(`${dir}/`, ""))).toEqual([
    "2573.yaml: days.1.date 2031-01-01 is not in 2030",
    "2573.yaml: days.2: 2030-01-01 stands there twice",
    "2573.yaml: days.3 (2030-05-01): a regional day names its region, and no other day does",
    "2574.yaml: year is 2575, which is not the file's name",
    "2574.yaml: commonEra 2030 is not B.E. 2575",
    "2574.yaml: status is announced, but none of the sources is a resolution of the Cabinet",
    "2576.yaml: the file must NOT have additional properties: extra",
    '2576.yaml: days.0.date must match format "date"',
    "2576.yaml: days.1 must NOT have additional properties: holiday",
    expect.stringMatching(/^2577\.yaml: .+/s),
    "2578.yml: year files are named by their B.E. year, like 2569.yaml",
  ]);
});

test("one day may be a holiday of two regions, but not of one region twice", () => {
  const north = { ...DAY, date: "2030-03-26", kind: "regional", region: "north" };
  expect(
    faultsOf(folderWith({ "2573.yaml": { ...YEAR, days: [north, { ...north, region: "south" }] } })),
  ).toEqual([]);
  expect(faultsOf(folderWith({ "2573.yaml": { ...YEAR, days: [north, north] } }))).toEqual([
    expect.stringContaining("days.1: 2030-03-26 for north stands there twice"),
  ]);
});

test("a folder without year files, or none at all, is a fault", () => {
  expect(faultsOf(folderWith({}))).toEqual([expect.stringContaining("there is no year file")]);
  expect(faultsOf("/nonexistent/holidays")).toEqual([expect.stringContaining("ENOENT")]);
});

const OWN = openOwnCalendar();
function openOwnCalendar() {
  return openCalendar(join(projectDir, "config/holidays"));
}

test("the project's own year files hold from 2567 to 2570 without a gap", () => {
  expect([...OWN.years.values()].map(({ year }) => year)).toEqual(
    expect.arrayContaining([2567, 2568, 2569, 2570]),
  );
});

test.each([...OWN.years])("own year %i: every yearly holiday of fixed date is there", (commonEra, year) => {
  const fixed = "01-01 04-06 04-13 04-14 04-15 05-04 06-03 07-28 08-12 10-13 10-23 12-05 12-10 12-31".split(
    " ",
  );
  for (const date of fixed) {
    expect(year.holidays.get(dayOfIsoDate(`${commonEra}-${date}`) as number)?.[0]?.kind, date).toBe(
      "ordinary",
    );
  }
  expect(year.holidays.has(dayOfIsoDate(`${commonEra}-05-01`) as number), "Labour Day").toBe(false);
});

test.each([...OWN.years])("own year %i: a holiday on a weekend is made good within three days", (_, year) => {
  for (const [day, holidays] of year.holidays) {
    const onWeekend = ["Sat", "Sun"].includes(weekdayOfDay(day));
    for (const { date, kind, region, nameEnglish } of holidays) {
      if (kind === "substitution" || kind === "special") expect(onWeekend, date).toBe(false);
      if (!onWeekend) continue;
      const later = [1, 2, 3].flatMap((days) => year.holidays.get(day + days) ?? []);
      const madeGood = later.some(
        (other) => other.region === region && other.nameEnglish.startsWith("Substitution for"),
      );
      expect(madeGood, `${date} ${nameEnglish}`).toBe(true);
    }
  }
});
