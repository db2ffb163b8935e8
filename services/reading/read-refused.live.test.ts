import { test } from "vitest";
import { openLog } from "../shared/runtime/log.ts";
import { letter, readingScene, readWith, scannerThatSays } from "./testing/reading-scene.ts";

test("of a letter marked as classified an ordinary table keeps the marking and nothing that it says", async (context) => {
  const { expect } = context;
  const { read, query } = await readingScene(context);
  const marker = "แผนลับสุดยอดเลขที่-๗๗๗";
  const { row } = await read(letter(`ลับมาก ที่ นร ๑๒๐๐/๕๖ ลงวันที่ ๙ เมษายน ๒๕๖๓ เรื่อง ${marker}`, marker));
  expect(row).toMatchObject({
    verdict: "refused",
    secrecy: "secret",
    number: null,
    subject: null,
    sender_name: null,
  });
  const dump = await query<{ dump: string }>(
    `select (select string_agg(r::text, '') from saraban.reading r) || (select string_agg(o::text, '') from saraban.outbox o) as dump`,
  );
  expect(dump[0]?.dump).not.toContain(marker);
});

test("a machine's message that is marked as classified is ignored, with the marking and nothing that it says", async (context) => {
  const { expect } = context;
  const { read, query } = await readingScene(context);
  const text = "ลับมาก ที่ นร ๑๒๐๐/๖๕ เรื่อง ก";
  for (const [octets, mailFrom, reason] of [
    [letter(text, "", "Auto-Submitted: auto-replied\r\n"), "saraban@opdc.example.go.th", "auto-reply"],
    [letter(text), "", "null-reverse-path"],
  ] as const) {
    const { id, row } = await read(octets, mailFrom);
    expect(row).toMatchObject({
      verdict: "ignored",
      reason,
      secrecy: "secret",
      number: null,
      subject: null,
      sender_name: null,
    });
    // What an auto-reply may be evidence of is looked up all the same, by its address alone.
    const reports = reason === "auto-reply" ? [{ job: "record-report" }] : [];
    expect(await query("select job from saraban.outbox where subject_id = $1 order by job", [id])).toEqual([
      ...reports,
      { job: "register-letter" },
    ]);
  }
});

test("an infected message is refused and kept from everybody; nothing of it but its sender is stated", async (context) => {
  const { expect } = context;
  const { read, query, parts } = await readingScene(context);
  parts.scanner = scannerThatSays({ state: "infected", signature: "Eicar-Test-Signature" });
  const { id, row } = await read(letter("ที่ นร ๑๒๐๐/๖๖ เรื่อง ก", "เนื้อความ"));
  expect(row).toMatchObject({
    verdict: "refused",
    reason: "infected",
    number: null,
    subject: null,
    attachments: [],
    problems: ["infected"],
    sender_address: "saraban@opdc.example.go.th",
    scan: { state: "infected", signature: "Eicar-Test-Signature" },
  });
  expect(await query("select job from saraban.outbox where subject_id = $1", [id])).toEqual([
    { job: "register-letter" },
  ]);
});

test("while the scanner does not answer a letter waits in the outbox, or goes on with a mark", async (context) => {
  const { expect } = context;
  const { read, query, parts } = await readingScene(context);
  parts.scanner = scannerThatSays({ state: "unscanned", reason: "no-answer" });
  const held = await read(letter("ที่ นร ๑๒๐๐/๖๗ เรื่อง ก"));
  expect(held.row).toBeUndefined();
  expect(
    await query(
      "select job, next_send_at > now() as later, failures from saraban.outbox where subject_id = $1",
      [held.id],
    ),
  ).toEqual([{ job: "read-letter", later: true, failures: 0 }]);
  const { row } = await readWith({ ...parts, whenScannerIsDown: "pass" }, held.id, query);
  expect(row).toMatchObject({ verdict: "ready", number: "นร 1200/67" });
  expect(row?.problems).toContain("not-scanned");
});

test("a letter on which the scanner chokes is not held for ever: an officer gets it, while the scanner is up", async (context) => {
  const { expect } = context;
  const { read, query, parts } = await readingScene(context);
  parts.scanner = scannerThatSays({ state: "unscanned", reason: "scanner-error" });
  const { id, row: early } = await read(letter("ที่ นร ๑๒๐๐/๖๙ เรื่อง ก"));
  const late = { ...parts, now: () => ({ ...parts.now(), at: new Date(Date.now() + 31 * 60_000) }) };
  const down = { ...parts.scanner, trouble: async () => "down" };
  const { row: held } = await readWith({ ...late, scanner: down }, id, query);
  expect([early, held]).toEqual([undefined, undefined]);
  const { row } = await readWith(late, id, query);
  expect(row).toMatchObject({ verdict: "triage", reason: "not-scanned", number: "นร 1200/69" });
  expect(row?.problems).toContain("not-scanned");
});

test("of what a machine sent neither file names nor a server's quotation of a classified letter is stored", async (context) => {
  const { expect } = context;
  const { read, query } = await readingScene(context);
  const words = "แผนป้องกันเขื่อน";
  const named = (type: string, content: string): string =>
    `--b\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${content}\r\n`;
  const status = (said: string): string =>
    `Reporting-MTA: dns; mx.example.go.th\r\n\r\nFinal-Recipient: rfc822; a@example.go.th\r\nAction: failed\r\nStatus: 5.7.1\r\nDiagnostic-Code: smtp; 550 ${said}`;
  const bounce = (said: string): Buffer =>
    Buffer.from(
      `From: Mail ${words} <mailer-daemon@example.go.th>\r\nTo: saraban@agency-a.example.go.th\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n` +
        `Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n${named("text/plain", "failed")}` +
        `${named("message/delivery-status", status(said))}${named(`application/pdf; name="${words}.pdf"`, "%PDF-1.4")}` +
        `${named("message/rfc822", `Subject: ลับมาก ${words}\r\n\r\n${words}`)}--b--\r\n`,
    );
  const diagnostics: unknown[] = [];
  for (const said of [`rejected: ล ับมาก เรื่อง ${words}`, "ตีกลับ: mailbox full"]) {
    const { row } = await read(bounce(said), "");
    expect(row).toMatchObject({ verdict: "ignored", reason: "bounce", sender_name: null, attachments: [] });
    diagnostics.push((row as unknown as { report: { diagnostic: string | null } }).report.diagnostic);
  }
  expect(diagnostics).toEqual([null, "550 ตีกลับ: mailbox full"]);
  const [all] = await query<{ dump: string }>(
    "select string_agg(r::text, '') as dump from saraban.reading r",
  );
  expect(all?.dump).not.toContain(words);
});

test("a fault of a reader is logged without its message, which may quote the letter", async (context) => {
  const { expect } = context;
  const { store, parts, query } = await readingScene(context);
  const logged: string[] = [];
  const log = openLog("info", "test", { write: (line) => void logged.push(line) });
  const id = await store(letter("ที่ นร ๑๒๐๐/๖๘ เรื่อง ก", "", ""));
  const words = "แผนป้องกันเขื่อน";
  const known = new Map();
  known.get = () => {
    throw new SyntaxError(`Unexpected token in "${words}"\n${words}`);
  };
  const { row } = await readWith(
    { ...parts, log, directory: async () => ({ known, rules: new Map() }) },
    id,
    query,
  );
  expect(row).toMatchObject({ verdict: "triage", reason: "unreadable-structure" });
  expect(logged.join("")).toContain("SyntaxError");
  expect(logged.join("")).not.toContain(words);
});
