import { testPlants } from "./testing/plants.ts";

const NOBODY = "00000000-0000-7000-8000-000000000000";

testPlants("outcomes", [
  {
    fault: "arrival-missing",
    at: ({ letter }) => letter.onItsWay,
    sql: ({ letter }) => `delete from intake where id = '${letter.onItsWay}'`,
  },
  {
    fault: "outcome-missing",
    at: ({ letter }) => letter.onItsWay,
    sql: ({ letter }) => `delete from outbox where subject_id = '${letter.onItsWay}'`,
  },
  {
    fault: "set-aside",
    at: ({ letter }) => letter.onItsWay,
    sql: ({ letter }) => `update outbox set failed_at = now() where subject_id = '${letter.onItsWay}'`,
  },
  {
    fault: "stuck",
    at: ({ letter }) => letter.onItsWay,
    sql: ({ letter }) =>
      `update intake set arrived_at = '2026-05-09T22:59:59.999Z' where id = '${letter.onItsWay}'`,
  },
  {
    fault: "outcome-repeated",
    at: ({ letter }) => letter.ignored,
    sql: ({ letter }) => `alter table outcome drop constraint outcome_pkey cascade;
      insert into outcome select * from outcome where intake_id = '${letter.ignored}'`,
  },
  {
    fault: "line-repeated",
    at: ({ letter }) => letter.other,
    sql: ({ letter }) => `alter table entry drop constraint entry_intake_id_key;
      insert into entry (book_id, agency_id, year, number, intake_id, arrived_at, registered_at, clock, registered_by, letter_number, urgency)
        select book_id, agency_id, year, 2, intake_id, arrived_at, registered_at, clock, registered_by, letter_number, urgency
          from entry where intake_id = '${letter.other}';
      update book_year set last_number = 2 where agency_id = 'agency-b'`,
  },
  {
    fault: "registered-without-line",
    at: ({ letter }) => letter.other,
    sql: ({ letter }) =>
      `update entry set intake_id = null, arrived_at = null, channel = 'paper' where intake_id = '${letter.other}'`,
  },
  {
    fault: "line-without-outcome",
    at: ({ letter }) => letter.other,
    sql: ({ letter }) => `update outcome set outcome = 'triage' where intake_id = '${letter.other}'`,
  },
  {
    fault: "not-in-the-tray",
    at: ({ letter }) => letter.noLetter,
    sql: ({ letter }) => `update outcome set outcome = 'ignored' where intake_id = '${letter.noLetter}'`,
  },
  {
    fault: "decision-repeated",
    at: ({ letter }) => letter.noLetter,
    sql: ({
      letter,
    }) => `alter table tray_decision drop constraint tray_decision_pkey, drop constraint tray_decision_act_id_key;
      insert into tray_decision select * from tray_decision where intake_id = '${letter.noLetter}'`,
  },
  {
    fault: "decided-without-line",
    at: ({ letter }) => letter.byClerk,
    sql: ({ letter }) => `
      update entry set intake_id = null, arrived_at = null, channel = 'paper' where intake_id = '${letter.byClerk}';
      delete from notice where intake_id = '${letter.byClerk}'; delete from outbox where subject_id = '${letter.byClerk}'`,
  },
  {
    fault: "line-without-decision",
    at: ({ letter }) => letter.byClerk,
    sql: ({ letter }) =>
      `update tray_decision set decision = 'not-a-letter' where intake_id = '${letter.byClerk}'`,
  },
  {
    fault: "time-ahead",
    at: ({ letter }) => letter.onItsWay,
    sql: ({ letter }) =>
      `update intake set arrived_at = '2026-05-10T01:00:00.001Z' where id = '${letter.onItsWay}'`,
  },
  {
    fault: "earlier-missing",
    at: ({ letter }) => letter.copy,
    sql: ({ letter }) =>
      `update outcome set earlier_intake_id = '${NOBODY}' where intake_id = '${letter.copy}'`,
  },
  {
    fault: "earlier-missing",
    how: "of another agency",
    at: ({ letter }) => letter.copy,
    sql: ({ letter }) =>
      `update outcome set earlier_intake_id = '${letter.other}' where intake_id = '${letter.copy}'`,
  },
  {
    fault: "earlier-missing",
    how: "none named",
    at: ({ letter }) => letter.copy,
    sql: ({ letter }) => `update outcome set earlier_intake_id = null where intake_id = '${letter.copy}'`,
  },
  {
    fault: "earlier-is-itself",
    at: ({ letter }) => letter.copy,
    sql: ({ letter }) =>
      `update outcome set earlier_intake_id = intake_id where intake_id = '${letter.copy}'`,
  },
  {
    fault: "earlier-is-none",
    how: "ignored",
    at: ({ letter }) => letter.copy,
    sql: ({ letter }) =>
      `update outcome set earlier_intake_id = '${letter.ignored}' where intake_id = '${letter.copy}'`,
  },
  {
    fault: "earlier-is-none",
    how: "not decided yet",
    at: ({ letter }) => letter.copy,
    sql: ({ letter }) =>
      `update outcome set earlier_intake_id = '${letter.onItsWay}' where intake_id = '${letter.copy}'`,
  },
  {
    fault: "earlier-without-line",
    how: "resembled",
    at: ({ letter }) => letter.resembling,
    sql: ({ letter }) =>
      `update outcome set earlier_intake_id = '${letter.waiting}' where intake_id = '${letter.resembling}'`,
  },
  {
    fault: "earlier-without-line",
    how: "merged",
    at: ({ letter }) => letter.resembling,
    sql: ({ letter }) =>
      `update tray_decision set earlier_intake_id = '${letter.waiting}' where intake_id = '${letter.resembling}'`,
  },
]);
