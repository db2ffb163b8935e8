/** A classified letter through the real service, by every form of an appointed program: closed from its first octet to its receipt. */
import { randomBytes, randomInt } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { run as runClerk } from "./command-clerk.ts";
import { run as runClient } from "./command-client.ts";
import { run as runLetter } from "./command-letter.ts";
import { run as runSearch } from "./command-search.ts";
import { run as runVerify } from "./command-verify.ts";
import { adminQueries } from "./shared/testing/arrivals.ts";
import { databaseUrl, runHere } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";
import { columnsWith, filesWith, wordsIn } from "./shared/testing/find-words.ts";
import { memoryMb, peakMemoryMb, resetPeakMemory } from "./shared/testing/process-usage.ts";
import {
  openProgramClient,
  type ProgramAnswer,
  type ProgramClient,
} from "./shared/testing/program-client.ts";
import { type ProgramForm, programLetter } from "./shared/testing/program-letters.ts";
import { type ServiceProcess, startServiceProcess } from "./shared/testing/service-process.ts";

const COMMANDS = {
  client: runClient,
  clerk: runClerk,
  letter: runLetter,
  search: runSearch,
  verify: runVerify,
};
const SENDER = [
  "--agency",
  "agency-a",
  "--sender",
  "opdc.example.go.th",
  "--scope",
  "submit",
  "--scope",
  "receipts",
];
const FORMS = ["json", "xml", "multipart", "soap"] as const;
const BOOK = "agency-a.inbound.classified";

async function office(context: TestContext) {
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-closed-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const temporary = join(dataDir, "temporary");
  await mkdir(temporary);
  const address = await databaseForTest(inject("testServer"), context);
  const environment = {
    DATABASE_URL: databaseUrl(address),
    SARABAN_DATA_DIR: dataDir,
    SARABAN_LOG_LEVEL: "debug",
    TMPDIR: temporary,
  };
  const start = async (): Promise<ServiceProcess> => {
    const service = await startServiceProcess("all", { dataDir, environment });
    context.onTestFinished(async () => void (await service.stop()));
    return service;
  };
  const service = await start();
  const here = (command: keyof typeof COMMANDS, ...args: string[]) =>
    runHere(COMMANDS[command], environment, [command, ...args]);
  const secrets = new Map<string, string>();
  const open = (id: string, at = service): ProgramClient => {
    const program = openProgramClient(at.httpUrl, id, secrets.get(id) ?? "");
    context.onTestFinished(() => program.close());
    return program;
  };
  const add = async (id: string, ...more: string[]): Promise<ProgramClient> => {
    const { stdout } = await here("client", "add", id, "--name", "ระบบทดสอบ", ...more);
    secrets.set(id, stdout.trim());
    return open(id);
  };
  return { dataDir, service, start, open, here, add, query: adminQueries(context, address) };
}

/** Words that nobody else writes: Latin, Thai, and a number. */
function newWords() {
  const letters = Array.from({ length: 12 }, () => String.fromCharCode(0x0e01 + randomInt(40))).join("");
  const mark = randomBytes(8).toString("hex").toUpperCase();
  const digits = Array.from({ length: 12 }, () => randomInt(10)).join("");
  return { mark, thai: letters, number: `นร 0505/${digits}`, all: [mark, letters, digits] };
}
type Words = ReturnType<typeof newWords>;

const RAM = "urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1";
const RSM = "urn:th:gov:egif:data:standard:GovernmentDocument:1.0";
const BOUNDARY = "saraban-closed-letter";

