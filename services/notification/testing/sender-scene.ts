import { inject, type TestContext } from "vitest";
import type { Evidence } from "../../shared/letter/evidence/evidence.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { adminQueries, letReadLettersWait, type ReadLetter } from "../../shared/testing/arrivals.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import { openSmtpSink, type SinkAnswer } from "../../shared/testing/smtp-sink.ts";
import { findWaitingLetters } from "../find-waiting-letters.ts";
import { openSmarthost } from "../mail/smarthost.ts";
import { sendNotice, tellArrival } from "../send-notice.ts";
import { senderParts } from "./sender-parts.ts";

export const BOOK = "agency-a.inbound.ordinary";

/** An agency's book, its senders' mail server, and what the registry writes down about letters. */
export async function openSenderScene(
  context: TestContext,
  answer: () => SinkAnswer | undefined = () => undefined,
) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const sink = await openSmtpSink({ onMessage: answer });
  const transport = openSmarthost(sink.url, 2, "mail.agency-a.example.go.th");
  context.onTestFinished(async () => {
    transport.close();
    await sink.close();
  });
  const { parts, wait } = senderParts(context, address, transport);
  await query(
    `insert into saraban.book (id, agency_id, direction, series) values ($1, 'agency-a', 'inbound', 'ordinary')`,
    [BOOK],
  );
  const job = (id: string) => ({ outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id });
  const handOn = (id: string) =>
    query(
      `insert into saraban.outbox (job, agency_id, subject_id, work_key) values ('notify-sender', 'agency-a', $1::uuid, $1::text)
        on conflict do nothing`,
      [id],
    );
  const outcome = async (id: string, what: string, reason = "letter", earlier: string | null = null) => {
    await query(
      `insert into saraban.outcome (intake_id, agency_id, outcome, reason, earlier_intake_id, decided_at, clock, decided_by)
         values ($1, 'agency-a', $2, $3, $4, now(), '{}', 'rule:test')`,
      [id, what, reason, earlier],
    );
    await query("delete from saraban.outbox where job = 'register-letter' and subject_id = $1", [id]);
    await handOn(id);
  };
  /** The next line of the book. */
  const enter = (id: string, byClerk = false) =>
    query(
      `insert into saraban.entry (book_id, agency_id, year, number, intake_id, registered_at, clock, registered_by,
          registered_by_name, arrived_at, letter_number, letter_number_printed, letter_date, urgency)
         select $1, 'agency-a', 2026, 1 + coalesce((select max(number) from saraban.entry), 0), $2, '2026-05-01T03:00:00Z',
           '{"state":"unsynchronised"}', $3, $4, '2026-05-01T02:59:00Z', 'นร 1200/55', 'นร ๑๒๐๐/๕๕', '2020-04-09', 'normal'`,
      [BOOK, id, byClerk ? "person:x" : "rule:test", byClerk ? "สมศรี ทดสอบ" : null],
    );
  const decide = (id: string, act: string, decision: string, reason: string, earlier: string | null = null) =>
    query(
      `with a as (insert into saraban.act (id, agency_id, act, intake_id, earlier_intake_id, reason, made_by, made_by_name, made_at, clock)
           values (gen_random_uuid(), 'agency-a', $2, $1, $5, $4, 'person:x', 'สมชาย ทดสอบ', now(), '{}') returning id)
       insert into saraban.tray_decision (intake_id, agency_id, decision, reason, earlier_intake_id, act_id, decided_at, clock, decided_by)
         select $1, 'agency-a', $3, $4, $5, id, now(), '{}', 'person:x' from a`,
      [id, act, decision, reason, earlier],
    );
  return {
    address,
    query,
    sink,
    parts,
    wait,
    handOn,
    outcome,
    enter,
    decide,
    letters: (letters: readonly ReadLetter[]) => letReadLettersWait(query, letters),
    /** A letter that was registered at once. */
    registered: async (letter: ReadLetter = {}): Promise<string> => {
      const [id = ""] = await letReadLettersWait(query, [letter]);
      await enter(id);
      await outcome(id, "registered");
      return id;
    },
    /** An event in the letter's line, handed on as the registry does it. */
    event: async (
      id: string,
      what: string,
      given: { changes?: object; reason?: string; details?: object } = {},
    ) => {
      const { changes = {}, reason = "ทดสอบ", details = {} } = given;
      const eventId = newId();
      await query(
        `insert into saraban.entry_event (book_id, event_no, id, agency_id, year, number, what, changes, reason, made_by, made_by_name,
            made_at, clock, details)
           select e.book_id, 1 + coalesce((select max(event_no) from saraban.entry_event), 0), $2, 'agency-a', e.year, e.number, $3, $4,
             $5, 'person:x', 'สมศรี ทดสอบ', now(), '{}', $6 from saraban.entry e where e.intake_id = $1`,
        [id, eventId, what, JSON.stringify(changes), reason, JSON.stringify(details)],
      );
      await handOn(id);
      return eventId;
    },
    send: (id: string) => sendNotice(parts, job(id)),
    tell: (id: string) => tellArrival(parts, job(id)),
    lookForWaiting: () => findWaitingLetters(parts.database, 60),
    waitsSince: (id: string, seconds: number) =>
      query(
        `update saraban.outbox set created_at = now() - make_interval(secs => $2) where subject_id = $1 and job = 'register-letter'`,
        [id, seconds],
      ),
    notices: (id: string) =>
      query<{ kind: string; state: string; reason: string; evidence: Evidence | null; jws: string | null }>(
        `select n.kind, n.state, n.reason, p.facts as evidence, p.jws from saraban.notice n
           left join saraban.receipt p on p.id = n.receipt_id where n.intake_id = $1 order by n.made_at, n.id`,
        [id],
      ),
    jobs: async () =>
      (await query<{ job: string }>("select job from saraban.outbox order by job")).map((row) => row.job),
    /** What the sender of a letter got, in order. */
    got: (id: string) => Promise.all(sink.repliesTo(`<${id}@opdc.example.go.th>`).map((mail) => mail.read())),
  };
}
