/** Two installations that are each other's e-CMS nodes: a letter goes over, and its receive number comes back. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { run as runClient } from "./command-client.ts";
import { run as runOutbound } from "./command-outbound.ts";
import { adminQueries } from "./shared/testing/arrivals.ts";
import { databaseUrl, runHere } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";
import { freePort } from "./shared/testing/free-port.ts";
import { startServiceProcess } from "./shared/testing/service-process.ts";

interface Office {
  readonly name: "a" | "b";
  readonly organisationId: string;
  readonly port: number;
}

/** `saraban all` for one agency, whose one partner is the other office; the password for that lies in a file. */
async function installation(context: TestContext, dir: string, own: Office, other: Office) {
  const dataDir = join(dir, own.name);
  await mkdir(dataDir);
  const [agencies, partners, secret] = ["agencies.yaml", "partners.yaml", "secret"].map((name) =>
    join(dataDir, name),
  ) as [string, string, string];
  await writeFile(
    agencies,
    `agencies: [{ id: agency-${own.name}, domain: agency-${own.name}.example.go.th, mailbox: saraban, nameThai: หน่วยงานทดสอบ, nameEnglish: Test,
       receiverName: เจ้าหน้าที่ทดสอบ, letterCode: ทก 0100, outbound: { fourEyes: false }, organisationId: "${own.organisationId}" }]\n`,
  );
  await writeFile(
    partners,
    `partners: [{ domain: agency-${other.name}.example.go.th, nameThai: อีกหน่วยงานหนึ่ง, codeLetters: ทก, organisationId: "${other.organisationId}",
       ecms: { url: "http://127.0.0.1:${other.port}/ecms-ws01/service2", user: office-${own.name}, passwordEnv: SARABAN_SECRET_OTHER } }]\n`,
  );
  const address = await databaseForTest(inject("testServer"), context);
  const environment = {
    DATABASE_URL: databaseUrl(address),
    SARABAN_DATA_DIR: dataDir,
    SARABAN_AGENCIES_FILE: agencies,
    SARABAN_PARTNERS_FILE: partners,
    SARABAN_HTTP_PORT: String(own.port),
    SARABAN_SECRET_OTHER_FILE: secret,
  };
  const service = await startServiceProcess("all", { dataDir, environment });
  context.onTestFinished(async () => void (await service.stop()));
  /** Registers the other office's system here. @returns its password */
  const admit = async (): Promise<string> => {
    const options = [
      "--name",
      "อีกหน่วยงาน",
      "--agency",
      `agency-${own.name}`,
      "--sender",
      `agency-${other.name}.example.go.th`,
    ];
    const { stdout } = await runHere(runClient, environment, [
      "client",
      "add",
      `office-${other.name}`,
      ...options,
      "--scope",
      "submit",
      "--scope",
      "receipts",
      "--json",
    ]);
    return (JSON.parse(stdout) as { secret: string }).secret;
  };
  const outbound = (...args: string[]) => runHere(runOutbound, environment, ["outbound", ...args]);
  return { query: adminQueries(context, address), secret, admit, outbound };
}

test("a letter of one installation is registered at the other, and the first one knows the number, all by e-CMS", async (context) => {
  const { expect } = context;
  const dir = await mkdtemp(join(tmpdir(), "saraban-exchange-"));
  context.onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const [officeA, officeB] = [
    { name: "a", organisationId: "0199900000", port: await freePort() },
    { name: "b", organisationId: "0199800000", port: await freePort() },
  ] as const;
  const a = await installation(context, dir, officeA, officeB);
  const b = await installation(context, dir, officeB, officeA);
  await writeFile(a.secret, await b.admit());
  await writeFile(b.secret, await a.admit());

  const to = [
    "--agency",
    "agency-a",
    "--subject",
    "ขอเชิญประชุม",
    "--to",
    "agency-b.example.go.th",
    "--text",
    "เรียนเพื่อทราบ",
  ];
  const letterId = (await a.outbound("draft", ...to)).stdout.trim();
  await a.outbound("approve", letterId, "--send");

  const lines = () =>
    b.query<{ number: number; year: number; letter_number: string; subject: string; channel: string }>(
      "select * from saraban.entry",
    );
  await expect
    .poll(lines, { timeout: 60_000 })
    .toMatchObject([{ number: 1, letter_number: "ทก 0100/1", subject: "ขอเชิญประชุม", channel: "ecms" }]);
  const year = ((await lines())[0]?.year ?? 0) + 543;
  const news = () =>
    a.query(
      "select what, source, proof, details from saraban.recipient_event where source = 'ecms' order by id",
    );
  await expect.poll(news, { timeout: 60_000 }).toMatchObject([
    { what: "arrived", proof: "client" },
    { what: "registered", proof: "client", details: { receiveNumber: "1", receiveYear: year } },
  ]);

  // Sent again: the first one is deleted there under its identity, its line stays, and the same letter gets the same number.
  await a.outbound("resend", letterId);
  const documents = () =>
    b.query<{ stands: boolean }>(
      "select deleted_at is null as stands from saraban.ecms_document order by came_at",
    );
  await expect.poll(documents, { timeout: 60_000 }).toEqual([{ stands: false }, { stands: true }]);
  await expect.poll(() => b.query("select from saraban.outcome"), { timeout: 30_000 }).toHaveLength(2);
  expect(await lines()).toHaveLength(1);
  // The other side has the letter a moment before this one has written down that it took it.
  const tries = () =>
    a.query<{ result: string }>("select result from saraban.delivery_attempt where channel = 'ecms'");
  await expect.poll(tries, { timeout: 30_000 }).toEqual([{ result: "accepted" }, { result: "accepted" }]);
}, 240_000);
