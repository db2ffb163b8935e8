/** A clerk's work through the real processes: from the tray to the book, at the HTTP door and on the command line. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { openSmtpSender } from "../scripts/smtp-sender.ts";
import { run as runClerk } from "./command-clerk.ts";
import { run as runEntry } from "./command-entry.ts";
import { run as runTray } from "./command-tray.ts";
import { newId } from "./shared/runtime/ids.ts";
import { adminQueries, letReadLettersWait } from "./shared/testing/arrivals.ts";
import { databaseUrl, runHere, runSaraban } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";
import { type SampleLetter, sampleLetter } from "./shared/testing/sample-letters.ts";
import { startServiceProcess } from "./shared/testing/service-process.ts";

const COMMANDS = { clerk: runClerk, entry: runEntry, tray: runTray };
const INBOUND = "agency-a.inbound.ordinary";
const OUTBOUND = "agency-a.outbound.ordinary";

const AGENCIES = ["a", "b"]
  .map(
    (letter) => `
  - id: agency-${letter}
    domain: agency-${letter}.example.go.th
    mailbox: saraban
    nameThai: หน่วยงานทดสอบ
    nameEnglish: Test Agency
    receiverName: เจ้าหน้าที่ทดสอบ
    letterCode: ทก 0100
    trayDuty: true`,
  )
  .join("");

/** `saraban all` on a database of the test's own, a command line beside it, and clerks of both agencies. */
async function office(context: TestContext) {
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-register-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const agenciesFile = join(dataDir, "agencies.yaml");
  await writeFile(agenciesFile, `agencies:${AGENCIES}\n`);
  const address = await databaseForTest(inject("testServer"), context);
  const environment = {
    DATABASE_URL: databaseUrl(address),
    SARABAN_AGENCIES_FILE: agenciesFile,
    SARABAN_DATA_DIR: dataDir,
  };
  const start = async () => {
    const service = await startServiceProcess("all", { dataDir, environment });
    context.onTestFinished(async () => void (await service.stop()));
    return service;
  };
  const service = await start();
  const saraban = (...args: string[]) => runSaraban(environment, args);
  /** The same without a process of its own. */
  const here = (command: keyof typeof COMMANDS, ...args: string[]) =>
    runHere(COMMANDS[command], environment, [command, ...args]);
  const addClerk = async (id: string, agency: string) => {
    const { stdout } = await here("clerk", "add", id, "--name", "สมหญิง ทดสอบ", "--agency", agency);
    return stdout.trim();
  };
  const token = await addClerk("somying", "agency-a");
  const ask = async (path: string, body?: object, as = token) => {
    const response = await fetch(`${service.httpUrl}/api/v1${path}`, {
      headers: {
        authorization: `Bearer ${as}`,
        ...(body ? { "content-type": "application/json", prefer: "wait=20" } : {}),
      },
      ...(body ? { method: "POST", body: JSON.stringify(body) } : {}),
    });
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
    return { status: response.status, body: (await response.json()) as any };
  };
  return {
    service,
    start,
    saraban,
    here,
    addClerk,
    ask,
    query: adminQueries(context, address),
    act: (act: string, more: object, id = newId()) =>
      ask("/acts", { id, agencyId: "agency-a", act, ...more }),
    /** A letter whose sender nobody knows: it goes to the tray. @returns its id once it lies there */
    receive: async (letter: SampleLetter): Promise<string> => {
      const strange = (text: string) => text.replaceAll("opdc.example.go.th", "unknown.example.go.th");
      const sender = await openSmtpSender("127.0.0.1", service.smtpPort);
      const octets = Buffer.from(strange(letter.octets.toString("latin1")), "latin1");
      const delivery = await sender.deliver({ from: strange(letter.mailFrom), to: [letter.to], octets });
      await sender.quit();
      if (delivery.kind !== "accepted") throw new Error(`refused: ${delivery.reply.text}`);
      const id = delivery.ids[0] as string;
      await context.expect.poll(async () => (await ask(`/tray/${id}`)).status, { timeout: 60_000 }).toBe(200);
      return id;
    },
  };
}

const letterOf = (index: number): SampleLetter =>
  sampleLetter(index, { seed: 3, sizeBytes: 4096, domain: "opdc.example.go.th" });

