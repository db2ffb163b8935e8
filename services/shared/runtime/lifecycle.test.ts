import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "vitest";
import { projectDir } from "./settings.ts";

const importLine = (name: string, file: string) =>
  `import { ${name} } from ${JSON.stringify(join(projectDir, "services/shared/runtime", file))};`;

/** A process of its own, for signals; it says each step on stdout. */
function startProgram(context: TestContext, text: string) {
  const program = [
    importLine("firstSignal, runUntilSignal", "lifecycle.ts"),
    importLine("openLog", "log.ts"),
    'const say = (text) => process.stdout.write(text + "\\n");',
    'const log = openLog("silent", "test");',
    "setInterval(() => {}, 1_000); // as a socket does: nothing else keeps this process up",
    text,
  ].join("\n");
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  context.onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, exited: once(child, "exit"), line: async () => (await lines.next()).value };
}

/** Waits for `stop`, which ends when `ends` says so. */
const running = (ends: string) => `
  const part = { name: "part", async stop() { say("stopping"); await new Promise((resolve) => ${ends}); say("stopped"); } };
  const code = runUntilSignal([part], log);
  say("ready");
  process.exitCode = await code;
  process.exit();`;

function signals(child: ChildProcess, ...names: NodeJS.Signals[]): void {
  for (const name of names) child.kill(name);
}

test("one Ctrl-C that arrives three times stops in order", async (context) => {
  const { expect } = context;
  const { child, exited, line } = startProgram(context, running("setTimeout(resolve, 200)"));
  expect(await line()).toBe("ready");
  signals(child, "SIGINT");
  expect(await line()).toBe("stopping");
  signals(child, "SIGINT", "SIGTERM");
  expect(await line()).toBe("stopped");
  expect(await exited).toEqual([0, null]);
});

test("a later second signal means now", async (context) => {
  const { expect } = context;
  const { child, exited, line } = startProgram(context, running("setTimeout(resolve, 60_000)"));
  expect(await line()).toBe("ready");
  signals(child, "SIGTERM");
  expect(await line()).toBe("stopping");
  const firstAtMs = performance.now();
  const pressing = setInterval(() => signals(child, "SIGINT"), 50);
  context.onTestFinished(() => clearInterval(pressing));
  expect(await exited).toEqual([130, null]);
  expect(performance.now() - firstAtMs).toBeGreaterThan(400);
});

test("a signal during the start is not lost: what was started is stopped", async (context) => {
  const { expect } = context;
  const { child, exited, line } = startProgram(
    context,
    `const signal = firstSignal(log);
     say("starting");
     await new Promise((resolve) => process.once("SIGTERM", resolve));
     const part = { name: "part", async stop() { say("stopped"); } };
     process.exitCode = await runUntilSignal([part], log, undefined, signal);
     process.exit();`,
  );
  expect(await line()).toBe("starting");
  signals(child, "SIGTERM");
  expect(await line()).toBe("stopped");
  expect(await exited).toEqual([0, null]);
});
