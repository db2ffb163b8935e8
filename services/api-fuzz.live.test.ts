/** Every operation of the HTTP room with requests made from its own document (npm run drill -- api asks many more). */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { fuzzApi } from "../scripts/drill/api-fuzz.ts";
import { startApiInstallation } from "../scripts/drill/api-installation.ts";
import { databaseUrl } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";

const REQUESTS = 200;
const SEED = 7;
/** A loaded machine takes its time over some 400 requests and the whole pipeline behind them. */
const TIMEOUT_MS = 300_000;

test(
  "no request has the server fail, say what its document does not tell, or let in whom it does not name",
  async (context) => {
    const dir = await mkdtemp(join(tmpdir(), "saraban-fuzz-"));
    context.onTestFinished(() => rm(dir, { recursive: true, force: true }));
    const address = await databaseForTest(inject("testServer"), context);
    const installation = await startApiInstallation(
      dir,
      (stop) => context.onTestFinished(async () => void (await stop())),
      {
        DATABASE_URL: databaseUrl(address),
      },
    );
    const result = await fuzzApi(installation, REQUESTS, SEED);
    const { serverErrors, undocumented, letIn, unanswered, never } = result;
    expect({ serverErrors, undocumented, letIn, unanswered, never }).toEqual({
      serverErrors: [],
      undocumented: [],
      letIn: [],
      unanswered: [],
      never: [],
    });
    expect(result.requests).toBeGreaterThan(REQUESTS);
  },
  TIMEOUT_MS,
);
