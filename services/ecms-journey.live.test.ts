/** Letters' lives through the real service, as the e-CMS clients of 2012 and of 2020 live them. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { run as runClerk } from "./command-clerk.ts";
import { run as runClient } from "./command-client.ts";
import { run as runVerify } from "./command-verify.ts";
import { newId } from "./shared/runtime/ids.ts";
import { adminQueries } from "./shared/testing/arrivals.ts";
import { databaseUrl, runHere } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";
import {
  type OldClient,
  type OldItem,
  type OldLetter,
  oldClient,
} from "./shared/testing/old-ecms-clients.ts";
import { openProgramClient, type ProgramClient } from "./shared/testing/program-client.ts";
import { samplePdf } from "./shared/testing/sample-pdf.ts";
import { startServiceProcess } from "./shared/testing/service-process.ts";

const COMMANDS = { clerk: runClerk, client: runClient, verify: runVerify };
const AGENCY = { a: "0199900000", b: "0199800000" } as const;
/** Of config/partners.yaml. */
const OPDC = { domain: "opdc.example.go.th", id: "0101200000" };

/** agency-a registers by itself; in agency-b a clerk does. */
const agencies = `agencies:${(["a", "b"] as const)
  .map(
    (letter) => `
  - id: agency-${letter}
    organisationId: "${AGENCY[letter]}"
    domain: agency-${letter}.example.go.th
    mailbox: saraban
    nameThai: หน่วยงานทดสอบ
    nameEnglish: Test Agency
    receiverName: เจ้าหน้าที่ทดสอบ
    letterCode: ทก 0101
    outbound: { fourEyes: false }
    registration: { ecms: ${letter === "a" ? "automatic" : "clerk"} }`,
  )
  .join("")}\n`;

async function node(context: TestContext) {
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-ecms-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const agenciesFile = join(dataDir, "agencies.yaml");
  await writeFile(agenciesFile, agencies);
  const address = await databaseForTest(inject("testServer"), context);
  const environment = {
    DATABASE_URL: databaseUrl(address),
    SARABAN_AGENCIES_FILE: agenciesFile,
    SARABAN_DATA_DIR: dataDir,
  };
  const service = await startServiceProcess("all", { dataDir, environment });
  context.onTestFinished(async () => void (await service.stop()));
  const here = (command: keyof typeof COMMANDS, ...args: string[]) =>
    runHere(COMMANDS[command], environment, [command, ...args]);
  /** A program that an administrator has registered. */
  const addProgram = async (id: string, ...more: string[]): Promise<ProgramClient> => {
    const { code, stdout, stderr } = await here("client", "add", id, "--name", id, ...more);
    if (code !== 0) throw new Error(stderr);
    const program = openProgramClient(service.httpUrl, id, stdout.trim());
    context.onTestFinished(() => program.close());
    return program;
  };
  const addClient = async (year: 2012 | 2020, id: string, ...more: string[]): Promise<OldClient> =>
    oldClient(year, await addProgram(id, "--ecms", year === 2012 ? "1.0" : "2.0", ...more));
  const addClerk = async (agency: "a" | "b") => {
    const more = ["--agency", `agency-${agency}`, "--may", "approve"];
    const token = (
      await here("clerk", "add", `clerk-${agency}`, "--name", "สมหญิง ทดสอบ", ...more)
    ).stdout.trim();
    const ask = async (path: string, body?: object) => {
      const response = await fetch(`${service.httpUrl}/api/v1${path}`, {
        headers: {
          authorization: `Bearer ${token}`,
          ...(body ? { "content-type": "application/json", prefer: "wait=30" } : {}),
        },
        ...(body ? { method: "POST", body: JSON.stringify(body) } : {}),
      });
      // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
      return { status: response.status, body: (await response.json()) as any };
    };
    return {
      ask,
      /** @returns its id, for a draft */
      upload: async (name: string, octets: Buffer): Promise<string> => {
        const query = new URLSearchParams({ agency: `agency-${agency}`, name });
        const response = await fetch(`${service.httpUrl}/api/v1/outbound/files?${query}`, {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/pdf" },
          body: new Uint8Array(octets),
        });
        return ((await response.json()) as { id: string }).id;
      },
      act: (act: string, more: object) =>
        ask("/acts", { id: newId(), agencyId: `agency-${agency}`, act, ...more }),
      /** The one letter of the tray, once it lies there. */
      waiting: async (): Promise<string> => {
        const letters = async () => (await ask(`/tray?agency=agency-${agency}`)).body.letters;
        await context.expect.poll(letters).toHaveLength(1);
        return (await letters())[0].intakeId;
      },
    };
  };
  return { service, here, addProgram, addClient, addClerk, query: adminQueries(context, address) };
}

