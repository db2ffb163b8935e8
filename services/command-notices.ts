import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import { findInstallation } from "./installation.ts";
import { listFailedNotices, retryNotices } from "./notification/notice-store.ts";
import { listAgencies } from "./shared/letter/inbound-book.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { inTransaction, openDatabase } from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings } from "./shared/runtime/settings.ts";
import { shown } from "./show-fields.ts";

/** `saraban notices list` and `retry`: acknowledgements and refusals that no server took, and another try for them. */
export const run: RunCommand = async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { json: { type: "boolean" }, all: { type: "boolean" } },
    allowPositionals: true,
  });
  const [verb = "list", ...ids] = positionals;
  if (!["list", "retry"].includes(verb) || (verb === "retry" && (ids.length === 0) === !values.all)) {
    process.stderr.write(
      "saraban notices: use: notices list, notices retry LETTER-ID…, notices retry --all\n",
    );
    return 64;
  }
  const settings = loadSettings();
  const log = openLog(settings.log.level, "notices");
  const database = openDatabase<Tables>(findInstallation(settings), "saraban_notification", 2, log);
  try {
    const acting = {
      actor: `person:os/${userInfo().username}`,
      agencies: await listAgencies(database),
    } as const;
    if (verb === "retry") {
      const count = await inTransaction(database, acting, (transaction) =>
        retryNotices(transaction, values.all ? null : ids),
      );
      process.stdout.write(
        values.json ? `${JSON.stringify({ retried: count })}\n` : `${count} notices will be sent again.\n`,
      );
      return 0;
    }
    const failed = await inTransaction(database, acting, listFailedNotices);
    if (values.json) process.stdout.write(`${JSON.stringify(failed)}\n`);
    else if (failed.length === 0) process.stdout.write("No notice has failed.\n");
    for (const notice of values.json ? [] : failed) {
      process.stdout.write(
        `letter ${notice.letterId}  ${notice.channel}  to ${notice.recipient || "a person of the agency"}: ${shown(notice.reason)}\n`,
      );
    }
    return 0;
  } finally {
    await database.destroy();
  }
};
