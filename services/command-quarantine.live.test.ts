import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, test } from "vitest";
import { projectDir } from "./shared/runtime/settings.ts";
import { adminQueries, letReadLettersWait } from "./shared/testing/arrivals.ts";
import { databaseForTest } from "./shared/testing/database.ts";

test("saraban quarantine: which arrivals are kept until when, and not a word of why or from whom", async (context) => {
  const { expect } = context;
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-quarantine-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const ids = await letReadLettersWait(query, [{}, { agencyId: "agency-b" }]);
  await query(
    `insert into saraban.quarantine (intake_id, agency_id, reason, since, keep_until, removed_at)
       select id, agency_id, 'classified', '2026-05-01', '2026-05-08', case agency_id when 'agency-b' then now() end
         from saraban.intake`,
  );
  const env = {
    PATH: process.env["PATH"],
    SARABAN_DATA_DIR: dataDir,
    DATABASE_URL: `postgres://${address.user}@localhost:${address.port}/${address.database}?host=${encodeURIComponent(address.host)}`,
  };
  const run = (...args: string[]) =>
    new Promise<{ code: unknown; stdout: string }>((resolve) => {
      const cli = join(projectDir, "services/cli.ts");
      execFile(process.execPath, [cli, "quarantine", ...args], { env }, (error, stdout) =>
        resolve({ code: error ? error.code : 0, stdout }),
      );
    });
  const listed = await run();
  expect(listed.code).toBe(0);
  expect(listed.stdout.trim().split("\n")).toEqual([
    expect.stringContaining(
      `letter ${ids[0]}  agency-a  refused 2026-05-01T00:00:00.000Z  kept until 2026-05-08`,
    ),
    expect.stringContaining(`letter ${ids[1]}  agency-b  refused 2026-05-01T00:00:00.000Z  removed 20`),
  ]);
  for (const word of ["classified", "opdc"]) expect(listed.stdout).not.toContain(word);
  const { stdout } = await run("--agency", "agency-b", "--json");
  expect(JSON.parse(stdout)).toMatchObject([{ intakeId: ids[1], agencyId: "agency-b" }]);
  expect((await run("nonsense")).code).toBe(64);
  expect((await run("--agency", "nobody")).code).toBe(1);
}, 240_000);
