/** Large letters through the real service, whose memory must not grow with them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, test } from "vitest";
import { run as runClient } from "./command-client.ts";
import { adminQueries } from "./shared/testing/arrivals.ts";
import { databaseUrl, runHere } from "./shared/testing/command-line.ts";
import { databaseForTest } from "./shared/testing/database.ts";
import { memoryMb, peakMemoryMb, resetPeakMemory } from "./shared/testing/process-usage.ts";
import { openProgramClient } from "./shared/testing/program-client.ts";
import { type ProgramForm, programLetter } from "./shared/testing/program-letters.ts";
import { startServiceProcess } from "./shared/testing/service-process.ts";

const LARGE_BYTES = 50 * 1024 * 1024;
const IN_BASE64 = Math.ceil(LARGE_BYTES / 3) * 4;
const MOST_MB = 100;

test("a letter of 50 MB by SOAP, multipart and XML, read, registered and fetched again, takes less than 100 MB of memory", async (context) => {
  const { expect } = context;
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-memory-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const address = await databaseForTest(inject("testServer"), context);
  const environment = { DATABASE_URL: databaseUrl(address), SARABAN_DATA_DIR: dataDir };
  const service = await startServiceProcess("all", { dataDir, environment });
  context.onTestFinished(async () => void (await service.stop()));
  const add = async (id: string, ...more: string[]) => {
    const args = ["client", "add", id, "--name", id, "--agency", "agency-a", ...more];
    const { stdout } = await runHere(runClient, environment, args);
    const program = openProgramClient(service.httpUrl, id, stdout.trim());
    context.onTestFinished(() => program.close());
    return program;
  };
  const sender = await add("opdc", "--sender", "opdc.example.go.th", "--scope", "submit");
  const reader = await add("system-a", "--scope", "read-inbound");
  const query = adminQueries(context, address);

  let sent = 0;
  const handIn = async (form: ProgramForm, sizeBytes: number): Promise<void> => {
    const letter = programLetter(sent++, { form, seed: 9, sizeBytes, domain: "opdc.example.go.th" });
    const answer = await sender.handIn(letter);
    expect([form, answer.status]).toEqual([form, form === "soap" ? 200 : 202]);
    expect(answer.text).not.toContain("ErrorDetail");
    await expect
      .poll(async () => (await query("select 1 from saraban.client_item where kind = 'letter'")).length)
      .toBe(sent);
  };
  /** Fetches what waits, to the last octet, and takes it away. */
  const fetchNext = async (form: ProgramForm): Promise<number> => {
    const { body: item } = await reader.api("/inbox/next");
    const byFile = () => reader.api(item.letter.files[0].href.replace("/api/v1", ""));
    const { status, sizeBytes } = await (form === "soap" ? reader.soap(POLL) : byFile());
    expect(status).toBe(200);
    await reader.api(`/inbox/${item.id}/acknowledge`, { method: "POST" });
    return sizeBytes;
  };

  const forms = ["soap", "multipart", "xml"] as const;
  // What is compiled and opened at the first letter stays, whatever its size.
  for (const form of forms)
    for (const _ of [1, 2, 3]) await handIn(form, 200_000).then(() => fetchNext(form));
  const said: string[] = [];
  for (const form of forms) {
    const before = memoryMb(service.pid);
    resetPeakMemory(service.pid);
    await handIn(form, form === "multipart" ? LARGE_BYTES : IN_BASE64);
    const taken = peakMemoryMb(service.pid) - before;
    expect(await fetchNext(form)).toBeGreaterThan(LARGE_BYTES - 10_000);
    const fetched = peakMemoryMb(service.pid) - before;
    said.push(`${form} +${taken} MB taken in and registered, +${fetched} MB with fetching`);
    expect(fetched, said.at(-1)).toBeLessThan(MOST_MB);
  }
  process.stdout.write(`50 MB: ${said.join("; ")}\n`);
}, 240_000);

const POLL =
  '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Header/>' +
  "<SOAP-ENV:Body><CorrespondenceLetterInboundRequest/></SOAP-ENV:Body></SOAP-ENV:Envelope>";