test("tray, register, correct, reserve, fill, cancel, thread, by HTTP; others' clerks see nothing", async (context) => {
  const { expect } = context;
  const { ask, act, receive, query, addClerk, service } = await office(context);
  const stranger = await addClerk("somchai", "agency-b");
  const intakeId = await receive(letterOf(0));

  const { letters, total } = (await ask("/tray?agency=agency-a")).body;
  expect(total).toBe(1);
  expect(letters[0]).toMatchObject({
    intakeId,
    reason: { code: "unknown-sender" },
    facts: { letterNumber: letterOf(0).number, letterDate: letterOf(0).date, subject: letterOf(0).subject },
  });

  // Registered once, though it is asked for twice with the same id, and a third time with another one.
  const id = newId();
  const registered = await act("register", { intakeId, facts: { remarks: "รับด้วยตนเอง" } }, id);
  const line = {
    bookId: INBOUND,
    year: registered.body.line.year,
    yearBuddhist: registered.body.line.year + 543,
    number: 1,
  };
  expect(registered).toMatchObject({ status: 201, body: { id, result: "done", line } });
  expect(await act("register", { intakeId, facts: { remarks: "รับด้วยตนเอง" } }, id)).toEqual(registered);
  expect(await act("register", { intakeId })).toMatchObject({
    status: 422,
    body: { code: "already-decided" },
  });
  expect((await ask("/tray?agency=agency-a")).body).toMatchObject({ total: 0, letters: [] });

  const place = { book: "inbound.ordinary", year: line.year, number: 1 };
  const path = `/lines/${INBOUND}/${line.year}/1`;
  expect((await ask(path)).body.line).toMatchObject({
    subject: letterOf(0).subject,
    remarks: "รับด้วยตนเอง",
    registeredBy: "person:somying",
    registeredByName: "สมหญิง ทดสอบ",
    intakeId,
    letterNumber: letterOf(0).number,
  });
  expect(
    await act("correct", { ...place, facts: { subject: "แก้แล้ว", urgency: "urgent" }, reason: "พิมพ์ผิด" }),
  ).toMatchObject({ status: 201 });
  expect(await act("correct", { ...place, facts: { subject: "แก้แล้ว" }, reason: "ซ้ำ" })).toMatchObject({
    status: 422,
    body: { code: "nothing-changes" },
  });

  // The answer to it: a number is reserved, then filled; the letter gets the number of its place in the book.
  expect(await act("reserve", { book: "outbound.ordinary", reason: "ตอบหนังสือ" })).toMatchObject({
    body: { line: { bookId: OUTBOUND, number: 1 } },
  });
  const outbound = { book: "outbound.ordinary", year: line.year, number: 1 };
  expect(await act("correct", { ...outbound, facts: { subject: "x" }, reason: "x" })).toMatchObject({
    body: { code: "the-number-is-only-reserved" },
  });
  const answer = {
    subject: "ตอบหนังสือ",
    references: [`หนังสือ ที่ ${letterOf(0).number}`, "หนังสือ ที่ กค 0402/9999"],
  };
  expect((await act("fill", { ...outbound, facts: answer })).status).toBe(201);
  expect((await ask(`/lines/${OUTBOUND}/${line.year}/1`)).body).toMatchObject({
    line: { status: "registered", letterNumber: "ทก 0100/1" },
    events: [{ what: "filled" }],
    thread: { refersTo: [{ bookId: INBOUND, number: 1 }], unresolved: ["กค 0402/9999"], referredToBy: [] },
  });
  expect((await ask(path)).body.thread).toMatchObject({
    refersTo: [],
    referredToBy: [{ bookId: OUTBOUND, number: 1 }],
  });
  expect((await act("cancel", { ...outbound, reason: "ไม่ได้ส่ง" })).status).toBe(201);
  expect((await ask(path)).body.thread.referredToBy).toEqual([]);

  expect((await act("cancel", { ...place, reason: "ลงผิดหน่วยงาน" })).status).toBe(201);
  expect(await act("correct", { ...place, facts: { subject: "อีกครั้ง" }, reason: "x" })).toMatchObject({
    status: 422,
    body: { code: "the-line-is-cancelled" },
  });
  expect((await ask(path)).body).toMatchObject({
    line: { status: "cancelled", subject: "แก้แล้ว", urgency: "urgent", cancelReason: "ลงผิดหน่วยงาน" },
    events: [
      {
        what: "corrected",
        madeBy: "person:somying",
        changes: { subject: { old: letterOf(0).subject, new: "แก้แล้ว" } },
      },
      { what: "cancelled" },
    ],
  });

  // A rejection is told to the sender; one whose address nobody vouches for is only noted.
  const rejected = await receive(letterOf(1));
  expect((await act("reject", { intakeId: rejected, reason: "ส่งผิดหน่วยงาน" })).body).toMatchObject({
    result: "done",
    line: null,
  });
  expect((await ask(`/tray/${rejected}`)).body).toMatchObject({
    decision: { decision: "rejected", decidedBy: "person:somying" },
  });
  const notices = () => query("select kind from saraban.notice where intake_id = $1", [rejected]);
  await expect.poll(notices, { timeout: 60_000 }).toContainEqual({ kind: "rejection" });

  for (const hidden of [
    path,
    `/acts/${id}`,
    `/tray/${rejected}`,
    "/tray?agency=agency-a",
    "/mailbox-checks?agency=agency-a",
  ]) {
    expect((await ask(hidden, undefined, stranger)).status, hidden).toBe(404);
    expect((await ask(hidden, undefined, "sct_wrong")).status, hidden).toBe(401);
  }
  expect(await query("select count(*)::int as n from saraban.entry")).toEqual([{ n: 2 }]);

  // For operators: missed mailbox checks, and what is to be done about the calendar; neither keeps letters out.
  expect(await (await fetch(`${service.httpUrl}/metrics`)).text()).toMatch(
    /^saraban_mailbox_checks_missed\{agency="agency-a"\} \d+$/m,
  );
  expect(await (await fetch(`${service.httpUrl}/readyz`)).json()).toMatchObject({
    checks: { calendar: { needed: false } },
  });
}, 240_000);