const letterOf = (number: string, receiver: string): OldLetter => ({
  number,
  date: "2026-05-11",
  subject: `ขอเชิญประชุม ${number}`,
  sender: OPDC.id,
  receiver,
  pdf: samplePdf(3_000, (length) => Buffer.alloc(length, number)),
});

/** As its program does: looks again and again until something waits. */
async function nextItem({ expect }: TestContext, client: OldClient): Promise<OldItem> {
  let item: OldItem | null = null;
  await expect
    .poll(async () => {
      item = await client.poll();
      return item;
    })
    .not.toBeNull();
  return item as unknown as OldItem;
}

/** Fetches what waits, sees that it says this of that letter, and deletes it. */
async function hear(context: TestContext, client: OldClient, letter: OldLetter, type: string, acceptId = "") {
  const { expect } = context;
  const item = await nextItem(context, client);
  expect(item.notifier).toEqual({
    type,
    letterId: letter.number,
    acceptId,
    date: letter.date,
    subject: letter.subject,
    acceptDate: expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d$/),
    department: client.department(letter.receiver),
  });
  // It died before it deleted it: after its restart the same item is there, and deleting it twice does no harm.
  expect(await client.poll()).toEqual(item);
  for (const _ of [1, 2]) {
    expect(await client.removeItem(item.processId)).toMatchObject({ processId: item.processId, error: null });
  }
}

