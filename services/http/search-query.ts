import { DAY_MS } from "../shared/letter/bangkok-day.ts";
import { URGENCIES } from "../shared/letter/letter.ts";
import type { LineKey } from "../shared/letter/read-lines.ts";
import { CHANNELS, LETTER_KINDS, OPEN_BOOKS } from "../shared/letter/register-line.ts";
import { foldTerm } from "../shared/letter/search-text.ts";
import { yearOfEitherEra } from "../shared/letter/stamp.ts";
import { parseThaiDate } from "../shared/letter/thai-date.ts";
import { thaiDigitsToArabic } from "../shared/letter/thai-text.ts";
import { isBookId } from "./read-parameters.ts";
import type { LineSearch } from "./search-store.ts";

/** What may stand in the query string of GET /api/v1/lines; a parameter that may be repeated is an array. */
export type SearchParameters = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface ParsedSearch {
  readonly search: LineSearch;
  readonly pageSize: number;
  readonly total: "capped" | "exact" | "none";
}

/** A parameter that cannot be used. */
export interface ParameterFault {
  readonly parameter: string;
  readonly en: string;
  readonly th: string;
}

const MOST_TERMS = 5;
const LONGEST_TERM = 200;
const LARGEST_PAGE = 100;
const FIRST_DAY = "1900-01-01";
const LAST_DAY = "2999-12-31";
const LARGEST_NUMBER = 2 ** 31 - 1;

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  book: OPEN_BOOKS,
  urgency: URGENCIES,
  status: ["registered", "reserved", "cancelled"],
  channel: CHANNELS,
  kind: LETTER_KINDS,
};

const KNOWN = new Set([
  ...Object.keys(CHOICES),
  ...["q", "agency", "number", "year", "from", "to", "letterFrom", "letterTo"],
  ...["sort", "limit", "total", "cursor"],
]);

/**
 * Reads the query of a search. Every term of `q` has to be found; spaces within one do not matter, for Thai writes them
 * as it likes. Dates and years are of the Buddhist Era or C.E., in digits or in words (1 พ.ค. 69); `to` includes its day.
 * @param agencies those that the clerk may see
 */
