/** The index that room search makes and the search that room http does, against a plain scan of all lines. */
import { inject, type TestContext, test } from "vitest";
import { parseSearch, type SearchParameters, writeCursor } from "./http/search-query.ts";
import { searchRegister, searchWithinMs } from "./http/search-register.ts";
import { followBooks } from "./indexing/follow-books.ts";
import { keyText } from "./shared/letter/read-lines.ts";
import type { RegisterLine } from "./shared/letter/register-line.ts";
import { arabicToThaiDigits, foldForComparison } from "./shared/letter/thai-text.ts";
import { inSnapshot } from "./shared/runtime/database.ts";
import { adminQueries, roomDatabase } from "./shared/testing/arrivals.ts";
import { type BookLine, type BookPlaces, writeBookLines, writeEvent } from "./shared/testing/book-lines.ts";
import { databaseForTest } from "./shared/testing/database.ts";
import { seededRandom } from "./shared/testing/seeded-random.ts";

const AGENCIES = ["agency-a", "agency-b"];
const BOOKS = ["inbound.ordinary", "outbound.ordinary", "outbound.circular"];
const WORDS = [
  "ข้อ",
  "ที่",
  "น้ำ",
  "น้ํา",
  "กรม",
  "ประชุม",
  "ครั้งที่ ๑/๒๕๖๙",
  "ป่าไม้",
  "Budget",
  "50%",
  "a_b",
  "ว\u200bาระ",
  "งบ",
  "ปี 2569",
  "ญู ฐู",
];

async function scene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const http = roomDatabase(context, address, "saraban_http");
  const indexer = roomDatabase(context, address, "saraban_search");
  const acting = { actor: "person:test", agencies: AGENCIES } as const;
  return {
    query,
    index: () => followBooks(indexer),
    async find(parameters: SearchParameters, agencies = AGENCIES) {
      const read = parseSearch(parameters, agencies);
      if ("faults" in read) throw new Error(JSON.stringify(read.faults));
      const { search, pageSize, total } = read.parsed;
      return inSnapshot(http, { ...acting, agencies }, searchWithinMs(total), (transaction) =>
        searchRegister(transaction, search, pageSize, total),
      );
    },
    /** All pages, one after the other. */
    async findAll(parameters: SearchParameters) {
      const found: RegisterLine[] = [];
      let after: Awaited<ReturnType<typeof this.find>>["next"] = null;
      do {
        const read = parseSearch({ ...parameters, limit: "11" }, AGENCIES);
        if ("faults" in read) throw new Error(JSON.stringify(read.faults));
        const page = await inSnapshot(http, acting, searchWithinMs("none"), (transaction) =>
          searchRegister(transaction, { ...read.parsed.search, after }, 11, "none"),
        );
        found.push(...page.lines);
        after = page.next;
      } while (after !== null);
      return found;
    },
  };
}

/** Lines of two agencies, three books and three months, with words of every awkward kind. */
function madeUpLines(count: number, seed: number): BookLine[] {
  const random = seededRandom(seed);
  const word = (): string => WORDS[Math.floor(random() * WORDS.length)] as string;
  return Array.from({ length: count }, (_, place) => ({
    agencyId: AGENCIES[Math.floor(random() * 2)] as string,
    book: BOOKS[Math.floor(random() * 3)] as string,
    registeredAt: new Date(Date.parse("2026-10-30T00:00:00Z") + place * 3_600_000 * 3),
    letterNumber: `นร 0505/${place + 1}`,
    letterNumberPrinted: arabicToThaiDigits(`นร ๐๕๐๕/${place + 1}`),
    letterDate: `2026-${String(1 + Math.floor(random() * 12)).padStart(2, "0")}-15`,
    subject: `${word()}${word()} ${word()}`,
    from: word(),
    to: random() < 0.5 ? null : word(),
    remarks: random() < 0.8 ? null : word(),
    urgency: random() < 0.2 ? "urgent" : "normal",
  }));
}

function scan(lines: readonly RegisterLine[], term: string): string[] {
  const folded = foldForComparison(term);
  return lines
    .filter(({ number, year, subject, letterNumber, letterNumberPrinted, from, to, remarks }) =>
      [`${number}/${year + 543}`, subject, letterNumber, letterNumberPrinted, from, to, remarks].some(
        (field) => foldForComparison(field ?? "").includes(folded),
      ),
    )
    .map(keyText);
}

