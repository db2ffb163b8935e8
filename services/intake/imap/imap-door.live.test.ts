/** Mailboxes of a real Dovecot: delivery, resuming, filing, TLS, secrets. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, test as anyTest, beforeAll } from "vitest";
import { readMailboxStates } from "../../shared/letter/hosted-mailboxes.ts";
import { roomDatabase } from "../../shared/testing/arrivals.ts";
import { noDovecot, type RunningDovecot, startDovecot } from "../testing/dovecot.ts";
import { startLineProxy } from "../testing/line-proxy.ts";
import { letterText, MAILBOX_PASSWORD, mailboxScene, testMailbox, until } from "../testing/mailbox-scene.ts";
import type { HostedMailbox } from "./imap-config.ts";

const test = anyTest.skipIf(noDovecot);

let dovecot: RunningDovecot;
let secretFile: string;
/** Tokens that the token server has given, and whom they are for. */
const tokens = new Map<string, string>();
let asked: URLSearchParams[] = [];
const tokenServer = createServer(async (request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  response.setHeader("content-type", "application/json");
  if (url.pathname === "/introspect") {
    const user = tokens.get(url.searchParams.get("token") ?? "");
    response.end(JSON.stringify(user === undefined ? { active: false } : { active: true, username: user }));
    return;
  }
  const form = new URLSearchParams((await buffer(request)).toString());
  asked.push(form);
  if (form.get("client_secret") !== MAILBOX_PASSWORD) {
    response.writeHead(401).end(JSON.stringify({ error: "invalid_client" }));
    return;
  }
  const token = `token-${tokens.size}`;
  tokens.set(token, form.get("scope") ?? "");
  response.end(JSON.stringify({ access_token: token, expires_in: 3600 }));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => void tokenServer.listen(0, "127.0.0.1", resolve));
  dovecot = await startDovecot(`${tokenUrl()}/introspect?token=`);
  secretFile = join(dovecot.caFile, "..", "secret");
  writeFileSync(secretFile, `${MAILBOX_PASSWORD}\n`);
});
afterAll(async () => {
  await dovecot?.stop();
  tokenServer.close();
});

const tokenUrl = (): string => `http://127.0.0.1:${(tokenServer.address() as AddressInfo).port}`;
const mailboxOf = (user: string, other: Partial<HostedMailbox> = {}): HostedMailbox =>
  testMailbox(user, dovecot.port, secretFile, other);

test("a message that is there, and one that comes while the server idles, become arrivals byte for byte, with their envelope", async (context) => {
  const { expect } = context;
  const { open, messages, query, mailboxRow } = await mailboxScene(context);
  const first = letterText(
    "1",
    "Return-Path: <saraban@opdc.example.go.th>\r\nDelivered-To: saraban_finance@agency-a.example.go.th\r\n",
  );
  dovecot.deliver("idle", first);
  await open([mailboxOf("idle")]);
  await until(
    () => messages("idle"),
    (rows) => rows.length === 1,
  );
  await until(
    () => mailboxRow("idle"),
    (row) => row?.looked_at != null,
  );
  // The next poll is 20 s away: only the server's own word can bring the second in.
  const second = letterText("2", "");
  dovecot.deliver("idle", second);
  const rows = await until(
    () => messages("idle"),
    (all) => all.length === 2,
    5_000,
  );
  expect(rows).toMatchObject([
    {
      uid: 1,
      mailFrom: "saraban@opdc.example.go.th",
      recipients: ["saraban_finance@agency-a.example.go.th"],
      unit: "finance",
      sha256: createHash("sha256").update(first).digest("hex"),
      filed: false,
    },
    { uid: 2, recipients: ["saraban@agency-a.example.go.th"], unit: null },
  ]);
  const stored = await query<{ content: Buffer; door: string; job: string }>(
    `select b.content, i.door, o.job from saraban.intake i join saraban.stored_body b using (agency_id, sha256)
       join saraban.outbox o on o.subject_id = i.id order by i.arrival_seq`,
  );
  expect(stored.map(({ content }) => content.toString())).toEqual([first, second]);
  expect(stored.map(({ door, job }) => [door, job])).toEqual(Array(2).fill(["imap", "read-letter"]));
});

test("several mailboxes side by side; the same message in two of them is two arrivals; a restart goes on behind the last UID", async (context) => {
  const { expect } = context;
  const { open, messages, mailboxRow } = await mailboxScene(context);
  const mailboxes = ["many-1", "many-2", "many-3"].map((user) => mailboxOf(user, { pollMs: 5_000 }));
  const agencyB = mailboxOf("many-4", { agencyId: "agency-b" });
  for (const { user } of [...mailboxes, agencyB])
    for (const number of ["1", "2", "3"]) dovecot.deliver(user, letterText(number));
  const first = await open([...mailboxes, agencyB]);
  for (const { user } of [...mailboxes, agencyB])
    await until(
      () => messages(user),
      (rows) => rows.length === 3,
    );
  await first.close();
  dovecot.deliver("many-2", letterText("4"));
  await open([...mailboxes, agencyB]);
  const rows = await until(
    () => messages("many-2"),
    (all) => all.length === 4,
  );
  expect(rows.map(({ uid }) => uid)).toEqual([1, 2, 3, 4]);
  expect(new Set(rows.map(({ intakeId }) => intakeId)).size).toBe(4);
  expect((await mailboxRow("many-2"))?.last_uid).toBe(4);
  expect((await messages("many-1")).map(({ uid }) => uid)).toEqual([1, 2, 3]);
});

