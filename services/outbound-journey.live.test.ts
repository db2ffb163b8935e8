/** Letters of our own through the real processes: from the draft to the recipients' rows, at the HTTP door and on the command line. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { run as runClerk } from "./command-clerk.ts";
import { run as runEntry } from "./command-entry.ts";
import { run as runOutbound } from "./command-outbound.ts";
import { newId } from "./shared/runtime/ids.ts";
import { adminQueries } from "./shared/testing/arrivals.ts";
import { databaseUrl, runHere, runSaraban } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";
import { startServiceProcess } from "./shared/testing/service-process.ts";

const COMMANDS = { clerk: runClerk, entry: runEntry, outbound: runOutbound };
const OUTBOUND = "agency-a.outbound.ordinary";
const PDF = Buffer.from("%PDF-1.7\nหนังสือทดสอบ");

const agency = (letter: string, more: string) => `
  - id: agency-${letter}
    domain: agency-${letter}.example.go.th
    mailbox: saraban
    nameThai: หน่วยงานทดสอบ
    nameEnglish: Test Agency
    receiverName: เจ้าหน้าที่ทดสอบ
    letterCode: ทก 0100
    ${more}`;
const PARTNERS = `partners:
  - { domain: opdc.example.go.th, nameThai: สำนักงาน ก.พ.ร., mailbox: saraban@opdc.example.go.th }
  - { domain: mot.example.go.th, nameThai: กระทรวงคมนาคม, mailbox: central@mot.example.go.th }
  - { domain: silent.example.go.th, nameThai: หน่วยงานที่ไม่มีตู้กลาง }`;

/** `saraban all` with two agencies: in agency-a two people are needed for a letter, in agency-b one is enough. */
async function office(context: TestContext) {
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-outbound-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const agenciesFile = join(dataDir, "agencies.yaml");
  const partnersFile = join(dataDir, "partners.yaml");
  const agencies = [agency("a", "romanCode: testa"), agency("b", "outbound: { fourEyes: false }")];
  await writeFile(agenciesFile, `agencies:${agencies.join("")}\n`);
  await writeFile(partnersFile, `${PARTNERS}\n`);
  const address = await databaseForTest(inject("testServer"), context);
  const environment = {
    DATABASE_URL: databaseUrl(address),
    SARABAN_AGENCIES_FILE: agenciesFile,
    SARABAN_PARTNERS_FILE: partnersFile,
    SARABAN_DATA_DIR: dataDir,
  };
  const service = await startServiceProcess("all", { dataDir, environment });
  context.onTestFinished(async () => void (await service.stop()));
  const saraban = (...args: string[]) => runSaraban(environment, args);
  /** The same without a process of its own. */
  const here = (command: keyof typeof COMMANDS, ...args: string[]) =>
    runHere(COMMANDS[command], environment, [command, ...args]);
  const addClerk = async (id: string, of: string, ...more: string[]) => {
    const { stdout } = await here("clerk", "add", id, "--name", "สมหญิง ทดสอบ", "--agency", of, ...more);
    return stdout.trim();
  };
  const ask = async (as: string, path: string, body?: object | Buffer) => {
    const isFile = body instanceof Buffer;
    const response = await fetch(`${service.httpUrl}/api/v1${path}`, {
      headers: {
        authorization: `Bearer ${as}`,
        ...(body
          ? { "content-type": isFile ? "application/pdf" : "application/json", prefer: "wait=20" }
          : {}),
      },
      ...(body ? { method: "POST", body: isFile ? new Uint8Array(body) : JSON.stringify(body) } : {}),
    });
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely
    return { status: response.status, headers: response.headers, body: (await response.json()) as any };
  };
  const act = (as: string, name: string, letterId: string, more: object = {}) =>
    ask(as, "/acts", { id: newId(), agencyId: "agency-a", act: name, letterId, ...more });
  return { dataDir, service, saraban, here, addClerk, ask, act, query: adminQueries(context, address) };
}

