import { userInfo } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { summaryText } from "./audit/summary-text.ts";
import { verifyRegister } from "./audit/verify-register.ts";
import type { RunCommand } from "./cli.ts";
import { openProcessClock } from "./clock/process-clock.ts";
import { findInstallation } from "./installation.ts";
import { readDuration } from "./read-duration.ts";
import { listAgencies } from "./shared/letter/inbound-book.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { uploadsDir } from "./shared/letter/uploaded-files.ts";
import { openDatabase } from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings } from "./shared/runtime/settings.ts";

const ROLE = "saraban_audit";

const USE = `saraban verify: use: verify [--agency AGENCY] [--stuck-after 1h] [--skip-files] [--progress] [--json]
  --stuck-after  how old open work may be: 90s, 30m, 1h, 2d
  --skip-files   leaves stored messages and files unread: quick, but their hashes are not compared
`;

/** `saraban verify`: whether the register is in order. Exit code 0: it is; 1: something is not, and is named. */
export const run: RunCommand = async (args) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean" },
      agency: { type: "string" },
      "stuck-after": { type: "string", default: "1h" },
      "skip-files": { type: "boolean", default: false },
      progress: { type: "boolean", default: process.stderr.isTTY ?? false },
    },
  });
  const stuckAfterMs = readDuration(values["stuck-after"]);
  if (stuckAfterMs === null) {
    process.stderr.write(USE);
    return 64;
  }
  const settings = loadSettings();
  const address = findInstallation(settings);
  const log = openLog(settings.log.level, "verify");
  const database = openDatabase<Tables>(address, ROLE, 1, log);
  try {
    const all = await listAgencies(database);
    const agencies = values.agency === undefined ? all : all.filter((id) => id === values.agency);
    if (agencies.length === 0) {
      process.stderr.write(`saraban verify: --agency is one of ${all.join(", ")}\n`);
      return 64;
    }
    const clock = await openProcessClock(settings.clock, address, ROLE, log);
    const { at } = clock.now();
    await clock.stop();
    const verification = await verifyRegister({
      database,
      acting: { actor: `person:${userInfo().username}`, agencies },
      isWhole: values.agency === undefined,
      storeDir: join(settings.dataDir, "letters"),
      uploadsDir: uploadsDir(settings.dataDir),
      checkedAt: at,
      stuckAfterMs,
      skipFiles: values["skip-files"],
      progress: values.progress ? showProgress : () => {},
    });
    process.stdout.write(values.json ? `${JSON.stringify(verification)}\n` : summaryText(verification));
    return verification.verified ? 0 : 1;
  } finally {
    await database.destroy();
  }
};

function showProgress(share: number): void {
  process.stderr.write(`\rstored messages read: ${Math.floor(share * 100)} %${share === 1 ? "\n" : ""}`);
}
