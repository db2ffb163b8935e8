import { join } from "node:path";
import { readDirectory, storeDirectory } from "./shared/letter/agencies.ts";
import { type DatabaseAddress, openAdminPool } from "./shared/runtime/database.ts";
import {
  type EmbeddedPostgres,
  findRunningPostgres,
  startEmbeddedPostgres,
} from "./shared/runtime/embedded-postgres.ts";
import type { Running } from "./shared/runtime/lifecycle.ts";
import type { Log } from "./shared/runtime/log.ts";
import { DatabaseUnfit, migrate } from "./shared/runtime/migrate.ts";
import { projectDir, type Settings } from "./shared/runtime/settings.ts";

/** The server's fast shutdown; with the rooms' own time it stays within the 9 s that the process gives itself. */
const STOP_WITHIN_MS = 3_000;

/** The database that the settings name, or the embedded one, started here and stopped with us. */
export async function openInstallation(
  settings: Settings,
  log: Log,
): Promise<{ address: DatabaseAddress; server: (Running & Pick<EmbeddedPostgres, "exited">) | undefined }> {
  if (settings.database.url !== "")
    return { address: { connectionString: settings.database.url }, server: undefined };
  const postgres = await startEmbeddedPostgres({
    dataDir: settings.dataDir,
    log,
    stopWithinMs: STOP_WITHIN_MS,
  }).catch((cause: Error) => {
    throw new DatabaseUnfit(cause.message, { cause }); // its messages are written for a person
  });
  return {
    address: postgres.connection,
    server: { name: "embedded PostgreSQL", stop: () => postgres.stop(), exited: postgres.exited },
  };
}

/**
 * The database of a running installation, for a command beside it.
 * @throws DatabaseUnfit when the embedded one is not running
 */
export function findInstallation(settings: Settings): DatabaseAddress {
  if (settings.database.url !== "") return { connectionString: settings.database.url };
  const address = findRunningPostgres(settings.dataDir);
  if (address) return address;
  throw new DatabaseUnfit(
    `the service is not running with data folder ${settings.dataDir}: start it with npm start, or set DATABASE_URL`,
  );
}

/** Brings tables, agencies and partners up to date. @returns the names of applied migrations */
export async function prepareInstallation(settings: Settings, address: DatabaseAddress): Promise<string[]> {
  const directory = readDirectory(settings);
  const applied = await migrate(address, join(projectDir, "schemas/database"));
  const pool = openAdminPool(address);
  try {
    await storeDirectory(pool, directory);
  } finally {
    await pool.end();
  }
  return applied;
}