/** A letter whose every place that a sender fills holds one of the words. */
function letterOf(
  form: ProgramForm,
  words: Words,
  secret: "001" | "002" | "003" | "004" = "003",
  place = "",
) {
  const { mark, thai, number } = words;
  const level = { "001": "normal", "002": "confidential", "003": "secret", "004": "top-secret" }[secret];
  const facts = {
    number: `${number}${place}`,
    date: "2026-05-31",
    subject: `แผน ${mark} ${thai}`,
    secrecy: level,
    from: { name: `สำนัก ${mark}`, person: thai, position: mark },
    to: { name: thai },
    references: [{ number, subject: mark }],
    enclosures: [`บัญชี ${thai}`],
  };
  const main = Buffer.from(`เรียน ${thai}\n${mark}\n${place}`);
  const enclosure = Buffer.concat([Buffer.from(`%PDF-1.4 ${mark} `), Buffer.alloc(80_000, `${thai} `)]);
  if (form === "json") {
    const file = (role: string, name: string, mediaType: string, octets: Buffer) => ({
      role,
      name,
      mediaType,
      content: octets.toString("base64"),
    });
    const files = [
      file("main", `${mark}.txt`, "text/plain", main),
      file("enclosure", `${thai}.pdf`, "application/pdf", enclosure),
    ];
    return { contentType: "application/json", octets: Buffer.from(JSON.stringify({ ...facts, files })) };
  }
  if (form === "multipart") {
    const part = (head: string, octets: Buffer) => [
      Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
      octets,
      Buffer.from("\r\n"),
    ];
    const octets = Buffer.concat([
      ...part('name="letter"\r\nContent-Type: application/json', Buffer.from(JSON.stringify(facts))),
      ...part(`name="main"; filename="${mark}.txt"\r\nContent-Type: text/plain`, main),
      ...part(`name="enclosure"; filename="${thai}.pdf"\r\nContent-Type: application/pdf`, enclosure),
      Buffer.from(`--${BOUNDARY}--\r\n`),
    ]);
    return { contentType: `multipart/form-data; boundary=${BOUNDARY}`, octets };
  }
  const party = (name: string, department: string) =>
    `<ram:${name}><ram:GivenName>${thai}</ram:GivenName><ram:FamilyName>${mark}</ram:FamilyName><ram:JobTitle>${mark}</ram:JobTitle>` +
    `<ram:MinistryOrganization><ram:ID>${department.slice(0, 2)}</ram:ID></ram:MinistryOrganization><ram:DepartmentOrganization><ram:ID>${department}</ram:ID></ram:DepartmentOrganization></ram:${name}>`;
  const document =
    `<rsm:GovernmentDocument xmlns:rsm="${RSM}" xmlns:ram="${RAM}"><ram:CorrespondenceLetter ID="Letter"><ram:ID>${facts.number}</ram:ID>` +
    `<ram:CorrespondenceDate>${facts.date}</ram:CorrespondenceDate><ram:Subject>${facts.subject}</ram:Subject><ram:SecretCode>${secret}</ram:SecretCode><ram:SpeedCode>001</ram:SpeedCode>` +
    `${party("SenderParty", "0101200000")}${party("ReceiverParty", "0199900000")}<ram:Attachment>${thai}</ram:Attachment><ram:SendDate>2026-05-31T09:00:00</ram:SendDate>` +
    `<ram:Description>${mark}</ram:Description><ram:MainLetterBinaryObject mimeCode="text/plain">${main.toString("base64")}</ram:MainLetterBinaryObject>` +
    `<ram:AttachmentBinaryObject mimeCode="application/pdf">${enclosure.toString("base64")}</ram:AttachmentBinaryObject></ram:CorrespondenceLetter></rsm:GovernmentDocument>`;
  if (form === "xml") return { contentType: "application/xml", octets: Buffer.from(document) };
  return {
    contentType: "text/xml; encoding='utf-8'",
    octets: Buffer.from(
      soap(`<CorrespondenceLetterOutboundRequest>${document}</CorrespondenceLetterOutboundRequest>`),
    ),
  };
}

function soap(body: string): string {
  return `<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Header/><SOAP-ENV:Body>${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>`;
}

const textOf = (xml: string, name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];

