/** The witness as a process of its own, killed while it works. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "vitest";
import { databaseUrl, runSaraban } from "./shared/testing/command-line.ts";
import { startServiceProcess } from "./shared/testing/service-process.ts";
import { logScene } from "./witness/testing/log-scene.ts";

test("a witness killed again and again while it works leaves one tree, whole and signed", async (context) => {
  const { expect } = context;
  const scene = await logScene(context);
  const environment = {
    DATABASE_URL: databaseUrl(scene.address),
    SARABAN_AUDIT_CHECKPOINT_SECONDS: "1",
    SARABAN_LOG_LEVEL: "warn",
  };
  const start = () => startServiceProcess("witness", { dataDir: scene.dataDir, environment });
  const count = async (table: string): Promise<number> =>
    (await scene.query<{ n: number }>(`select count(*) as n from saraban.${table}`))[0]?.n ?? 0;
  const killedAt: number[] = [];
  for (let round = 0; round < 3; round++) {
    const before = await count("audit_leaf");
    const service = await start();
    const second = round === 1 ? await start() : undefined; // two at once
    await scene.recordMany(8_000);
    while ((await count("audit_leaf")) < before + 2_000) await pause(20);
    await Promise.all([service.kill(), second?.kill()]);
    killedAt.push((await count("audit_leaf")) - before);
  }
  // Each was in the middle of its work: some leaves are there, others are not.
  expect(killedAt.some((leaves) => leaves < 8_000)).toBe(true);
  const last = await start();
  await scene.recordMany(10);
  for (let tries = 0; (await count("audit_leaf")) < 24_010 && tries < 600; tries++) await pause(100);
  expect((await last.stop()).code).toBe(0); // signs what has no signature yet
  const verified = await runSaraban({ ...environment, SARABAN_DATA_DIR: scene.dataDir }, [
    "audit",
    "verify",
    "--json",
  ]);
  expect(verified).toMatchObject({ code: 0, stderr: "" });
  const { figures } = JSON.parse(verified.stdout);
  expect(figures).toMatchObject({ leaves: 24_010, signed: 24_010, waiting: 0 });
  const lines = (await readFile(join(scene.dataDir, "audit/checkpoints.jsonl"), "utf8")).trim().split("\n");
  expect(lines.length).toBeGreaterThanOrEqual(2);
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ treeSize: 24_010 });
}, 240_000);