const TERMS = [
  "ข้อ",
  "ที่",
  "น้ำ",
  "นํ้า",
  "ํา",
  "กร",
  "ม",
  "ประชุม",
  "มประ",
  "ครั้งที่ 1/2569",
  "๒๕๖๙",
  "BUDGET",
  "udg",
  "50%",
  "a_b",
  "a%b",
  "วาระ",
  "งบปี",
  "0505/17",
  "๐๕๐๕/๑๗",
  "ไม่มีคำนี้",
  "ฐู",
  "ฌ",
];

for (const indexedShare of [1, 0.5, 0]) {
  test(`finds by any substring what a plain scan finds, ${indexedShare * 100} % of it indexed`, async (context) => {
    const { query, index, findAll, find } = await scene(context);
    const lines = madeUpLines(indexedShare === 1 ? 180 : 60, 42);
    const places: BookPlaces = new Map();
    const first = Math.floor(lines.length * indexedShare);
    await writeBookLines(query, lines.slice(0, first), places);
    await index();
    await writeBookLines(query, lines.slice(first), places);
    const all = await findAll({});
    context.expect(all.length).toBe(lines.length);
    const times = all.map(({ registeredAt }) => registeredAt.getTime());
    context.expect(times).toEqual([...times].sort((a, b) => b - a));
    for (const term of TERMS) {
      const found = await findAll({ q: term });
      context.expect(found.map(keyText), term).toEqual(scan(all, term));
      const { total } = await find({ q: term });
      context.expect(total, term).toEqual({ value: found.length, relation: "exactly" });
      const oldest = await findAll({ q: term, sort: "oldest" });
      context.expect(oldest.map(keyText).reverse(), term).toEqual(found.map(keyText));
    }
  });
}

test("filters by book, agency, urgency, number, days of registration and of the letter, in either era", async (context) => {
  const { query, index, findAll, find } = await scene(context);
  await writeBookLines(query, madeUpLines(240, 7));
  await index();
  const all = await findAll({});
  const cases: [SearchParameters, (line: RegisterLine) => boolean][] = [
    [{ book: "outbound.circular" }, ({ series }) => series === "circular"],
    [{ agency: "agency-b" }, ({ agencyId }) => agencyId === "agency-b"],
    [{ urgency: "urgent", q: "น้ำ" }, (line) => line.urgency === "urgent" && scan([line], "น้ำ").length > 0],
    [{ number: "๑๒" }, ({ number }) => number === 12],
    [
      { from: "1/11/2569", to: "2569-11-10" },
      ({ registeredAt }) =>
        registeredAt >= new Date("2026-11-01T00:00:00+07:00") &&
        registeredAt < new Date("2026-11-11T00:00:00+07:00"),
    ],
    [
      { letterFrom: "1 มี.ค. 69", letterTo: "2026-04-30" },
      ({ letterDate }) => letterDate !== null && letterDate >= "2026-03-01" && letterDate <= "2026-04-30",
    ],
    [{ year: "2568" }, () => false],
    [{ q: ["กรม", "ประชุม"] }, (line) => scan([line], "กรม").length > 0 && scan([line], "ประชุม").length > 0],
  ];
  for (const [parameters, expected] of cases) {
    const found = await findAll(parameters);
    context.expect(found.map(keyText), JSON.stringify(parameters)).toEqual(all.filter(expected).map(keyText));
    context
      .expect((await find(parameters)).total, JSON.stringify(parameters))
      .toEqual({ value: found.length, relation: "exactly" });
  }
});

test("a corrected line is found by what it says now, a cancelled one as cancelled, before and after indexing", async (context) => {
  const { query, index, find } = await scene(context);
  const at = new Date("2026-11-02T03:00:00Z");
  await writeBookLines(query, [
    { registeredAt: at, subject: "เรื่องเดิม" },
    { registeredAt: at, subject: "เรื่องที่สอง" },
  ]);
  await index();
  await writeEvent(query, "agency-a.inbound.ordinary", 2026, 1, "corrected", {
    subject: { old: "เรื่องเดิม", new: "เรื่องใหม่" },
  });
  await writeEvent(query, "agency-a.inbound.ordinary", 2026, 2, "cancelled");
  for (const indexed of [false, true]) {
    if (indexed) await index();
    context.expect((await find({ q: "เดิม" })).lines).toEqual([]);
    context.expect((await find({ q: "ใหม่" })).lines.map(({ number }) => number)).toEqual([1]);
    context.expect((await find({ status: "cancelled" })).lines.map(({ number }) => number)).toEqual([2]);
    context.expect((await find({ q: "เรื่อง", status: "registered" })).total?.value).toBe(1);
  }
});