for (const year of [2012, 2020] as const) {
  test(`a client of ${year} sends: notice of receipt, number, disputed number, rejection, deletion, the same letter again`, async (context) => {
    const { expect } = context;
    const { addClient, addClerk, query, here, service } = await node(context);
    const scopes = ["--sender", OPDC.domain, "--scope", "submit", "--scope", "receipts"];
    const toA = await addClient(year, "opdc-a", "--agency", "agency-a", ...scopes);
    const toB = await addClient(year, "opdc-b", "--agency", "agency-b", ...scopes);
    const clerk = await addClerk("b");

    // Registered by a rule. The same request twice, one of them while the other is on its way: one letter.
    const first = letterOf("นร ๑๒๐๐/๖๑", AGENCY.a);
    const answers = await Promise.all([toA.send(first), toA.send(first), toA.send(first)]);
    const taken = answers.filter(({ error }) => error === null);
    expect(taken).toHaveLength(1);
    expect(taken[0]?.processId).toMatch(/^[0-9a-f-]{36}$/);
    const refusals = answers.filter(({ error }) => error !== null);
    for (const { error, processId } of refusals) {
      expect(error).toEqual({ code: "SRB303", description: expect.stringContaining("(") });
      expect(processId).toBe("");
    }
    await hear(context, toA, first, "ReceiveLetterNotifier");
    await hear(context, toA, first, "AcceptLetterNotifier", "1/2569");
    expect(await toA.poll()).toBeNull();
    expect((await toA.send(first)).error?.code).toBe("SRB303");
    expect(
      await query("select number from saraban.entry where book_id = 'agency-a.inbound.ordinary'"),
    ).toEqual([{ number: 1 }]);

    // It read another number: the right one is told once more.
    expect(await toA.notify("InvalidAcceptIDNotifier", first, "9/2569")).toMatchObject({
      error: null,
      processId: expect.stringMatching(/./),
    });
    await hear(context, toA, first, "AcceptLetterNotifier", "1/2569");
    expect(await toA.poll()).toBeNull();
    // A lost notifier is asked for again by its letter; the queue stays as it is.
    expect(await toA.askAgain("AcceptLetterNotifier", first)).toMatchObject({
      notifier: { acceptId: "1/2569" },
    });

    // Where a clerk registers: first the notice of receipt alone; rejected, the letter is deleted, corrected and sent again.
    const second = letterOf("นร 1200/62", AGENCY.b);
    expect((await toB.send(second)).error).toBeNull();
    await hear(context, toB, second, "ReceiveLetterNotifier");
    const decision = year === 2012 ? "reject" : "invalid";
    expect(
      await clerk.act(decision, { intakeId: await clerk.waiting(), reason: "ไม่มีสิ่งที่ส่งมาด้วย" }),
    ).toMatchObject({
      status: 201,
      body: { result: "done" },
    });
    await hear(context, toB, second, year === 2012 ? "RejectLetterNotifier" : "InvalidLetterNotifier");
    expect((await toB.send(second)).error?.code).toBe("SRB303");
    const deleted = await toB.deleteDocument(second);
    expect(deleted).toMatchObject({ error: null, processId: expect.stringMatching(/./) });
    expect((await toB.deleteDocument(second)).processId).toBe(deleted.processId);
    const corrected = { ...second, pdf: samplePdf(3_000, (length) => Buffer.alloc(length, "corrected")) };
    expect((await toB.send(corrected)).error).toBeNull();
    await hear(context, toB, corrected, "ReceiveLetterNotifier");
    expect((await clerk.act("register", { intakeId: await clerk.waiting() })).body).toMatchObject({
      result: "done",
    });
    await hear(context, toB, corrected, "AcceptLetterNotifier", "1/2569");
    expect(await toB.poll()).toBeNull();

    expect(await here("verify")).toMatchObject({ code: 0 });
    expect(await readFile(service.logFile, "utf8")).not.toMatch(/ขอเชิญ|๑๒๐๐/);
  }, 240_000);
}

