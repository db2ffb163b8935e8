/** An agency that uses an e-CMS node of others, through the real service: what lies there, what is told there, what goes out. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, test } from "vitest";
import { run as runEcms } from "./command-ecms.ts";
import { run as runOutbound } from "./command-outbound.ts";
import type { NodeState } from "./shared/letter/ecms-nodes.ts";
import { adminQueries } from "./shared/testing/arrivals.ts";
import { databaseUrl, runHere } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";
import { letterItem, notifierItem, startEcmsNode } from "./shared/testing/ecms-node.ts";
import { startServiceProcess } from "./shared/testing/service-process.ts";

const OPDC_OFFICE = "0101200000";
const agencies = (url: string) => `agencies:
  - { id: agency-a, domain: agency-a.example.go.th, mailbox: saraban, nameThai: หน่วยงานทดสอบ, nameEnglish: Test Agency,
      receiverName: เจ้าหน้าที่ทดสอบ, letterCode: ทก 0101, outbound: { fourEyes: false },
      organisationId: "0199900000", ecms: { node: { url: "${url}", pollSeconds: 5 } } }
`;
const PARTNERS = `partners: [{ domain: opdc.example.go.th, nameThai: สำนักงาน ก.พ.ร., codeLetters: นร, organisationId: "${OPDC_OFFICE}" }]\n`;

test("a letter in the queue is registered and its sender hears the number there; a letter of ours goes out there, and its answer comes back", async (context) => {
  const { expect } = context;
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-node-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const node = await startEcmsNode(context);
  const files = {
    SARABAN_AGENCIES_FILE: join(dataDir, "agencies.yaml"),
    SARABAN_PARTNERS_FILE: join(dataDir, "partners.yaml"),
  };
  await writeFile(files.SARABAN_AGENCIES_FILE, agencies(node.url));
  await writeFile(files.SARABAN_PARTNERS_FILE, PARTNERS);
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const environment = { DATABASE_URL: databaseUrl(address), SARABAN_DATA_DIR: dataDir, ...files };
  const classified = { number: "ทม 0101/31", subject: "แผนการตรวจสอบ", secrecy: "002" };
  node.put(letterItem({ ...classified, mimeCode: "text/plain" }));
  node.put(letterItem({ mimeCode: "text/plain", main: Buffer.from("เรียน ผู้อำนวยการ").toString("base64") }));
  const service = await startServiceProcess("all", { dataDir, environment });
  context.onTestFinished(async () => void (await service.stop()));
  const toNode = (what: string) => node.requests.findIndex(({ text }) => text.includes(what));

  await expect.poll(() => toNode("<AcceptLetterNotifier>"), { timeout: 60_000 }).toBeGreaterThan(0);
  expect(node.queue).toEqual([]);
  const [line] = await query<{ number: number; year: number; letter_number: string; channel: string }>(
    "select * from saraban.entry",
  );
  expect(line).toMatchObject({ number: 1, letter_number: "นร 1200/61", channel: "ecms" });
  const acceptId = `1/${(line?.year ?? 0) + 543}`;
  const named = "<LetterID>นร ๑๒๐๐/๖๑</LetterID>";
  expect(toNode(`<ReceiveLetterNotifier>${named}`)).toBeLessThan(
    toNode(`<AcceptLetterNotifier>${named}<AcceptID>${acceptId}</AcceptID>`),
  );

  // A classified letter is not for this wire: its sender hears that, and nothing of it is repeated.
  await expect.poll(() => toNode("<RejectLetterNotifier>"), { timeout: 30_000 }).toBeGreaterThan(0);
  const refused = node.requests[toNode("<RejectLetterNotifier>")]?.text;
  expect(refused).toContain("<LetterID>ทม 0101/31</LetterID>");
  expect(refused).toContain("<Subject></Subject>");

  const outbound = (...args: string[]) => runHere(runOutbound, environment, ["outbound", ...args]);
  const drafted = await outbound(
    "draft",
    "--agency",
    "agency-a",
    "--subject",
    "ขอเชิญประชุม",
    "--to",
    "opdc.example.go.th",
    "--text",
    "เรียนเพื่อทราบ",
  );
  const letterId = drafted.stdout.trim();
  expect((await outbound("approve", letterId, "--send")).stderr).not.toContain("refused");
  await expect
    .poll(() => toNode("<ram:Subject>ขอเชิญประชุม</ram:Subject>"), { timeout: 30_000 })
    .toBeGreaterThan(0);
  const posted = node.requests[toNode("<ram:Subject>ขอเชิญประชุม</ram:Subject>")]?.text ?? "";
  const [, date = ""] = /<ram:CorrespondenceDate>([^<]*)</.exec(posted) ?? [];
  const [, number = ""] = /<ram:ID>([^<]*)</.exec(posted) ?? [];
  expect(number).toMatch(/^ทก 0101\/1$|^ทก ๐๑๐๑\/๑$/);
  node.put(
    notifierItem("AcceptLetterNotifier", OPDC_OFFICE, "5521/2569")
      .replace("ทก 0101/45", number)
      .replace("2022-07-21", date),
  );
  const news = () =>
    query<{ what: string; proof: string; details: object }>(
      "select what, proof, details from saraban.recipient_event where what = 'registered'",
    );
  await expect
    .poll(news, { timeout: 30_000 })
    .toMatchObject([{ proof: "client", details: { receiveNumber: "5521", receiveYear: 2569 } }]);

  const { stdout, code } = await runHere(runEcms, environment, ["ecms", "--json"]);
  expect(JSON.parse(stdout) as NodeState[]).toMatchObject([
    { agencyId: "agency-a", url: node.url, taken: 3, repeated: 0, toBePosted: 0, trouble: null },
  ]);
  expect(code).toBe(0);
  const ready = async () =>
    ((await (await fetch(`${service.httpUrl}/readyz`)).json()) as { checks: Record<string, unknown> }).checks[
      "ecms"
    ];
  expect(await ready()).toMatchObject({ ok: true, needed: false });
  node.fault = () => ({ status: 503 });
  await expect
    .poll(ready, { timeout: 30_000 })
    .toMatchObject({ ok: false, detail: "agency-a: the node answers with HTTP 503" });
}, 240_000);
