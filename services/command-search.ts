import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import { parseSearch, type SearchParameters } from "./http/search-query.ts";
import { type FoundLines, IndexBehind, searchRegister, searchWithinMs } from "./http/search-register.ts";
import { clearIndex } from "./indexing/index-store.ts";
import { findInstallation } from "./installation.ts";
import { textTable } from "./shared/letter/book-table.ts";
import { listAgencies } from "./shared/letter/inbound-book.ts";
import { buddhistYear } from "./shared/letter/stamp.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { type DatabaseAddress, inSnapshot, inTransaction, openDatabase } from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings } from "./shared/runtime/settings.ts";

const FILTERS = [
  "agency",
  "book",
  "year",
  "number",
  "from",
  "to",
  "urgency",
  "status",
  "channel",
  "kind",
] as const;
const OTHERS = ["letter-from", "letter-to", "sort", "limit", "total"] as const;

/** `saraban search TERM… [--filter value]…` and `saraban search --rebuild`. */
export const run: RunCommand = async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean" },
      rebuild: { type: "boolean" },
      ...(Object.fromEntries([...FILTERS, ...OTHERS].map((name) => [name, { type: "string" }])) as Record<
        (typeof FILTERS)[number] | (typeof OTHERS)[number],
        { type: "string" }
      >),
    },
    allowPositionals: true,
  });
  const settings = loadSettings();
  const address = findInstallation(settings);
  const log = openLog(settings.log.level, "search");
  if (values.rebuild) return rebuild(address, log, values.json ?? false);
  const database = openDatabase<Tables>(address, "saraban_http", 2, log);
  try {
    const parameters: Record<string, string | string[]> = { q: positionals };
    for (const name of FILTERS) if (values[name] !== undefined) parameters[name] = values[name];
    if (values["letter-from"] !== undefined) parameters["letterFrom"] = values["letter-from"];
    if (values["letter-to"] !== undefined) parameters["letterTo"] = values["letter-to"];
    for (const name of ["sort", "limit", "total"] as const) {
      if (values[name] !== undefined) parameters[name] = values[name];
    }
    const agencies = await listAgencies(database);
    const read = parseSearch(parameters as SearchParameters, agencies);
    if ("faults" in read) {
      for (const { parameter, th, en } of read.faults) {
        process.stderr.write(`saraban search: ${parameter} ${th} (${en})\n`);
      }
      return 64;
    }
    const { search, pageSize, total } = read.parsed;
    const acting = { actor: `person:${userInfo().username}`, agencies: search.agencies } as const;
    const found = await inSnapshot(database, acting, searchWithinMs(total), (transaction) =>
      searchRegister(transaction, search, pageSize, total),
    );
    process.stdout.write(values.json ? `${JSON.stringify(found)}\n` : asTable(found));
    return 0;
  } catch (error) {
    if (!(error instanceof IndexBehind)) throw error;
    process.stderr.write(
      "saraban search: the index is being made (saraban search service); try again in a minute\n",
    );
    return 69;
  } finally {
    await database.destroy();
  }
};

function asTable({ lines, total }: FoundLines): string {
  const rows = lines.map((line) => [
    line.bookId,
    `${line.number}/${buddhistYear(line.year)}`,
    line.letterNumber ?? "-",
    line.from ?? "-",
    line.to ?? "-",
    line.subject ?? "-",
    line.status,
  ]);
  const count = total === null ? "" : `${total.relation === "more-than" ? "> " : ""}${total.value} ฉบับ\n`;
  return `${textTable([["ทะเบียน", "เลข", "ที่", "จาก", "ถึง", "เรื่อง", "สถานะ"], ...rows])}${count}`;
}

/** Empties the index; the running service makes it again from the books. */
async function rebuild(
  address: DatabaseAddress,
  log: ReturnType<typeof openLog>,
  json: boolean,
): Promise<number> {
  const database = openDatabase<Tables>(address, "saraban_search", 1, log);
  try {
    const agencies = await listAgencies(database);
    const cleared = await inTransaction(database, { actor: "person:operator", agencies }, clearIndex);
    process.stdout.write(
      json
        ? `${JSON.stringify({ cleared })}\n`
        : `${cleared} lines are taken out of the index; the service puts them back from the books.\n`,
    );
    return 0;
  } finally {
    await database.destroy();
  }
}
