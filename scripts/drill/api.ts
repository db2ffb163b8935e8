import { parseArgs } from "node:util";
import type { RunDrill } from "../drill.ts";
import { inScratch } from "../scratch.ts";
import { type FuzzResult, fuzzApi } from "./api-fuzz.ts";
import { startApiInstallation } from "./api-installation.ts";

const HELP = `Usage: npm run drill -- api [OPTION…]

Asks every operation of the HTTP door, as /openapi.json tells of them: with parameters, fields and bodies that are right, wrong,
missing and spiteful, as clerks, programs with all scopes and with few, and as nobody. Each answer is held to the document: no
error of the server (503 only where it says that there is no room for more), no status, media type or body that the document does
not tell, nobody let in whom it does not name. Nothing may stay without an answer, and each operation has to do what it is for at
least once.

  --requests N       (default 5000)
  --seed N           of everything that is random (default: a new one, told in the result)
  --keep             keep logs and data, also when all is well
`;

/** `npm run drill -- api` */
export const run: RunDrill = async (args) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      requests: { type: "string", default: "5000" },
      seed: { type: "string" },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const requests = Number(values.requests);
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
  if (!Number.isInteger(requests) || requests < 1 || !Number.isInteger(seed) || seed < 0) {
    process.stderr.write("drill api: --requests is a number from 1 on, --seed a whole number\n");
    return 64;
  }
  const startedMs = performance.now();
  const seconds = (): number => Math.round((performance.now() - startedMs) / 100) / 10;
  const say = (words: string): void =>
    void process.stderr.write(`${seconds().toFixed(1).padStart(6)} s  ${words}\n`);
  let result: FuzzResult | undefined;
  const { good, interrupted } = await inScratch(
    "saraban-drill",
    async ({ dir, signal, atEnd }) => {
      say(`starting the service; ${requests} requests, seed ${seed}`);
      const installation = await startApiInstallation(dir, atEnd);
      result = await fuzzApi(installation, requests, seed, signal);
      for (const list of [result.serverErrors, result.undocumented, result.letIn, result.unanswered]) {
        for (const words of list) say(`WRONG: ${words}`);
      }
      if (result.never.length > 0) say(`never did what they are for: ${result.never.join(", ")}`);
      return isGood(result);
    },
    values.keep,
  );
  if (interrupted || !result) return 130;
  const { serverErrors, undocumented, letIn, unanswered, never, unseen, ...figures } = result;
  say(`told in the document, and not met: ${unseen.join(", ")}`);
  const counts = {
    serverErrors: serverErrors.length,
    undocumented: undocumented.length,
    letIn: letIn.length,
    unanswered: unanswered.length,
    never: never.length,
  };
  process.stdout.write(
    `${JSON.stringify({ drill: "api", good, ...figures, ...counts, seed, seconds: seconds() })}\n`,
  );
  return good ? 0 : 1;
};

function isGood({ serverErrors, undocumented, letIn, unanswered, never }: FuzzResult): boolean {
  return [serverErrors, undocumented, letIn, unanswered, never].every(({ length }) => length === 0);
}