test("under a new UIDVALIDITY messages are known by their octets, and what came meanwhile is taken in", async (context) => {
  const { expect } = context;
  const { open, messages, query, mailboxRow, decide } = await mailboxScene(context);
  for (const number of ["1", "2", "3"]) dovecot.deliver("renumbered", letterText(number));
  const first = await open([mailboxOf("renumbered")]);
  await until(
    () => messages("renumbered"),
    (rows) => rows.length === 3,
  );
  const before = await mailboxRow("renumbered");
  await first.close();
  dovecot.renumber("renumbered");
  dovecot.deliver("renumbered", letterText("4"));
  await open([mailboxOf("renumbered")]);
  const rows = await until(
    () => messages("renumbered"),
    (all) => all.length === 7,
  );
  expect((await mailboxRow("renumbered"))?.uid_validity).not.toBe(before?.uid_validity);
  expect(await query("select 1 from saraban.intake")).toHaveLength(4);
  expect(rows.slice(3, 6).map(({ intakeId, note }) => [intakeId, note])).toEqual(
    rows.slice(0, 3).map(({ intakeId }) => [intakeId, "the same octets as an earlier message"]),
  );
  // The old rows can no longer be filed by their UIDs; the new ones are.
  await decide();
  const filed = await until(
    () => messages("renumbered"),
    (all) => all.every(({ filed: isFiled }) => isFiled),
  );
  expect(filed[0]?.note).toContain("its UID ended before it was filed");
  expect(dovecot.count("renumbered", "INBOX", "S")).toBe(4);
});

test("a message is flagged and moved only when its outcome is there; the folder is made", async (context) => {
  const { expect } = context;
  const { open, messages, mailboxRow, decide } = await mailboxScene(context);
  const after = { when: "registered", flag: "$Saraban", moveTo: "saraban-received" } as const;
  dovecot.deliver("moved", letterText("1"));
  dovecot.deliver("moved", letterText("2"));
  await open([mailboxOf("moved", { after })]);
  await until(
    () => messages("moved"),
    (rows) => rows.length === 2,
  );
  await until(
    () => mailboxRow("moved"),
    (row) => row?.looked_at != null,
  );
  expect([dovecot.count("moved"), dovecot.count("moved", "saraban-received")]).toEqual([2, 0]);
  await decide();
  await until(
    () => messages("moved"),
    (rows) => rows.every(({ filed }) => filed),
  );
  expect([dovecot.count("moved"), dovecot.count("moved", "saraban-received")]).toEqual([0, 2]);
  expect(dovecot.count("moved", "saraban-received", "a")).toBe(2); // the first keyword of a Maildir folder
});

test("where the server has neither MOVE nor UIDPLUS nothing is expunged that others have marked", async (context) => {
  const { expect } = context;
  const { open, messages } = await mailboxScene(context);
  const proxy = await startLineProxy(dovecot.port);
  context.onTestFinished(() => proxy.stop());
  proxy.rewriteAnswer = (text) => text.replaceAll(" UIDPLUS", " XIDPLUS").replaceAll(" MOVE", " XOVE");
  const requests: string[] = [];
  proxy.onRequest = (text) => void requests.push(text);
  dovecot.deliver("bare", letterText("1"));
  const after = { when: "accepted", flag: null, moveTo: "kept/2569" } as const;
  await open([mailboxOf("bare", { port: proxy.port, after })]);
  await until(
    () => messages("bare"),
    (rows) => rows[0]?.filed === true,
  );
  expect(dovecot.count("bare", "kept.2569")).toBe(1);
  expect([dovecot.count("bare"), dovecot.count("bare", "INBOX", "T")]).toEqual([1, 1]);
  expect(requests.join("")).not.toMatch(/EXPUNGE|CLOSE/);
});

