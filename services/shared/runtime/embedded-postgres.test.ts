import { expect, test } from "vitest";
import { adviceFor } from "./embedded-postgres-advice.ts";
import { findPostgresPackage } from "./embedded-postgres-binaries.ts";

test("a computer without the package is told of DATABASE_URL and what to install", () => {
  expect(() => findPostgresPackage("linux", "riscv64")).toThrow(
    /linux-riscv64\).*not installed.*DATABASE_URL/,
  );
  expect(() => findPostgresPackage("darwin", "arm64")).toThrow(/Linux only.*DATABASE_URL/);
});

test("advice is given for what a person can change, and only then", () => {
  expect(adviceFor('FATAL: could not write lock file "postmaster.pid": No space left on device')).toMatch(
    /make room/,
  );
  expect(adviceFor("spawn EPERM")).toMatch(/ordinary user/);
  expect(adviceFor("PANIC: could not locate a valid checkpoint record")).toBe("");
});
