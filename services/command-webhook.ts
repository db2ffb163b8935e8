import { userInfo } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import { findInstallation } from "./installation.ts";
import { promiseWebhookCalls } from "./notification/webhook/promise-calls.ts";
import { webhookUrlFault } from "./notification/webhook/webhook-address.ts";
import {
  addWebhook,
  listWebhooks,
  readAnswers,
  removeWebhook,
} from "./notification/webhook/webhook-store.ts";
import { onRecord } from "./operator-log.ts";
import { textTable } from "./shared/letter/book-table.ts";
import { systemClock } from "./shared/letter/stamp.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { inTransaction, openAdminPool, openDatabase } from "./shared/runtime/database.ts";
import { newId } from "./shared/runtime/ids.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings, type Settings } from "./shared/runtime/settings.ts";
import { shown } from "./show-fields.ts";

const USE = `saraban webhook: use:
  webhook add ID --agency A --url https://…    tells a program of the agency of each receipt and each answer
  webhook [list] [--json]
  webhook remove ID
  webhook test ID                              calls it, and says what it answered
`;
const ANSWER_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 300;

/** `saraban webhook`: programs that are told what becomes of letters. Works with the rights of the one who migrates. */
export const run: RunCommand = async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { json: { type: "boolean" }, agency: { type: "string" }, url: { type: "string" } },
    allowPositionals: true,
  });
  const [verb = "list", id, ...more] = positionals;
  if (
    !["add", "list", "remove", "test"].includes(verb) ||
    more.length > 0 ||
    (verb === "list") !== (id === undefined)
  )
    return wrongUse();
  const settings = loadSettings();
  const pool = openAdminPool(findInstallation(settings));
  const subject = { kind: "webhook", id: id ?? "" };
  try {
    switch (verb) {
      case "add":
        return await add(pool, settings, id as string, values.agency ?? "", values.url ?? "");
      case "remove":
        if (
          !(await onRecord(settings, { action: "webhook.remove", subject }, () =>
            removeWebhook(pool, id as string),
          ))
        )
          return noSuchWebhook(id as string);
        process.stdout.write(`${id} is called no more.\n`);
        return 0;
      case "test":
        return await test(pool, id as string);
      default:
        return await list(pool, values.json === true);
    }
  } finally {
    await pool.end();
  }
};

type Pool = ReturnType<typeof openAdminPool>;

async function add(
  pool: Pool,
  settings: Settings,
  id: string,
  agencyId: string,
  url: string,
): Promise<number> {
  if (agencyId === "" || url === "") return wrongUse();
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(id))
    return wrongUse("an ID has small letters, digits and hyphens, 63 at most");
  const fault = webhookUrlFault(url);
  if (fault !== null) return wrongUse(`--url: ${fault}`);
  // Of the address its host: what stands behind it may be a secret.
  const detail = { host: URL.parse(url)?.host ?? "" };
  const event = { action: "webhook.add", agencyId, subject: { kind: "webhook", id }, detail };
  const refused = await onRecord(
    settings,
    event,
    () => addWebhook(pool, { id, agencyId, url }),
    (because) => typeof because !== "string",
  );
  if (refused === "no-agency") return wrongUse(`--agency: there is no agency ${agencyId} here`);
  if (refused === "in-use") {
    process.stderr.write(`saraban webhook: the id ${id} is in use; remove it first, or take another one\n`);
    return 1;
  }
  process.stdout.write(
    `${id} is called from now on. Its calls are signed with the keys of saraban receipt keys --json.\n`,
  );
  return 0;
}

async function list(pool: Pool, json: boolean): Promise<number> {
  const webhooks = await listWebhooks(pool);
  if (json) process.stdout.write(`${JSON.stringify(webhooks)}\n`);
  else if (webhooks.length === 0) process.stdout.write(`There is no webhook yet.\n${USE}`);
  else {
    const rows = webhooks.map(({ id, agencyId, url, active, due, delivered, failed }) => [
      id,
      agencyId,
      active ? "active" : "removed",
      `${due}`,
      `${delivered}`,
      `${failed}`,
      shown(url),
    ]);
    process.stdout.write(
      textTable([["id", "agency", "state", "due", "delivered", "failed", "url"], ...rows]),
    );
  }
  return 0;
}

/** Goes the way of every other call, through the running service: what is tried is what will be in force. */
async function test(pool: Pool, id: string): Promise<number> {
  const webhook = (await listWebhooks(pool)).find((one) => one.id === id && one.active);
  if (!webhook) return noSuchWebhook(id);
  const settings = loadSettings();
  const log = openLog(settings.log.level, "webhook");
  const database = openDatabase<Tables>(findInstallation(settings), "saraban_notification", 2, log);
  const acting = { actor: `person:os/${userInfo().username}`, agencies: [webhook.agencyId] } as const;
  const letterKey = newId();
  try {
    await inTransaction(database, acting, (transaction) =>
      promiseWebhookCalls(
        transaction,
        webhook.agencyId,
        letterKey,
        { type: "webhook.test", data: {} },
        systemClock()(),
        id,
      ),
    );
    const until = performance.now() + ANSWER_WITHIN_MS;
    while (performance.now() < until) {
      const [answer] = await inTransaction(database, acting, (transaction) =>
        readAnswers(transaction, letterKey),
      );
      if (answer) {
        process.stdout.write(`${answer.result}: ${shown(answer.reply)}\n`);
        return answer.result === "accepted" ? 0 : 1;
      }
      await pause(LOOK_EVERY_MS);
    }
  } finally {
    await database.destroy();
  }
  process.stderr.write(
    "saraban webhook: nothing came of it yet: is the notification service running (/readyz)? The call is kept, and made later.\n",
  );
  return 69;
}

function wrongUse(words?: string): number {
  process.stderr.write(words === undefined ? USE : `saraban webhook: ${words}\n`);
  return 64;
}

function noSuchWebhook(id: string): number {
  process.stderr.write(
    `saraban webhook: there is no webhook ${id} at work; saraban webhook list shows them all\n`,
  );
  return 1;
}
