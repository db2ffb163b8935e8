import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import { findInstallation } from "./installation.ts";
import { textTable } from "./shared/letter/book-table.ts";
import { readMailboxStates } from "./shared/letter/hosted-mailboxes.ts";
import { listAgencies } from "./shared/letter/inbound-book.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { openDatabase } from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings } from "./shared/runtime/settings.ts";

/** `saraban imap`: how it stands with each mailbox of config/mailboxes.yaml. Exit 1 when one of them cannot be read. */
export const run: RunCommand = async (args) => {
  const { values } = parseArgs({ args: [...args], options: { json: { type: "boolean" } } });
  const settings = loadSettings();
  const log = openLog(settings.log.level, "imap");
  const database = openDatabase<Tables>(findInstallation(settings), "saraban_http", 1, log);
  try {
    const agencies = await listAgencies(database);
    const states = await readMailboxStates(database, { actor: `person:${userInfo().username}`, agencies });
    if (values.json) process.stdout.write(`${JSON.stringify(states)}\n`);
    else if (states.length === 0) process.stdout.write(`There is no mailbox in ${settings.mailboxesFile}.\n`);
    else {
      const rows = states.map((state) => [
        state.id,
        state.agencyId,
        state.lookedAt?.toISOString() ?? "-",
        String(state.lastUid),
        String(state.toBeFiled),
        String(state.notTaken),
        state.trouble ?? "-",
      ]);
      const head = ["mailbox", "agency", "last look", "last UID", "to be filed", "not taken", "trouble"];
      process.stdout.write(textTable([head, ...rows]));
      for (const { id, lastNotTaken } of states) {
        if (lastNotTaken)
          process.stdout.write(`${id}: message ${lastNotTaken.uid} was not taken in: ${lastNotTaken.note}\n`);
      }
    }
    return states.some(({ trouble }) => trouble !== null) ? 1 : 0;
  } finally {
    await database.destroy();
  }
};
