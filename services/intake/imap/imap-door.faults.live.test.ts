/** What can go wrong between a mailbox of a real Dovecot and the books: lines, processes, sizes, other clients. */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { ImapFlow } from "imapflow";
import { afterAll, test as anyTest, beforeAll, type TestContext } from "vitest";
import { startServiceProcess } from "../../shared/testing/service-process.ts";
import { noDovecot, type RunningDovecot, startDovecot } from "../testing/dovecot.ts";
import { type LineProxy, startLineProxy } from "../testing/line-proxy.ts";
import { letterText, MAILBOX_PASSWORD, mailboxScene, testMailbox, until } from "../testing/mailbox-scene.ts";
import type { HostedMailbox } from "./imap-config.ts";

const test = anyTest.skipIf(noDovecot);

let dovecot: RunningDovecot;
let secretFile: string;
beforeAll(async () => {
  dovecot = await startDovecot();
  secretFile = join(dovecot.caFile, "..", "secret");
  writeFileSync(secretFile, MAILBOX_PASSWORD);
});
afterAll(() => dovecot?.stop());

const mailboxOf = (user: string, other: Partial<HostedMailbox> = {}): HostedMailbox =>
  testMailbox(user, dovecot.port, secretFile, other);

async function proxyFor(context: TestContext): Promise<LineProxy> {
  const proxy = await startLineProxy(dovecot.port);
  context.onTestFinished(() => proxy.stop());
  return proxy;
}

/** A letter of lines of base64, of about so many octets. */
const bigLetter = (sizeBytes: number): string =>
  letterText(
    "big",
    "",
    randomBytes((sizeBytes * 3) / 4.11)
      .toString("base64")
      .replace(/.{76}/g, "$&\r\n"),
  );

const sha256 = (octets: string): string => createHash("sha256").update(octets).digest("hex");

test("a line that is cut in the middle of a message leaves nothing of it; it is fetched again, once, whole", async (context) => {
  const { expect } = context;
  const { open, messages, query, store } = await mailboxScene(context);
  const proxy = await proxyFor(context);
  const letter = bigLetter(1_500_000);
  dovecot.deliver("cut", letter);
  dovecot.deliver("cut", letterText("after"));
  proxy.onRequest = (text) => {
    // In the middle of the third piece.
    if (/BODY\.PEEK\[\]<524288\./.test(text) && proxy.connections === 1) proxy.cutAfterBytes = 100_000;
  };
  await open([mailboxOf("cut", { port: proxy.port })]);
  const rows = await until(
    () => messages("cut"),
    (all) => all.length === 2,
  );
  expect(proxy.connections).toBe(2);
  expect(rows[0]?.sha256).toBe(sha256(letter));
  expect((await buffer(store.openStored(sha256(letter)))).toString()).toBe(letter);
  expect(await query("select 1 from saraban.stored_body")).toHaveLength(2);
});

test("a message that another client removes before its octets are fetched is noted, and the next are taken in", async (context) => {
  const { expect } = context;
  const { open, messages } = await mailboxScene(context);
  const proxy = await proxyFor(context);
  for (const number of ["1", "2", "3"]) dovecot.deliver("expunged", letterText(number));
  let removed = false;
  proxy.onRequest = async (text) => {
    if (removed || !/UID FETCH 2 /.test(text)) return;
    removed = true;
    const other = new ImapFlow({
      host: "127.0.0.1",
      port: dovecot.port,
      secure: false,
      doSTARTTLS: false,
      auth: { user: "expunged", pass: MAILBOX_PASSWORD },
      logger: false,
    });
    await other.connect();
    await other.mailboxOpen("INBOX");
    await other.messageDelete("2", { uid: true });
    await other.logout();
  };
  await open([mailboxOf("expunged", { port: proxy.port })]);
  const rows = await until(
    () => messages("expunged"),
    (all) => all.length === 3,
  );
  expect(rows.map(({ uid, intakeId }) => [uid, intakeId !== null])).toEqual([
    [1, true],
    [2, false],
    [3, true],
  ]);
  expect(rows[1]?.note).toBe("removed from the mailbox before it was fetched");
});

