import { createHash } from "node:crypto";
import { inject, type TestContext, test } from "vitest";
import { openWritePipe } from "../../runtime/database.ts";
import { openLog } from "../../runtime/log.ts";
import type { SpooledBytes } from "../../runtime/store.ts";
import { adminQueries, roomDatabase } from "../../testing/arrivals.ts";
import { databaseForTest } from "../../testing/database.ts";
import { systemClock } from "../stamp.ts";
import { acceptInto } from "./accept-letter.ts";
import type { Envelope, Recipient } from "./envelope.ts";

const TO_A: Recipient = { address: "saraban@agency-a.example.go.th", agencyId: "agency-a", unit: null };
const UNIT_OF_A: Recipient = {
  address: "saraban_finance@agency-a.example.go.th",
  agencyId: "agency-a",
  unit: "finance",
};
const TO_B: Recipient = { address: "saraban@agency-b.example.go.th", agencyId: "agency-b", unit: null };

function spooled(text: string): SpooledBytes {
  const inline = Buffer.from(text);
  const sha256 = createHash("sha256").update(inline).digest("hex");
  return {
    sha256,
    sizeBytes: inline.length,
    inline,
    newlines: { bareLf: false, bareCr: false },
    discard() {},
  };
}

function envelope(recipients: readonly Recipient[], mailFrom = "saraban@opdc.example.go.th"): Envelope {
  return {
    door: "smtp",
    mailFrom,
    recipients,
    remoteAddress: "192.0.2.1",
    helo: "mx.opdc.example.go.th",
    smtpUtf8: false,
    tls: false,
  };
}

async function scene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const pipe = openWritePipe(address, "saraban_intake", 2, openLog("silent", "test"));
  context.onTestFinished(() => pipe.close());
  return {
    query: adminQueries(context, address),
    accept: acceptInto(
      { room: "intake", database: roomDatabase(context, address, "saraban_intake"), pipe },
      systemClock(),
    ),
  };
}

test("an accepted letter is there byte for byte, with its envelope and the job that reads it", async (context) => {
  const { expect } = context;
  const { query, accept } = await scene(context);
  const { intakeIds } = await accept(envelope([TO_A]), spooled("Subject: x\r\n\r\n\0\xff"));
  const rows = await query(
    `select i.id, i.agency_id, i.mail_from, i.recipients, b.content, o.job, o.subject_id
       from saraban.intake i join saraban.stored_body b using (agency_id, sha256) join saraban.outbox o on o.subject_id = i.id`,
  );
  expect(rows).toEqual([
    {
      id: intakeIds[0],
      agency_id: "agency-a",
      mail_from: "saraban@opdc.example.go.th",
      recipients: ["saraban@agency-a.example.go.th"],
      content: Buffer.from("Subject: x\r\n\r\n\0\xff"),
      job: "read-letter",
      subject_id: intakeIds[0],
    },
  ]);
});

test("recipients of two agencies make two arrivals of one transaction; a unit belongs to its agency", async (context) => {
  const { expect } = context;
  const { query, accept } = await scene(context);
  const { intakeIds } = await accept(envelope([UNIT_OF_A, TO_B]), spooled("two agencies"));
  await accept(envelope([UNIT_OF_A, TO_A]), spooled("unit and agency"));
  expect(intakeIds).toHaveLength(2);
  const rows = await query<{ agency_id: string; unit: string | null; transaction_id: string }>(
    "select agency_id, unit, transaction_id from saraban.intake order by arrival_seq",
  );
  expect(rows.map(({ agency_id, unit }) => [agency_id, unit])).toEqual([
    ["agency-a", "finance"],
    ["agency-b", null],
    ["agency-a", null],
  ]);
  expect(rows[0]?.transaction_id).toBe(rows[1]?.transaction_id);
});

test("many at once share commits and keep their order of arrival; the same octets are stored once an agency", async (context) => {
  const { expect } = context;
  const { query, accept } = await scene(context);
  const accepted = await Promise.all(
    Array.from({ length: 200 }, (_, index) => accept(envelope([TO_A]), spooled(`letter ${index % 50}`))),
  );
  const rows = await query<{ id: string }>("select id from saraban.intake order by arrival_seq");
  expect(rows.map(({ id }) => id)).toEqual(accepted.flatMap(({ intakeIds }) => intakeIds));
  expect(await query("select 1 from saraban.stored_body")).toHaveLength(50);
  // xmin is the transaction that wrote the row: far fewer transactions than letters.
  const [{ commits } = { commits: 0 }] = await query<{ commits: number }>(
    "select count(distinct xmin::text)::int as commits from saraban.intake",
  );
  expect(commits).toBeLessThan(50);
});

test("one letter that the database cannot take does not fail its neighbours, and leaves nothing behind", async (context) => {
  const { expect } = context;
  const { query, accept } = await scene(context);
  const gone: Recipient = { address: "saraban@gone.example.go.th", agencyId: "gone", unit: null };
  const settled = await Promise.allSettled([
    accept(envelope([TO_A]), spooled("good 1")),
    accept(envelope([TO_B, gone]), spooled("bad")),
    accept(envelope([TO_A]), spooled("good 2")),
  ]);
  expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(await query("select agency_id from saraban.intake")).toEqual([
    { agency_id: "agency-a" },
    { agency_id: "agency-a" },
  ]);
  expect(await query("select 1 from saraban.outbox")).toHaveLength(2);
});

test("NUL in what a client says of itself does not keep a letter out", async (context) => {
  const { query, accept } = await scene(context);
  await accept({ ...envelope([TO_A]), helo: "a\0b" }, spooled("nul"));
  context.expect(await query("select helo from saraban.intake")).toEqual([{ helo: "ab" }]);
});
