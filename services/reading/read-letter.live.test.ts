import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { inject, type TestContext, test } from "vitest";
import { systemClock } from "../shared/letter/stamp.ts";
import { newId } from "../shared/runtime/ids.ts";
import { openLog } from "../shared/runtime/log.ts";
import { loadSettings } from "../shared/runtime/settings.ts";
import { openStore } from "../shared/runtime/store.ts";
import { adminQueries, roomDatabase } from "../shared/testing/arrivals.ts";
import { databaseForTest } from "../shared/testing/database.ts";
import { type Directory, type ReadingParts, readLetter } from "./read-letter.ts";
import type { Scanner, ScanResult } from "./scan-octets.ts";
import { openSenderChecks } from "./sender-checks.ts";
import { UNOPENED } from "./unread-reading.ts";

interface ReadRow {
  verdict: string;
  reason: string;
  number: string | null;
  subject: string | null;
  secrecy: string;
  sender_name: string | null;
  problems: string[];
}

async function scene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const folder = await mkdtemp(join(tmpdir(), "saraban-read-"));
  context.onTestFinished(() => rm(folder, { recursive: true }));
  const store = await openStore({ dir: folder, inlineLimitBytes: 1024 });
  const senders = openSenderChecks(loadSettings({}));
  context.onTestFinished(() => senders.close());
  const parts = {
    database: roomDatabase(context, address, "saraban_reading"),
    store,
    directory: async (): Promise<Directory> => ({
      known: new Map([["opdc.example.go.th", { name: "สำนักงาน ก.พ.ร." }]]),
      rules: new Map(),
    }),
    readPdf: UNOPENED,
    senders,
    scanner: null as Scanner | null,
    whenScannerIsDown: "hold" as const,
    now: systemClock(),
    log: openLog("silent", "test"),
  };
  /** Stores a message as intake does. @returns the intake id */
  const storeMessage = async (octets: Buffer, mailFrom = "saraban@opdc.example.go.th"): Promise<string> => {
    const id = newId();
    const { inline, sha256, sizeBytes } = await store.spool(Readable.from([octets]), { limitBytes: 1e8 });
    await query(
      "insert into saraban.stored_body (agency_id, sha256, size_bytes, content) values ('agency-a', $1, $2, $3)",
      [sha256, sizeBytes, inline],
    );
    await query(
      `insert into saraban.intake (id, agency_id, transaction_id, door, mail_from, recipients, remote_address, helo, smtp_utf8,
             tls, bare_newlines, sha256, size_bytes, arrived_at, clock)
           values ($1, 'agency-a', $1, 'smtp', $2, '{saraban@agency-a.example.go.th}', '::1', 'x', false, false, false, $3, $4, now(), '{}')`,
      [id, mailFrom, sha256, sizeBytes],
    );
    await query(
      "insert into saraban.outbox (job, agency_id, subject_id, work_key) values ('read-letter', 'agency-a', $1::uuid, $1::text)",
      [id],
    );
    return id;
  };
  return {
    query,
    parts,
    store: storeMessage,
    /** Stores a message and reads it. @returns what reading wrote */
    async read(octets: Buffer, mailFrom?: string): Promise<{ id: string; row: ReadRow | undefined }> {
      const id = await storeMessage(octets, mailFrom);
      await readLetter(parts, { outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id });
      const [row] = await query<ReadRow>("select * from saraban.reading where intake_id = $1", [id]);
      return { id, row };
    },
  };
}

function letter(subject: string, body = "", extra = ""): Buffer {
  return Buffer.from(
    `From: =?utf-8?B?${Buffer.from("งานสารบรรณ").toString("base64")}?= <saraban@opdc.example.go.th>\r\nTo: saraban@agency-a.example.go.th\r\n` +
      `Subject: =?utf-8?B?${Buffer.from(subject).toString("base64")}?=\r\nMessage-ID: <${newId()}@opdc.example.go.th>\r\n${extra}` +
      `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${body}\r\n`,
  );
}

test("a letter is read from the row or from the file store, and handed on to its agency's book", async (context) => {
  const { expect } = context;
  const { read, query } = await scene(context);
  for (const body of ["เรียน ผู้อำนวยการ", "ยาว ".repeat(2000)]) {
    const { id, row } = await read(letter("ที่ นร ๑๒๐๐/๕๕ ลงวันที่ ๙ เมษายน ๒๕๖๓ เรื่อง ขอข้อมูล", body));
    expect(row).toMatchObject({
      verdict: "ready",
      number: "นร 1200/55",
      subject: "ขอข้อมูล",
      secrecy: "normal",
    });
    expect(await query("select job, work_key from saraban.outbox where subject_id = $1", [id])).toEqual([
      { job: "register-letter", work_key: "agency-a.inbound.ordinary" },
    ]);
  }
});