test("upload, draft, check, sign-off by another person, number, sent, download, by HTTP; others' clerks see nothing", async (context) => {
  const { expect } = context;
  const { saraban, here, addClerk, ask, act, query, service } = await office(context);
  const somying = await addClerk("somying", "agency-a");
  const head = await addClerk("head", "agency-a", "--may", "approve");
  const stranger = await addClerk("somchai", "agency-b", "--may", "approve");

  const letterFile = await ask(somying, "/outbound/files?agency=agency-a&name=draft%20v7.pdf", PDF);
  const large = Buffer.alloc(300_000, 5);
  const enclosure = await ask(
    somying,
    "/outbound/files?agency=agency-a&name=%E0%B8%9C%E0%B8%B1%E0%B8%87.pdf",
    large,
  );
  expect([letterFile.status, enclosure.status]).toEqual([201, 201]);
  const letterId = newId();
  const letter = {
    series: "ordinary",
    subject: "ขอเชิญประชุม",
    urgency: "urgent",
    text: "เรียน ผู้เกี่ยวข้อง",
    recipients: [
      { partner: "OPDC.example.go.th" },
      { name: "กรมอื่น", address: "saraban@other.example.go.th" },
    ],
    files: [letterFile.body.id, enclosure.body.id],
  };
  expect(await act(somying, "draft", letterId, { details: { letter } })).toMatchObject({
    status: 201,
    body: { result: "done", line: null, letterId },
  });
  // A file of another agency is nobody's here.
  const foreign = await ask(stranger, "/outbound/files?agency=agency-b&name=a.pdf", PDF);
  const wrong = { letter: { ...letter, files: [foreign.body.id] } };
  expect(await act(somying, "draft", newId(), { details: wrong })).toMatchObject({
    status: 422,
    body: { code: "no-such-file" },
  });
  expect((await ask(somying, `/outbound/${letterId}`)).body).toMatchObject({
    state: "draft",
    version: 1,
    facts: { recipients: [{ partner: "opdc.example.go.th" }, {}] },
    files: [
      { no: 1, name: "draft v7.pdf" },
      { no: 2, name: "ผัง.pdf" },
    ],
    recipients: [],
    events: [{ what: "drafted", madeByName: "สมหญิง ทดสอบ" }],
  });

  const changed = { letter: { ...letter, remarks: "ด่วน" } };
  expect((await act(somying, "draft", letterId, { details: changed })).status).toBe(201);
  expect(await act(somying, "check", letterId, { details: { version: 1 } })).toMatchObject({
    status: 422,
    body: { code: "another-version-was-seen", titleThai: expect.stringContaining("ฉบับล่าสุด") },
  });
  expect((await act(somying, "check", letterId, { details: { version: 2 } })).status).toBe(201);
  const approval = { details: { version: 2, send: true } };
  expect(await act(somying, "approve", letterId, approval)).toMatchObject({
    status: 403,
    body: { code: "right-needed", titleThai: expect.stringContaining("สิทธิ") },
  });
  // With the right it is still the letter that she has drafted.
  expect((await saraban("clerk", "rights", "somying", "--may", "approve")).stdout).toContain("may approve");
  expect(await act(somying, "approve", letterId, approval)).toMatchObject({
    status: 422,
    body: { code: "who-drafted-it-does-not-approve-it" },
  });
  expect((await here("clerk", "rights", "somying", "--none")).code).toBe(0);
  expect((await act(somying, "approve", letterId, approval)).status).toBe(403);
  const approved = await act(head, "approve", letterId, approval);
  expect(approved).toMatchObject({ status: 201, body: { line: { bookId: OUTBOUND, number: 1 }, letterId } });
  const { year } = approved.body.line;

  const sent = (await ask(somying, `/outbound/${letterId}`)).body;
  expect(sent).toMatchObject({
    state: "sent",
    letterNumber: "ทก 0100/1",
    line: { number: 1, yearBuddhist: year + 543 },
    files: [
      { no: 1, name: `TESTA_0100_1_${year + 543}.pdf`, sizeBytes: PDF.length },
      { no: 2, name: `TESTA_0100_1_${year + 543}_1.pdf` },
    ],
    recipients: [
      { no: 1, name: "สำนักงาน ก.พ.ร.", address: "saraban@opdc.example.go.th", status: { isAnswered: false } },
      { no: 2, name: "กรมอื่น", address: "saraban@other.example.go.th" },
    ],
    answered: 0,
    complete: true,
  });
  expect(await query("select count(*)::int as n from saraban.outbound_recipient")).toEqual([{ n: 2 }]);
  for (const [no, octets] of [
    [1, PDF],
    [2, large],
  ] as const) {
    const download = await fetch(`${service.httpUrl}/api/v1/outbound/${letterId}/files/${no}`, {
      headers: { authorization: `Bearer ${somying}` },
    });
    expect(Buffer.from(await download.arrayBuffer()).equals(octets)).toBe(true);
    expect(download.headers.get("content-disposition")).toMatch(
      /^attachment; filename="TESTA_0100_1_25\d\d(_1)?\.pdf"; /,
    );
    expect(download.headers.get("x-content-type-options")).toBe("nosniff");
  }
  expect((await ask(somying, `/lines/${OUTBOUND}/${year}/1`)).body).toMatchObject({
    line: { subject: "ขอเชิญประชุม", letterNumber: "ทก 0100/1" },
    letter: { letterId, total: 2, answered: 0, recipients: [{ no: 1 }, { no: 2 }] },
    recall: null,
  });

  // Told by telephone: the list of who has not answered grows shorter, and the note stands as a note.
  const unanswered = "/outbound/unanswered?agency=agency-a";
  expect((await ask(somying, unanswered)).body.recipients).toMatchObject([
    { letterId, no: 1 },
    { letterId, no: 2 },
  ]);
  const recipientId = sent.recipients[1].recipientId;
  const details = { recipientId, answer: { what: "registered", receiveNumber: "77/2569" } };
  expect((await act(somying, "note-answer", letterId, { details })).status).toBe(201);
  expect((await ask(somying, unanswered)).body.recipients).toMatchObject([{ no: 1, waitedHours: 0 }]);
  expect((await ask(somying, `/outbound/${letterId}`)).body).toMatchObject({
    answered: 1,
    recipients: [{}, { status: { state: "registered", proof: "clerk", receiveNumber: "77/2569" } }],
  });
  expect((await act(somying, "recall", letterId, { reason: "ส่งผิดฉบับ" })).status).toBe(201);
  expect((await ask(somying, `/lines/${OUTBOUND}/${year}/1`)).body).toMatchObject({
    letter: { recalledAt: expect.any(String) },
    recall: { state: "requested", reason: "ส่งผิดฉบับ" },
  });

  for (const hidden of [
    `/outbound/${letterId}`,
    `/outbound/${letterId}/files/1`,
    "/outbound?agency=agency-a",
    unanswered,
  ])
    expect((await ask(stranger, hidden)).status, hidden).toBe(404);
  expect(await act(stranger, "approve", letterId, { agencyId: "agency-b", ...approval })).toMatchObject({
    status: 422,
    body: { code: "no-such-letter" },
  });
}, 240_000);