export function parseSearch(
  parameters: SearchParameters,
  agencies: readonly string[],
): { readonly parsed: ParsedSearch } | { readonly faults: readonly ParameterFault[] } {
  const faults: ParameterFault[] = [];
  const fault = (parameter: string, en: string, th: string): void => void faults.push({ parameter, en, th });
  for (const name of Object.keys(parameters)) {
    if (!KNOWN.has(name)) fault(name, "there is no such parameter", "ไม่มีพารามิเตอร์นี้");
  }
  const listed = (name: string): string[] => [parameters[name] ?? []].flat();
  const single = (name: string): string | undefined => {
    const values = listed(name);
    if (values.length > 1) fault(name, "may stand there once only", "ระบุได้ครั้งเดียว");
    return values[0];
  };

  const written = listed("q").filter((term) => term.trim() !== "");
  if (written.length > MOST_TERMS || written.some((term) => term.length > LONGEST_TERM)) {
    fault(
      "q",
      `at most ${MOST_TERMS} terms of ${LONGEST_TERM} letters`,
      `ค้นได้ไม่เกิน ${MOST_TERMS} คำ คำละไม่เกิน ${LONGEST_TERM} อักษร`,
    );
  }
  const terms = [...new Set(written.slice(0, MOST_TERMS).map(foldTerm))];
  // Left out, a term of invisible characters alone would find every line.
  if (terms.includes("")) fault("q", "holds nothing to look for", "ไม่มีข้อความที่จะค้น");

  const facets: string[] = [];
  for (const [name, allowed] of Object.entries(CHOICES)) {
    const value = single(name);
    if (value === undefined) continue;
    if (allowed.includes(value)) facets.push(`${name}:${value}`);
    else fault(name, `is one of ${allowed.join(", ")}`, `ต้องเป็นค่าใดค่าหนึ่งใน ${allowed.join(", ")}`);
  }
  const number = single("number");
  if (number !== undefined) {
    const digits = thaiDigitsToArabic(number);
    if (/^[1-9]\d{0,8}$/.test(digits)) facets.push(`number:${digits}`);
    else fault("number", "is a register number such as 1577", "เป็นเลขทะเบียน เช่น 1577");
  }

  const day = (name: string): string | null => {
    const text = single(name);
    if (text === undefined || text === "") return null;
    const iso = parseThaiDate(text);
    if (iso === null) fault(name, "is a date such as 2569-05-31 or 31/5/2569", "เป็นวันที่ เช่น 31/5/2569");
    return iso;
  };
  let from = day("from") ?? FIRST_DAY;
  let to = day("to") ?? LAST_DAY;
  const year = single("year");
  if (year !== undefined) {
    const digits = Number(thaiDigitsToArabic(year));
    const commonEra = yearOfEitherEra(digits);
    if (Number.isInteger(commonEra) && commonEra >= 1900 && commonEra <= 2200) {
      from = from > `${commonEra}-01-01` ? from : `${commonEra}-01-01`;
      to = to < `${commonEra}-12-31` ? to : `${commonEra}-12-31`;
    } else fault("year", "is a year such as 2569", "เป็นปี เช่น 2569");
  }
  const letterFrom = day("letterFrom");
  const letterTo = day("letterTo");

  const wanted = listed("agency");
  for (const agency of wanted) {
    if (!agencies.includes(agency)) fault("agency", "is not an agency of yours", "ไม่ใช่หน่วยงานของท่าน");
  }
  const pageSize = Number(single("limit") ?? 50);
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > LARGEST_PAGE) {
    fault("limit", `is a number from 1 to ${LARGEST_PAGE}`, `เป็นจำนวนตั้งแต่ 1 ถึง ${LARGEST_PAGE}`);
  }
  const sort = single("sort") ?? "newest";
  if (sort !== "newest" && sort !== "oldest") fault("sort", "is newest or oldest", "เป็น newest หรือ oldest");
  const cursor = single("cursor");
  const after = cursor === undefined ? null : readCursor(cursor);
  if (cursor !== undefined && after === null)
    fault("cursor", "is none that a page gave", "ไม่ใช่ค่าที่ได้จากหน้าก่อน");
  const total = single("total") ?? (after === null ? "capped" : "none");
  if (!["capped", "exact", "none"].includes(total)) {
    fault("total", "is capped, exact or none", "เป็น capped, exact หรือ none");
  }
  if (faults.length > 0) return { faults };
  const search: LineSearch = {
    agencies: wanted.length > 0 ? [...new Set(wanted)] : agencies,
    terms,
    facets,
    from: new Date(beginningOf(from)),
    to: new Date(beginningOf(to) + DAY_MS),
    letterFrom,
    letterTo,
    direction: sort === "oldest" ? 1 : -1,
    after,
  };
  return { parsed: { search, pageSize, total: total as ParsedSearch["total"] } };
}

/** Where the next page begins, as a text for a link. */
export function writeCursor(place: LineKey & { readonly registeredAt: Date }): string {
  const { registeredAt, bookId, year, number } = place;
  return Buffer.from(JSON.stringify([registeredAt.getTime(), bookId, year, number])).toString("base64url");
}

/** Anybody can write one: what the database could not take as a moment, a book or an int4 is no place. */
function readCursor(text: string): LineSearch["after"] {
  if (text.length > 400) return null;
  try {
    const [atMs, bookId, year, number] = JSON.parse(Buffer.from(text, "base64url").toString()) as unknown[];
    if (!isWithin(atMs, beginningOf(FIRST_DAY), beginningOf(LAST_DAY) + DAY_MS - 1)) return null;
    if (typeof bookId !== "string" || !isBookId(bookId)) return null;
    if (!isWithin(year, 1900, 2999) || !isWithin(number, 1, LARGEST_NUMBER)) return null;
    return { registeredAt: new Date(atMs), bookId, year, number };
  } catch {
    return null;
  }
}

function isWithin(value: unknown, lowest: number, highest: number): value is number {
  return Number.isInteger(value) && Number(value) >= lowest && Number(value) <= highest;
}

/** Of a day in Thailand, ms. */
function beginningOf(isoDate: string): number {
  return Date.parse(`${isoDate}T00:00:00+07:00`);
}
