/**
 * saraban: one executable, one sub-command a service. `saraban help` lists them.
 *
 * Exit codes: 0 done or stopped by a signal; 1 failed; 64 wrong use (EX_USAGE); 69 something needed is not there
 * (EX_UNAVAILABLE); 78 wrong settings (EX_CONFIG).
 */
import { DatabaseUnfit } from "./shared/runtime/migrate.ts";
import { SettingsError } from "./shared/runtime/settings.ts";

/** Command → file that exports `run`; loaded when it is asked for, so that `saraban help` loads nothing else. */
const COMMANDS: Readonly<Record<string, { readonly says: string; readonly file: string }>> = {
  all: {
    says: "every service in one process; with its own PostgreSQL unless DATABASE_URL is set",
    file: "./command-serve.ts",
  },
  timekeeper: { says: "asks the reference clocks; one on each host", file: "./command-serve.ts" },
  intake: { says: "the doors: SMTP, and IMAP from mailboxes on other servers", file: "./command-serve.ts" },
  reading: { says: "reads accepted messages", file: "./command-serve.ts" },
  registry: { says: "numbers letters", file: "./command-serve.ts" },
  notification: { says: "acknowledges letters", file: "./command-serve.ts" },
  indexing: { says: "follows the books for the search", file: "./command-serve.ts" },
  printing: { says: "prints and exports books", file: "./command-serve.ts" },
  relay: { says: "carries work from the outbox to the queue", file: "./command-serve.ts" },
  http: {
    says: "the doors of clerks and programs, and /healthz, /readyz, /metrics",
    file: "./command-serve.ts",
  },
  migrate: {
    says: "makes or updates the database's tables and reads agencies and partners into them",
    file: "./command-migrate.ts",
  },
  book: {
    says: "prints an agency's inbound book: saraban book AGENCY [--year B.E.] [--json]",
    file: "./command-book.ts",
  },
  clerk: {
    says: 'who may use the HTTP door: saraban clerk add ID --name "ชื่อ สกุล" --agency A [--may approve], clerk list|token ID|rights ID --may approve|remove ID',
    file: "./command-clerk.ts",
  },
  client: {
    says: 'programs that use the exchange API or e-CMS: saraban client add ID --name "…" --agency A --scope submit …, client list|show ID|rotate ID|scopes ID|certificate ID|network ID|revoke ID … [--json]',
    file: "./command-client.ts",
  },
  tray: {
    says: "what waits for a clerk: saraban tray AGENCY [list|show|register|reject|invalid|not-a-letter|merge|duty] … [--json]",
    file: "./command-tray.ts",
  },
  entry: {
    says: "a line of a book: saraban entry BOOK NUMBER/YEAR [show|correct|fill|cancel|hand-over|answer-recall] …, entry BOOK enter|reserve … [--json]",
    file: "./command-entry.ts",
  },
  outbound: {
    says: "letters of our own: saraban outbound draft --agency A --subject … --to PARTNER|ADDRESS --file F; outbound list|show|change|check|return|approve|send|resend|recall|withdraw|note-answer|unanswered|file … [--json]",
    file: "./command-outbound.ts",
  },
  search: {
    says: "finds lines of the books: saraban search TERM… [--from, --to, --book, --urgency …] [--json]; search --rebuild",
    file: "./command-search.ts",
  },
  print: {
    says: "a book as .pdf, .xlsx or .csv: saraban print BOOK --out FILE [--from, --to …]; the receive stamp: --stamp NUMBER [--on LETTER.pdf]",
    file: "./command-print.ts",
  },
  clock: {
    says: "the state of the clock that official times carry; saraban clock export: the kept samples, for an auditor [--json]",
    file: "./command-clock.ts",
  },
  letter: {
    says: "shows what became of an accepted letter: saraban letter ID [--json]",
    file: "./command-letter.ts",
  },
  jobs: {
    says: "work that keeps failing: saraban jobs [list|retry ID…|retry --all] [--json]",
    file: "./command-jobs.ts",
  },
  notices: {
    says: "acknowledgements that no server took: saraban notices [list|retry LETTER-ID…|retry --all] [--json]",
    file: "./command-notices.ts",
  },
  receipt: {
    says: "whether a receipt is authentic: saraban receipt verify FILE [--keys JWKS.json]; receipt show ID|CODE, keys, rotate, revoke KID --reason …",
    file: "./command-receipt.ts",
  },
  keys: {
    says: "the keys of classified letters: saraban keys [list|rotate AGENCY LEVEL|check] [--json]",
    file: "./command-keys.ts",
  },
  webhook: {
    says: "programs that are told of receipts and answers: saraban webhook [list|add ID --agency A --url U|remove ID|test ID] [--json]",
    file: "./command-webhook.ts",
  },
  imap: {
    says: "mailboxes on other servers: last look, trouble, what was not taken in: saraban imap [--json]",
    file: "./command-imap.ts",
  },
  ecms: {
    says: "e-CMS nodes of others that agencies use: last look into the queue, trouble, what waits: saraban ecms [--json]",
    file: "./command-ecms.ts",
  },
  quarantine: {
    says: "refused arrivals, and until when their octets are kept: saraban quarantine [list] [--agency AGENCY] [--json]",
    file: "./command-quarantine.ts",
  },
  verify: {
    says: "checks the whole register and names what is wrong: saraban verify [--agency AGENCY] [--stuck-after 1h] [--skip-files] [--json]",
    file: "./command-verify.ts",
  },
  settings: { says: "the settings in force, secrets hidden [--json]", file: "./command-settings.ts" },
};

