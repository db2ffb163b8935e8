import { open } from "node:fs/promises";
import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import { checkOctets } from "./http/check-receipt.ts";
import { findRecorded } from "./http/verify-store.ts";
import { findInstallation } from "./installation.ts";
import { onRecord } from "./operator-log.ts";
import { checkOffline, evidenceText, verdictOn } from "./receipt-file.ts";
import { textTable } from "./shared/letter/book-table.ts";
import { LARGEST_UPLOAD } from "./shared/letter/evidence/find-jws.ts";
import { jwks, type PublicKey, readJwks } from "./shared/letter/evidence/public-key.ts";
import { readOwnKeys } from "./shared/letter/evidence/public-key-store.ts";
import { readCode } from "./shared/letter/evidence/short-code.ts";
import { retireKeys, revokeKey } from "./shared/letter/evidence/signing-key-store.ts";
import type { Tables } from "./shared/letter/tables.ts";
import {
  inTransaction,
  type Kysely,
  openAdminPool,
  openDatabase,
  type RoomRole,
} from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings } from "./shared/runtime/settings.ts";

const USE = `saraban receipt: use:
  receipt verify FILE [--keys JWKS.json] [--json]   FILE is the receipt (.jws, .pdf or the mail, .eml), - for standard input;
                                                    exit code 0: authentic, 1: not, 2: its key is not known here
  receipt show ID|CODE [--json|--jws]
  receipt keys [--json]                             --json: the key set that others check our receipts with
  receipt rotate                                    retires the keys that sign; each service makes itself a new one
  receipt revoke KID --reason WORDS                 a key got into wrong hands: its signature proves nothing any more
`;

/** `saraban receipt`: whether a receipt is authentic, what one says, and the keys that receipts are signed with. */
export const run: RunCommand = async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean", default: false },
      jws: { type: "boolean", default: false },
      keys: { type: "string" },
      reason: { type: "string" },
    },
    allowPositionals: true,
  });
  const [verb = "", subject, ...more] = positionals;
  const needsSubject = ["verify", "show", "revoke"].includes(verb);
  if (more.length > 0 || needsSubject !== (subject !== undefined)) return wrongUse();
  switch (verb) {
    case "verify":
      return verifyFile(subject as string, values.keys, values.json);
    case "show":
      return show(subject as string, values.jws ? "jws" : values.json ? "json" : "text");
    case "keys":
      return keys(values.json);
    case "rotate":
      return rotate();
    case "revoke":
      return revoke(subject as string, values.reason?.trim() ?? "");
    default:
      return wrongUse();
  }
};

async function verifyFile(path: string, keyPath: string | undefined, json: boolean): Promise<number> {
  const octets = await readBounded(path);
  if (octets === undefined) return unreadable(path);
  let known: PublicKey[] | null | undefined;
  if (keyPath !== undefined) {
    known = await readKeyFile(keyPath);
    if (known === null) return unreadable(keyPath, "is no key set (JWKS)");
  }
  const checked = known
    ? checkOffline(octets, known)
    : await withDatabase("saraban_http", (database) => checkOctets(database, octets));
  const verdict = verdictOn(checked);
  if (json) process.stdout.write(`${JSON.stringify({ ...verdict, exitCode: undefined })}\n`);
  else {
    process.stdout.write(`${verdict.says.th}\n${verdict.says.en}\n`);
    const replacedBy = "replacedBy" in checked ? checked.replacedBy : null;
    if (replacedBy !== null)
      process.stdout.write(`มีฉบับใหม่ใช้แทนแล้ว / A newer one has taken its place: ${replacedBy}\n`);
    if (verdict.evidence !== null) process.stdout.write(`\n${evidenceText(verdict.evidence)}`);
  }
  return verdict.exitCode;
}

/** At most one octet more than a receipt may have; undefined when it cannot be read. */
async function readBounded(path: string): Promise<Buffer | undefined> {
  try {
    const file = path === "-" ? undefined : await open(path, "r");
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of file ? file.createReadStream() : process.stdin) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > LARGEST_UPLOAD) break;
    }
    return Buffer.concat(chunks);
  } catch {
    return undefined;
  }
}

