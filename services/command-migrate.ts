import type { RunCommand } from "./cli.ts";
import { makeFirstAdministrator } from "./first-administrator.ts";
import { findInstallation, prepareInstallation } from "./installation.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings } from "./shared/runtime/settings.ts";

/** `saraban migrate`: needs a login that may create tables, and the roles of schemas/database if they are not there. */
export const run: RunCommand = async () => {
  const settings = loadSettings();
  const address = findInstallation(settings);
  const applied = await prepareInstallation(settings, address);
  process.stdout.write(
    applied.length === 0 ? "The database is up to date.\n" : `Applied: ${applied.join(", ")}\n`,
  );
  process.stdout.write((await makeFirstAdministrator(address, openLog(settings.log.level, "migrate"))) ?? "");
  return 0;
};