test("the total is the same on every page, and an index made by other rules is not believed", async (context) => {
  const { query, index, find } = await scene(context);
  const registeredAt = new Date("2026-11-02T03:00:00Z");
  await writeBookLines(
    query,
    Array.from({ length: 9 }, () => ({ registeredAt, subject: "น้ำท่วม" })),
  );
  await index();
  const first = await find({ q: "น้ำ", limit: "4" });
  const cursor = writeCursor(first.next as NonNullable<typeof first.next>);
  for (const total of ["exact", "capped"] as const) {
    const second = await find({ q: "น้ำ", limit: "4", cursor, total });
    context.expect(second.total).toEqual({ value: 9, relation: "exactly" });
    context.expect(second.lines.map(({ number }) => number)).toEqual([5, 4, 3, 2]);
  }
  await query("update saraban.search_row set grams = '{1}'");
  await query("update saraban.search_progress set version = 'older'");
  context.expect((await find({ q: "น้ำ" })).total?.value).toBe(9);
  await index();
  context.expect(await query("select from saraban.search_row where grams = '{1}'")).toEqual([]);
  context.expect((await find({ q: "น้ำ" })).total?.value).toBe(9);
});

test("an exact total looks through all years, also for what is in none of them", async (context) => {
  const { query, index, find } = await scene(context);
  await writeBookLines(query, [
    { registeredAt: new Date("2016-03-02T03:00:00Z"), subject: "น้ำท่วม" },
    { registeredAt: new Date("2026-11-02T03:00:00Z"), subject: "น้ำแล้ง" },
  ]);
  await index();
  for (const [q, value] of [
    ["น้ำ", 2],
    ["ท่วม", 1],
    ["ไม่มีคำนี้", 0],
  ] as const) {
    context.expect((await find({ q, total: "exact" })).total, q).toEqual({ value, relation: "exactly" });
  }
});

test("shows no line of a classified book and none of another agency, nor counts them", async (context) => {
  const { query, index, find } = await scene(context);
  const registeredAt = new Date("2026-11-02T03:00:00Z");
  await writeBookLines(query, [
    { registeredAt, subject: "เปิดเผยได้" },
    { registeredAt, subject: "เปิดเผยไม่ได้", book: "inbound.classified", secrecy: "secret" },
    { registeredAt, subject: "เปิดเผยที่อื่น", agencyId: "agency-b" },
  ]);
  for (const indexed of [false, true]) {
    if (indexed) await index();
    for (const parameters of [{}, { q: "เปิดเผย" }]) {
      const { lines, total } = await find(parameters, ["agency-a"]);
      context.expect(lines.map(({ subject }) => subject)).toEqual(["เปิดเผยได้"]);
      context.expect(total).toEqual({ value: 1, relation: "exactly" });
    }
  }
  context.expect(await query("select from saraban.search_row where book_id like '%classified'")).toEqual([]);
});

for (const [sort, direction] of [
  ["newest", -1],
  ["oldest", 1],
] as const) {
  test(`the ${sort} lines of several agencies come first, where a term stands in one agency's far lines only`, async (context) => {
    const { query, index, find } = await scene(context);
    // From the wanted end: agency-a without the term, then with it; agency-b's, all with it, lie beyond both.
    const line = (place: number, agencyId: string, subject: string): BookLine => ({
      agencyId,
      subject,
      registeredAt: new Date(Date.parse("2026-06-01T00:00:00Z") + direction * place * 3_600_000),
    });
    const lines = [
      ...Array.from({ length: 200 }, (_, at) => line(at, "agency-a", "เรื่องทั่วไป")),
      ...Array.from({ length: 200 }, (_, at) => line(200 + at, "agency-a", "น้ำท่วมขัง")),
      ...Array.from({ length: 100 }, (_, at) => line(400 + at, "agency-b", "น้ำท่วมขัง")),
    ].sort((a, b) => a.registeredAt.getTime() - b.registeredAt.getTime());
    await writeBookLines(query, lines);
    await index();
    const { lines: found } = await find({ q: "น้ำท่วม", limit: "5", total: "none", sort });
    const wanted = lines.filter(({ subject, agencyId }) => subject !== "เรื่องทั่วไป" && agencyId === "agency-a");
    if (direction < 0) wanted.reverse();
    context
      .expect(found.map(({ registeredAt }) => registeredAt.toISOString()))
      .toEqual(wanted.slice(0, 5).map(({ registeredAt }) => registeredAt.toISOString()));
  });
}
