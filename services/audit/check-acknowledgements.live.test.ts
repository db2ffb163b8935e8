import { test } from "vitest";
import { testPlants } from "./testing/plants.ts";
import { faultsOf, registerScene } from "./testing/register-scene.ts";

testPlants("acknowledgements", [
  {
    fault: "notice-missing",
    how: "registered",
    at: ({ letter }) => letter.other,
    sql: ({ letter }) => `delete from outbox where subject_id = '${letter.other}'`,
  },
  {
    fault: "notice-missing",
    how: "refused",
    at: ({ letter }) => letter.refused,
    sql: ({ letter }) => `delete from notice where intake_id = '${letter.refused}'`,
  },
  {
    fault: "notice-missing",
    how: "rejected",
    at: ({ letter }) => letter.rejected,
    sql: ({ letter }) => `delete from notice where intake_id = '${letter.rejected}'`,
  },
  {
    fault: "notice-stuck",
    at: ({ letter }) => letter.other,
    sql: () => `update entry set registered_at = '2026-05-09T22:59:59.999Z' where agency_id = 'agency-b';
      update book_year set last_registered_at = '2026-05-09T22:59:59.999Z' where agency_id = 'agency-b'`,
  },
  {
    fault: "notice-set-aside",
    how: "not promised yet",
    at: ({ letter }) => letter.other,
    sql: ({ letter }) => `update outbox set failed_at = now() where subject_id = '${letter.other}'`,
  },
  {
    fault: "notice-set-aside",
    how: "due",
    at: ({ letter }) => letter.byClerk,
    sql: ({ letter }) => `update outbox set failed_at = now() where subject_id = '${letter.byClerk}'`,
  },
  {
    fault: "notice-forgotten",
    at: ({ letter }) => letter.byClerk,
    sql: ({ letter }) => `delete from outbox where subject_id = '${letter.byClerk}'`,
  },
  {
    fault: "notice-unfounded",
    how: "an acknowledgement without a line",
    at: ({ letter }) => letter.waiting,
    sql: ({ letter }) => `
      insert into notice (id, agency_id, intake_id, kind, recipient, message_id, facts, made_at, clock, state, reason)
        select gen_random_uuid(), agency_id, id, 'acknowledgement', '', 'x', '{}', now(), '{}', 'withheld', 'null-sender'
          from intake where id = '${letter.waiting}'`,
  },
  {
    fault: "notice-unfounded",
    how: "rejected, but acknowledged",
    at: ({ letter }) => letter.rejected,
    sql: ({ letter }) => `update notice set kind = 'acknowledgement' where intake_id = '${letter.rejected}'`,
  },
  {
    fault: "notice-unfounded",
    how: "an alert without a refusal",
    at: ({ letter }) => letter.first,
    sql: ({ letter }) => `
      insert into notice (id, agency_id, intake_id, kind, recipient, message_id, facts, made_at, clock, state, reason)
        select gen_random_uuid(), agency_id, id, 'alert', '', 'x', '{}', now(), '{}', 'withheld', 'no-contact'
          from intake where id = '${letter.first}'`,
  },
  {
    fault: "notice-missing",
    how: "the copy for a letter that came again, before receipts were signed",
    at: ({ letter }) => letter.resembling,
    sql: ({ letter }) => `delete from notice where intake_id = '${letter.resembling}';
      update signing_key set made_at = '2026-05-09T00:00:00Z';
      update outcome set reason = 'same-letter' where intake_id = '${letter.resembling}'`,
  },
  {
    fault: "notice-missing",
    how: "the copy for a letter that was merged",
    at: ({ letter }) => letter.resembling,
    sql: ({ letter }) => `delete from notice where intake_id = '${letter.resembling}'`,
  },
  {
    fault: "notice-missing",
    how: "that the line was cancelled",
    at: ({ letter }) => letter.third,
    sql: () => "delete from notice where kind = 'cancellation'",
  },
  {
    fault: "notice-missing",
    how: "that the letter lies in the tray",
    at: ({ letter }) => letter.waiting,
    sql: ({ letter }) => `delete from notice where intake_id = '${letter.waiting}'`,
  },
  {
    fault: "notice-unfounded",
    how: "an answer to a recall that is of another line",
    at: ({ letter }) => letter.second,
    sql: ({ letter, act }) => `update notice set event_id = '${act.cancel}' where kind = 'recall-answer'
      and intake_id = '${letter.second}'`,
  },
  {
    fault: "notice-repeated",
    at: ({ letter }) => letter.second,
    sql: ({ letter }) => `alter table notice drop constraint notice_once;
      insert into notice (id, agency_id, intake_id, kind, recipient, message_id, facts, made_at, clock, state, reason)
        select gen_random_uuid(), agency_id, intake_id, kind, recipient, 'x', facts, made_at, clock, state, reason
          from notice where intake_id = '${letter.second}' and kind = 'acknowledgement'`,
  },
  {
    fault: "reason-missing",
    how: "failed",
    at: ({ letter }) => letter.third,
    sql: ({ letter }) => `update notice set reason = '' where id = '${letter.third}'`,
  },
  {
    fault: "reason-missing",
    how: "withheld",
    at: ({ letter }) => letter.second,
    sql: ({ letter }) => `update notice set reason = '' where id = '${letter.second}'`,
  },
  {
    fault: "delivery-unproved",
    at: ({ letter }) => letter.first,
    sql: ({ letter }) =>
      `delete from delivery_attempt where notice_id = '${letter.first}' and result = 'accepted'`,
  },
  {
    fault: "not-in-inbox",
    at: ({ letter }) => letter.first,
    sql: ({ letter }) => `update notice set channel = 'inbox' where intake_id = '${letter.first}'`,
  },
  {
    fault: "not-in-inbox",
    how: "it lies there for another letter",
    at: ({ letter }) => letter.first,
    sql: ({ letter }) => `${byProgram(letter.first)}; update client_item set intake_id = '${letter.second}'`,
  },
  {
    fault: "not-told-there",
    at: ({ letter }) => letter.first,
    sql: ({ letter }) =>
      `${byProgram(letter.first)}; update notice set channel = 'mail' where intake_id = '${letter.first}'`,
  },
]);

/** Has a letter be one that a client handed in and was told of. */
function byProgram(id: string): string {
  return `
    insert into client (id, agency_id, name, scopes) values ('opdc', 'agency-a', 'x', '{submit}');
    update intake set door = 'api', media_type = 'application/json', client_id = 'opdc' where id = '${id}';
    update notice set channel = 'inbox', receipt_id = (select id from receipt where intake_id = '${id}' limit 1) where intake_id = '${id}';
    insert into client_item (id, client_id, agency_id, kind, intake_id, receipt_id, made_at)
      select gen_random_uuid(), 'opdc', 'agency-a', 'receipt', intake_id, receipt_id, max(made_at) from notice where intake_id = '${id}' group by 5, 6`;
}

test("what was told in an inbox or to a node, and a number that was disputed, is in order", async (context) => {
  const { expect } = context;
  const { letter, checkPlanted } = await registerScene(context);
  const checks = await checkPlanted(`${byProgram(letter.first)};
    update notice set channel = 'ecms' where intake_id = '${letter.byClerk}';
    update reading set kind = 'notifier' where intake_id = '${letter.ignored}';
    insert into notice (id, agency_id, intake_id, kind, recipient, message_id, facts, made_at, clock, state, reason)
      values (gen_random_uuid(), 'agency-a', '${letter.ignored}', 'alert', '', 'x', '{}', now(), '{}', 'withheld', 'no-contact')`);
  expect(faultsOf(checks)).toEqual([]);
});
