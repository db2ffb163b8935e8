import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import { findInstallation } from "./installation.ts";
import { listQuarantine, type Quarantined } from "./intake/quarantine-store.ts";
import { listAgencies } from "./shared/letter/inbound-book.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { inTransaction, openDatabase } from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings } from "./shared/runtime/settings.ts";

/**
 * `saraban quarantine`: which arrivals were refused, and until when their octets are kept. Ids and times alone: why an
 * arrival was refused would tell which letters were classified.
 */
export const run: RunCommand = async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { json: { type: "boolean" }, agency: { type: "string" } },
    allowPositionals: true,
  });
  if (positionals.length > 1 || (positionals[0] ?? "list") !== "list") {
    process.stderr.write("saraban quarantine: use: quarantine [list] [--agency AGENCY] [--json]\n");
    return 64;
  }
  const settings = loadSettings();
  const log = openLog(settings.log.level, "quarantine");
  const database = openDatabase<Tables>(findInstallation(settings), "saraban_intake", 2, log);
  try {
    const served = await listAgencies(database);
    if (values.agency !== undefined && !served.includes(values.agency)) {
      process.stderr.write(`saraban quarantine: no agency ${values.agency} here\n`);
      return 1;
    }
    const agencies = values.agency === undefined ? served : [values.agency];
    const acting = { actor: `person:os/${userInfo().username}`, agencies } as const;
    const kept = await inTransaction(database, acting, listQuarantine);
    if (values.json) process.stdout.write(`${JSON.stringify(kept)}\n`);
    else if (kept.length === 0) process.stdout.write("Nothing is in quarantine.\n");
    for (const one of values.json ? [] : kept) process.stdout.write(`${lineOf(one)}\n`);
    return 0;
  } finally {
    await database.destroy();
  }
};

function lineOf({ intakeId, agencyId, since, keepUntil, removedAt }: Quarantined): string {
  const kept = removedAt ? `removed ${removedAt.toISOString()}` : `kept until ${keepUntil.toISOString()}`;
  return `letter ${intakeId}  ${agencyId}  refused ${since.toISOString()}  ${kept}`;
}
