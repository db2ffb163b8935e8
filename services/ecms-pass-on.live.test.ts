/** Letters that an agency's own system numbers in its own book and hands in by e-CMS for offices elsewhere, through the real service. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { run as runClient } from "./command-client.ts";
import { run as runOutbound } from "./command-outbound.ts";
import { run as runVerify } from "./command-verify.ts";
import { adminQueries } from "./shared/testing/arrivals.ts";
import { databaseUrl, runHere } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";
import { startEcmsNode } from "./shared/testing/ecms-node.ts";
import { elementsByName, innerText } from "./shared/testing/literal-xml.ts";
import { type OldClient, type OldLetter, oldClient } from "./shared/testing/old-ecms-clients.ts";
import { openProgramClient } from "./shared/testing/program-client.ts";
import { samplePdf } from "./shared/testing/sample-pdf.ts";
import { startServiceProcess } from "./shared/testing/service-process.ts";

const COMMANDS = { client: runClient, outbound: runOutbound, verify: runVerify };
const OWN = "0199900000";
const OPDC = { domain: "opdc.example.go.th", id: "0101200000" };
const MOT = { domain: "mot.example.go.th", id: "0800200000" };
/** Known, and reached by no way but a program of its own. */
const SILENT = { domain: "silent.example.go.th", id: "0900300000" };
const STATUS =
  '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body><OutboundStatusRequest/></SOAP-ENV:Body></SOAP-ENV:Envelope>';

const AGENCIES = `agencies:
  - { id: agency-a, domain: agency-a.example.go.th, mailbox: saraban, nameThai: หน่วยงานทดสอบ, nameEnglish: Test Agency,
      receiverName: เจ้าหน้าที่ทดสอบ, letterCode: ทก 0101, organisationId: "${OWN}" }
`;
const partners = (url: string) => `partners:
  - { domain: ${OPDC.domain}, nameThai: สำนักงาน ก.พ.ร., mailbox: saraban@${OPDC.domain}, organisationId: "${OPDC.id}" }
  - { domain: ${MOT.domain}, nameThai: กระทรวงคมนาคม, organisationId: "${MOT.id}", ecms: { url: "${url}" } }
  - { domain: ${SILENT.domain}, nameThai: หน่วยงานที่ไม่มีตู้กลาง, organisationId: "${SILENT.id}" }
`;

async function office(context: TestContext) {
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-pass-on-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const node = await startEcmsNode(context);
  const files = {
    SARABAN_AGENCIES_FILE: join(dataDir, "agencies.yaml"),
    SARABAN_PARTNERS_FILE: join(dataDir, "partners.yaml"),
  };
  await writeFile(files.SARABAN_AGENCIES_FILE, AGENCIES);
  await writeFile(files.SARABAN_PARTNERS_FILE, partners(node.url));
  const address = await databaseForTest(inject("testServer"), context);
  const environment = {
    DATABASE_URL: databaseUrl(address),
    SARABAN_DATA_DIR: dataDir,
    SARABAN_WITHOUT_SMARTHOST: "write-files",
    ...files,
  };
  const service = await startServiceProcess("all", { dataDir, environment });
  context.onTestFinished(async () => void (await service.stop()));
  const here = (command: keyof typeof COMMANDS, ...args: string[]) =>
    runHere(COMMANDS[command], environment, [command, ...args]);
  const addClient = async (year: 2012 | 2020, id: string, ...more: string[]) => {
    const dialect = year === 2012 ? "1.0" : "2.0";
    const added = await here(
      "client",
      "add",
      id,
      "--name",
      id,
      "--ecms",
      dialect,
      "--agency",
      "agency-a",
      ...more,
    );
    if (added.code !== 0) throw new Error(added.stderr);
    const program = openProgramClient(service.httpUrl, id, added.stdout.trim());
    context.onTestFinished(() => program.close());
    return { ...oldClient(year, program), program };
  };
  return { service, node, here, addClient, dataDir, query: adminQueries(context, address) };
}

const letterTo = (number: string, receiver: string): OldLetter => ({
  ...{ number, date: "2026-05-11", subject: `ขอเชิญประชุม ${number}`, sender: OWN, receiver },
  pdf: samplePdf(120_000, (length) => Buffer.alloc(length, number)),
});

/** Looks again and again until something waits; fetches, compares and deletes it. */
async function hear(
  { expect }: TestContext,
  client: OldClient,
  { number, date, subject, receiver }: OldLetter,
  type: string,
  acceptId = "",
) {
  let item: Awaited<ReturnType<OldClient["poll"]>> = null;
  const poll = async () => {
    item = await client.poll();
    return item;
  };
  await expect.poll(poll, { timeout: 30_000 }).not.toBeNull();
  expect(item).toMatchObject({
    notifier: { type, letterId: number, acceptId, date, subject, department: client.department(receiver) },
  });
  await client.removeItem((item as unknown as { processId: string }).processId);
}

const OURS = ["--sender", "agency-a.example.go.th", "--scope", "send-outbound", "--scope", "read-outbound"];

/** Nothing of a letter stands in our books or in the log, and what was sent is in order. */
async function checkRest(
  { expect }: TestContext,
  { service, here, query }: Awaited<ReturnType<typeof office>>,
) {
  expect(await query("select number from saraban.entry")).toEqual([]);
  expect(await here("verify")).toMatchObject({ code: 0 });
  expect(await readFile(service.logFile, "utf8")).not.toMatch(/ขอเชิญ|๐๑๐๑/);
}

