/** A classified letter through the real service, by every form of an appointed program: closed from its first octet to its receipt. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "vitest";
import { run as runClerk } from "./command-clerk.ts";
import { run as runClient } from "./command-client.ts";
import { run as runLetter } from "./command-letter.ts";
import { run as runSearch } from "./command-search.ts";
import { run as runVerify } from "./command-verify.ts";
import type { adminQueries } from "./shared/testing/arrivals.ts";
import { openClosedOffice, SENDER } from "./shared/testing/closed-office.ts";
import { columnsWith, filesWith, wordsIn } from "./shared/testing/find-words.ts";
import { letterOf, newWords, soap, textOf } from "./shared/testing/marked-letters.ts";
import type { ProgramAnswer, ProgramClient } from "./shared/testing/program-client.ts";

const COMMANDS = {
  client: runClient,
  clerk: runClerk,
  letter: runLetter,
  search: runSearch,
  verify: runVerify,
};
const FORMS = ["json", "xml", "multipart", "soap"] as const;
const BOOK = "agency-a.inbound.classified";

test("by every form: a number in the classified book and a receipt for its own program; of what it says there is no word anywhere", async (context) => {
  const { expect } = context;
  const { dataDir, service, here, add, query } = await openClosedOffice(context, COMMANDS);
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
