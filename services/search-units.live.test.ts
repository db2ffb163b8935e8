import { inject, test } from "vitest";
import { parseSearch, type SearchParameters } from "./http/search-query.ts";
import { searchRegister } from "./http/search-register.ts";
import { followBooks } from "./indexing/follow-books.ts";
import { type Acting, inSnapshot } from "./shared/runtime/database.ts";
import { adminQueries, roomDatabase } from "./shared/testing/arrivals.ts";
import { type BookPlaces, writeBookLines } from "./shared/testing/book-lines.ts";
import { databaseForTest } from "./shared/testing/database.ts";

const AGENCIES = ["agency-a", "agency-b"];
const UNITS = [null, "finance", "personnel"];
const SUBJECTS = ["น้ำท่วม", "ประชุม", "น้ำท่วมและประชุม"];
const LINES = 240;

/** Two agencies' books over three months; each line's unit, subject and number tell each other apart. */
function plan(from: number, to: number) {
  return Array.from({ length: to - from }, (_, place) => {
    const at = from + place;
    return {
      agencyId: AGENCIES[at % 2] as string,
      registeredAt: new Date(Date.UTC(2026, 6, 1) + at * 9 * 3_600_000),
      unit: UNITS[at % 3] ?? null,
      subject: `${SUBJECTS[Math.floor(at / 6) % 3]} เรื่องที่ ${at}`,
      letterNumber: `นร 1200/${at}`,
    };
  });
}

const ASKED: readonly SearchParameters[] = [
  {},
  { q: "น้ำท่วม" },
  { q: "ประชุม", sort: "oldest" },
  { q: ["น้ำ", "ประ"] },
  { q: "รื" },
  { from: "1/8/2569", to: "31/8/2569" },
  { from: "1/8/2569", to: "31/8/2569", q: "น้ำท่วม" },
  { q: "ไม่มีคำนี้" },
  // One of the agencies that he is confined in, and not the other.
  { agency: "agency-a" },
  { agency: "agency-a", q: "น้ำท่วม" },
];

test("who is confined to a unit finds and counts that unit's lines, indexed or not, and pages through them", async (context) => {
  const { expect } = context;
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const places: BookPlaces = new Map();
  await writeBookLines(query, plan(0, LINES - 20), places);
  await followBooks(roomDatabase(context, address, "saraban_search"));
  // As autovacuum does: of tables without statistics the planner thinks the worst, and compiles for half a second.
  await query("analyze");
  // The newest are not indexed yet.
  await writeBookLines(query, plan(LINES - 20, LINES), places);
  const all = plan(0, LINES);
  const http = roomDatabase(context, address, "saraban_http", 1);
  const search = (acting: Acting, parameters: SearchParameters, agencies = AGENCIES) => {
    const read = parseSearch(parameters, agencies);
    if ("faults" in read) throw new Error(JSON.stringify(read.faults));
    const { search, pageSize } = read.parsed;
    return inSnapshot(http, acting, 10_000, (transaction) =>
      searchRegister(transaction, search, pageSize, "exact"),
    );
  };
  const seenBy: readonly [string, readonly string[] | undefined, (line: (typeof all)[number]) => boolean][] =
    [
      ["the whole of both", undefined, () => true],
      ["a unit of one", ["agency-a/finance"], (l) => l.agencyId === "agency-b" || l.unit === "finance"],
      [
        "a unit of each",
        ["agency-a/finance", "agency-b/personnel"],
        (l) => l.unit === (l.agencyId === "agency-a" ? "finance" : "personnel"),
      ],
      [
        "two units of one",
        ["agency-a/finance", "agency-a/personnel"],
        (l) => l.agencyId === "agency-b" || l.unit !== null,
      ],
      ["a unit that has nothing", ["agency-a/none", "agency-b/none"], () => false],
    ];
  for (const [who, units, sees] of seenBy) {
    const acting: Acting = { actor: "person:mana", agencies: AGENCIES, ...(units ? { units } : {}) };
    for (const asked of ASKED) {
      const terms = [asked["q"] ?? []].flat();
      const month = asked["from"] === undefined ? null : 7;
      const truth = all
        .filter(sees)
        .filter(({ agencyId }) => asked["agency"] === undefined || agencyId === asked["agency"])
        .filter(({ subject }) => terms.every((term) => subject.includes(term)))
        .filter(
          ({ registeredAt }) =>
            month === null || new Date(registeredAt.getTime() + 7 * 3_600_000).getUTCMonth() === month,
        )
        .map(({ subject }) => subject);
      if (asked["sort"] !== "oldest") truth.reverse();
      const { lines, total, next } = await search(acting, { ...asked, limit: "10" });
      const about = `${who}: ${JSON.stringify(asked)}`;
      expect(total, about).toEqual({ value: truth.length, relation: "exactly" });
      expect(
        lines.map(({ subject }) => subject),
        about,
      ).toEqual(truth.slice(0, 10));
      expect(next === null, about).toBe(truth.length <= 10);
    }
  }
});
