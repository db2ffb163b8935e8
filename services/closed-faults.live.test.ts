/** Classified letters while the service is killed, and large ones: what lies on the disk is sealed, and memory is bounded. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "vitest";
import { run as runClient } from "./command-client.ts";
import { run as runVerify } from "./command-verify.ts";
import { openClosedOffice, SENDER } from "./shared/testing/closed-office.ts";
import { columnsWith, filesWith } from "./shared/testing/find-words.ts";
import { letterOf, newWords } from "./shared/testing/marked-letters.ts";
import { memoryMb, peakMemoryMb, resetPeakMemory } from "./shared/testing/process-usage.ts";
import { programLetter } from "./shared/testing/program-letters.ts";

const COMMANDS = { client: runClient, verify: runVerify };
const FORMS = ["json", "xml", "multipart", "soap"] as const;
const BOOK = "agency-a.inbound.classified";

test("killed between the octets and their row: what lies there is sealed, nobody can open it, and the same letter is taken in anew", async (context) => {
  const { expect } = context;
  const { dataDir, service, start, open, here, add, query } = await openClosedOffice(context, COMMANDS);
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
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

const LARGE_BYTES = 50 * 1024 * 1024;
const IN_BASE64 = Math.ceil(LARGE_BYTES / 3) * 4;
const MOST_MB = 100;

test("a classified letter of 50 MB by SOAP, multipart and XML takes less than 100 MB of memory", async (context) => {
  const { expect } = context;
  const { service, add, query } = await openClosedOffice(context, COMMANDS);
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
