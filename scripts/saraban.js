#!/usr/bin/env node
/**
 * The saraban command. Node.js 24 comes as a dependency; whichever Node.js starts this file hands over to that one, so
 * that `npx saraban …` and a link to this file work beside an older Node.js.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const brought = join(root, "node_modules/.bin/node");
const node =
  Number(process.versions.node.split(".")[0]) >= 24 || !existsSync(brought) ? process.execPath : brought;
// With everything in one process a small young generation: with V8's default of 16 MB a large message's short-lived buffers
// raise its resident memory by some 64 MB before they are collected, with 8 MB by about 45 (one message of 100 MB), with 4 less. And the C
// library is to give freed buffers back: its threshold for doing so grows with each large one, some 30 MB under hostile mail.
const args = process.argv.slice(2);
const isAll = args[0] === "all";
const memory = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "65536", MALLOC_TRIM_THRESHOLD_: "65536" };
const command = [...(isAll ? ["--max-semi-space-size=4"] : []), join(root, "services/cli.ts"), ...args];
const env = isAll ? { ...memory, ...process.env } : process.env;
const child = spawn(node, command, { stdio: "inherit", env });
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  process.stderr.write(`saraban: ${error.message}\n`);
  process.exitCode = 1;
});
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 128);
});
