import { join } from "node:path";
import pg from "pg";
import { type ParsedSearch, parseSearch, type SearchParameters } from "../../services/http/search-query.ts";
import { searchRegister, searchWithinMs } from "../../services/http/search-register.ts";
import { followBooks } from "../../services/indexing/follow-books.ts";
import { keyText } from "../../services/shared/letter/read-lines.ts";
import type { Tables } from "../../services/shared/letter/tables.ts";
import { inSnapshot, type Kysely, openDatabase } from "../../services/shared/runtime/database.ts";
import {
  type EmbeddedConnection,
  startEmbeddedPostgres,
} from "../../services/shared/runtime/embedded-postgres.ts";
import { openLog } from "../../services/shared/runtime/log.ts";
import { migrate } from "../../services/shared/runtime/migrate.ts";
import { projectDir } from "../../services/shared/runtime/settings.ts";
import { seededRandom } from "../../services/shared/testing/seeded-random.ts";
import { type Bench, type BenchRun, percentile, rounded } from "./bench-run.ts";
import { shuffled } from "./draw.ts";
import { planLetters } from "./letter-plan.ts";
import { MADE_UP_AGENCIES } from "./made-up-letters.ts";
import { fillBooks, type Scanned, scanLines } from "./search-books.ts";
import { searchTerms } from "./search-terms.ts";

const LETTERS = 1_000_000;
const QUICK_LETTERS = 20_000;
const LAST_DAY = "2026-11-20";
const ROUNDS = 4;
const PAGE_100_AFTER = 99 * 50;
const AGENCIES = MADE_UP_AGENCIES.map((_, place) => `agency-${place + 1}`);

/** One search to be measured. */
interface Ask {
  readonly kind: string;
  readonly parsed: ParsedSearch;
  readonly term: string | null;
}

/**
 * The product's own search (parse, index, check against the text, lines of the page, total up to 1,000) over made-up
 * letters, once a tenth of them and once all. Every answer is compared with a plain scan of all letters in memory.
 */
export const bench: Bench = async (run) => {
  const letters = run.options.letters ?? (run.options.quick ? QUICK_LETTERS : LETTERS);
  const small = await measure(run, Math.max(10_000, Math.floor(letters / 10)), "small");
  const large = await measure(run, letters, "large");
  const growth = Object.fromEntries(
    Object.entries(large.p95).map(([kind, ms]) => [kind, rounded(ms / (small.p95[kind] ?? ms), 2)]),
  );
  return {
    bench: "search",
    rows: letters,
    recall: Math.min(small.recall, large.recall),
    p50_ms: large.p50,
    p95_ms: large.p95,
    p95_ms_of_a_tenth: small.p95,
    growth: Math.max(...Object.values(growth)),
    growth_by_kind: growth,
    worst_p95_ms: Math.max(...Object.values(large.p95)),
    index_mb: large.indexMb,
    text_mb: large.textMb,
    index_seconds: large.indexSeconds,
    index_lines_per_s: rounded(letters / large.indexSeconds),
    compared: large.compared,
  };
};

async function measure(run: BenchRun, letters: number, name: string) {
  const dataDir = join(run.scratchDir, name);
  const server = await startEmbeddedPostgres({ dataDir, log: openLog("warn", "bench") });
  run.atEnd(() => server.stop());
  const address = server.connection;
  await migrate(address, join(projectDir, "schemas/database"));
  const plan = planLetters({ seed: run.options.seed, letters, lastDay: LAST_DAY });
  const scanned = await fill(run, address, plan, letters);
  const indexSeconds = await index(run, address, letters);
  const sizes = await sizesOf(address);
  const http = openDatabase<Tables>(address, "saraban_http", 2, openLog("warn", "bench"));
  const asks = await askAll(http, plan);
  const recall = await compare(run, http, asks, scanned);
  const { p50, p95 } = await time(run, http, asks, run.options.seed);
  await http.destroy();
  await server.stop();
  return { ...recall, p50, p95, ...sizes, indexSeconds };
}

async function fill(
  run: BenchRun,
  address: EmbeddedConnection,
  plan: ReturnType<typeof planLetters>,
  letters: number,
): Promise<Scanned> {
  const pool = new pg.Pool({ ...address, max: 1 });
  const startedMs = performance.now();
  await fillBooks(pool, plan, AGENCIES, (done) => run.say(`${done} of ${letters} letters registered`));
  await pool.end();
  run.say(`${letters} letters in their books after ${seconds(startedMs)} s; reading them for the plain scan`);
  return scanLines(plan, AGENCIES);
}

async function index(run: BenchRun, address: EmbeddedConnection, letters: number): Promise<number> {
  const database = openDatabase<Tables>(address, "saraban_search", 2, openLog("warn", "bench"));
  const startedMs = performance.now();
  const lines = await followBooks(database);
  await database.destroy();
  if (lines !== letters) throw new Error(`${lines} lines were indexed, not ${letters}`);
  const took = seconds(startedMs);
  const pool = new pg.Pool({ ...address, max: 1 });
  // What autovacuum does by itself a minute later.
  await pool.query("vacuum analyze saraban.search_row");
  await pool.query("vacuum analyze saraban.entry");
  await pool.end();
  run.say(`indexed in ${took} s`);
  return took;
}

