/**
 * npm run drill -- NAME [OPTION…]
 *
 * Drills bring real faults upon a real installation of their own and look at what was lost. The last line on stdout is
 * JSON. Exit codes: 0 nothing is wrong; 1 something is; 64 wrong use; 130 interrupted.
 */

/** Name → file that exports `run`; loaded when it is asked for. */
const DRILLS: Readonly<Record<string, { readonly says: string; readonly file: string }>> = {
  kill: {
    says: "kill -9 of every service in turn, of PostgreSQL, a lost queue and a frozen worker, while letters arrive",
    file: "./drill/kill.ts",
  },
  hostile: {
    says: "thousands of spoilt and malicious messages, while another client sends ordinary letters",
    file: "./drill/hostile.ts",
  },
  api: {
    says: "every operation of the API with requests made from its own document, right and wrong, each answer held to it",
    file: "./drill/api.ts",
  },
};

/** A drill: its own arguments, and the exit code it ends with. */
export type RunDrill = (args: readonly string[]) => Promise<number>;

const HELP = `Usage: npm run drill -- NAME [OPTION…]

${Object.entries(DRILLS)
  .map(([name, { says }]) => `  ${name.padEnd(10)}${says}`)
  .join("\n")}

npm run drill -- NAME --help lists a drill's options.
`;

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined || ["help", "--help", "-h"].includes(name)) {
    process.stdout.write(HELP);
    return name === undefined ? 64 : 0;
  }
  const drill = DRILLS[name];
  if (!drill) {
    process.stderr.write(`drill: there is no drill ${name}\n\n${HELP}`);
    return 64;
  }
  const { run } = (await import(drill.file)) as { run: RunDrill };
  return run(args);
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  const { code, message, stack } = error as { code?: string; message: string; stack?: string };
  const usage = code?.startsWith("ERR_PARSE_ARGS") ?? false;
  process.stderr.write(`drill: ${usage ? message : (stack ?? message)}\n`);
  return usage ? 64 : 1;
});
