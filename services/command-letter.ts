import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import { readArrival } from "./http/arrival-store.ts";
import { showChecks } from "./http/show-arrival.ts";
import { findInstallation } from "./installation.ts";
import { listAgencies, readStatus } from "./shared/letter/inbound-book.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { inTransaction, openDatabase } from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings } from "./shared/runtime/settings.ts";
import { fieldTable } from "./show-fields.ts";

/**
 * `saraban letter ID`: what became of an arrival, how it was checked (sender, scanner, sources that disagree), and what is
 * known of the answers to it. The id is in the 250 reply and in each log line of the letter.
 */
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
    const arrival = await inTransaction(database, acting, (transaction) => readArrival(transaction, id));
    const known = { ...status, ...(arrival && showChecks(arrival)) };
    process.stdout.write(values.json ? `${JSON.stringify(known)}\n` : fieldTable(known));
    return 0;
  } finally {
    await database.destroy();
  }
};
