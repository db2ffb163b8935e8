import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { test } from "vitest";
import { RECALL_SCHEMA, signRecall } from "../shared/letter/evidence/recall.ts";
import { newSigningKey } from "../shared/letter/evidence/sign-evidence.ts";
import { newId } from "../shared/runtime/ids.ts";
import { samplePdf } from "../shared/testing/sample-pdf.ts";
import { openLetterBatches } from "./batch-letters.ts";
import { openPdfReader, PDF_READER_DOWN } from "./pdf/read-pdf.ts";
import { readLetter } from "./read-letter.ts";
import type { Arrival, ReadingResult } from "./reading-store.ts";
import { letter, readingScene } from "./testing/reading-scene.ts";
import { unreadable } from "./unread-reading.ts";

test("a letter is read from the row or from the file store, and handed on to its agency's book", async (context) => {
  const { expect } = context;
  const { read, query } = await readingScene(context);
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

test("what no parser can read goes to an officer with the reason; it is not lost and not tried for ever", async (context) => {
  const { expect } = context;
  const { read, query } = await readingScene(context);
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
  const { read, query, parts } = await readingScene(context);
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

test("while no PDF can be read its letter waits; it does not come into a tray unread", async (context) => {
  const { expect } = context;
  const { parts, store, query } = await readingScene(context);
  const readPdf = openPdfReader({ processes: 1, timeoutMs: 5_000, memoryMb: 256 });
  await readPdf.close();
  const pdf = samplePdf(600, (length) => Buffer.alloc(length)).toString("base64");
  const head = "From: saraban@opdc.example.go.th\r\nSubject: x\r\nMIME-Version: 1.0\r\n";
  const file = "Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  const id = await store(Buffer.from(`${head}${file}${pdf}\r\n`));
  const data = { outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id };
  await expect(readLetter({ ...parts, readPdf }, data)).rejects.toMatchObject({
    code: PDF_READER_DOWN,
  });
  expect(await query("select 1 from saraban.reading")).toEqual([]);
  expect(await query("select job from saraban.outbox")).toEqual([{ job: "read-letter" }]);
});

test("reading the same message twice gives the same digest; a job that comes twice does nothing", async (context) => {
  const { expect } = context;
  const { read, query, parts } = await readingScene(context);
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
  const { read, query } = await readingScene(context);
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
  const { read, query, parts } = await readingScene(context);
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
  const { store, query, parts } = await readingScene(context);
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
  const { store, query, parts } = await readingScene(context);
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
  const { store, query, parts } = await readingScene(context);
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
  };
  const now = () => {
    writing++;
    return parts.now();
  };
  // Of two processes: each has a transaction of its own.
  const readers = [1, 2].map(() => ({ ...overlapping, batches: openLetterBatches(parts.database, now) }));
  await Promise.all(readers.map((reader) => readLetter(reader, data)));
  expect({ waiting, writing }).toEqual({ waiting: 2, writing: 1 });
  expect(await query("select job from saraban.outbox")).toEqual([{ job: "register-letter" }]);
});

test("one letter twice at a time in one reader is written once", async (context) => {
  const { expect } = context;
  const { store, query, parts } = await readingScene(context);
  const id = await store(letter("ที่ นร ๑๒๐๐/๖๕ เรื่อง ก"));
  const arrival = await parts.batches.find({ agencyId: "agency-a", subjectId: id });
  const result = {
    reading: { ...unreadable(arrival as Arrival), kind: "letter" },
    verdict: { outcome: "triage", reason: "unreadable" },
    senderAgency: null,
    check: { standing: "unchecked", detail: {}, retryAfterMs: null },
    scan: null,
  } as unknown as ReadingResult;
  const read = { agencyId: "agency-a", intakeId: id, arrivalSeq: arrival?.arrivalSeq ?? 0, result };
  const { write } = parts.batches;
  expect((await Promise.all([write(read), write({ ...read })])).filter(Boolean)).toHaveLength(1);
  expect(await query("select kind from saraban.reading")).toEqual([{ kind: "letter" }]);
  expect(await query("select job from saraban.outbox")).toEqual([{ job: "register-letter" }]);
});

test("one reading that the database refuses does not keep those beside it from being written", async (context) => {
  const { expect } = context;
  const { store, query, parts } = await readingScene(context);
  const ids = await Promise.all([66, 67, 68].map((n) => store(letter(`ที่ นร ๑๒๐๐/${n} เรื่อง ก`))));
  parts.directory = async () => ({ known: new Map(), rules: new Map() });
  const spoilt = (id: string) => id === ids[1];
  const write: typeof parts.batches.write = (read) =>
    parts.batches.write(
      spoilt(read.intakeId) && read.result.reading.kind !== "unreadable"
        ? { ...read, result: { ...read.result, senderAgency: "no text\0 of PostgreSQL" } }
        : read,
    );
  const batches = { ...parts.batches, write };
  await Promise.all(
    ids.map((id) =>
      readLetter({ ...parts, batches }, { outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id }),
    ),
  );
  const rows = await query<{ number: string | null; kind: string }>(
    "select number, kind from saraban.reading order by number",
  );
  expect(rows).toEqual([
    { number: "นร 1200/66", kind: "letter" },
    { number: "นร 1200/68", kind: "letter" },
    { number: null, kind: "unreadable" },
  ]);
  expect(await query("select distinct job from saraban.outbox")).toEqual([{ job: "register-letter" }]);
});

test("a bounce and an acknowledgement of others are handed on as evidence of our own messages too", async (context) => {
  const { expect } = context;
  const { read, query } = await readingScene(context);
  const { id } = await read(letter("แจ้งเลขรับหนังสือ ที่ ทก ๐๑๐๑/๑", "", "Auto-Submitted: auto-replied\r\n"));
  expect(await query("select job from saraban.outbox where subject_id = $1 order by job", [id])).toEqual([
    { job: "record-report" },
    { job: "register-letter" },
  ]);
});

test("a recall is handed on as it was signed, and is no letter", async (context) => {
  const { expect } = context;
  const { read, query } = await readingScene(context);
  const recall = await signRecall(
    {
      schema: RECALL_SCHEMA,
      recallId: newId(),
      issuedAt: "2026-11-21T02:00:00.000Z",
      agency: { domain: "opdc.example.go.th", nameThai: "สำนักงาน ก.พ.ร.", nameEnglish: "OPDC" },
      letter: { number: "นร 1200/55", date: "2026-11-20", messageIds: [] },
      evidenceId: null,
      reason: "ส่งผิดหน่วยงาน",
      replacedBy: null,
    },
    await newSigningKey(),
  );
  const { id, row } = await read(
    Buffer.from(
      "From: saraban@opdc.example.go.th\r\nSubject: =?utf-8?B?4LiX4Li1?= 1200/55\r\nAuto-Submitted: auto-generated\r\n" +
        `Content-Type: application/jose\r\nContent-Disposition: attachment; filename="recall.jws"\r\n\r\n${recall}\r\n`,
    ),
  );
  expect(row).toMatchObject({
    verdict: "ignored",
    reason: "recall",
    kind: "recall",
    report: { evidence: recall },
  });
  expect(await query("select job from saraban.outbox where subject_id = $1 order by job", [id])).toEqual([
    { job: "record-recall" },
    { job: "register-letter" },
  ]);
});