test("by every form: a number in the classified book and a receipt for its own program; of what it says there is no word anywhere", async (context) => {
  const { expect } = context;
  const { dataDir, service, here, add, query } = await office(context);
  const begunAt = new Date();
  const words = newWords();
  const program = await add("opdc-closed", ...SENDER, "--level", "secret");
  const lower = await add("opdc-lower", ...SENDER, "--level", "confidential");
  const own = await add("system-a", "--agency", "agency-a", "--scope", "read-inbound", "--scope", "submit");
  const { stdout: token } = await here(
    "clerk",
    "add",
    "somsri",
    "--name",
    "สมศรี ทดสอบ",
    "--agency",
    "agency-a",
  );
  const clerk = (path: string) =>
    program.ask(`/api/v1${path}`, { headers: { authorization: `Bearer ${token.trim()}` } });
  const answers: ProgramAnswer[] = [];
  const said = <Answer extends ProgramAnswer>(answer: Answer): Answer => {
    answers.push(answer);
    return answer;
  };

  const figuresBefore = countsIn((await program.ask("/metrics")).text);
  const ids: string[] = [];
  for (const form of ["json", "xml", "multipart"] as const) {
    const key = { "idempotency-key": `${words.mark}-${form}` };
    const letter = letterOf(form, words, "003", `.${form.length}`);
    const first = said(
      await program.handIn(letter, { prefer: "wait=60", accept: "application/json", ...key }),
    );
    expect([form, first.status]).toEqual([form, 201]);
    expect(first.body).toMatchObject({
      agencyId: "agency-a",
      status: "registered",
      register: { book: BOOK, number: ids.length + 1, yearBuddhist: 2569, state: "registered" },
      receipts: [{ type: "registered" }],
    });
    expect(
      said(await program.handIn(letter, { prefer: "wait=60", accept: "application/json", ...key })).body,
    ).toEqual(first.body);
    ids.push(first.body.id);
    const [receipt] = first.body.receipts;
    for (const path of [receipt.json, receipt.jws, first.body.links.self, first.body.links.receipts])
      expect(said(await program.api(path.replace("/api/v1", ""))).status, path).toBe(200);
    // The same letter in another request of the same program has the number that it has.
    const again = said(
      await program.handIn(letter, {
        prefer: "wait=60",
        accept: "application/json",
        "idempotency-key": `${words.mark}-again-${form}`,
      }),
    );
    expect(again).toMatchObject({
      status: 200,
      body: { status: "duplicate", register: first.body.register, duplicateOf: first.body.id },
    });
  }
  const taken = said(await program.handIn(letterOf("soap", words)));
  expect(taken.text).not.toContain("ErrorDetail");
  const processId = textOf(taken.text, "ProcessID");
  await expect
    .poll(
      async () => (await query("select 1 from saraban.client_item where client_id = 'opdc-closed'")).length,
    )
    .toBe(4);

  // Its inbox, in both protocols: number, times, digests.
  const inbox = said(await program.api("/inbox"));
  expect(inbox.body.items.map(({ receipt }: { receipt: { letterId: string } }) => receipt.letterId)).toEqual([
    ...ids,
    expect.any(String),
  ]);
  for (const { id, receipt } of inbox.body.items.slice(0, 3)) {
    expect(receipt).toMatchObject({
      type: "registered",
      isCopy: false,
      evidence: { letter: { number: null, date: null }, register: { book: BOOK } },
    });
    await program.api(`/inbox/${id}/acknowledge`, { method: "POST" });
  }
  const polled: string[] = [];
  for (let item = await poll(); textOf(item, "ProcessID") !== ""; item = await poll()) {
    polled.push(
      `${/<(\w+Notifier)>/.exec(item)?.[1]} ${textOf(item, "LetterID")} ${textOf(item, "AcceptID") ?? ""}`,
    );
    said(
      await program.soap(
        soap(
          `<CorrespondenceLetterDeleteRequest><ProcessID>${textOf(item, "ProcessID")}</ProcessID></CorrespondenceLetterDeleteRequest>`,
        ),
      ),
    );
  }
  expect(polled).toEqual([`ReceiveLetterNotifier ${processId} `, `AcceptLetterNotifier ${processId} 4/2569`]);
  async function poll(): Promise<string> {
    return said(await program.soap(soap("<CorrespondenceLetterInboundRequest/>"))).text;
  }

  // Asked for once more by its key, its number is had; the letter itself is not, and for nobody else there is any.
  const key = `<LetterID>${words.number}</LetterID><CorrespondenceDate>2026-05-31</CorrespondenceDate><SenderDepartment><Code>0101200000</Code></SenderDepartment><AcceptDepartment><Code>0199900000</Code></AcceptDepartment>`;
  const special = (by: ProgramClient, what: string) =>
    by.soap(
      soap(
        `<CorrespondenceLetterInboundSpecialRequest><${what}>${key}</${what}></CorrespondenceLetterInboundSpecialRequest>`,
      ),
    );
  expect(textOf((await special(program, "AcceptLetterNotifier")).text, "AcceptID")).toBe("4/2569");
  for (const [by, what] of [
    [program, "GovernmentDocument"],
    [lower, "AcceptLetterNotifier"],
    [own, "GovernmentDocument"],
    [own, "AcceptLetterNotifier"],
  ] as const)
    expect(textOf((await special(by, what)).text, "ErrorCode"), what).toBe("SRB402");

  // What is refused says nothing of it either.
  for (const form of FORMS) {
    for (const [by, level] of [
      [lower, "003"],
      [program, "004"],
      [own, "002"],
    ] as const) {
      const answer = said(await by.handIn(letterOf(form, words, level, `-${form}`)));
      expect(form === "soap" ? answer.text : answer.text + answer.status, form).toMatch(
        form === "soap" ? /SRB30[45]/ : /classified-here.*403$/s,
      );
    }
    const broken = letterOf(form, words);
    const cut = { ...broken, octets: broken.octets.subarray(0, broken.octets.length - 30) };
    expect(said(await program.handIn(cut)).status, form).toBeGreaterThanOrEqual(400);
  }

  // To everybody else it is not there.
  for (const by of [lower, own]) {
    expect(said(await by.api("/letters")).body.letters).toEqual([]);
    expect((await by.api("/inbox/next")).status).toBe(204);
    for (const path of [`/letters/${ids[0]}`, `/letters/${ids[0]}/receipts`])
      expect(said(await by.api(path)).status, path).toBe(404);
  }
  expect(said(await clerk(`/lines?q=${encodeURIComponent(words.thai)}`)).body).toMatchObject({ lines: [] });
  expect(said(await clerk("/lines?agency=agency-a")).body).toMatchObject({ lines: [] });
  for (const path of [`/arrivals/${ids[0]}/receipts`, `/tray/${ids[0]}`, `/lines/${BOOK}/2026/1`])
    expect(said(await clerk(path)).status, path).toBe(404);
  expect(said(await clerk("/tray?agency=agency-a")).body).toMatchObject({ letters: [] });
  expect((await here("letter", ids[0] as string)).code).toBe(1);
  expect((await here("search", words.thai)).stdout).not.toContain(BOOK);
  const metrics = said(await program.ask("/metrics"));
  expect(countsIn(metrics.text)).toEqual(figuresBefore);
  expect(metrics.text).not.toMatch(/closed|classified/);
  // Who holds a receipt's code sees the receipt.
  const [{ code } = { code: "" }] = await query<{ code: string }>(
    "select code from saraban.receipt order by made_at limit 1",
  );
  const page = said(await program.ask(`/verify/${code}`));
  expect(page.status).toBe(200);

  const verified = await here("verify", "--json");
  expect(verified).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(verified.stdout).checks.at(-1)).toMatchObject({
    code: "classified",
    ok: true,
    looked: 7,
  });

  await service.stop();
  expect(await columnsWith(query, words.all)).toEqual([]);
  expect(await filesWith(dataDir, words.all)).toEqual([]);
  for (const answer of answers)
    expect(wordsIn(Buffer.from(answer.text), words.all), answer.text.slice(0, 300)).toEqual([]);
  expect(wordsIn(Buffer.from(service.said.join("\n")), words.all)).toEqual([]);
  // The log says nothing of such letters at all, but for what their program asked and was answered.
  expect(await readFile(service.logFile, "utf8")).not.toMatch(/classified|register-closed/);
  expect(await wordsInServer(query, begunAt, words.all)).toEqual([]);
}, 240_000);