const HELP = `Usage: saraban COMMAND [OPTION]…

${Object.entries(COMMANDS)
  .map(([name, { says }]) => `  ${name.padEnd(14)}${says}`)
  .join("\n")}

Settings come from config/default.yaml, the file that SARABAN_CONFIG names, and the environment
(schemas/settings.schema.json lists them all).
`;

/** A command: its own arguments, and the exit code it ends with. */
export type RunCommand = (args: readonly string[], name: string) => Promise<number>;

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined || ["help", "--help", "-h"].includes(name)) {
    process.stdout.write(HELP);
    return name === undefined ? 64 : 0;
  }
  const command = COMMANDS[name];
  if (!command) {
    process.stderr.write(`saraban: there is no command ${name}; see saraban help\n`);
    return 64;
  }
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(`saraban ${name}: ${command.says}\n`);
    return 0;
  }
  const { run } = (await import(command.file)) as { run: RunCommand };
  return run(args, name);
}

/** What a person can mend is said in words; everything else keeps its stack for whoever has to find the fault. */
function report(error: unknown): number {
  if (error instanceof SettingsError) {
    process.stderr.write(
      `saraban: the settings cannot be used:\n${error.faults.map((fault) => `  ${fault}\n`).join("")}`,
    );
    return 78;
  }
  if (error instanceof DatabaseUnfit) {
    process.stderr.write(`saraban: ${error.message}\n`);
    return 69;
  }
  const { code, message } = error as { code?: string; message?: string };
  if (code?.startsWith("ERR_PARSE_ARGS")) {
    process.stderr.write(`saraban: ${message}\n`);
    return 64;
  }
  // 57P…: PostgreSQL is starting up or shutting down.
  if (/^(EADDRINUSE|EACCES|ECONNREFUSED|ENOTFOUND|57P\d\d)$/.test(code ?? "")) {
    process.stderr.write(`saraban: ${message}\n${hint(code ?? "")}`);
    return 69;
  }
  process.stderr.write(
    `saraban: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return 1;
}

function hint(code: string): string {
  if (code === "EADDRINUSE") {
    return "  Another program listens there. Stop it, or choose other ports: SARABAN_SMTP_PORT, SARABAN_HTTP_PORT.\n";
  }
  if (code === "EACCES")
    return "  This user may not listen there. Ports below 1024 need root; choose a higher one.\n";
  return "  Is the server of DATABASE_URL or REDIS_URL running, and reachable from here?\n";
}

if (Number(process.versions.node.split(".")[0]) < 24) {
  process.stderr.write(
    `saraban: Node.js ${process.versions.node} is too old, 24 is needed; start with npm (npm start), which brings it along\n`,
  );
  process.exit(69);
}
// `saraban … | head`: who has read enough closes the pipe. Not 0, which could be taken for a verdict; as a shell has it (SIGPIPE).
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 141 : 1);
});
process.exitCode = await main(process.argv.slice(2)).catch(report);