async function sizesOf(address: EmbeddedConnection): Promise<{ indexMb: number; textMb: number }> {
  const pool = new pg.Pool({ ...address, max: 1 });
  const { rows } = await pool.query<{ grams: string; heap: string }>(
    "select pg_relation_size('saraban.search_row_by_grams') as grams, pg_table_size('saraban.search_row') as heap",
  );
  await pool.end();
  return { indexMb: rounded(Number(rows[0]?.grams) / 1e6), textMb: rounded(Number(rows[0]?.heap) / 1e6) };
}

function parsed(parameters: SearchParameters): ParsedSearch {
  const read = parseSearch(parameters, AGENCIES);
  if ("faults" in read) throw new Error(JSON.stringify(read.faults));
  return read.parsed;
}

/** Every term, half of them in the biggest agency alone as a clerk searches, half in all; pages 1 and 100; months. */
async function askAll(http: Kysely<Tables>, plan: ReturnType<typeof planLetters>): Promise<Ask[]> {
  const asks: Ask[] = [];
  const terms = searchTerms(plan);
  const scope = (place: number): SearchParameters =>
    place % 2 === 0 ? {} : { agency: AGENCIES[0] as string };
  for (const [kind, list] of Object.entries(terms) as [string, readonly string[]][]) {
    for (const [place, term] of list.entries())
      asks.push({ kind, term, parsed: parsed({ q: term, ...scope(place) }) });
  }
  for (const [place, term] of terms.common.entries()) {
    const first = parsed({ q: term, ...scope(place) });
    const before = await find(http, { ...first, pageSize: PAGE_100_AFTER });
    if (before.next === null) continue;
    asks.push({
      kind: "page100",
      term: null,
      parsed: { ...first, search: { ...first.search, after: before.next }, total: "none" },
    });
  }
  for (let month = 1; month <= 12; month++) {
    const year = month > 11 ? 2568 : 2569;
    const days = { from: `1/${month}/${year}`, to: `28/${month}/${year}` };
    asks.push({ kind: "month", term: null, parsed: parsed({ ...days, ...scope(month) }) });
    asks.push({
      kind: "monthAndTerm",
      term: null,
      parsed: parsed({ ...days, q: terms.common[month] as string, ...scope(month) }),
    });
    asks.push({
      kind: "monthAndUrgency",
      term: null,
      parsed: parsed({ ...days, urgency: "most-urgent", ...scope(month) }),
    });
  }
  return asks;
}

function find(http: Kysely<Tables>, { search, pageSize, total }: ParsedSearch) {
  return inSnapshot(
    http,
    { actor: "person:bench", agencies: search.agencies },
    searchWithinMs(total),
    (transaction) => searchRegister(transaction, search, pageSize, total),
  );
}

/** The first page and the total of every term against the scan; the share of what was to be found that was found. */
async function compare(run: BenchRun, http: Kysely<Tables>, asks: readonly Ask[], scanned: Scanned) {
  let expected = 0;
  let found = 0;
  for (const { kind, term, parsed: ask } of asks) {
    if (term === null) continue;
    const truth = scanned.find(ask.search.terms, ask.search.agencies);
    const { lines, total } = await find(http, { ...ask, total: "exact" });
    expected += truth.count;
    found += Math.min(truth.count, total?.value ?? 0);
    const firstPage = lines.map(keyText).join(" ");
    if (total?.value !== truth.count || firstPage !== truth.newest.slice(0, ask.pageSize).join(" ")) {
      throw new Error(
        `${kind}: "${term}" is in ${truth.count} letters, the search says ${total?.value}, or another first page`,
      );
    }
  }
  run.say(`every total and first page agrees with the plain scan (${expected} hits)`);
  return { recall: expected === 0 ? Number.NaN : found / expected, compared: expected };
}

async function time(run: BenchRun, http: Kysely<Tables>, asks: readonly Ask[], seed: number) {
  const random = seededRandom(seed);
  const tookMs = new Map<string, number[]>();
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { kind, parsed: ask } of shuffled(random, asks)) {
      const startedMs = performance.now();
      await find(http, ask);
      // The first round warms the caches, as the first minutes of a morning do.
      if (round > 0) tookMs.set(kind, [...(tookMs.get(kind) ?? []), performance.now() - startedMs]);
    }
  }
  const figures = (percent: number): Record<string, number> =>
    Object.fromEntries([...tookMs].map(([kind, ms]) => [kind, rounded(percentile(ms, percent), 2)]));
  const [p50, p95] = [figures(50), figures(95)];
  for (const kind of tookMs.keys()) run.say(`${kind}: p50 ${p50[kind]} ms, p95 ${p95[kind]} ms`);
  return { p50, p95 };
}

function seconds(sinceMs: number): number {
  return rounded((performance.now() - sinceMs) / 1000, 1);
}
