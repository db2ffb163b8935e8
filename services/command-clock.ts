import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import { openProcessClock } from "./clock/process-clock.ts";
import { newestSample, readSamples } from "./clock/sample-store.ts";
import { findInstallation } from "./installation.ts";
import { textTable } from "./shared/letter/book-table.ts";
import { reasonToHold, type Stamp } from "./shared/letter/stamp.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { type Kysely, openDatabase } from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings, type Settings } from "./shared/runtime/settings.ts";

/**
 * `saraban clock`: the state that official times of this host carry now, and what each reference server said last.
 * `saraban clock export --from ISO --until ISO`: the kept samples for an auditor, one JSON line each, oldest first.
 */
export const run: RunCommand = async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { json: { type: "boolean" }, from: { type: "string" }, until: { type: "string" } },
    allowPositionals: true,
  });
  const settings = loadSettings();
  const address = findInstallation(settings);
  const log = openLog(settings.log.level, "clock");
  const database = openDatabase<Tables>(address, "saraban_http", 1, log);
  try {
    if (positionals[0] === "export") return await exportSamples(database, values.from, values.until);
    if (positionals.length > 0) {
      process.stderr.write("saraban clock: use: clock [--json], clock export [--from ISO] [--until ISO]\n");
      return 64;
    }
    const clock = await openProcessClock(settings.clock, address, "saraban_http", log);
    const stamp = clock.now();
    await clock.stop();
    await printState(database, settings, stamp, values.json === true);
    return 0;
  } finally {
    await database.destroy();
  }
};

async function printState(database: Kysely<Tables>, settings: Settings, { at, clock }: Stamp, json: boolean) {
  const newest = settings.clock.servers === "" ? undefined : await newestSample(database);
  const held = reasonToHold(clock, settings.clock);
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ at, clock, registrationHeld: held, newestSample: newest ?? null })}\n`,
    );
    return;
  }
  process.stdout.write(`${at.toISOString()}  ${clock.state}\n`);
  if (clock.state === "unsynchronised") process.stdout.write(`  ${clock.reason}\n`);
  if (clock.errorBoundMs !== undefined) {
    process.stdout.write(
      `  wrong by at most  ${clock.errorBoundMs} ms\n  system clock off  ${clock.offsetMs} ms\n`,
    );
    process.stdout.write(
      `  reference         ${clock.reference}, stratum ${clock.stratum}, ${clock.ageSeconds} s ago\n`,
    );
  }
  process.stdout.write(`  registration      ${held === null ? "goes on" : `waits: ${held}`}\n`);
  if (!newest) return;
  const rows = newest.servers.map((server) =>
    [
      server.name,
      server.state,
      server.offsetMs,
      server.delayMs,
      server.rootDistanceMs,
      server.stratum,
      server.reason,
    ].map((value) => (typeof value === "number" ? String(Math.round(value * 1000) / 1000) : (value ?? "-"))),
  );
  process.stdout.write(
    `\n${textTable([["server", "state", "offset ms", "delay ms", "root distance ms", "stratum", ""], ...rows])}`,
  );
}

async function exportSamples(database: Kysely<Tables>, from?: string, until?: string): Promise<number> {
  const begin = new Date(from ?? "2000-01-01T00:00:00Z");
  const end = until === undefined ? new Date() : new Date(until);
  if (Number.isNaN(begin.getTime()) || Number.isNaN(end.getTime())) {
    process.stderr.write(
      "saraban clock export: --from and --until are moments such as 2026-11-01T00:00:00+07:00\n",
    );
    return 64;
  }
  let count = 0;
  for (let afterId = 0; ; ) {
    const page = await readSamples(database, begin, end, afterId);
    for (const sample of page) process.stdout.write(`${JSON.stringify(sample)}\n`);
    count += page.length;
    afterId = page.at(-1)?.id ?? 0;
    if (page.length === 0) break;
  }
  process.stderr.write(`${count} samples\n`);
  return 0;
}
