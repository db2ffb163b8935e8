/**
 * npm run demo
 *
 * Starts the service on free ports with a database of its own, sends every letter of the shared corpus (or of samples/,
 * where there is no corpus) by SMTP, receives the acknowledgements on a mail server of its own, prints the inbound books
 * and compares everything with expected.json.
 *
 * Exit codes: 0 every message that needs no more than its subject and text body is right, and all others are kept whole;
 * 1 otherwise; 64 wrong use; 130 interrupted.
 */
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { projectDir } from "../services/shared/runtime/settings.ts";
import { chooseLetters, type ExpectedMail, loadMails, needsOnlyText, planRounds } from "./demo/expected.ts";
import type { Judgement } from "./demo/judge.ts";
import { type RoundResult, runRound } from "./demo/run-round.ts";
import { inScratch } from "./scratch.ts";

const HELP = `Usage: npm run demo [-- OPTION…]

  --letters FOLDER   a folder with expected.json (default: ../shared/corpus, else samples)
  --json             one line of JSON on stdout instead of the tables
`;

async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      letters: { type: "string" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const startedMs = performance.now();
  const folder = chooseLetters(projectDir, values.letters);
  const mails = await loadMails(folder);
  const rounds = planRounds(mails);
  const say = (words: string): void => {
    process.stderr.write(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${words}\n`);
  };
  say(
    `${mails.length} messages of ${relative(process.cwd(), folder) || "."}, ${rounds.length} fresh database(s)`,
  );
  const results: RoundResult[] = [];
  let allRight = false;
  const { interrupted } = await inScratch("saraban-demo", async (scratch) => {
    for (const [index, round] of rounds.entries())
      results.push(await runRound(round, { dir: join(scratch.dir, `round-${index + 1}`), scratch, say }));
    allRight = results.every(
      ({ faults, judgements }) =>
        faults.length === 0 && judgements.every(({ verdict }) => verdict !== "wrong"),
    );
    return allRight;
  });
  if (interrupted) return 130;
  const byFile = new Map(mails.map(({ expected }) => [expected.file, expected]));
  if (values.json) printJson(results);
  else printReport(results, byFile);
  return allRight ? 0 : 1;
}

function printReport(results: readonly RoundResult[], byFile: ReadonlyMap<string, ExpectedMail>): void {
  const lines: string[] = [];
  for (const [index, { books }] of results.entries()) {
    if (results.length > 1) lines.push("", `Database ${index + 1}`);
    for (const book of books) lines.push("", book.trimEnd());
  }
  const judgements = results.flatMap((result) => result.judgements);
  const list = (title: string, chosen: readonly Judgement[]): void => {
    if (chosen.length === 0) return;
    lines.push("", title);
    for (const { file, outcome, differences } of chosen) {
      const expected = byFile.get(file);
      lines.push(`  ${file} (facts in: ${expected?.where.join(", ") || "-"}): ${outcome}`);
      for (const difference of differences) lines.push(`      ${difference}`);
    }
  };
  const of = (verdict: Judgement["verdict"]) =>
    judgements.filter((judgement) => judgement.verdict === verdict);
  list(
    "Not read yet: accepted and kept octet for octet; what is missing stands in an attachment",
    of("not-read-yet"),
  );
  list("WRONG", of("wrong"));
  for (const fault of results.flatMap(({ faults }) => faults)) lines.push("", `WRONG: ${fault}`);
  const noted = new Map<string, string[]>();
  for (const { file, notes } of judgements)
    for (const note of notes) noted.set(note, [...(noted.get(note) ?? []), file]);
  for (const [note, files] of noted) lines.push("", `Note: ${note}:`, `  ${files.join(", ")}`);
  const conditioned = [...byFile.values()].filter(({ precondition }) => precondition !== undefined);
  if (conditioned.length > 0)
    lines.push(
      "",
      `Note: these need something sent by us before, which cannot be made yet: ${conditioned.map(({ file }) => file).join(", ")}`,
    );
  const text = judgements.filter(({ file }) => needsOnlyText(byFile.get(file) as ExpectedMail));
  const rest = judgements.filter((judgement) => !text.includes(judgement));
  const right = (some: readonly Judgement[]) => some.filter(({ verdict }) => verdict === "right").length;
  lines.push(
    "",
    `${judgements.length} messages. Subject and text body are enough for ${text.length}: ${right(text)} right, ${text.length - right(text)} wrong.`,
    `The other ${rest.length} need their attachments: ${right(rest)} right already, ${of("not-read-yet").length} not read yet, ${rest.length - right(rest) - of("not-read-yet").length} wrong.`,
  );
  process.stdout.write(`${lines.join("\n")}\n`);
}

function printJson(results: readonly RoundResult[]): void {
  const judgements = results.flatMap((result) => result.judgements);
  const files = (verdict: Judgement["verdict"]) =>
    judgements.filter((judgement) => judgement.verdict === verdict).map(({ file }) => file);
  const line = {
    demo: "corpus",
    files: judgements.length,
    right: files("right").length,
    wrong: [...files("wrong"), ...results.flatMap(({ faults }) => faults)],
    notReadYet: files("not-read-yet"),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  const { code, message, stack } = error as { code?: string; message: string; stack?: string };
  const usage = code?.startsWith("ERR_PARSE_ARGS") ?? false;
  process.stderr.write(`demo: ${usage ? message : (stack ?? message)}\n`);
  return usage ? 64 : 1;
});
