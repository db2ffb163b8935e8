import type { RunCommand } from "./cli.ts";
import { findInstallation, prepareInstallation } from "./installation.ts";
import { loadSettings } from "./shared/runtime/settings.ts";

/** `saraban migrate`: needs a login that may create tables, and the roles of schemas/database if they are not there. */
export const run: RunCommand = async () => {
  const settings = loadSettings();
  const applied = await prepareInstallation(settings, findInstallation(settings));
  process.stdout.write(
    applied.length === 0 ? "The database is up to date.\n" : `Applied: ${applied.join(", ")}\n`,
  );
  return 0;
};