/** What everybody may count. */
function countsIn(metrics: string): string[] {
  return metrics.split("\n").filter((line) => /^saraban_(?:intakes|outcomes|notices)/.test(line));
}

/** What the database server itself has written since: its log ahead of all changes. */
async function wordsInServer(
  query: ReturnType<typeof adminQueries>,
  since: Date,
  words: readonly string[],
): Promise<string[]> {
  const [row] = await query<{ folder: string }>("select current_setting('data_directory') as folder");
  const [{ files } = { files: [] }] = await query<{ files: string[] }>(
    "select array(select name from pg_ls_waldir()) as files",
  );
  const found: string[] = [];
  for (const name of files) {
    const path = join(row?.folder ?? "", "pg_wal", name);
    const written = await stat(path).catch(() => null);
    if (written === null || written.mtime < since) continue;
    for (const word of wordsIn(await readFile(path), words)) found.push(`${name}: ${word}`);
  }
  return found;
}

test("killed between the octets and their row: what lies there is sealed, nobody can open it, and the same letter is taken in anew", async (context) => {
  const { expect } = context;
  const { dataDir, service, start, open, here, add, query } = await office(context);
  const words = newWords();
  const program = await add("opdc-closed", ...SENDER, "--level", "secret");
  const [warm, ...letters] = [
    letterOf("xml", words, "003", ".0"),
    ...FORMS.map((form) => letterOf(form, words, "003", `.${form}`)),
  ];
  expect((await program.handIn(warm as never, { prefer: "wait=60" })).status).toBe(201);
  // Nothing is committed from now on.
  const lock = query(
    "begin; lock table saraban.closed_letter in access exclusive mode; select pg_sleep(30); commit",
  ).catch(() => []);
  const files = async () =>
    (await query<{ n: number }>("select 1 as n")) && (await filesBelow(join(dataDir, "letters")));
  const before = await files();
  const handed = letters.map((letter) => program.handIn(letter as never).catch(() => null));
  await expect.poll(async () => (await files()).length, { timeout: 20_000 }).toBe(before.length + 1);
  await new Promise((resolve) => setTimeout(resolve, 500));
  await service.kill();
  await Promise.all(handed);
  expect(await filesWith(dataDir, words.all)).toEqual([]);
  expect(
    (
      await query<{ n: number }>(
        "select count(*)::int as n from pg_stat_activity where query like 'begin; lock table%'",
      )
    )[0]?.n,
  ).toBeGreaterThan(0);
  await query(
    "select pg_terminate_backend(pid) from pg_stat_activity where query like 'begin; lock table%' and pid <> pg_backend_pid()",
  ).catch(() => []);
  await lock;
  const again = await start();
  const back = open("opdc-closed", again);
  for (const [index, letter] of letters.entries()) {
    const answer = await back.handIn(letter as never, { prefer: "wait=60" });
    expect([index, answer.status]).toEqual([index, index === 3 ? 200 : 201]);
  }
  await expect
    .poll(async () => (await query("select 1 from saraban.entry where secrecy <> 'normal'")).length)
    .toBe(5);
  expect((await here("verify")).code).toBe(0);
  await again.stop();
  expect(await columnsWith(query, words.all)).toEqual([]);
  expect(await filesWith(dataDir, words.all)).toEqual([]);
}, 240_000);

