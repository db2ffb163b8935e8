import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import { exportLog } from "./audit/log/export-log.ts";
import { eventJson, eventsText, verificationText } from "./audit/log/log-text.ts";
import { proveEvent } from "./audit/log/prove-event.ts";
import { type EventFilter, findEvents } from "./audit/log/read-log-store.ts";
import { verifyLog } from "./audit/log/verify-log.ts";
import type { RunCommand } from "./cli.ts";
import { openProcessClock } from "./clock/process-clock.ts";
import { findInstallation } from "./installation.ts";
import { onRecord } from "./operator-log.ts";
import { readDuration } from "./read-duration.ts";
import { dayOfIsoDate } from "./shared/letter/bangkok-day.ts";
import { listAgencies } from "./shared/letter/inbound-book.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { parseThaiDate } from "./shared/letter/thai-date.ts";
import { type Acting, inTransaction, type Kysely, openDatabase } from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings, type Settings } from "./shared/runtime/settings.ts";
import { shown } from "./show-fields.ts";
import { placeFiles } from "./witness/places/read-places.ts";

const ROLE = "saraban_audit";

const USE = `saraban audit: use:
  audit verify [--against FILE|RECEIPT|JWS]… [--stuck-after 15m] [--json]
                       makes the whole log again and names what was edited, removed, moved or put in; compares it with the
                       second place's file, and with what --against names: a file of checkpoints, a syslog server's log, a
                       receipt (.jws, .pdf, .eml), a checkpoint itself. Exit code 0: in order; 1: not
  audit read [--actor person:ID] [--subject ID] [--action letter.read|letter] [--agency A] [--outcome allowed|denied|failed]
             [--from DATE] [--to DATE] [--limit 100] [--before NUMBER] [--json]      the newest first
  audit prove EVENT-ID|NUMBER [--out PROOF.json] [--json]       that an event stands in the signed log
  audit export --from DATE --to DATE [--agency A] --out FOLDER|FILE.zip
                       for an auditor: events, checkpoints, keys, and verify.mjs, which checks them with Node.js alone
  a DATE is such as 31/5/2569, or a time such as 2026-05-31T08:30:00+07:00; --to takes in its day
`;

/** `saraban audit`: the log of who did what. */
export const run: RunCommand = async (args) => {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const [verb = "", subject, ...more] = positionals;
  if (more.length > 0 || (verb === "prove") !== (subject !== undefined)) return wrongUse();
  const settings = loadSettings();
  switch (verb) {
    case "verify":
      return withLog(settings, (log) => verify(log, settings, values));
    case "read":
      return withLog(settings, (log) => read(log, settings, values));
    case "prove":
      return withLog(settings, (log) => prove(log, subject as string, values));
    case "export":
      return withLog(settings, (log) => exportTo(log, settings, values));
    default:
      return wrongUse();
  }
};

const OPTIONS = {
  json: { type: "boolean", default: false },
  against: { type: "string", multiple: true, default: [] as string[] },
  "stuck-after": { type: "string", default: "15m" },
  progress: { type: "boolean", default: process.stderr.isTTY ?? false },
  actor: { type: "string" },
  subject: { type: "string" },
  action: { type: "string" },
  agency: { type: "string" },
  outcome: { type: "string" },
  from: { type: "string" },
  to: { type: "string" },
  limit: { type: "string", default: "100" },
  before: { type: "string" },
  out: { type: "string" },
} as const;
type Options = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

interface OpenLog {
  readonly database: Kysely<Tables>;
  readonly acting: Acting;
  readonly at: Date;
}

async function verify(log: OpenLog, settings: Settings, options: Options): Promise<number> {
  const stuckAfterMs = readDuration(options["stuck-after"]);
  if (stuckAfterMs === null) return wrongUse();
  const unreadable = options.against.find((source) => !/^eyJ[^/\\]*$/.test(source) && !existsSync(source));
  if (unreadable !== undefined) return wrongUse(`--against: ${unreadable} cannot be read`);
  const own = placeFiles(settings.audit.secondPlace, settings.dataDir);
  const missing = own.filter((file) => !existsSync(file));
  for (const file of missing)
    process.stderr.write(`The second place ${file} cannot be read here, and is not compared.\n`);
  const verification = await verifyLog({
    ...log,
    checkedAt: log.at,
    stuckAfterMs,
    against: [...own.filter((file) => !missing.includes(file)), ...options.against],
    progress: options.progress ? (leaves) => void process.stderr.write(`\r${leaves} leaves\r`) : () => {},
  });
  process.stdout.write(options.json ? `${JSON.stringify(verification)}\n` : verificationText(verification));
  return verification.verified ? 0 : 1;
}