test("the agencies' own systems, one of each kind, fetch what came and hear what became of the agency's letter", async (context) => {
  const { expect } = context;
  const { addClient, addClerk, query } = await node(context);
  const own = ["--scope", "read-inbound", "--scope", "read-outbound"];
  const ownA = await addClient(2012, "system-a", "--agency", "agency-a", ...own);
  const ownB = await addClient(2020, "system-b", "--agency", "agency-b", ...own);
  const scopes = ["--sender", OPDC.domain, "--scope", "submit", "--scope", "receipts"];
  const toA = await addClient(2020, "opdc-a", "--agency", "agency-a", ...scopes);
  const toB = await addClient(2012, "opdc-b", "--agency", "agency-b", ...scopes);
  const [clerkA, clerkB] = [await addClerk("a"), await addClerk("b")];

  // Across the dialects: the letter that a client of 2020 sent is read by one of 2012, and the other way round.
  const [forA, forB] = [letterOf("นร 1200/71", AGENCY.a), letterOf("นร 1200/72", AGENCY.b)];
  expect([(await toA.send(forA)).error, (await toB.send(forB)).error]).toEqual([null, null]);
  expect((await clerkB.act("register", { intakeId: await clerkB.waiting() })).status).toBe(201);
  for (const [system, letter] of [
    [ownA, forA],
    [ownB, forB],
  ] as const) {
    const item = await nextItem(context, system);
    const read = {
      ...letter,
      sender: system.department(letter.sender),
      receiver: system.department(letter.receiver),
      mimeCode: "application/pdf",
    };
    expect(item.letter).toEqual(read);
    expect((await system.poll())?.processId).toBe(item.processId);
    expect((await system.removeItem(item.processId)).error).toBeNull();
    expect(await system.poll()).toBeNull();
    // Deleted too early: it is asked for again by its key.
    expect((await system.askAgain("GovernmentDocument", letter))?.letter).toEqual(read);
  }

  // A letter of agency-b's own goes out by mail; the other office answers by e-CMS, under its own credentials.
  const letterId = newId();
  const details = {
    letter: {
      series: "ordinary",
      subject: "ขอส่งรายงาน",
      urgency: "normal",
      text: "เรียน ผู้เกี่ยวข้อง",
      recipients: [{ partner: OPDC.domain }],
      files: [],
    },
  };
  expect((await clerkB.act("draft", { letterId, details })).body).toMatchObject({ result: "done" });
  expect((await clerkB.act("approve", { letterId, details: { version: 1, send: true } })).body).toMatchObject(
    { result: "done" },
  );
  const [sent] = await query<{ number: string; date: string }>(
    "select letter_number as number, letter_date::text as date from saraban.register_line where book_id = 'agency-b.outbound.ordinary'",
  );
  const answered = {
    ...forB,
    number: sent?.number ?? "",
    date: sent?.date ?? "",
    subject: "ขอส่งรายงาน",
    receiver: OPDC.id,
  };
  expect((await toB.notify("ReceiveLetterNotifier", answered)).error).toBeNull();
  await hear(context, ownB, answered, "ReceiveLetterNotifier");
  expect((await toB.notify("AcceptLetterNotifier", answered, "5521/2569")).error).toBeNull();
  await hear(context, ownB, answered, "AcceptLetterNotifier", "5521/2569");
  expect((await clerkB.ask(`/outbound/${letterId}`)).body).toMatchObject({
    answered: 1,
    recipients: [{ status: { state: "registered", proof: "client", receiveNumber: "5521" } }],
  });
  // None of this was for the other agency.
  expect(await ownA.poll()).toBeNull();
  expect((await clerkA.ask(`/outbound/${letterId}`)).status).toBe(404);
}, 240_000);

