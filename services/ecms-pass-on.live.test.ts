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
/** Known, and reached by no way. */
const SILENT = "0900300000";

const AGENCIES = `agencies:
  - { id: agency-a, domain: agency-a.example.go.th, mailbox: saraban, nameThai: หน่วยงานทดสอบ, nameEnglish: Test Agency,
      receiverName: เจ้าหน้าที่ทดสอบ, letterCode: ทก 0101, organisationId: "${OWN}" }
`;
const partners = (url: string) => `partners:
  - { domain: ${OPDC.domain}, nameThai: สำนักงาน ก.พ.ร., mailbox: saraban@${OPDC.domain}, organisationId: "${OPDC.id}" }
  - { domain: ${MOT.domain}, nameThai: กระทรวงคมนาคม, organisationId: "${MOT.id}", ecms: { url: "${url}" } }
  - { domain: silent.example.go.th, nameThai: หน่วยงานที่ไม่มีตู้กลาง, organisationId: "${SILENT}" }
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

for (const year of [2012, 2020] as const) {
  test(`a client of ${year} of the agency's own sends to partners: by mail and by e-CMS, with its own number, and hears theirs`, async (context) => {
    const { expect } = context;
    const { service, node, here, addClient, dataDir, query } = await office(context);
    const ours = [
      "--sender",
      "agency-a.example.go.th",
      "--scope",
      "send-outbound",
      "--scope",
      "read-outbound",
    ];
    const own = await addClient(year, "system-a", ...ours);
    const opdc = await addClient(2020, "opdc", "--sender", OPDC.domain, "--scope", "submit");
    const openLetters = async () => {
      const { text } = await own.program.soap(
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body><OutboundStatusRequest/></SOAP-ENV:Body></SOAP-ENV:Envelope>',
        "text/xml",
      );
      return text;
    };

    // By mail, with an office whose own program answers. The same request three times at once is one letter.
    const byMail = letterTo("ทก 0101.2/๔๕", OPDC.id);
    const answers = await Promise.all([own.send(byMail), own.send(byMail), own.send(byMail)]);
    expect(answers.map(({ error }) => error?.code ?? "").sort()).toEqual(["", "SRB303", "SRB303"]);
    const [taken] = answers.filter(({ error }) => error === null);
    const letterId = taken?.processId ?? "";
    expect(taken && innerText(elementsByName(taken.xml, "ram:MainLetterBinaryObject")[0])).toBe(
      byMail.pdf.toString("base64"),
    );
    const mails = async () => {
      const names = await readdir(join(dataDir, "outgoing"), { recursive: true }).catch(() => []);
      const eml = names.filter((name) => name.endsWith(".eml"));
      return Promise.all(eml.map((name) => readFile(join(dataDir, "outgoing", name), "utf8")));
    };
    const isThere = async () =>
      (await mails()).some(
        (mail) => mail.includes(`saraban@${OPDC.domain}`) && mail.includes("_45_2569.pdf"),
      );
    await expect.poll(isThere, { timeout: 30_000 }).toBe(true);
    for (const [type, acceptId] of [
      ["ReceiveLetterNotifier"],
      ["AcceptLetterNotifier", "5521/2569"],
    ] as const) {
      expect((await opdc.notify(type, byMail, acceptId)).error).toBeNull();
      await hear(context, own, byMail, type, acceptId);
    }

    // By e-CMS, while the other node is away: its status says so.
    node.fault = () => ({ status: 503 });
    const byEcms = letterTo("ทก 0101.2/ว ๔๖", MOT.id);
    const first = await own.send(byEcms);
    expect(first.error).toBeNull();
    await expect.poll(() => node.requests.length, { timeout: 30_000 }).toBeGreaterThan(0);
    expect(await openLetters()).toContain(first.processId);
    node.fault = () => undefined;
    const key = `${byEcms.number}|${byEcms.date}|${OWN}|${MOT.id}`;
    await expect.poll(() => [...node.documents.keys()], { timeout: 120_000 }).toEqual([key]);
    expect(node.documents.get(key)).toContain(byEcms.pdf.toString("base64"));
    await expect.poll(openLetters, { timeout: 30_000 }).not.toContain(first.processId);

    // Rejected there, it is given up and sent anew under the same number: the other node lets go of the first one.
    const mot = await addClient(2012, "mot", "--sender", MOT.domain, "--scope", "submit");
    await mot.notify("RejectLetterNotifier", byEcms);
    await hear(context, own, byEcms, "RejectLetterNotifier");
    expect((await own.send(byEcms)).error?.code).toBe("SRB303");
    expect(await own.deleteDocument(byEcms)).toMatchObject({ processId: first.processId, error: null });
    const corrected = { ...byEcms, pdf: samplePdf(3_000, (length) => Buffer.alloc(length, "corrected")) };
    expect((await own.send(corrected)).error).toBeNull();
    await expect
      .poll(() => node.documents.get(key), { timeout: 30_000 })
      .toContain(corrected.pdf.toString("base64"));
    expect((await mot.notify("AcceptLetterNotifier", corrected, "12/2569")).error).toBeNull();
    await hear(context, own, corrected, "AcceptLetterNotifier", "12/2569");

    // Who is reached by no way is told at once, and the number is free again.
    const lost = letterTo("ทก 0101.2/47", SILENT);
    for (const _ of [1, 2]) expect((await own.send(lost)).error?.code).toBe("SRB301");

    expect(await query("select number from saraban.entry")).toEqual([]);
    const letters = await query<{ letter: string; state: string }>(
      "select client_number as letter, state from saraban.outbound_letter order by id",
    );
    expect(letters.map(({ letter, state }) => `${letter} ${state}`)).toEqual([
      "ทก 0101.2/45 sent",
      "ทก 0101.2/ว 46 sent",
      "ทก 0101.2/ว 46 sent",
    ]);
    expect((await here("outbound", "list", "--agency", "agency-a")).stdout).toContain("ทก 0101.2/45");
    const shown = await own.program.api(`/outbound/${letterId}`);
    expect(shown.body).toMatchObject({
      origin: "client",
      letterNumber: "ทก 0101.2/45",
      line: null,
      answered: 1,
    });
    expect(await here("verify")).toMatchObject({ code: 0 });
    expect(await readFile(service.logFile, "utf8")).not.toMatch(/ขอเชิญ|๐๑๐๑/);
  }, 240_000);
}