/** Null for what is no key set. */
async function readKeyFile(path: string): Promise<PublicKey[] | null> {
  try {
    return readJwks(JSON.parse((await readBounded(path))?.toString("utf8") ?? ""), null);
  } catch {
    return null;
  }
}

async function show(idOrCode: string, form: "text" | "json" | "jws"): Promise<number> {
  const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(idOrCode);
  const wanted = isId ? idOrCode.toLowerCase() : readCode(idOrCode);
  if (wanted === null) return wrongUse();
  const found = await withDatabase("saraban_http", (database) =>
    inTransaction(database, acting(), (transaction) => findRecorded(transaction, wanted)),
  );
  if (!found) {
    process.stderr.write("saraban receipt: no receipt has this id or code here\n");
    return 1;
  }
  const replaced = found.replacedBy === null ? "" : `  ฉบับที่แทน / Replaced by: ${found.replacedBy}\n`;
  const texts = {
    jws: found.jws,
    json: JSON.stringify(found.facts),
    text: evidenceText(found.facts) + replaced,
  };
  process.stdout.write(`${texts[form].trimEnd()}\n`);
  return 0;
}

async function keys(json: boolean): Promise<number> {
  const own = await withDatabase("saraban_http", (database) =>
    inTransaction(database, acting(), readOwnKeys),
  );
  if (json) process.stdout.write(`${JSON.stringify(jwks(own))}\n`);
  else if (own.length === 0) process.stdout.write("There is no key yet: the first receipt makes one.\n");
  else {
    const rows = own.map(({ kid, retiredAt, revokedAt }) => [
      kid,
      revokedAt ? "revoked" : retiredAt ? "retired" : "signs",
      (revokedAt ?? retiredAt)?.toISOString() ?? "",
    ]);
    process.stdout.write(textTable([["key", "state", "since"], ...rows]));
  }
  return 0;
}

async function rotate(): Promise<number> {
  const retired = await onRecord(loadSettings(), { action: "receipt-key.rotate" }, () =>
    withDatabase("saraban_notification", (database) => inTransaction(database, acting(), retireKeys)),
  );
  for (const kid of retired) process.stdout.write(`${kid} signs no more; what it signed stands.\n`);
  process.stdout.write("The next receipt is signed with a new key.\n");
  return 0;
}

async function revoke(kid: string, reason: string): Promise<number> {
  if (reason === "" || reason.length > 1000) return wrongUse();
  const settings = loadSettings();
  const pool = openAdminPool(findInstallation(settings));
  const event = { action: "receipt-key.revoke", subject: { kind: "key", id: kid }, detail: { reason } };
  try {
    if (!(await onRecord(settings, event, () => revokeKey(pool, kid, reason)))) {
      process.stderr.write(
        `saraban receipt: no key ${kid} is here that was not revoked; saraban receipt keys shows them\n`,
      );
      return 1;
    }
  } finally {
    await pool.end();
  }
  process.stdout.write(
    `${kid} is revoked. Receipts that it signed are believed where they are looked up here (/verify, saraban receipt verify), and nowhere else.\n`,
  );
  return 0;
}

const acting = () => ({ actor: `person:os/${userInfo().username}`, agencies: [] }) as const;

async function withDatabase<Result>(
  role: RoomRole,
  work: (database: Kysely<Tables>) => Promise<Result>,
): Promise<Result> {
  const settings = loadSettings();
  const log = openLog(settings.log.level, "receipt");
  const database = openDatabase<Tables>(findInstallation(settings), role, 2, log);
  try {
    return await work(database);
  } finally {
    await database.destroy();
  }
}

function wrongUse(): number {
  process.stderr.write(USE);
  return 64;
}

function unreadable(path: string, why = "cannot be read"): number {
  process.stderr.write(`saraban receipt: ${path} ${why}\n`);
  return 64;
}
