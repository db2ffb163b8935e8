import { testPlants } from "./testing/plants.ts";

testPlants("acts", [
  {
    fault: "act-missing",
    at: ({ act }) => act.open,
    sql: ({ act }) => `delete from act where id = '${act.open}'`,
  },
  {
    fault: "result-missing",
    at: ({ act }) => act.open,
    sql: ({ act }) => `delete from outbox where subject_id = '${act.open}'`,
  },
  {
    fault: "set-aside",
    at: ({ act }) => act.open,
    sql: ({ act }) => `update outbox set failed_at = now() where subject_id = '${act.open}'`,
  },
  {
    fault: "stuck",
    at: ({ act }) => act.open,
    sql: ({ act }) => `update act set made_at = '2026-05-09T22:59:59.999Z' where id = '${act.open}'`,
  },
  {
    fault: "result-repeated",
    at: ({ act }) => act.nonsense,
    sql: ({ act }) => `alter table act_result drop constraint act_result_pkey;
      insert into act_result select * from act_result where act_id = '${act.nonsense}'`,
  },
  {
    fault: "done-without-line",
    at: ({ act }) => act.enter,
    sql: ({ act }) => `update act_result set number = 9 where act_id = '${act.enter}'`,
  },
  {
    fault: "done-without-event",
    at: ({ act }) => act.correct,
    sql: ({ act }) => `update act_result set number = 2 where act_id = '${act.correct}'`,
  },
  {
    fault: "done-without-decision",
    at: ({ act }) => act.discard,
    sql: ({ act }) => `delete from tray_decision where act_id = '${act.discard}'`,
  },
  {
    fault: "line-without-act",
    at: () => "agency-a.inbound.ordinary/2026/5",
    sql: ({ act }) => `update act_result set result = 'refused' where act_id = '${act.enter}'`,
  },
  {
    fault: "line-without-act",
    how: "none named",
    at: () => "agency-b.inbound.ordinary/2026/2",
    sql: () => `
      insert into entry (book_id, agency_id, year, number, registered_at, clock, registered_by, urgency, channel)
        select book_id, agency_id, year, 2, registered_at, clock, 'person:somchai', urgency, 'paper' from entry where agency_id = 'agency-b';
      update book_year set last_number = 2 where agency_id = 'agency-b'`,
  },
  {
    fault: "event-without-act",
    at: () => "agency-a.inbound.ordinary/2026/5",
    sql: ({ act }) => `update act_result set result = 'refused' where act_id = '${act.correct}'`,
  },
  {
    fault: "decision-without-act",
    at: ({ letter }) => letter.noLetter,
    sql: ({ act }) => `update act_result set result = 'refused' where act_id = '${act.discard}'`,
  },
]);
