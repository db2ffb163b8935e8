import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import { findInstallation } from "./installation.ts";
import { listAgencies, readStatus } from "./shared/letter/inbound-book.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { openDatabase } from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings } from "./shared/runtime/settings.ts";

/** `saraban letter ID`: what became of an arrival; the id is in the 250 reply and in each log line of the letter. */
export const run: RunCommand = async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { json: { type: "boolean" } },
    allowPositionals: true,
  });
  const [id, ...more] = positionals;
  if (id === undefined || more.length > 0 || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) {
    process.stderr.write("saraban letter: give the id that the SMTP server named in its 250 reply\n");
    return 64;
  }
  const settings = loadSettings();
  const database = openDatabase<Tables>(
    findInstallation(settings),
    "saraban_http",
    2,
    openLog(settings.log.level, "letter"),
  );
  try {
    const acting = {
      actor: `person:${userInfo().username}`,
      agencies: await listAgencies(database),
    } as const;
    const [status] = await readStatus(database, acting, [id]);
    if (!status) {
      process.stderr.write("saraban letter: no letter has this id here\n");
      return 1;
    }
    if (values.json) process.stdout.write(`${JSON.stringify(status)}\n`);
    else
      for (const [name, value] of Object.entries(status))
        process.stdout.write(`${name.padEnd(18)} ${shown(value)}\n`);
    return 0;
  } finally {
    await database.destroy();
  }
};

function shown(value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return "-";
  return value instanceof Date ? value.toISOString() : String(value);
}