test("the agency's own client of 2012 sends with its own number: by mail, and to who fetches here; and hears what became of it", async (context) => {
  const { expect } = context;
  const scene = await office(context);
  const { here, addClient, dataDir } = scene;
  const own = await addClient(2012, "system-a", ...OURS);
  const opdc = await addClient(2020, "opdc", "--sender", OPDC.domain, "--scope", "receipts");

  // With an office whose own program answers. The same request three times at once is one letter.
  const letter = letterTo("ทก 0101.2/๔๕", OPDC.id);
  const answers = await Promise.all([own.send(letter), own.send(letter), own.send(letter)]);
  expect(answers.map(({ error }) => error?.code ?? "").sort()).toEqual(["", "SRB303", "SRB303"]);
  const taken = answers.find(({ error }) => error === null);
  expect(taken && innerText(elementsByName(taken.xml, "ram:MainLetterBinaryObject")[0])).toBe(
    letter.pdf.toString("base64"),
  );
  const isThere = async () => {
    const names = await readdir(join(dataDir, "outgoing")).catch(() => []);
    const mails = await Promise.all(
      names
        .filter((name) => !name.startsWith("."))
        .map((name) => readFile(join(dataDir, "outgoing", name), "utf8")),
    );
    return mails.some((mail) => mail.includes(`saraban@${OPDC.domain}`) && mail.includes("_45_2569.pdf"));
  };
  await expect.poll(isThere, { timeout: 30_000 }).toBe(true);
  for (const [type, acceptId] of [
    ["ReceiveLetterNotifier"],
    ["AcceptLetterNotifier", "5521/2569"],
  ] as const) {
    expect((await opdc.notify(type, letter, acceptId)).error).toBeNull();
    await hear(context, own, letter, type, acceptId);
  }
  expect((await here("outbound", "list", "--agency", "agency-a")).stdout).toContain("ทก 0101.2/45");
  expect((await own.program.api(`/outbound/${taken?.processId}`)).body).toMatchObject({
    ...{ origin: "client", letterNumber: "ทก 0101.2/45", line: null, answered: 1 },
    recipients: [{ channel: "mail", status: { state: "registered", proof: "client" } }],
  });

  // Who is reached by no way is told of at once, and the number is free again.
  const lost = letterTo("ทก 0101.2/47", SILENT.id);
  for (const _ of [1, 2]) expect((await own.send(lost)).error?.code).toBe("SRB301");
  // Now its own program fetches here: until it does, the letter shows as open.
  const silent = await addClient(2012, "silent", "--sender", SILENT.domain, "--scope", "submit");
  const { processId } = await own.send(lost);
  const openLetters = async () => (await own.program.soap(STATUS, "text/xml")).text;
  expect(await openLetters()).toContain(processId);
  const poll = async () => (await silent.poll())?.letter;
  await expect.poll(poll, { timeout: 30_000 }).toMatchObject({ number: lost.number, pdf: lost.pdf });
  await silent.removeItem((await silent.poll())?.processId ?? "");
  await expect.poll(openLetters, { timeout: 30_000 }).not.toContain(processId);
  await checkRest(context, scene);
}, 240_000);

test("the agency's own client of 2020 sends by e-CMS with its own number, is rejected, gives it up and sends it anew", async (context) => {
  const { expect } = context;
  const scene = await office(context);
  const { node, addClient, query } = scene;
  const own = await addClient(2020, "system-a", ...OURS);
  const mot = await addClient(2012, "mot", "--sender", MOT.domain, "--scope", "receipts");
  const letter = letterTo("ทก 0101.2/ว ๔๖", MOT.id);
  const first = await own.send(letter);
  const key = `${letter.number}|${letter.date}|${OWN}|${MOT.id}`;
  await expect.poll(() => [...node.documents.keys()], { timeout: 30_000 }).toEqual([key]);
  expect(node.documents.get(key)).toContain(letter.pdf.toString("base64"));

  // The other node lets go of the first one before it takes the second under the same number.
  await mot.notify("RejectLetterNotifier", letter);
  await hear(context, own, letter, "RejectLetterNotifier");
  expect((await own.send(letter)).error?.code).toBe("SRB303");
  expect(await own.deleteDocument(letter)).toMatchObject({ processId: first.processId, error: null });
  const corrected = { ...letter, pdf: samplePdf(3_000, (length) => Buffer.alloc(length, "corrected")) };
  expect((await own.send(corrected)).error).toBeNull();
  await expect
    .poll(() => node.documents.get(key), { timeout: 30_000 })
    .toContain(corrected.pdf.toString("base64"));
  expect((await mot.notify("AcceptLetterNotifier", corrected, "12/2569")).error).toBeNull();
  await hear(context, own, corrected, "AcceptLetterNotifier", "12/2569");

  // Without the scope it is as before.
  const other = await addClient(2012, "reader", "--sender", "agency-a.example.go.th", "--scope", "submit");
  expect((await other.send(letterTo("ทก 0101.2/48", MOT.id))).error?.code).toBe("SRB301");
  expect(await query("select client_number as number, state from saraban.outbound_letter")).toEqual(
    [1, 2].map(() => ({ number: "ทก 0101.2/ว 46", state: "sent" })),
  );
  await checkRest(context, scene);
}, 240_000);
