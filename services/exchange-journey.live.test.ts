/** Two installations, each the other's partner: letters both ways, each with the other's number in the end. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, test } from "vitest";
import { exchange } from "../scripts/demo/exchange.ts";
import { startPair } from "../scripts/demo/installations.ts";
import { databaseUrl } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";

test("letters go both ways and come back with signed receipts; one is recalled, one rejected", async (context) => {
  const { expect } = context;
  const dir = await mkdtemp(join(tmpdir(), "saraban-exchange-journey-"));
  context.onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const databases = [1, 2].map(() => databaseForTest(inject("testServer"), context));
  const environments = (await Promise.all(databases)).map((own) => ({ DATABASE_URL: databaseUrl(own) }));
  const pair = await startPair(dir, (stop) => context.onTestFinished(stop), environments);

  const found = await exchange(pair, { letters: 4, seed: 7, signal: context.signal, say: () => {} });

  expect(found.failures).toEqual([]);
  expect(found).toMatchObject({ registered: 4, verified: 4 });
  // No letter's words in any log.
  for (const { logFile } of pair) expect(await readFile(logFile, "utf8")).not.toMatch(/[\u0e00-\u0e7f]/);
}, 240_000);
