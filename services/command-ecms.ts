import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import { findInstallation } from "./installation.ts";
import { textTable } from "./shared/letter/book-table.ts";
import { readNodeStates } from "./shared/letter/ecms-nodes.ts";
import { listAgencies } from "./shared/letter/inbound-book.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { openDatabase } from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings } from "./shared/runtime/settings.ts";

/** `saraban ecms`: how it stands with the node of each agency that uses one. Exit 1 when a queue cannot be read. */
export const run: RunCommand = async (args) => {
  const { values } = parseArgs({ args: [...args], options: { json: { type: "boolean" } } });
  const settings = loadSettings();
  const log = openLog(settings.log.level, "ecms");
  const database = openDatabase<Tables>(findInstallation(settings), "saraban_http", 1, log);
  try {
    const agencies = await listAgencies(database);
    const states = await readNodeStates(database, { actor: `person:${userInfo().username}`, agencies });
    if (values.json) process.stdout.write(`${JSON.stringify(states)}\n`);
    else if (states.length === 0)
      process.stdout.write(`No agency in ${settings.agenciesFile} uses an e-CMS node.\n`);
    else {
      const head = [
        "agency",
        "node",
        "last look",
        "taken",
        "repeated",
        "to be deleted",
        "to be posted",
        "trouble",
      ];
      const rows = states.map((state) => [
        state.agencyId,
        state.url,
        state.lookedAt?.toISOString() ?? "-",
        String(state.taken),
        String(state.repeated),
        String(state.toBeDeleted),
        String(state.toBePosted),
        state.trouble ?? "-",
      ]);
      process.stdout.write(textTable([head, ...rows]));
    }
    return states.some(({ trouble }) => trouble !== null) ? 1 : 0;
  } finally {
    await database.destroy();
  }
};
