import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["services/**/*.test.ts", "scripts/**/*.test.ts"],
    globalSetup: "services/shared/testing/global-setup.ts",
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: more processes at once only make real servers' time-outs less certain.
    maxWorkers: 2,
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
