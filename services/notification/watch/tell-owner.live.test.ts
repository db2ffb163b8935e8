import { inject, type TestContext, test } from "vitest";
import type { JobData } from "../../shared/letter/flow.ts";
import { openLog } from "../../shared/runtime/log.ts";
import { projectDir } from "../../shared/runtime/settings.ts";
import { adminQueries, roomDatabase } from "../../shared/testing/arrivals.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import { openSmtpSink } from "../../shared/testing/smtp-sink.ts";
import { readTemplates } from "../compose/read-templates.ts";
import { openSmarthost } from "../mail/smarthost.ts";
import { tellOwner } from "./tell-owner.ts";
import {
  type SentLetter,
  type WrittenLetter,
  writeRecipientEvents,
  writeSentLetters,
} from "./testing/sent-letters.ts";

const SENT = new Date("2025-01-09T10:00:00+07:00");
const GATHER_MS = 15_000;

async function openScene(context: TestContext, letter: SentLetter, contacts: object) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const sink = await openSmtpSink();
  context.onTestFinished(() => sink.close());
  const transport = openSmarthost(sink.url, 2, "saraban.example.go.th");
  context.onTestFinished(() => transport.close());
  await query("update saraban.agency set contacts = $1 where id = 'agency-a'", [JSON.stringify(contacts)]);
  const [written] = (await writeSentLetters(query, [letter])) as [WrittenLetter];
  const database = roomDatabase(context, address, "saraban_notification");
  return {
    query,
    sink,
    letter: written,
    /** The job, handed on and done. */
    tell: async (now: Date) => {
      const [job] = await query<JobData>(
        `insert into saraban.outbox (job, agency_id, subject_id, work_key) values ('notify-owner', 'agency-a', $1::uuid, $1::uuid::text)
           on conflict (job, subject_id, agency_id) do update set work_key = excluded.work_key
           returning id as "outboxId", agency_id as "agencyId", subject_id as "subjectId", work_key as "workKey"`,
        [written.id],
      );
      const parts = {
        database,
        now: () => ({ at: now, clock: { state: "unsynchronised", reason: "test" } as const }),
        transport,
        giveUpAfterHours: 120,
        withTokens: true,
        templates: readTemplates(`${projectDir}/config/templates`, []),
        gatherMs: GATHER_MS,
        log: openLog("silent", "test"),
      };
      await tellOwner(parts, job as JobData);
    },
    notices: () =>
      query("select state, reason, recipient from saraban.notice where kind = 'owner' order by made_at, id"),
    open: async () => (await query("select from saraban.outbox")).length,
  };
}

const later = (ms: number): Date => new Date(SENT.getTime() + ms);

test("recipients who could not be reached are told in one mail, with the reasons, once", async (context) => {
  const { expect } = context;
  const subject = "ขอเชิญประชุมคณะทำงาน";
  const { query, sink, letter, tell, notices, open } = await openScene(
    context,
    { sentAt: SENT, recipients: 3, subject, ownerMail: "somsri@agency-a.example.go.th" },
    { clerk: "clerk@agency-a.example.go.th" },
  );
  const [first, second, third] = letter.recipientIds as [string, string, string];
  const refusal = "550 5.1.1 no such user\r\nSubject: forged";
  const failed = (id: string, at: Date) =>
    writeRecipientEvents(query, letter, "failed", at, {
      recipientIds: [id],
      details: { reason: "not-taken", reply: refusal },
    });
  await failed(first, later(0));
  await tell(later(1_000));
  expect(await notices()).toEqual([]);
  await failed(second, later(5_000));
  await tell(later(5_000 + GATHER_MS));
  await writeRecipientEvents(query, letter, "failed", later(6_000), { recipientIds: [third] });
  expect(sink.received).toHaveLength(1);
  const [mail] = sink.received;
  expect(mail?.recipients).toEqual(["somsri@agency-a.example.go.th"]);
  expect(mail?.mailFrom).toMatch(/^saraban\+.+@agency-a\.example\.go\.th$/);
  expect(mail?.headers.get("auto-submitted")).toBe("auto-generated");
  const read = await mail?.read();
  expect(read?.subject).toContain(letter.number);
  expect(read?.text).toContain(subject);
  expect(read?.text).toContain("หน่วยงานที่ 1 <saraban@r1.example.go.th>");
  expect(read?.text).toContain("(refused by a mail server): 550 5.1.1 no such user Subject: forged\n");
  expect(read?.text).toContain("2. saraban@r2.example.go.th, found out on 9 January 2025");
  expect(read?.text).not.toContain("r3");
  expect(await open()).toBe(0);

  // A later failure is another mail, and tells of itself alone; what was told is not told again.
  await tell(later(60_000));
  await tell(later(90_000));
  expect(sink.received).toHaveLength(2);
  expect((await sink.received[1]?.read())?.text).toContain("1. หน่วยงานที่ 3");
  expect((await sink.received[1]?.read())?.text).toContain("not known why");
});

test("the list of who does not answer says what is known of each; who has answered meanwhile is not in it", async (context) => {
  const { expect } = context;
  const { query, sink, letter, tell } = await openScene(
    context,
    { sentAt: SENT, recipients: 4 },
    { clerk: "clerk@agency-a.example.go.th" },
  );
  const [first, second, third] = letter.recipientIds as [string, string, string];
  await writeRecipientEvents(query, letter, "accepted", later(0), { recipientIds: [first] });
  await writeRecipientEvents(query, letter, "escalated", later(1_000), {
    details: { hours: 24, missingYears: [2571] },
  });
  await writeRecipientEvents(query, letter, "registered", later(2_000), { recipientIds: [third] });
  await writeRecipientEvents(query, letter, "registered", later(2_000), {
    recipientIds: [second],
    proof: "claim",
  });
  await tell(later(3_000));
  expect(sink.received).toHaveLength(1);
  const { text = "" } = (await sink.received[0]?.read()) ?? {};
  expect(text).toContain("เกิน 24 ชั่วโมงทำการ");
  expect(text).toContain("1. saraban@r1.example.go.th: the next server has taken it");
  expect(text).toContain("2. saraban@r2.example.go.th: no server has taken it yet");
  expect(text).not.toContain("r3.example.go.th");
  expect(text).toContain("3. saraban@r4.example.go.th");
  expect(text).toContain("The holidays of B.E. 2571 are not known");
});

test("where nobody may be told, nothing is sent, and the register says why", async (context) => {
  const { expect } = context;
  const letter = { sentAt: SENT, ownerMail: "somsri@freemail.example" };
  const { query, sink, letter: sent, tell, notices, open } = await openScene(context, letter, {});
  await writeRecipientEvents(query, sent, "warned", later(0), { details: { hours: 12 } });
  await tell(later(1_000));
  expect(sink.received).toEqual([]);
  expect(await notices()).toEqual([{ state: "withheld", reason: "no-contact", recipient: "" }]);
  expect(await open()).toBe(0);
});