test("TLS with an authority of its own; a certificate that is not trusted, or for another name, gets no password", async (context) => {
  const { expect } = context;
  const { open, messages, mailboxRow } = await mailboxScene(context);
  const tls = { host: "localhost", port: dovecot.tlsPort, security: "tls" } as const;
  const ca = readFileSync(dovecot.caFile, "utf8");
  for (const user of ["tls", "starttls"]) dovecot.deliver(user, letterText("1"));
  await open([
    mailboxOf("tls", { ...tls, ca }),
    mailboxOf("starttls", { host: "localhost", security: "starttls", ca }),
    mailboxOf("untrusted", tls),
    mailboxOf("other-name", { ...tls, host: "127.0.0.1", ca }),
    mailboxOf("starttls-untrusted", { host: "localhost", security: "starttls" }),
  ]);
  await until(
    () => messages("tls"),
    (rows) => rows.length === 1,
  );
  await until(
    () => messages("starttls"),
    (rows) => rows.length === 1,
  );
  const troubleOf = (user: string) =>
    until(
      () => mailboxRow(user),
      (row) => row?.trouble != null,
    ).then((row) => row?.trouble);
  expect(await troubleOf("untrusted")).toMatch(/certificate is not trusted/);
  expect(await troubleOf("starttls-untrusted")).toMatch(/certificate is not trusted/);
  expect(await troubleOf("other-name")).toMatch(/certificate is for another name/);
  expect(dovecot.log()).not.toMatch(/user=<(untrusted|other-name|starttls-untrusted)>/);
});

test("a wrong password is told without it, and is not tried in a storm; the right one is taken from its file without a restart", async (context) => {
  const { expect } = context;
  const { address, open, messages, mailboxRow, dir, said } = await mailboxScene(context);
  const wrong = join(dir, "wrong");
  writeFileSync(wrong, "not-the-password");
  dovecot.deliver("refused", letterText("1"));
  await open([mailboxOf("refused", { secret: { kind: "password", place: { file: wrong } } })]);
  const row = await until(
    () => mailboxRow("refused"),
    (one) => one?.trouble != null,
  );
  expect(row?.trouble).toMatch(/does not take the user or the secret/);
  const states = await readMailboxStates(roomDatabase(context, address, "saraban_http"), {
    actor: "worker:test",
    agencies: ["agency-a"],
  });
  expect(states).toMatchObject([{ id: "refused", trouble: row?.trouble, lookedAt: null }]);
  await until(
    () => said.length,
    (count) => count >= 3,
  );
  const pauses = said.map(({ fields }) => (fields as { pauseMs: number }).pauseMs);
  expect(pauses[0]).toBeGreaterThanOrEqual(150); // half of the first pause after a refusal, far above that after a fault
  expect(pauses[2]).toBeGreaterThan((pauses[0] as number) * 1.5);
  expect(JSON.stringify(said)).not.toContain("not-the-password");
  writeFileSync(wrong, MAILBOX_PASSWORD);
  await until(
    () => messages("refused"),
    (rows) => rows.length === 1,
  );
  await until(
    () => mailboxRow("refused"),
    (one) => one?.trouble === null,
  );
});

test("OAuth: a token is fetched and taken by the server; one that is refused is trouble without the secret", async (context) => {
  const { expect } = context;
  const { open, messages, mailboxRow, dir, said } = await mailboxScene(context);
  asked = [];
  const grant = (file: string, scope: string): HostedMailbox["secret"] => ({
    kind: "oauth2",
    grant: {
      tokenUrl: `${tokenUrl()}/token`,
      clientId: "saraban",
      clientSecret: { file },
      scope,
      refreshToken: null,
    },
  });
  const wrong = join(dir, "wrong");
  writeFileSync(wrong, "not-the-secret");
  dovecot.deliver("oauth", letterText("1"));
  await open([
    mailboxOf("oauth", { secret: grant(secretFile, "oauth") }),
    mailboxOf("oauth-wrong", { secret: grant(wrong, "oauth-wrong") }),
    mailboxOf("oauth-other", { secret: grant(secretFile, "somebody-else") }),
  ]);
  await until(
    () => messages("oauth"),
    (rows) => rows.length === 1,
  );
  const trouble = await until(
    () => mailboxRow("oauth-wrong"),
    (row) => row?.trouble != null,
  );
  expect(trouble?.trouble).toBe("the token server gives no token (invalid_client)");
  await until(
    () => mailboxRow("oauth-other"),
    (row) => /user or the secret/.test(row?.trouble ?? ""),
  );
  expect(asked[0]?.get("grant_type")).toBe("client_credentials");
  expect(JSON.stringify(said)).not.toMatch(/not-the-secret|token-\d/);
});

test("messages from before the day that the file names stay where they are", async (context) => {
  const { expect } = context;
  const { open, messages } = await mailboxScene(context);
  dovecot.deliver("since", letterText("1"));
  // Dovecot's INTERNALDATE of a Maildir message is the file's time: both are of today.
  await open([mailboxOf("since", { since: new Date(Date.now() + 86_400_000) })]);
  const other = await open([mailboxOf("since-yesterday", { since: new Date(Date.now() - 86_400_000) })]);
  dovecot.deliver("since-yesterday", letterText("1"));
  await until(
    () => messages("since-yesterday"),
    (rows) => rows.length === 1,
  );
  await other.close();
  expect(await messages("since")).toEqual([]);
});
