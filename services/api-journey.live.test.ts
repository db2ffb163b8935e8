/** A program of another office, and one of the agency's own, through the real service: from `saraban client add` to the checked receipt. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { run as runClient } from "./command-client.ts";
import { run as runReceipt } from "./command-receipt.ts";
import { run as runVerify } from "./command-verify.ts";
import { adminQueries } from "./shared/testing/arrivals.ts";
import { databaseUrl, runHere } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";
import { openProgramClient, type ProgramClient } from "./shared/testing/program-client.ts";
import { type ProgramForm, programLetter } from "./shared/testing/program-letters.ts";
import { startServiceProcess } from "./shared/testing/service-process.ts";

const COMMANDS = { client: runClient, receipt: runReceipt, verify: runVerify };
const SENDER = ["--agency", "agency-a", "--sender", "opdc.example.go.th"];

async function office(context: TestContext) {
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-api-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const address = await databaseForTest(inject("testServer"), context);
  const environment = { DATABASE_URL: databaseUrl(address), SARABAN_DATA_DIR: dataDir };
  const service = await startServiceProcess("all", { dataDir, environment });
  context.onTestFinished(async () => void (await service.stop()));
  const here = (command: keyof typeof COMMANDS, ...args: string[]) =>
    runHere(COMMANDS[command], environment, [command, ...args]);
  const open = (id: string, secret: string): ProgramClient => {
    const program = openProgramClient(service.httpUrl, id, secret);
    context.onTestFinished(() => program.close());
    return program;
  };
  return {
    dataDir,
    service,
    here,
    open,
    query: adminQueries(context, address),
    /** As an administrator registers it: the command line shows the secret once. */
    add: async (id: string, scopes: readonly string[], ...more: string[]): Promise<ProgramClient> => {
      const given = scopes.flatMap((scope) => ["--scope", scope]);
      const { code, stdout, stderr } = await here(
        "client",
        "add",
        id,
        "--name",
        "ระบบทดสอบ",
        ...more,
        ...given,
      );
      if (code !== 0) throw new Error(stderr);
      return open(id, stdout.trim());
    },
  };
}

const letterOf = (index: number, form: ProgramForm, sizeBytes = 20_000) =>
  programLetter(index, { form, seed: 8, sizeBytes, domain: "opdc.example.go.th" });
const WAIT = { prefer: "wait=60" };

