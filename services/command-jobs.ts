import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import { findInstallation } from "./installation.ts";
import { listTroubledJobs, retryJobs } from "./queue/outbox-store.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { openDatabase } from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings } from "./shared/runtime/settings.ts";

/** `saraban jobs list` and `saraban jobs retry`: the work that keeps failing, and another try for it. */
export const run: RunCommand = async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { json: { type: "boolean" }, all: { type: "boolean" } },
    allowPositionals: true,
  });
  const [verb = "list", ...ids] = positionals;
  const settings = loadSettings();
  const log = openLog(settings.log.level, "jobs");
  const database = openDatabase<Tables>(findInstallation(settings), "saraban_queue", 2, log);
  try {
    if (verb === "list") {
      const jobs = await listTroubledJobs(database);
      if (values.json) process.stdout.write(`${JSON.stringify(jobs)}\n`);
      else if (jobs.length === 0) process.stdout.write("No work has failed.\n");
      for (const job of values.json ? [] : jobs) {
        const state = job.failedAt ? "set aside" : "trying";
        process.stdout.write(
          `${job.id}  ${job.job}  letter ${job.letterId}  ${state}, failed ${job.failures} times: ${job.lastError}\n`,
        );
      }
      return 0;
    }
    const numbers = ids.map(Number);
    if (
      verb !== "retry" ||
      numbers.some((id) => !Number.isSafeInteger(id)) ||
      (numbers.length === 0) === !values.all
    ) {
      process.stderr.write("saraban jobs: use: jobs list, jobs retry ID…, jobs retry --all\n");
      return 64;
    }
    const count = await retryJobs(database, values.all ? "all" : numbers);
    process.stdout.write(
      values.json ? `${JSON.stringify({ retried: count })}\n` : `${count} jobs will be tried again now.\n`,
    );
    return 0;
  } finally {
    await database.destroy();
  }
};
