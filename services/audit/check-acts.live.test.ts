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
    // Of what lies in the tray since then the sender would have to hear.
    sql: ({ act }) => `update signing_key set made_at = '2026-05-09T00:00:00Z';
      delete from tray_decision where act_id = '${act.discard}'`,
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
    fault: "event-without-act",
    how: "a recall that no mail asked for",
    at: () => "agency-a.inbound.ordinary/2026/2",
    sql: () => "update entry_event set id = gen_random_uuid() where made_by = 'system:recall'",
  },
  {
    fault: "done-without-line",
    how: "signed off, and the reserved number not filled",
    at: ({ act }) => act.approveMore,
    sql: ({ act }) => `update act_result set number = 1 where act_id = '${act.approveMore}'`,
  },
  {
    fault: "done-without-letter-event",
    at: ({ act }) => act.nonsense,
    sql: ({
      act,
      own,
    }) => `update act_result set result = 'done', book_id = null, year = null, number = null where act_id = '${act.nonsense}';
      update act set act = 'check', letter_id = '${own.sent}' where id = '${act.nonsense}'`,
  },
  {
    fault: "letter-event-without-act",
    at: ({ own }) => own.withdrawn,
    sql: ({ own }) => `
      insert into outbound_event (id, letter_id, agency_id, event_no, what, version, made_by, made_by_name, made_at, clock)
        select gen_random_uuid(), letter_id, agency_id, 4, 'returned', version, made_by, made_by_name, made_at, clock
          from outbound_event where letter_id = '${own.withdrawn}' and event_no = 3`,
  },
  {
    fault: "decision-without-act",
    at: ({ letter }) => letter.noLetter,
    sql: ({ act }) => `update act_result set result = 'refused' where act_id = '${act.discard}'`,
  },
]);