test("a message larger than allowed is left where it is, noted, and the next is taken in", async (context) => {
  const { expect } = context;
  const { open, messages, mailboxRow } = await mailboxScene(context);
  dovecot.deliver("large", bigLetter(200_000));
  dovecot.deliver("large", letterText("small"));
  const after = { when: "accepted", flag: "\\Seen", moveTo: "done" } as const;
  await open([mailboxOf("large", { maxMessageBytes: 100_000, after })]);
  const rows = await until(
    () => messages("large"),
    (all) => all[1]?.filed === true,
  );
  expect(rows[0]).toMatchObject({
    intakeId: null,
    note: "larger than 100000 bytes (maxMessageBytes)",
    filed: false,
  });
  expect([dovecot.count("large"), dovecot.count("large", "done")]).toEqual([1, 1]);
  expect((await mailboxRow("large"))?.trouble).toBeNull();
});

test("of two processes one works a mailbox; when it goes, the other goes on, and nothing is taken in twice", async (context) => {
  const { expect } = context;
  const { open, messages, query } = await mailboxScene(context);
  const proxies = [await proxyFor(context), await proxyFor(context)];
  const doors = [];
  for (const { port } of proxies)
    doors.push(await open([mailboxOf("shared", { port, host: "127.0.0.1", pollMs: 300 })]));
  for (let number = 1; number <= 20; number += 1) dovecot.deliver("shared", letterText(String(number)));
  await until(
    () => messages("shared"),
    (rows) => rows.length === 20,
  );
  expect(proxies.map(({ connections }) => connections).sort()).toEqual([0, 1]);
  const worker = proxies[0]?.connections === 1 ? 0 : 1;
  await doors[worker]?.close();
  dovecot.deliver("shared", letterText("21"));
  await until(
    () => messages("shared"),
    (rows) => rows.length === 21,
  );
  expect(proxies[1 - worker]?.connections).toBe(1);
  expect(await query("select 1 from saraban.intake")).toHaveLength(21);
});

test("two doors that both believe to have the lock still take nothing in twice", async (context) => {
  const { expect } = context;
  const { open, messages, query, said } = await mailboxScene(context);
  const locks = { holds: async () => true, close: async () => {} };
  for (let number = 1; number <= 30; number += 1) dovecot.deliver("raced", letterText(String(number)));
  await Promise.all([open([mailboxOf("raced")], { locks }), open([mailboxOf("raced")], { locks })]);
  await until(
    () => messages("raced"),
    (rows) => rows.length === 30,
  );
  dovecot.deliver("raced", letterText("31"));
  await until(
    () => messages("raced"),
    (rows) => rows.length === 31,
  );
  expect(await query("select 1 from saraban.intake")).toHaveLength(31);
  // Whoever comes second finds the message taken: that is no trouble.
  expect(said.filter(({ message }) => message.includes("cannot be read"))).toEqual([]);
});