test("of a letter marked as classified an ordinary table keeps the marking and nothing that it says", async (context) => {
  const { expect } = context;
  const { read, query } = await scene(context);
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
    `select (select string_agg(r::text, '') from saraban.reading r) || (select string_agg(o::text, '') from saraban.outbox o)
         || (select coalesce(string_agg(b::text, ''), '') from bullmq.job b) as dump`,
  );
  expect(dump[0]?.dump).not.toContain(marker);
});

test("what no parser can read goes to an officer with the reason; it is not lost and not tried for ever", async (context) => {
  const { expect } = context;
  const { read, query } = await scene(context);
  for (const octets of [
    Buffer.alloc(0),
    Buffer.from([0, 255, 0, 13]),
    Buffer.from(`${"a".repeat(3000)}\r\n`),
  ]) {
    const { id, row } = await read(octets);
    expect(row?.verdict, octets.toString("hex").slice(0, 20)).toBe("triage");
    expect(row?.problems.length).toBeGreaterThan(0);
    expect(await query("select job from saraban.outbox where subject_id = $1", [id])).toEqual([
      { job: "register-letter" },
    ]);
  }
});

test("a file that is away is our fault: the job fails and stays open", async (context) => {
  const { read, query, parts } = await scene(context);
  parts.store.openStored = () => openNothing();
  await context.expect(read(letter("ที่ นร ๑๒๐๐/๕๗", "ยาว ".repeat(2000)))).rejects.toThrow(/ENOENT/);
  context.expect(await query("select job from saraban.outbox")).toEqual([{ job: "read-letter" }]);
});

function openNothing(): Readable {
  const error = Object.assign(new Error("ENOENT: no such file"), { errno: -2, code: "ENOENT" });
  return new Readable({
    read() {
      this.destroy(error);
    },
  });
}

test("reading the same message twice gives the same digest; a job that comes twice does nothing", async (context) => {
  const { expect } = context;
  const { read, query, parts } = await scene(context);
  const octets = letter("ที่ นร ๑๒๐๐/๕๘ เรื่อง ก");
  const relayed = Buffer.concat([
    Buffer.from("Received: from mx2.opdc.example.go.th by relay; Thu, 09 Apr 2020 10:47:00 +0700\r\n"),
    octets,
  ]);
  const { id } = await read(octets);
  await read(relayed);
  await readLetter(parts, { outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id });
  const digests = await query<{ content_digest: string }>(
    "select distinct content_digest from saraban.reading",
  );
  expect(digests).toHaveLength(1);
  expect(digests[0]?.content_digest).toMatch(/^[0-9a-f]{64}$/);
  expect(digests[0]?.content_digest).not.toBe(createHash("sha256").update(octets).digest("hex"));
});

test("NUL and cut surrogates in header fields: the letter is stored as it was read", async (context) => {
  const { expect } = context;
  const { read, query } = await scene(context);
  const name = `${"a".repeat(999)}😀.pdf`;
  const octets = Buffer.from(
    "From: <saraban@opdc\0.example.go.th>\r\nTo: saraban@agency-a.example.go.th\r\n" +
      `Subject: ที่ นร ๑๒๐๐/๕๙ เรื่อง ก\r\nMessage-ID: <a\0b@opdc.example.go.th>\r\n` +
      "References: <c\0d@x>\r\nIn-Reply-To: <e\0f@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
      `--b\r\n\r\nก\r\n--b\r\nContent-Type: application/p\0df; name="${name}"\r\n\r\nx\r\n--b--\r\n`,
  );
  const { id, row } = await read(octets);
  expect(row).toMatchObject({
    verdict: "ready",
    number: "นร 1200/59",
    message_id: "<ab@opdc.example.go.th>",
    sender_address: "saraban@opdc.example.go.th",
    references: ["<cd@x>", "<ef@x>"],
    attachments: [{ contentType: "application/pdf", name: `${"a".repeat(999)}\uFFFD` }],
  });
  expect(await query("select job from saraban.outbox where subject_id = $1", [id])).toEqual([
    { job: "register-letter" },
  ]);
});