for (const year of [2012, 2020] as const) {
  test(`a client of ${year} fetches a letter that is for its office, and answers it; nobody else's program sees it`, async (context) => {
    const { expect } = context;
    const { addProgram, addClient, addClerk, query, here } = await node(context);
    const office = ["--agency", "agency-b", "--sender", OPDC.domain];
    const client = await addClient(year, "opdc", ...office, "--scope", "submit");
    const json = await addProgram("opdc-json", ...office, "--scope", "submit");
    const strangers = [
      await addProgram("opdc-receipts", ...office, "--scope", "receipts"),
      await addProgram("opdc-a", "--agency", "agency-a", "--sender", OPDC.domain, "--scope", "submit"),
      await addProgram("mot", "--agency", "agency-b", "--sender", "mot.example.go.th", "--scope", "submit"),
      await addProgram("node", "--agency", "agency-b", "--node", "--scope", "submit"),
      await addProgram("own", "--agency", "agency-b", "--scope", "submit", "--scope", "read-inbound"),
    ];
    const clerk = await addClerk("b");
    const pdf = samplePdf(3_000, (length) => Buffer.alloc(length, "ของเรา"));
    const large = samplePdf(3_000_000, (length) => Buffer.alloc(length, "ภาคผนวก"));
    const files = [await clerk.upload("หนังสือ.pdf", pdf), await clerk.upload("ภาคผนวก.pdf", large)];
    const send = async (subject: string) => {
      const letterId = newId();
      const facts = { series: "ordinary", subject, urgency: "urgent", files };
      const letter = { ...facts, recipients: [{ partner: OPDC.domain, channel: "ecms" }] };
      for (const [act, details] of [
        ["draft", { letter }],
        ["approve", { version: 1, send: true }],
      ] as const)
        expect((await clerk.act(act, { letterId, details })).body).toMatchObject({ result: "done" });
      const [line] = await query<{ number: string; printed: string; date: string }>(
        `select letter_number as number, coalesce(letter_number_printed, letter_number) as printed, letter_date::text as date
           from saraban.register_line where book_id = 'agency-b.outbound.ordinary' order by number desc limit 1`,
      );
      const { number = "", printed = "", date = "" } = line ?? {};
      return { letterId, number, printed, date };
    };
    const status = async (letterId: string) => (await clerk.ask(`/outbound/${letterId}`)).body.recipients[0];

    const { letterId, number, printed, date } = await send("ขอส่งรายงานประจำปี");
    const item = await nextItem(context, client);
    const read = {
      ...{ number: printed, date, subject: "ขอส่งรายงานประจำปี" },
      ...{ sender: client.department(AGENCY.b), receiver: client.department(OPDC.id) },
      ...{ pdf, mimeCode: "application/pdf" },
    };
    expect(item.letter).toEqual(read);
    expect((await client.poll())?.processId).toBe(item.processId);
    expect(await status(letterId)).toMatchObject({ address: OPDC.id, status: { state: "accepted" } });
    for (const stranger of strangers) expect((await stranger.api("/inbox/next")).status).not.toBe(200);

    // The office's other program reads the same as JSON, with the files as they were sent.
    const { body: shown } = await json.api("/inbox/next");
    expect(shown).toMatchObject({
      kind: "sent-letter",
      sentLetter: {
        sender: { domain: "agency-b.example.go.th", organisationId: AGENCY.b },
        ...{ number: printed, date, subject: read.subject, urgency: "urgent", isResent: false },
        files: [
          { no: 1, role: "main", sizeBytes: pdf.length },
          { no: 2, role: "enclosure", sizeBytes: large.length },
        ],
      },
    });
    const file = await json.api(`/inbox/${shown.id}/files/2`);
    expect([file.status, file.sizeBytes]).toEqual([200, large.length]);
    for (const stranger of strangers) {
      expect((await stranger.api(`/inbox/${shown.id}`)).status).not.toBe(200);
      expect((await stranger.api(`/inbox/${shown.id}/files/1`)).status).not.toBe(200);
    }

    // Deleting it is news of its own: it is with the office, whatever that makes of it.
    for (const _ of [1, 2]) expect((await client.removeItem(item.processId)).error).toBeNull();
    await expect.poll(async () => (await status(letterId)).status.state).toBe("delivered");
    const wire = { ...read, sender: AGENCY.b, receiver: OPDC.id };
    expect((await client.askAgain("GovernmentDocument", wire))?.letter).toEqual(read);
    expect((await client.notify("ReceiveLetterNotifier", wire)).error).toBeNull();
    await expect.poll(async () => (await status(letterId)).status.state).toBe("arrived");
    expect((await client.notify("AcceptLetterNotifier", wire, "88/2569")).error).toBeNull();
    await expect
      .poll(async () => (await status(letterId)).status)
      .toMatchObject({ state: "registered", proof: "client", receiveNumber: "88", receiveYear: 2569 });
    expect((await clerk.ask("/outbound/unanswered?agency=agency-b")).body.recipients).toEqual([]);
    expect(number).toMatch(/\/1$/);

    // Called back before anybody has fetched it, the next one is gone.
    const second = await send("ขอส่งฉบับที่สอง");
    await expect.poll(async () => (await status(second.letterId)).status.state).toBe("accepted");
    const recalled = await clerk.act("recall", { letterId: second.letterId, reason: "ส่งผิดหน่วยงาน" });
    expect(recalled.body).toMatchObject({ result: "done" });
    await expect.poll(async () => (await status(second.letterId)).status.recall).toBe("recall-accepted");
    expect(await client.poll()).toBeNull();
    expect(await here("verify")).toMatchObject({ code: 0 });
  }, 240_000);
}