async function read(log: OpenLog, settings: Settings, options: Options): Promise<number> {
  const [from, until] = [readMoment(options.from, "from"), readMoment(options.to, "to")];
  const [limit, before] = [
    Number(options.limit),
    options.before === undefined ? undefined : Number(options.before),
  ];
  if (from === null || until === null || !(Number.isInteger(limit) && limit > 0 && limit <= 100_000))
    return wrongUse();
  if (before !== undefined && !Number.isSafeInteger(before)) return wrongUse();
  const { actor, subject, action, agency, outcome } = options;
  const filter: EventFilter = { actor, subject, action, agency, outcome, from, until, before };
  const asked = Object.fromEntries(
    Object.entries({ actor, subject, action, agency, outcome, from: options.from, to: options.to }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
  // Who reads the log stands in the log.
  const events = await onRecord(settings, { action: "audit.read", detail: asked }, () =>
    inTransaction(log.database, log.acting, (transaction) => findEvents(transaction, filter, limit)),
  );
  if (options.json) {
    const next = events.length === limit ? (events.at(-1)?.seq ?? null) : null;
    process.stdout.write(`${JSON.stringify({ events: events.map(eventJson), next })}\n`);
  } else if (events.length === 0) process.stdout.write("ไม่พบบันทึกตามเงื่อนไข / No event is like that.\n");
  else process.stdout.write(eventsText(events, shown));
  return 0;
}

async function prove({ database, acting }: OpenLog, id: string, options: Options): Promise<number> {
  const isId = /^\d{1,15}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);
  if (!isId) return wrongUse();
  const proved = await proveEvent(database, acting, id);
  if (proved.state !== "proved") {
    process.stderr.write(`saraban audit: ${NOT_PROVED[proved.state]}\n`);
    return 1;
  }
  const { proof, row } = proved;
  if (options.out !== undefined)
    await writeFile(options.out, `${JSON.stringify(proof)}\n`, { flag: "wx", mode: 0o640 });
  if (options.json) process.stdout.write(`${JSON.stringify(proof)}\n`);
  else
    process.stdout.write(
      `${eventsText([row], shown)}\nLeaf ${proof.leafIndex} of ${proof.treeSize}, under root ${proof.root}: proved by ${proof.path.length} hashes.\n`,
    );
  return 0;
}

const NOT_PROVED = {
  "no-event": "there is no such event",
  "not-signed":
    "it stands there, and is under no checkpoint yet: wait half a minute (is the service witness running?)",
  "not-in-tree":
    "it is not what stands in the signed log: it was changed; saraban audit verify tells what else",
} as const;

async function exportTo(log: OpenLog, settings: Settings, options: Options): Promise<number> {
  const [from, until] = [readMoment(options.from, "from"), readMoment(options.to, "to")];
  const { out, agency } = options;
  if (!from || !until || from >= until || out === undefined) return wrongUse();
  if (out.toLowerCase().endsWith(".zip") && existsSync(out)) return wrongUse(`${out} is there already`);
  const event = {
    action: "audit.export",
    door: "export",
    agencyId: agency ?? null,
    detail: { from: from.toISOString(), until: until.toISOString() },
  } as const;
  const exported = await onRecord(
    settings,
    event,
    () => exportLog(log.database, log.acting, { from, until, agency, out, madeAt: log.at }),
    (done) => done !== null,
  );
  if (exported === null) {
    process.stderr.write("saraban audit: no event of that time is under a checkpoint\n");
    return 1;
  }
  const { events, hidden, checkpoints, notSigned } = exported;
  process.stdout.write(
    `${out}: ${events} events, of ${hidden} beside them the hash alone, ${checkpoints} checkpoints. To check it: node verify.mjs\n${
      notSigned > 0 ? `Left out, for no checkpoint covers them yet: up to ${notSigned} of the newest.\n` : ""
    }`,
  );
  return 0;
}

/** Undefined when nothing was given, null when it is no time. A day begins at midnight in Bangkok; as an end it is taken in. */
function readMoment(text: string | undefined, edge: "from" | "to"): Date | null | undefined {
  if (text === undefined) return undefined;
  if (/T.*(Z|[+-]\d\d:\d\d)$/.test(text)) {
    const at = new Date(text);
    return Number.isNaN(at.getTime()) ? null : at;
  }
  const iso = parseThaiDate(text) ?? text;
  if (dayOfIsoDate(iso) === null) return null;
  const midnightMs = Date.parse(`${iso}T00:00:00+07:00`);
  return new Date(edge === "from" ? midnightMs : midnightMs + 86_400_000);
}

async function withLog(settings: Settings, work: (log: OpenLog) => Promise<number>): Promise<number> {
  const address = findInstallation(settings);
  const log = openLog(settings.log.level, "audit");
  const database = openDatabase<Tables>(address, ROLE, 1, log);
  try {
    const clock = await openProcessClock(settings.clock, address, ROLE, log);
    const { at } = clock.now();
    await clock.stop();
    const acting: Acting = { actor: `person:${userInfo().username}`, agencies: await listAgencies(database) };
    return await work({ database, acting, at });
  } finally {
    await database.destroy();
  }
}

function wrongUse(words?: string): number {
  process.stderr.write(words === undefined ? USE : `saraban audit: ${words}\n`);
  return 64;
}
