#!/usr/bin/env node
/**
 * The saraban command. Node.js 24 comes as a dependency; whichever Node.js starts this file hands over to that one, so
 * that `npx saraban …` and a link to this file work beside an older Node.js.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const brought = join(root, "node_modules/.bin/node");
const node =
  Number(process.versions.node.split(".")[0]) >= 24 || !existsSync(brought) ? process.execPath : brought;
// With everything in one process memory is kept small, as `npm start` says it: a small young generation, because a large
// message's short-lived buffers stay until it is full; and a C library that gives freed buffers back, because its threshold
// for doing so grows with each large one.
const args = process.argv.slice(2);
const start = args[0] === "all" ? readStart() : [];
const memory = Object.fromEntries(
  start.filter((word) => /^[A-Z_]+=/.test(word)).map((word) => word.split("=")),
);
const command = [...start.filter((word) => word.startsWith("--")), join(root, "services/cli.ts"), ...args];
const env = { ...memory, ...process.env };
const child = spawn(node, command, { stdio: "inherit", env });
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  process.stderr.write(`saraban: ${error.message}\n`);
  process.exitCode = 1;
});
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 128);
});

function readStart() {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts.start.split(" ");
}