test("the same on the command line, with its exit codes; an act is kept while the registry is away", async (context) => {
  const { expect } = context;
  const { ask, saraban, here, receive, query, service, start } = await office(context);
  const first = await receive(letterOf(10));
  const second = await receive(letterOf(11));
  const third = await receive(letterOf(12));
  const json = async (...args: Parameters<typeof here>) => JSON.parse((await here(...args, "--json")).stdout);

  expect(await json("tray", "agency-a")).toMatchObject({
    total: 3,
    letters: [{ intakeId: first }, { intakeId: second }, { intakeId: third }],
  });
  expect(await query("select opened_by like 'person:os/%' as person from saraban.tray_opening")).toEqual([
    { person: true },
  ]);
  expect((await here("tray", "agency-a", "show", first)).stdout).toContain(letterOf(10).subject);
  const by = ["--by", "สมชาย ทดสอบ"];
  const registered = await saraban(
    "tray",
    "agency-a",
    "register",
    first,
    "--date",
    "๓๑ พ.ค. ๒๕๖๙",
    "--urgency",
    "urgent",
    ...by,
  );
  expect(registered).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^agency-a\.inbound\.ordinary 1\/25\d\d\n$/),
  });
  const place = registered.stdout.trim().split(" ")[1] as string;
  const { line } = await json("entry", INBOUND, place);
  expect(line).toMatchObject({
    letterDate: "2026-05-31",
    urgency: "urgent",
    registeredBy: expect.stringMatching(/^person:os\/./),
    registeredByName: "สมชาย ทดสอบ",
    subject: letterOf(10).subject,
  });

  expect(await here("tray", "agency-a", "merge", second, "--into", first)).toMatchObject({
    code: 0,
    stdout: "Done.\n",
  });
  expect(await here("tray", "agency-a", "not-a-letter", third, "--reason", "โฆษณา")).toMatchObject({
    code: 0,
  });
  // Of a letter that was found to be another one's copy nobody has to say whose.
  const same = { number: "นร 1200/77", letterDate: "2026-05-01" };
  const [, copy] = (await letReadLettersWait(query, [same, same])) as [string, string];
  await expect.poll(async () => (await ask(`/tray/${copy}`)).status, { timeout: 60_000 }).toBe(200);
  expect(await here("tray", "agency-a", "merge", copy)).toMatchObject({ code: 0, stdout: "Done.\n" });
  expect((await here("tray", "agency-a")).stdout).toBe("Nothing waits in the tray.\n");
  // The duty begins when it is first written down: nothing is missed in an installation's first hour.
  expect((await json("tray", "agency-a", "duty")).halfDays).toEqual(expect.any(Array));
  await query("update saraban.agency set tray_duty_since = '2020-01-01' where id = 'agency-a'");
  expect((await json("tray", "agency-a", "duty")).halfDays.length).toBeGreaterThan(0);

  const correction: Parameters<typeof here> = [
    "entry",
    INBOUND,
    place,
    "correct",
    "--remarks",
    "ตรวจแล้ว",
    "--reason",
    "ลืมกรอก",
    ...by,
  ];
  expect((await here(...correction)).code).toBe(0);
  expect(await saraban(...correction)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("ไม่มีสิ่งที่ต้องแก้"),
  });
  expect((await here("entry", INBOUND, place)).stdout).toContain("remarks: - → ตรวจแล้ว");
  expect(await here("entry", INBOUND, place, "cancel")).toMatchObject({
    code: 64,
    stderr: expect.stringContaining("reason"),
  });
  expect(await here("entry", INBOUND, "99/2569")).toMatchObject({ code: 1 });
  expect(await here("entry", "agency-a.inbound.classified", "enter", "--subject", "x")).toMatchObject({
    code: 64,
  });
  expect(await saraban("tray", "agency-z")).toMatchObject({
    code: 64,
    stderr: expect.stringContaining("agency-a, agency-b"),
  });
  expect(await json("entry", OUTBOUND, "enter", "--subject", "หนังสือออก")).toMatchObject({
    result: "done",
    line: { number: 1 },
  });

  // The registry is away: the act stays, and the next start carries it out.
  await service.stop();
  const id = newId();
  const reserve = ["entry", OUTBOUND, "reserve", "--id", id];
  const waiting = saraban(...reserve);
  await expect
    .poll(() => query("select id from saraban.act where id = $1", [id]), { timeout: 60_000 })
    .toHaveLength(1);
  await start();
  expect(await waiting).toMatchObject({ code: 0, stdout: expect.stringContaining(`${OUTBOUND} 2/`) });
  expect((await saraban(...reserve)).stdout).toContain(`${OUTBOUND} 2/`);
}, 120_000);

