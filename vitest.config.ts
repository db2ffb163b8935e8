import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["services/**/*.test.ts", "scripts/**/*.test.ts"],
    globalSetup: "services/shared/testing/global-setup.ts",
    // They end what hangs; how quick something has to be, a test says itself.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000, interval: 50 } },
    // Two cores: more processes at once only make real servers' time-outs less certain.
    maxWorkers: 2,
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