test("60 MB take bounded memory; a process that is killed between commit and flag leaves the filing to the next", async (context) => {
  const { expect } = context;
  const { address, dir, open, messages, query } = await mailboxScene(context);
  const proxy = await proxyFor(context);
  const held = Promise.withResolvers<{ rows: number }>();
  proxy.onRequest = async (text) => {
    if (!text.includes("UID STORE")) return;
    held.resolve({ rows: (await messages("killed")).length });
    await new Promise(() => {}); // the command never reaches the server
  };
  const entry = (id: string, port: number) =>
    `  - { id: ${id}, agency: agency-a, host: 127.0.0.1, port: ${port}, security: none, user: ${id}, passwordEnv: SARABAN_SECRET_TEST, maxMessageBytes: 100000000, after: { when: accepted } }`;
  const mailboxesFile = join(dir, "mailboxes.yaml");
  writeFileSync(
    mailboxesFile,
    `mailboxes:\n${entry("memory", dovecot.port)}\n${entry("killed", proxy.port)}\n`,
  );
  dovecot.deliver("memory", bigLetter(1_000_000));
  const { host, port, user, database } = address;
  const service = await startServiceProcess("intake", {
    dataDir: join(dir, "data"),
    environment: {
      DATABASE_URL: `postgres://${user}@/${database}?host=${encodeURIComponent(host)}&port=${port}`,
      SARABAN_MAILBOXES_FILE: mailboxesFile,
      SARABAN_SECRET_TEST_FILE: secretFile,
    },
  });
  context.onTestFinished(async () => void (await service.kill()));
  expect(service.said.join("\n")).toContain(`IMAP from 127.0.0.1:${proxy.port} (killed), for agency-a`);
  await until(
    () => messages("memory"),
    (rows) => rows[0]?.filed === true,
  );
  const residentMb = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${service.pid}/status`, "utf8"))?.[1]) / 1024;
  const restMb = residentMb();
  let peakMb = restMb;
  const watch = setInterval(() => {
    peakMb = Math.max(peakMb, residentMb());
  }, 5);
  const big = bigLetter(60_000_000);
  dovecot.deliver("memory", big);
  const rows = await until(
    () => messages("memory"),
    (all) => all[1]?.filed === true,
    20_000,
  );
  clearInterval(watch);
  expect(rows[1]?.sha256).toBe(sha256(big));
  // What V8 leaves lying about outside its heap before it looks: 64 MB, for 150 MB too. Held whole it would be 120 and more.
  expect(peakMb - restMb).toBeLessThan(100);

  dovecot.deliver("killed", letterText("1"));
  // The command was sent when the arrival was committed, not before.
  expect(await held.promise).toEqual({ rows: 1 });
  await service.kill();
  expect(await messages("killed")).toMatchObject([{ filed: false }]);
  expect(dovecot.count("killed", "INBOX", "S")).toBe(0);
  await open([mailboxOf("killed", { after: { when: "accepted", flag: "\\Seen", moveTo: null } })]);
  await until(
    () => messages("killed"),
    (all) => all[0]?.filed === true,
  );
  expect(dovecot.count("killed", "INBOX", "S")).toBe(1);
  expect(await query("select 1 from saraban.imap_message where mailbox_id = 'killed'")).toHaveLength(1);
}, 240_000);

test("a server that goes away and comes back: trouble is told, then gone", async (context) => {
  const { expect } = context;
  const { open, messages, mailboxRow } = await mailboxScene(context);
  const proxy = await startLineProxy(dovecot.port);
  await proxy.stop();
  await open([mailboxOf("away", { port: proxy.port })]);
  const row = await until(
    () => mailboxRow("away"),
    (one) => one?.trouble != null,
  );
  expect(row?.trouble).toBe("the server takes no connection (ECONNREFUSED)");
  const again = await startLineProxy(dovecot.port, proxy.port);
  context.onTestFinished(() => again.stop());
  dovecot.deliver("away", letterText("1"));
  await until(
    () => messages("away"),
    (rows) => rows.length === 1,
  );
  await until(
    () => mailboxRow("away"),
    (one) => one?.trouble === null,
  );
});

test("a folder that the server refuses is trouble that is told; messages go on coming in over the same connection", async (context) => {
  const { expect } = context;
  const { open, messages, mailboxRow } = await mailboxScene(context);
  const proxy = await proxyFor(context);
  dovecot.deliver("unfiled", letterText("1"));
  const after = { when: "accepted", flag: "\\Seen", moveTo: "a..b" } as const;
  await open([mailboxOf("unfiled", { port: proxy.port, after })]);
  const row = await until(
    () => mailboxRow("unfiled"),
    (one) => one?.trouble != null,
  );
  expect(row).toMatchObject({
    trouble: "messages cannot be moved to a..b: the server refuses it",
    last_uid: 1,
  });
  expect(row?.looked_at).not.toBeNull();
  dovecot.deliver("unfiled", letterText("2"));
  const rows = await until(
    () => messages("unfiled"),
    (all) => all.length === 2,
  );
  expect(rows.map(({ filed }) => filed)).toEqual([false, false]);
  expect(proxy.connections).toBe(1);
});