async function filesBelow(folder: string): Promise<string[]> {
  const { readdir } = await import("node:fs/promises");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

const LARGE_BYTES = 50 * 1024 * 1024;
const IN_BASE64 = Math.ceil(LARGE_BYTES / 3) * 4;
const MOST_MB = 100;

test("a classified letter of 50 MB by SOAP, multipart and XML takes less than 100 MB of memory", async (context) => {
  const { expect } = context;
  const { service, add, query } = await office(context);
  const program = await add("opdc-closed", ...SENDER, "--level", "secret");
  let sent = 0;
  const handIn = async (form: "soap" | "multipart" | "xml", sizeBytes: number): Promise<void> => {
    const { contentType, octets } = programLetter(sent++, {
      form,
      seed: 11,
      sizeBytes,
      domain: "opdc.example.go.th",
    });
    const head = octets.toString("latin1", 0, 4_000);
    const [from, to] =
      form === "multipart"
        ? ['{"number"', '{"secrecy":"secret","number"']
        : ["<ram:SecretCode>001", "<ram:SecretCode>003"];
    expect(head).toContain(from);
    const closed = Buffer.concat([Buffer.from(head.replace(from, to), "latin1"), octets.subarray(4_000)]);
    const answer = await program.handIn({ contentType, octets: closed });
    expect([form, answer.status]).toEqual([form, form === "soap" ? 200 : 202]);
    expect(answer.text).not.toContain("ErrorDetail");
    await expect
      .poll(async () => (await query("select 1 from saraban.client_item where kind = 'receipt'")).length)
      .toBe(sent);
  };
  const forms = ["soap", "multipart", "xml"] as const;
  for (const form of forms) for (const _ of [1, 2, 3]) await handIn(form, 200_000);
  const said: string[] = [];
  for (const form of forms) {
    const before = memoryMb(service.pid);
    resetPeakMemory(service.pid);
    await handIn(form, form === "multipart" ? LARGE_BYTES : IN_BASE64);
    const taken = peakMemoryMb(service.pid) - before;
    said.push(`${form} +${taken} MB`);
    expect(taken, said.at(-1)).toBeLessThan(MOST_MB);
  }
  expect(await query("select distinct book_id from saraban.entry")).toEqual([{ book_id: BOOK }]);
  process.stdout.write(`50 MB, classified: ${said.join("; ")}\n`);
}, 240_000);
