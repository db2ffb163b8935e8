import { execFile } from "node:child_process";
import { join } from "node:path";
import { vi } from "vitest";
import type { EmbeddedConnection } from "../runtime/embedded-postgres.ts";
import { projectDir } from "../runtime/settings.ts";

/** What came of a command. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Environment = Readonly<Record<string, string>>;

const CLI = join(projectDir, "services/cli.ts");

/** DATABASE_URL of a test's own database. */
export function databaseUrl({ user, port, database, host }: EmbeddedConnection): string {
  return `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}`;
}

/** Runs `saraban ARGS` as a process of its own, to which nothing of the caller's environment is passed on but PATH. */
export function runSaraban(environment: Environment, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { PATH: process.env["PATH"], ...environment };
    execFile(process.execPath, [CLI, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

/**
 * The same without a process of its own, which takes a second to start: for the many commands of one test, one after the
 * other. What cli.ts makes of an error is not seen here.
 * @param run of the command's file
 */
export async function runHere(
  run: (args: readonly string[], name: string) => Promise<number>,
  environment: Environment,
  [name = "", ...args]: readonly string[],
): Promise<Ended> {
  const said = { stdout: "", stderr: "" };
  for (const [variable, value] of Object.entries(environment)) vi.stubEnv(variable, value);
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      said[stream] += String(text);
      return true;
    }),
  );
  try {
    return { code: await run(args, name), ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
}