test("a newcomer sends a letter with two commands; the rest of its life on the command line, with hints and exit codes", async (context) => {
  const { expect } = context;
  const { dataDir, saraban, here, query } = await office(context);
  const file = join(dataDir, "หนังสือ.pdf");
  await writeFile(file, PDF);
  const outbound = (...args: string[]) => here("outbound", ...args);
  const json = async (...args: string[]) => JSON.parse((await outbound(...args, "--json")).stdout);

  const draft = [
    "draft",
    "--agency",
    "agency-b",
    "--subject",
    "ขอส่งรายงาน",
    "--to",
    "opdc.example.go.th",
    "--file",
    file,
  ];
  const drafted = await saraban("outbound", ...draft, "--to", "กรมอื่น <saraban@other.example.go.th>");
  expect(drafted.code).toBe(0);
  const letterId = drafted.stdout.trim();
  expect(drafted.stderr).toContain(`saraban outbound approve ${letterId} --send`);
  expect(await saraban("outbound", "approve", letterId, "--send", "--by", "สมชาย ทดสอบ")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^agency-b\.outbound\.ordinary 1\/25\d\d\n$/),
  });
  expect(await query("select address from saraban.outbound_recipient order by no")).toEqual([
    { address: "saraban@opdc.example.go.th" },
    { address: "saraban@other.example.go.th" },
  ]);
  const shown = (await outbound("show", letterId)).stdout;
  for (const part of ["ขอส่งรายงาน", "ส่งแล้ว", "AGENCYB_0100_1_", "กรมอื่น", "สมชาย ทดสอบ"])
    expect(shown).toContain(part);
  const out = join(dataDir, "copy.pdf");
  expect(await outbound("file", letterId, "1", "--out", out)).toMatchObject({ code: 0 });
  expect((await readFile(out)).equals(PDF)).toBe(true);

  expect((await json("list", "--agency", "agency-b", "--state", "sent")).letters).toMatchObject([
    { letterId, letterNumber: "ทก 0100/1", recipients: { total: 2, answered: 0 } },
  ]);
  expect((await outbound("list", "--agency", "agency-b")).stdout).toContain("0/2");
  const noted = [
    "note-answer",
    letterId,
    "--recipient",
    "1",
    "--answer",
    "registered",
    "--receive-number",
    "9/2569",
  ];
  expect((await outbound(...noted)).code).toBe(0);
  expect((await json("unanswered", "--agency", "agency-b")).recipients).toMatchObject([{ no: 2 }]);
  expect((await outbound("unanswered", "--agency", "agency-b")).stdout).toContain("กรมอื่น");
  expect((await outbound("resend", letterId, "--recipient", "2")).code).toBe(0);
  expect(await outbound("change", letterId, "--subject", "ใหม่")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`saraban outbound recall ${letterId}`),
  });
  expect(await outbound("recall", letterId)).toMatchObject({
    code: 64,
    stderr: expect.stringContaining("reason"),
  });
  expect((await outbound("recall", letterId, "--reason", "ส่งผิดฉบับ")).code).toBe(0);

  // The same draft asked for twice is one; a change keeps what is not named.
  const id = newId();
  const second = [...draft, "--circular", "--id", id];
  const [first, again] = [await outbound(...second), await outbound(...second)];
  expect(again).toEqual(first);
  const secondId = first.stdout.trim();
  expect((await outbound("change", secondId, "--urgency", "urgent")).code).toBe(0);
  expect(await json("show", secondId)).toMatchObject({
    series: "circular",
    version: 2,
    facts: { subject: "ขอส่งรายงาน", urgency: "urgent", recipients: [{ partner: "opdc.example.go.th" }] },
    files: [{ name: "หนังสือ.pdf" }],
  });
  expect(await outbound("approve", secondId, "--version", "1")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`saraban outbound show ${secondId}`),
  });
  expect((await outbound("return", secondId, "--reason", "แก้ย่อหน้าสอง")).code).toBe(0);
  expect((await outbound("withdraw", secondId, "--reason", "ไม่ส่งแล้ว")).code).toBe(0);

  // What stands in the way is said with what helps.
  const other = ["draft", "--agency", "agency-a", "--subject", "เรื่อง", "--file", file, "--to"];
  const unreachable = (await outbound(...other, "silent.example.go.th")).stdout.trim();
  expect(await outbound("approve", unreachable)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("fourEyes: false"),
  });
  const silent = [...draft.slice(0, 6), "silent.example.go.th", "--file", file];
  const silentId = (await outbound(...silent)).stdout.trim();
  expect(await outbound("approve", silentId, "--send")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("config/partners.yaml"),
  });
  expect(await outbound(...draft.slice(0, -1), join(dataDir, "none.pdf"))).toMatchObject({
    code: 64,
    stderr: expect.stringContaining("ENOENT"),
  });
  expect(await outbound(...draft, "--to", "not an address")).toMatchObject({
    code: 64,
    stderr: expect.stringContaining("recipients"),
  });
  expect(await outbound("show", "x")).toMatchObject({ code: 64 });

  // A letter that came in: opened by an officer; its sender does not want it back.
  const inbound = "agency-b.inbound.ordinary";
  const entered = await here("entry", inbound, "enter", "--subject", "หนังสือกระดาษ");
  const place = entered.stdout.trim().split(" ")[1] as string;
  expect((await here("entry", inbound, place, "hand-over", "--officer", "สมศรี ทดสอบ")).code).toBe(0);
  expect((await here("entry", inbound, place)).stdout).toContain("officer: สมศรี ทดสอบ");
  expect(await here("entry", inbound, place, "answer-recall", "--give-back")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("เรียกคืน"),
  });
  expect((await here("entry", inbound, place, "answer-recall")).code).toBe(64);
}, 240_000);
