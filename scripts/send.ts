/**
 * npm run send -- LETTER.eml [--to ADDRESS]… [--from ADDRESS] [--server HOST:PORT] [--fresh]
 *
 * Sends a message by SMTP to the running service and tells what became of it: register number, outcome and reason, and
 * the acknowledgement.
 *
 * Exit codes: 0 sent and its outcome is known; 1 refused, or no outcome in time; 64 wrong use; 69 service not there.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findInstallation } from "../services/installation.ts";
import type { Tables } from "../services/shared/letter/tables.ts";
import { openDatabase } from "../services/shared/runtime/database.ts";
import { openLog } from "../services/shared/runtime/log.ts";
import { DatabaseUnfit } from "../services/shared/runtime/migrate.ts";
import { loadSettings, type Settings, SettingsError } from "../services/shared/runtime/settings.ts";
import { actingForAll, followLetters, tellNotice, tellStatus, type WayOut } from "./send/outcome.ts";
import { freshCopy, readEnds } from "./send/read-eml.ts";
import { type Delivery, openSmtpSender } from "./smtp-sender.ts";

const HELP = `Usage: npm run send -- LETTER.eml [OPTION]…

  --to ADDRESS         envelope recipient, may be repeated (default: To and Cc of the message)
  --from ADDRESS       envelope sender, "" or "<>" for none (default: From of the message)
  --server HOST:PORT   SMTP server (default: this installation's)
  --fresh              sends it as another letter: new Message-ID, new running number behind the slash
  --wait SECONDS       how long to wait for the outcome (default 30)

samples/ holds letters to try; the agencies served are saraban@agency-a.example.go.th and saraban@agency-b.example.go.th.
`;

class Stop extends Error {
  readonly exitCode: number;
  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: {
      to: { type: "string", multiple: true },
      from: { type: "string" },
      server: { type: "string" },
      fresh: { type: "boolean" },
      wait: { type: "string", default: "30" },
      help: { type: "boolean", short: "h" },
    },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new Stop(64, `say which one file to send\n\n${HELP}`);
  const waitMs = Number(values.wait) * 1000;
  if (!(waitMs >= 0)) throw new Stop(64, "--wait is a number of seconds");
  const settings = loadSettings();
  const { host, port } = serverOf(values.server, settings);
  const given = await readLetter(file);
  const octets = values.fresh ? await freshCopy(given, Math.floor(Date.now() / 100) % 10_000_000) : given;
  const ends = await readEnds(octets);
  const from = values.from?.replace(/^<(.*)>$/, "$1") ?? ends.from;
  const to = values.to ?? ends.to;
  if (from === null) throw new Stop(64, `${file} has no From; say the sender with --from`);
  if (to.length === 0) throw new Stop(64, `${file} has no To; say the recipient with --to`);

  process.stderr.write(`Sending ${file} (${octets.length} bytes) from <${from}> to ${to.join(", ")} …\n`);
  const ids = acceptedIds(await sendTo(host, port, from, to, octets));
  return tellWhatBecame(settings, ids, waitMs);
}

function serverOf(server: string | undefined, settings: Settings): { host: string; port: number } {
  if (server === undefined) {
    const { host, port } = settings.smtp;
    // A door that listens everywhere is reached over loopback.
    return { host: host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host, port };
  }
  const [, host, port] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(server) ?? [];
  if (host === undefined) throw new Stop(64, "--server is HOST:PORT, such as 127.0.0.1:2525");
  return { host, port: Number(port) };
}

async function readLetter(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new Stop(64, `there is no file ${file}; letters to try are in samples/`);
    throw new Stop(64, `${file} cannot be read: ${(error as Error).message}`);
  }
}

async function sendTo(
  host: string,
  port: number,
  from: string,
  to: readonly string[],
  octets: Buffer,
): Promise<Delivery> {
  try {
    const sender = await openSmtpSender(host, port);
    const smtpUtf8 = /[^\0-\x7f]/.test([from, ...to].join("")) || hasRawHeader(octets);
    const delivery = await sender.deliver({ from, to, octets, smtpUtf8 });
    await sender.quit();
    return delivery;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ECONNREFUSED") {
      throw new Stop(
        69,
        `nothing listens on ${host}:${port}: start the service with npm start (in another terminal), or name it with --server`,
      );
    }
    throw new Stop(69, `${host}:${port}: ${message}`);
  }
}

/** Header fields in raw UTF-8 need the SMTPUTF8 extension (RFC 6531 §3.1). */
function hasRawHeader(octets: Buffer): boolean {
  const end = octets.indexOf("\r\n\r\n");
  return octets.subarray(0, end === -1 ? octets.length : end).some((octet) => octet > 0x7f);
}

function acceptedIds(delivery: Delivery): readonly string[] {
  const refusal = (at: string, text: string): string => `the server refused ${at}: ${text}`;
  if (delivery.kind === "refused") throw new Stop(1, refusal(delivery.at, delivery.reply.text));
  for (const { address, reply } of delivery.refusedRecipients)
    process.stderr.write(`${refusal(`RCPT TO:<${address}>`, reply.text)}\n`);
  process.stderr.write(`${delivery.reply.text}\n`);
  return delivery.ids;
}

async function tellWhatBecame(settings: Settings, ids: readonly string[], waitMs: number): Promise<number> {
  const database = openDatabase<Tables>(
    findInstallation(settings),
    "saraban_http",
    2,
    openLog("silent", "send"),
  );
  try {
    const following = { database, acting: await actingForAll(database, "person:send") };
    const progress = (words: string): void => void process.stderr.write(`… ${words}\n`);
    const way = wayOut(settings);
    const answersLeave = way.kind !== "waiting";
    const { statuses, settled } = await followLetters(following, ids, waitMs, progress, answersLeave);
    if (statuses.length === 0)
      throw new Stop(1, "the letter was accepted, but not by this installation: ask there what became of it");
    for (const status of statuses) {
      const lines = [...(await tellStatus(following, status)), ...(await tellNotice(status, way))];
      process.stdout.write(`${lines.join("\n")}\n`);
    }
    if (settled) return 0;
    process.stderr.write(
      `send: not everything is done after ${waitMs / 1000} s; see npm run -s saraban -- jobs\n`,
    );
    return 1;
  } finally {
    await database.destroy();
  }
}

function wayOut({ notification, database, dataDir }: Settings): WayOut {
  const { delivery, smarthostUrl, withoutSmarthost } = notification;
  if (delivery === "mx") return { kind: "sent", through: "the mail servers of the sender's domain" };
  if (smarthostUrl !== "") return { kind: "sent", through: `the smarthost ${new URL(smarthostUrl).host}` };
  const waits = withoutSmarthost === "wait" || (withoutSmarthost === "auto" && database.url !== "");
  return waits ? { kind: "waiting" } : { kind: "files", folder: join(dataDir, "outgoing") };
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  const { code, message } = error as { code?: string; message: string };
  process.stderr.write(`send: ${message}\n`);
  if (error instanceof Stop) return error.exitCode;
  if (error instanceof SettingsError) return 78;
  if (error instanceof DatabaseUnfit) return 69;
  if (code?.startsWith("ERR_PARSE_ARGS")) return 64;
  return 1;
});