test("token, letter by JSON, number, receipt checked offline, inbox; then multipart, XML and SOAP; a revoked program is out at once", async (context) => {
  const { expect } = context;
  const { dataDir, here, add, open, query, service } = await office(context);
  const program = await add("opdc-program", ["submit", "receipts"], ...SENDER);

  // By JSON: the register number in the answer.
  const letter = letterOf(0, "json");
  const first = await program.handIn(letter, { ...WAIT, "idempotency-key": "letter-1" });
  expect(first).toMatchObject({
    status: 201,
    headers: { "preference-applied": "wait=60" },
    body: {
      agencyId: "agency-a",
      status: "registered",
      register: { book: "agency-a.inbound.ordinary", number: 1, yearBuddhist: 2569, state: "registered" },
      receipts: [{ type: "registered" }],
    },
  });
  const { id, receipts, links } = first.body;
  expect(first.headers.location).toBe(links.self);
  expect(
    (await program.ask(links.self, { headers: { authorization: `Bearer ${await program.token()}` } })).body,
  ).toEqual(first.body);

  // Its receipt proves itself on a machine that has nothing but the published keys.
  const { text: jws } = await program.ask(receipts[0].jws, {
    headers: { authorization: `Bearer ${await program.token()}` },
  });
  const [keysFile, jwsFile, forgedFile] = ["keys.json", "receipt.jws", "forged.jws"].map((name) =>
    join(dataDir, name),
  );
  await writeFile(keysFile as string, (await program.ask("/.well-known/jwks.json")).text);
  await writeFile(jwsFile as string, jws);
  const checked = await here("receipt", "verify", jwsFile as string, "--keys", keysFile as string, "--json");
  expect(checked.code).toBe(0);
  expect(checked.stdout).toContain(id);
  const [head, payload, signature] = jws.trim().split(".");
  const forged = Buffer.from(payload as string, "base64url")
    .toString()
    .replace('"number":1', '"number":2');
  await writeFile(forgedFile as string, `${head}.${Buffer.from(forged).toString("base64url")}.${signature}`);
  expect((await here("receipt", "verify", forgedFile as string, "--keys", keysFile as string)).code).toBe(1);

  // The same receipt waits in its inbox until it is acknowledged.
  const waiting = await program.api("/inbox/next", { headers: WAIT });
  expect(waiting).toMatchObject({
    status: 200,
    body: { kind: "receipt", receipt: { letterId: id, type: "registered", isCopy: false, jws: jws.trim() } },
  });
  expect((await program.api("/inbox/next")).body.id).toBe(waiting.body.id);
  const acknowledge = `/inbox/${waiting.body.id}/acknowledge`;
  const done = await program.api(acknowledge, { method: "POST" });
  expect(done).toMatchObject({ status: 200, body: { id: waiting.body.id } });
  expect((await program.api(acknowledge, { method: "POST" })).body).toEqual(done.body);
  expect((await program.api("/inbox/next")).status).toBe(204);

  // Asked again it is the same letter; under its key another one is refused.
  const again = await program.handIn(letter, { ...WAIT, "idempotency-key": "letter-1" });
  expect(again.body).toEqual(first.body);
  expect(await program.handIn(letterOf(1, "json"), { "idempotency-key": "letter-1" })).toMatchObject({
    status: 422,
    body: { code: "key-in-use" },
  });

  // The other forms, the next numbers; XML is answered in XML. A file of 3 MB does not go through the memory of anybody.
  const multipart = await program.handIn(letterOf(2, "multipart", 3_000_000), WAIT);
  expect(multipart).toMatchObject({ status: 201, body: { register: { number: 2 } } });
  const xml = await program.handIn(letterOf(3, "xml"), WAIT);
  expect(xml.status).toBe(201);
  expect(xml.headers["content-type"]).toMatch(/^application\/xml/);
  expect(xml.text).toMatch(/<register>.*<number>3<\/number>.*<\/register>/s);
  const soap = await program.handIn(letterOf(4, "soap"));
  expect(soap.text).toMatch(/<ProcessID>[0-9a-f-]{36}<\/ProcessID>/);
  const numbers = async () =>
    (
      await query<{ number: number; channel: string }>(
        "select number, channel from saraban.entry order by number",
      )
    ).map(({ number, channel }) => [number, channel]);
  await expect.poll(numbers).toEqual([
    [1, "api"],
    [2, "api"],
    [3, "api"],
    [4, "ecms"],
  ]);

  // The same letter in another form: no second number; an officer looks, and its program has the receipt that exists already.
  const copy = await program.handIn(letterAsForm(0), WAIT);
  expect(copy).toMatchObject({ status: 202, body: { status: "in-tray", reason: expect.any(String) } });
  const copies = async () =>
    // biome-ignore lint/suspicious/noExplicitAny: an answer
    (await program.api("/inbox")).body.items.filter(({ receipt }: any) => receipt.isCopy);
  await expect.poll(copies).toMatchObject([{ receipt: { letterId: copy.body.id, jws: jws.trim() } }]);

  // A new secret while the old one still holds; then both and the token are nothing any more, from one request to the next.
  const { stdout } = await here("client", "rotate", "opdc-program", "--overlap", "1h");
  const rotated = open("opdc-program", stdout.trim());
  expect((await rotated.api("/inbox/next")).status).toBe(200);
  expect((await program.api("/inbox/next")).status).toBe(200);
  expect((await here("client", "revoke", "opdc-program")).code).toBe(0);
  expect((await program.api("/inbox/next")).status).toBe(401);
  expect((await rotated.handIn(letterOf(5, "json"))).status).toBe(401);
  expect((await rotated.soap("<a/>")).status).toBe(401);
  await expect(open("opdc-program", stdout.trim()).token()).rejects.toThrow("401");

  expect(await here("verify")).toMatchObject({ code: 0 });
  const log = await readFile(service.logFile, "utf8");
  for (const secret of [stdout.trim(), await rotated.token(), letter.subject, letter.number])
    expect(log).not.toContain(secret);
}, 240_000);