test("clerks are added, listed, given a new token and removed; what is wrong is said with what to do", async (context) => {
  const { expect } = context;
  const { saraban, here, ask } = await office(context);
  const add = (...more: string[]) => here("clerk", "add", ...more);
  expect(await saraban("clerk", "add", "somying", "--name", "อีกคน", "--agency", "agency-a")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("clerk token somying"),
  });
  expect(await add("x", "--name", "ใคร", "--agency", "agency-z")).toMatchObject({
    code: 64,
    stderr: expect.stringContaining("there is no agency agency-z; --agency is one of agency-a, agency-b"),
  });
  expect((await add("x", "--name", "ใคร")).code).toBe(64);
  expect((await add("X Y", "--name", "ใคร", "--agency", "agency-a")).code).toBe(64);
  expect((await add("x", "--agency", "agency-a")).code).toBe(64);

  const renewed = await saraban("clerk", "token", "somying");
  expect(renewed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^sct_[A-Za-z0-9_-]{43}\n$/) });
  expect((await ask("/tray?agency=agency-a")).status).toBe(401);
  expect((await ask("/tray?agency=agency-a", undefined, renewed.stdout.trim())).status).toBe(200);
  expect((await here("clerk", "remove", "somying")).code).toBe(0);
  expect((await ask("/tray?agency=agency-a", undefined, renewed.stdout.trim())).status).toBe(401);
  expect((await here("clerk", "remove", "somying")).code).toBe(1);
  expect((await here("clerk", "token", "somying")).code).toBe(1);
  const clerks = JSON.parse((await saraban("clerk", "list", "--json")).stdout);
  expect(clerks).toMatchObject([
    { id: "somying", name: "สมหญิง ทดสอบ", agencies: ["agency-a"], active: false },
  ]);
  expect((await here("clerk", "list")).stdout).toContain("removed");
}, 240_000);
