import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { schemaFault } from "../runtime/schema-faults.ts";
import { projectDir, readJson, readYaml, SettingsError } from "../runtime/settings.ts";
import { dayOfIsoDate, yearOfDay } from "./bangkok-day.ts";
import { buddhistYear } from "./stamp.ts";

/** A day as a year file has it (schemas/holidays.schema.json). Dates are C.E. */
export interface Holiday {
  readonly date: string;
  readonly nameThai: string;
  readonly nameEnglish: string;
  readonly kind: "ordinary" | "substitution" | "special" | "regional";
  /** Of a regional day only. */
  readonly region?: string;
  readonly source: string;
  readonly announced: string | null;
  readonly note?: string;
}

export interface CalendarYear {
  /** B.E. */
  readonly year: number;
  readonly file: string;
  readonly status: "announced" | "provisional";
  /** Regions whose own days are not all known. */
  readonly provisionalRegions: readonly string[];
  /** By day (bangkok-day.ts). One day can be a holiday of several regions. */
  readonly holidays: ReadonlyMap<number, readonly Holiday[]>;
}

/** The working calendar of government offices, as far as the Cabinet has set it. */
export interface Calendar {
  readonly dir: string;
  /** By C.E. year. A year that is not here is not known: nothing is guessed for it. */
  readonly years: ReadonlyMap<number, CalendarYear>;
}

/** What a year file holds once the schema has passed it. */
interface YearFile {
  readonly year: number;
  readonly commonEra: number;
  readonly status: CalendarYear["status"];
  readonly provisionalRegions?: readonly string[];
  readonly sources: readonly { readonly resolved: string | null; readonly text: string }[];
  readonly days: readonly Holiday[];
}

/**
 * Reads and checks all year files of a folder (2569.yaml, …).
 * @throws SettingsError with every fault of every file, each with its file and place
 */
export function openCalendar(dir: string): Calendar {
  const ajv = new Ajv2020({ allErrors: true });
  ajv.addFormat("date", (text: string) => dayOfIsoDate(text) !== null);
  const validate = ajv.compile(readJson(join(projectDir, "schemas/holidays.schema.json")));
  const years = new Map<number, CalendarYear>();
  const faults: string[] = [];
  for (const name of namesIn(dir)) {
    const file = join(dir, name);
    // 2571.yml would otherwise stay unread in silence.
    if (!/^\d{4}\.yaml$/.test(name)) {
      faults.push(`${file}: year files are named by their B.E. year, like 2569.yaml`);
      continue;
    }
    const checked = checkedYear(file, validate);
    if ("faults" in checked) faults.push(...checked.faults);
    else years.set(checked.year.commonEra, calendarYear(file, checked.year));
  }
  if (faults.length === 0 && years.size === 0) faults.push(`${dir}: there is no year file, like 2569.yaml`);
  if (faults.length > 0) throw new SettingsError(faults);
  return { dir, years };
}

/** The file that would hold a C.E. year. */
export function fileOfYear(calendar: Calendar, commonEra: number): string {
  return join(calendar.dir, `${buddhistYear(commonEra)}.yaml`);
}

/** The calendar's year that a day lies in; undefined when it is not known. */
export function calendarYearOf(calendar: Calendar, day: number): CalendarYear | undefined {
  return calendar.years.get(yearOfDay(day));
}

/** The holiday that a day is for an office in the given regions, if it is one. */
export function holidayOn(year: CalendarYear, day: number, regions: readonly string[]): Holiday | undefined {
  return year.holidays.get(day)?.find(({ region }) => region === undefined || regions.includes(region));
}

/** Whether what the year decides for an office in the given regions is provisional. */
export function isProvisional(year: CalendarYear, regions: readonly string[]): boolean {
  return year.status === "provisional" || year.provisionalRegions.some((region) => regions.includes(region));
}

/** Names beginning with a dot are an editor's or a mounted volume's own. */
function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => !name.startsWith("."))
      .sort();
  } catch (error) {
    throw new SettingsError([`${dir}: ${(error as Error).message}`]);
  }
}

function checkedYear(
  file: string,
  validate: ValidateFunction,
): { year: YearFile } | { faults: readonly string[] } {
  let content: Record<string, unknown>;
  try {
    content = readYaml(file);
  } catch (error) {
    if (error instanceof SettingsError) return { faults: error.faults };
    throw error;
  }
  if (!validate(content)) {
    return { faults: (validate.errors ?? []).map((error) => `${file}: ${schemaFault(error)}`) };
  }
  const year = content as unknown as YearFile;
  const faults = yearFaults(year, file).map((fault) => `${file}: ${fault}`);
  return faults.length > 0 ? { faults } : { year };
}

/** What a schema cannot say. */
function yearFaults({ year, commonEra, status, sources, days }: YearFile, file: string): string[] {
  const faults: string[] = [];
  if (!file.endsWith(`${year}.yaml`)) faults.push(`year is ${year}, which is not the file's name`);
  if (buddhistYear(commonEra) !== year) faults.push(`commonEra ${commonEra} is not B.E. ${year}`);
  if (status === "announced" && sources.every(({ resolved }) => resolved === null)) {
    faults.push("status is announced, but none of the sources is a resolution of the Cabinet");
  }
  const seen = new Set<string>();
  for (const [index, { date, kind, region }] of days.entries()) {
    if (!date.startsWith(`${commonEra}-`)) faults.push(`days.${index}.date ${date} is not in ${commonEra}`);
    if ((kind === "regional") !== (region !== undefined)) {
      faults.push(`days.${index} (${date}): a regional day names its region, and no other day does`);
    }
    const key = region === undefined ? date : `${date} for ${region}`;
    if (seen.has(key)) faults.push(`days.${index}: ${key} stands there twice`);
    seen.add(key);
  }
  return faults;
}

function calendarYear(file: string, { year, status, provisionalRegions = [], days }: YearFile): CalendarYear {
  const holidays = new Map<number, Holiday[]>();
  for (const holiday of days) {
    const day = dayOfIsoDate(holiday.date) as number;
    const same = holidays.get(day);
    if (same === undefined) holidays.set(day, [holiday]);
    else same.push(holiday);
  }
  return { year, file, status, provisionalRegions, holidays };
}
