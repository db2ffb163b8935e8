import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import {
  activeAgencies,
  CLERK_RIGHTS,
  type ClerkRight,
  insertClerk,
  listClerks,
  newToken,
  removeClerk,
  replaceToken,
  setRights,
} from "./http/clerk-store.ts";
import { findInstallation } from "./installation.ts";
import { type OperatorEvent, onRecord } from "./operator-log.ts";
import { textTable } from "./shared/letter/book-table.ts";
import { openAdminPool } from "./shared/runtime/database.ts";
import { loadSettings } from "./shared/runtime/settings.ts";

const USAGE =
  'use: clerk add ID --name "ชื่อ สกุล" --agency A [--agency B] [--may approve], clerk list [--json], clerk token ID, clerk rights ID --may approve|--none, clerk remove ID';

type Pool = ReturnType<typeof openAdminPool>;

/** `saraban clerk`: who may use the HTTP door, for which agencies. Works with the rights of the one who migrates. */
export const run: RunCommand = async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean" },
      name: { type: "string" },
      agency: { type: "string", multiple: true },
      may: { type: "string", multiple: true },
      none: { type: "boolean" },
    },
    allowPositionals: true,
  });
  const [verb = "list", id, ...more] = positionals;
  const needsId = verb !== "list";
  if (
    !["add", "list", "token", "rights", "remove"].includes(verb) ||
    more.length > 0 ||
    needsId === (id === undefined)
  )
    return wrongUse(USAGE);
  const rights = [...new Set(values.may)];
  if (!rights.every((right) => CLERK_RIGHTS.some((known) => known === right)))
    return wrongUse(`--may is one of ${CLERK_RIGHTS.join(", ")}: approve, to sign outbound letters off`);
  if (verb === "rights" && rights.length > 0 === (values.none === true)) return wrongUse(USAGE);
  const may = rights as ClerkRight[];
  const settings = loadSettings();
  const pool = openAdminPool(findInstallation(settings));
  const recorded: Recorded = (action, subject, detail, work) =>
    onRecord(settings, { action: `clerk.${action}`, subject: { kind: "clerk", id: subject }, detail }, work);
  try {
    switch (verb) {
      case "add":
        return await add(
          pool,
          recorded,
          id as string,
          values.name?.trim() ?? "",
          [...new Set(values.agency)],
          may,
        );
      case "rights":
        if (
          !(await recorded("rights", id as string, { rights: may.join(" ") }, () =>
            setRights(pool, id as string, may),
          ))
        )
          return noSuchClerk(id as string);
        process.stdout.write(`${id} may ${may.length === 0 ? "do what every clerk may" : may.join(", ")}.\n`);
        return 0;
      case "token":
        return await renew(pool, recorded, id as string);
      case "remove":
        if (!(await recorded("remove", id as string, {}, () => removeClerk(pool, id as string))))
          return noSuchClerk(id as string);
        process.stdout.write(`${id} is removed: the token opens nothing any more.\n`);
        return 0;
      default:
        return await list(pool, values.json === true);
    }
  } finally {
    await pool.end();
  }
};

/** Does something that is written to the audit log. */
type Recorded = <Result>(
  action: string,
  id: string,
  detail: NonNullable<OperatorEvent["detail"]>,
  work: () => Promise<Result>,
) => Promise<Result>;

async function add(
  pool: Pool,
  recorded: Recorded,
  id: string,
  name: string,
  agencies: readonly string[],
  rights: readonly ClerkRight[],
): Promise<number> {
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(id))
    return wrongUse("an ID has small letters, digits, dots, hyphens and underscores, 63 at most");
  if (name === "" || name.length > 200)
    return wrongUse("--name is the given name and surname, as receipts and prints show it");
  const known = await activeAgencies(pool);
  const unknown = agencies.filter((agency) => !known.includes(agency));
  if (agencies.length === 0 || unknown.length > 0) {
    const which = unknown.length > 0 ? `there is no agency ${unknown.join(", ")}; ` : "";
    return wrongUse(`${which}--agency is one of ${known.join(", ")}, and may be given more than once`);
  }
  const token = newToken();
  const detail = { agencies: agencies.join(" "), rights: rights.join(" ") };
  if (!(await recorded("add", id, detail, () => insertClerk(pool, { id, name, agencies, rights }, token)))) {
    process.stderr.write(
      `saraban clerk: the id ${id} is in use, be it by a clerk who was removed: acts are signed with it. Take another one, or renew its token: saraban clerk token ${id}\n`,
    );
    return 1;
  }
  sayToken(id, token);
  return 0;
}

async function renew(pool: Pool, recorded: Recorded, id: string): Promise<number> {
  const token = newToken();
  if (!(await recorded("token", id, {}, () => replaceToken(pool, id, token)))) return noSuchClerk(id);
  sayToken(id, token);
  return 0;
}

/** The token alone on stdout, so that a script can put it where it belongs. */
function sayToken(id: string, token: string): void {
  process.stdout.write(`${token}\n`);
  process.stderr.write(`This is the token of ${id}. It is shown this once; only its hash is kept.\n`);
}

async function list(pool: Pool, json: boolean): Promise<number> {
  const clerks = await listClerks(pool);
  if (json) process.stdout.write(`${JSON.stringify(clerks)}\n`);
  else if (clerks.length === 0) process.stdout.write(`There is no clerk yet; ${USAGE}\n`);
  else {
    const rows = clerks.map(({ id, name, agencies, rights, active, madeAt }) => [
      id,
      name,
      agencies.join(", "),
      rights.join(", ") || "-",
      active ? "active" : "removed",
      madeAt.toISOString().slice(0, 10),
    ]);
    process.stdout.write(textTable([["id", "ชื่อ", "หน่วยงาน", "สิทธิ", "state", "since"], ...rows]));
  }
  return 0;
}

function wrongUse(words: string): number {
  process.stderr.write(`saraban clerk: ${words}\n`);
  return 64;
}

function noSuchClerk(id: string): number {
  process.stderr.write(
    `saraban clerk: no clerk ${id} is at work; saraban clerk list shows them all. One who was removed stays so: add the person under another id.\n`,
  );
  return 1;
}
