/** Run with the rights of the process that reads PDFs; says which of these it may do, as a line of JSON. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { Worker } from "node:worker_threads";

const tries: Readonly<Record<string, () => unknown>> = {
  readProgram: () => readFileSync(new URL("../pdf-process.ts", import.meta.url)),
  readSystem: () => readFileSync("/etc/hostname"),
  readTemporary: () => readFileSync(`${tmpdir()}/none`),
  write: () => writeFileSync(`${tmpdir()}/none`, ""),
  spawn: () => spawnSync("/bin/true"),
  thread: () => new Worker("0", { eval: true }),
  evaluate: () => new Function("return 1")(),
};
const may = Object.entries(tries).map(([name, attempt]) => {
  try {
    attempt();
    return [name, true];
  } catch {
    return [name, false];
  }
});
process.stdout.write(
  `${JSON.stringify({ ...Object.fromEntries(may), environment: Object.keys(process.env) })}\n`,
);
