import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import { findInstallation } from "./installation.ts";
import { bookTable } from "./shared/letter/book-table.ts";
import { listAgencies, readInboundBook } from "./shared/letter/inbound-book.ts";
import { bangkokYear, christianYear } from "./shared/letter/stamp.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { openDatabase } from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings } from "./shared/runtime/settings.ts";

/** `saraban book AGENCY`: the inbound book of the year as a table, or as JSON. */
export const run: RunCommand = async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { json: { type: "boolean" }, year: { type: "string" } },
    allowPositionals: true,
  });
  const settings = loadSettings();
  const database = openDatabase<Tables>(
    findInstallation(settings),
    "saraban_http",
    2,
    openLog(settings.log.level, "book"),
  );
  try {
    const agencies = await listAgencies(database);
    const [agencyId] = positionals;
    if (agencyId === undefined || !agencies.includes(agencyId)) {
      process.stderr.write(`saraban book: say whose book: ${agencies.join(", ")}\n`);
      return 64;
    }
    const year = values.year === undefined ? bangkokYear(new Date()) : christianYear(Number(values.year));
    if (!Number.isInteger(year) || year < 1900 || year > 2999) {
      process.stderr.write("saraban book: --year is a year of the Buddhist Era, such as 2569\n");
      return 64;
    }
    const acting = { actor: `person:${userInfo().username}`, agencies: [agencyId] } as const;
    const lines = await readInboundBook(database, acting, agencyId, year);
    if (values.json) process.stdout.write(`${JSON.stringify(lines)}\n`);
    else process.stdout.write(bookTable(agencyId, year, lines));
    return 0;
  } finally {
    await database.destroy();
  }
};