/** The letter with this index as multipart/form-data, where only its files are the same octets. */
function letterAsForm(index: number) {
  const { octets, pdf } = letterOf(index, "json");
  const { contentType } = letterOf(index, "multipart");
  const boundary = contentType.split("boundary=")[1];
  const stated = { ...JSON.parse(octets.toString()), files: undefined };
  const head = (name: string, type: string, more = "") =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${more}\r\nContent-Type: ${type}\r\n\r\n`;
  return {
    contentType,
    octets: Buffer.concat([
      Buffer.from(`${head("letter", "application/json")}${JSON.stringify(stated)}\r\n`),
      Buffer.from(head("main", "application/pdf", '; filename="letter.pdf"')),
      pdf,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]),
  };
}

test("the agency's own system fetches letters with their files; each program does what its scopes say and sees its agency alone", async (context) => {
  const { expect } = context;
  const { add } = await office(context);
  const sender = await add("opdc-program", ["submit", "receipts"], ...SENDER);
  const reader = await add("system-a", ["read-inbound", "directory"], "--agency", "agency-a");
  const stranger = await add("system-b", ["read-inbound", "submit"], "--agency", "agency-b");
  const letter = letterOf(0, "multipart", 300_000);
  const handedIn = await sender.handIn(letter, WAIT);
  expect(handedIn.status).toBe(201);

  const { body: item } = await reader.api("/inbox/next", { headers: WAIT });
  expect(item).toMatchObject({
    kind: "letter",
    letter: {
      id: handedIn.body.id,
      channel: "api",
      number: letter.number,
      date: letter.date,
      subject: letter.subject,
      line: { book: "agency-a.inbound.ordinary", number: 1 },
      files: [{ no: 1, role: "main", name: "letter.pdf", sizeBytes: letter.pdf.length }],
    },
  });
  const file = await fetch(new URL(item.letter.files[0].href, reader.url), {
    headers: { authorization: `Bearer ${await reader.token()}` },
  });
  expect(Buffer.from(await file.arrayBuffer()).equals(letter.pdf)).toBe(true);
  expect((await reader.api("/lines?q=%E0%B8%89%E0%B8%9A%E0%B8%B1%E0%B8%9A")).body).toMatchObject({
    lines: [{ letterNumber: letter.number }],
  });

  const refusals: readonly (readonly [ProgramClient, string, string, number])[] = [
    [sender, "GET", "/lines?q=a", 403],
    [sender, "GET", `/letters/${handedIn.body.id}`, 200],
    [reader, "GET", `/letters/${handedIn.body.id}`, 403],
    [reader, "POST", "/letters", 403],
    [reader, "POST", "/acts", 403],
    [reader, "GET", "/tray?agency=agency-a", 403],
    [stranger, "GET", `/letters/${handedIn.body.id}`, 404],
    [stranger, "GET", `/inbox/${item.id}`, 404],
    [stranger, "POST", `/inbox/${item.id}/acknowledge`, 404],
    [stranger, "GET", item.letter.files[0].href.replace("/api/v1", ""), 404],
    [stranger, "GET", "/inbox/next", 204],
  ];
  for (const [program, method, path, status] of refusals) {
    const json = { "content-type": "application/json" };
    const answer = await program.api(path, {
      method,
      ...(method === "POST" ? { body: "{}", headers: json } : {}),
    });
    expect([method, path, answer.status]).toEqual([method, path, status]);
  }
  // In another office's name, or for another agency: nothing of it is kept.
  expect((await stranger.handIn(letterOf(1, "json"))).body.code).toBe("other-office");
  expect((await sender.api("/letters")).body.letters).toHaveLength(1);
}, 240_000);
