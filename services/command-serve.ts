import type { RunCommand } from "./cli.ts";
import { openProcessClock } from "./clock/process-clock.ts";
import { makeFirstAdministrator } from "./first-administrator.ts";
import { findInstallation, openInstallation, prepareInstallation } from "./installation.ts";
import { readMailboxes } from "./intake/imap/imap-config.ts";
import { readDirectory } from "./shared/letter/agencies.ts";
import { directoryWarnings } from "./shared/letter/directory.ts";
import type { JobHome } from "./shared/letter/job-home.ts";
import type { RoomParts, StartedRoom, StartRoom } from "./shared/letter/room.ts";
import { openWorkTaker } from "./shared/letter/take-work.ts";
import type { DatabaseAddress, RoomRole } from "./shared/runtime/database.ts";
import { type Ears, openEars } from "./shared/runtime/ears.ts";
import { firstSignal, type Running, runUntilSignal, stopAll } from "./shared/runtime/lifecycle.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings } from "./shared/runtime/settings.ts";

const EXIT_WITHIN_MS = 2_000;

/** Service → its room, in the order of starting: workers before doors, so that nothing waits; stopping is the reverse. */
const ROOMS: Readonly<Record<string, string>> = {
  timekeeper: "./clock/main.ts",
  relay: "./queue/main.ts",
  witness: "./witness/main.ts",
  notification: "./notification/main.ts",
  registry: "./registry/main.ts",
  reading: "./reading/main.ts",
  indexing: "./indexing/main.ts",
  printing: "./printing/main.ts",
  intake: "./intake/main.ts",
  http: "./http/main.ts",
};

/** Service → the role that it works under; `all` may be any of them. */
const ROLES: Readonly<Record<string, RoomRole>> = {
  all: "saraban_clock",
  timekeeper: "saraban_clock",
  relay: "saraban_queue",
  witness: "saraban_witness",
  notification: "saraban_notification",
  registry: "saraban_registry",
  reading: "saraban_reading",
  indexing: "saraban_search",
  printing: "saraban_print",
  intake: "saraban_intake",
  http: "saraban_http",
};

/** `saraban all` and `saraban SERVICE`: runs until a signal, says on stdout where everything is and that it is ready. */
export const run: RunCommand = async (_args, name) => {
  const startedMs = performance.now();
  const settings = loadSettings();
  const directory = readDirectory(settings); // a fault in these files is told before anything starts
  if (name === "all" || name === "intake")
    readMailboxes(
      settings.mailboxesFile,
      directory.agencies.map(({ id }) => id),
    );
  const log = openLog(settings.log.level, name);
  for (const warning of directoryWarnings(directory)) log.warn(warning);
  const signal = firstSignal(log); // from here on: a signal during the start ends it in order
  const running: Running[] = [];
  try {
    const { address, failed } = await openDatabaseFor(name, settings, running, log);
    const clock = await openProcessClock(settings.clock, address, ROLES[name] as RoomRole, log);
    running.push(clock);
    const ears = openEars(address, ROLES[name] as RoomRole, log);
    running.push({ name: "ears", stop: () => ears.stop() });
    const home = openJobHome(settings, address, ears, running, log);
    const parts: RoomParts = { settings, address, ears, home, now: clock.now, log };
    const says: string[] = [];
    for (const room of name === "all" ? Object.keys(ROOMS) : [name]) {
      const started = await startRoom(room, name === "all" ? { ...parts, log: log.child({ room }) } : parts);
      running.push(started);
      says.push(...started.says);
    }
    // Nothing of it may stand in the log, and who starts it for the first time must not miss it among the others.
    if (name === "all") process.stdout.write((await makeFirstAdministrator(address, log)) ?? "");
    for (const line of says) process.stdout.write(`  ${line}\n`);
    process.stdout.write(`  Data in ${settings.dataDir}\n`);
    process.stdout.write(
      `saraban ${name} is ready (${((performance.now() - startedMs) / 1000).toFixed(1)} s)\n`,
    );
    return await runUntilSignal(running, log, failed, signal);
  } catch (error) {
    await stopAll(running, log);
    throw error;
  } finally {
    // A part that failed half way through its start may have left a timer or a connection: it must not keep a process up
    // that its supervisor is to start again.
    setTimeout(() => process.exit(), EXIT_WITHIN_MS).unref();
  }
};

async function startRoom(room: string, parts: RoomParts): Promise<StartedRoom> {
  const { start } = (await import(ROOMS[room] as string)) as { start: StartRoom };
  return start(parts);
}

function openJobHome(
  settings: RoomParts["settings"],
  address: DatabaseAddress,
  ears: Ears,
  running: Running[],
  log: RoomParts["log"],
): JobHome {
  const { redisUrl, prefix, resendAfterSeconds } = settings.queue;
  if (redisUrl !== "") return { kind: "redis", url: redisUrl, prefix };
  const taker = openWorkTaker({ address, ears, leaseSeconds: resendAfterSeconds, log });
  running.push({ name: "work", stop: () => taker.stop() });
  return { kind: "postgres", taker };
}

/** `all` makes its own tables; a single service expects `saraban migrate` to have run (a deployment does that once). */
async function openDatabaseFor(
  name: string,
  settings: RoomParts["settings"],
  running: Running[],
  log: RoomParts["log"],
) {
  if (name !== "all") return { address: findInstallation(settings), failed: undefined };
  const { address, server } = await openInstallation(settings, log);
  if (server) running.push(server);
  const applied = await prepareInstallation(settings, address);
  if (applied.length > 0) log.info({ applied }, "database migrated");
  const failed = server?.exited.then(({ asked }) =>
    asked ? new Promise<Error>(() => {}) : new Error("the embedded PostgreSQL has ended"),
  );
  return { address, failed };
}