test("a reading that the database refuses brings its letter to an officer; a marked one keeps its marking", async (context) => {
  const { expect } = context;
  const { read, query, parts } = await scene(context);
  parts.directory = async () => ({
    known: new Map([["opdc.example.go.th", { name: "no text\0 of PostgreSQL" }]]),
    rules: new Map(),
  });
  for (const [subject, wanted] of [
    ["ที่ นร ๑๒๐๐/๖๐ เรื่อง ก", { verdict: "triage", reason: "unreadable", secrecy: "normal" }],
    ["ลับมาก ที่ นร ๑๒๐๐/๖๑ เรื่อง ก", { verdict: "refused", reason: "classified", secrecy: "secret" }],
  ] as const) {
    const { id, row } = await read(letter(subject));
    expect(row).toMatchObject({ ...wanted, kind: "unreadable", number: null, subject: null });
    expect(await query("select job from saraban.outbox where subject_id = $1", [id])).toEqual([
      { job: "register-letter" },
    ]);
  }
});

test("any other fault of the database is ours: nothing is written, the job stays open, and is done when it comes again", async (context) => {
  const { expect } = context;
  const { store, query, parts } = await scene(context);
  // A sequence is not rolled back: the first insert fails, the next does not.
  await query("create sequence saraban.inserts");
  await query(`create function saraban.fail_once() returns trigger language plpgsql security definer as $$
    begin
      if nextval('saraban.inserts') = 1 then raise 'deadlock' using errcode = '40P01'; end if;
      return new;
    end $$`);
  await query(
    "create trigger fail_once before insert on saraban.reading for each row execute function saraban.fail_once()",
  );
  const id = await store(letter("ที่ นร ๑๒๐๐/๖๒ เรื่อง ก"));
  const data = { outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id };
  await expect(readLetter(parts, data)).rejects.toMatchObject({ code: "40P01" });
  expect(await query("select job from saraban.outbox")).toEqual([{ job: "read-letter" }]);
  await readLetter(parts, data);
  expect(await query("select verdict from saraban.reading")).toEqual([{ verdict: "ready" }]);
});

test("a reader that stood still while another one finished writes nothing and hands nothing on", async (context) => {
  const { expect } = context;
  const { store, query, parts } = await scene(context);
  const id = await store(letter("ที่ นร ๑๒๐๐/๖๓ เรื่อง ก"));
  const data = { outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id };
  const between = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const late = readLetter(
    {
      ...parts,
      directory: async () => {
        between.resolve();
        await goOn.promise;
        return { known: new Map(), rules: new Map() };
      },
    },
    data,
  );
  await between.promise;
  await readLetter(parts, data);
  // The registry has drained the book meanwhile.
  await query("delete from saraban.outbox where job = 'register-letter'");
  goOn.resolve();
  await late;
  expect(await query("select job from saraban.outbox")).toEqual([]);
  expect(await query("select verdict from saraban.reading")).toEqual([{ verdict: "ready" }]);
});

test("of two readers that write at the same time the second waits for the first, and finds nothing open", async (context) => {
  const { expect } = context;
  const { store, query, parts } = await scene(context);
  const id = await store(letter("ที่ นร ๑๒๐๐/๖๔ เรื่อง ก"));
  const data = { outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id };
  const directory = await parts.directory();
  const both = Promise.withResolvers<void>();
  let waiting = 0;
  let writing = 0;
  const overlapping = {
    ...parts,
    directory: async () => {
      if (++waiting === 2) both.resolve();
      await both.promise;
      return directory;
    },
    now: () => {
      writing++;
      return parts.now();
    },
  };
  await Promise.all([readLetter(overlapping, data), readLetter(overlapping, data)]);
  expect({ waiting, writing }).toEqual({ waiting: 2, writing: 1 });
  expect(await query("select job from saraban.outbox")).toEqual([{ job: "register-letter" }]);
});

test("a machine's message that is marked as classified is ignored, with the marking and nothing that it says", async (context) => {
  const { expect } = context;
  const { read, query } = await scene(context);
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
  const { read, query, parts } = await scene(context);
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
  const { read, query, parts } = await scene(context);
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

test("a bounce and an acknowledgement of others are handed on as evidence of our own messages too", async (context) => {
  const { expect } = context;
  const { read, query } = await scene(context);
  const { id } = await read(letter("แจ้งเลขรับหนังสือ ที่ ทก ๐๑๐๑/๑", "", "Auto-Submitted: auto-replied\r\n"));
  expect(await query("select job from saraban.outbox where subject_id = $1 order by job", [id])).toEqual([
    { job: "record-report" },
    { job: "register-letter" },
  ]);
});

function scannerThatSays(result: ScanResult): Scanner {
  return { scan: async () => result, trouble: async () => null };
}

async function readWith(
  parts: ReadingParts,
  id: string,
  query: ReturnType<typeof adminQueries>,
): Promise<{ row: ReadRow | undefined }> {
  await readLetter(parts, { outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id });
  const [row] = await query<ReadRow>("select * from saraban.reading where intake_id = $1", [id]);
  return { row };
}
