import { testPlants } from "./testing/plants.ts";

const IN = "book_id = 'agency-a.inbound.ordinary'";

testPlants("events", [
  {
    fault: "event-missing",
    at: () => "agency-a.inbound.ordinary/event/6",
    sql: () => `update entry_event set event_no = 6 where ${IN} and event_no = 5`,
  },
  {
    fault: "event-repeated",
    at: () => "agency-a.outbound.ordinary/event/3",
    sql: () => `alter table entry_event drop constraint entry_event_pkey;
      update entry_event set event_no = 3 where book_id = 'agency-a.outbound.ordinary' and event_no = 4`,
  },
  {
    fault: "time-falls",
    at: () => "agency-a.inbound.ordinary/event/2",
    sql: () => `update entry_event set made_at = '2026-05-03T02:59:59.999Z' where ${IN} and event_no = 2`,
  },
  {
    fault: "time-ahead",
    at: () => "agency-a.inbound.ordinary/event/5",
    sql: () => `update entry_event set made_at = '2026-05-10T01:00:00.001Z' where ${IN} and event_no = 5`,
  },
  {
    fault: "line-missing",
    at: () => "agency-a.outbound.ordinary/event/1",
    sql: ({ act }) => `update entry_event set number = 99 where id = '${act.fill}';
      update act_result set number = 99 where act_id = '${act.fill}'`,
  },
  {
    fault: "after-cancellation",
    at: () => "agency-a.inbound.ordinary/event/2",
    sql: ({ act }) => `update entry_event set what = 'cancelled' where id = '${act.correct}';
      update entry_event set number = 5 where id = '${act.cancel}';
      update act_result set number = 5 where act_id = '${act.cancel}';
      delete from notice where kind = 'cancellation'`,
  },
  {
    fault: "filled-twice",
    at: () => "agency-a.outbound.ordinary/event/5",
    sql: ({ act }) => `
      insert into entry_event (book_id, event_no, id, agency_id, year, number, what, reason, made_by, made_by_name, made_at, clock)
        select book_id, 5, '${act.nonsense}', agency_id, year, number, what, reason, made_by, made_by_name, '2026-05-05T03:00:00Z', clock
          from entry_event where id = '${act.fill}';
      update act_result set result = 'done', book_id = 'agency-a.outbound.ordinary', number = 1 where act_id = '${act.nonsense}'`,
  },
  {
    fault: "filled-not-reserved",
    at: () => "agency-a.inbound.ordinary/event/1",
    sql: ({ act }) => `update entry_event set what = 'filled' where id = '${act.correct}'`,
  },
  {
    fault: "handed-over-twice",
    at: () => "agency-a.inbound.ordinary/event/6",
    sql: ({ act }) => more(act.nonsense, 1, "handed-over"),
  },
  {
    fault: "answered-unasked",
    at: () => "agency-a.inbound.ordinary/event/6",
    sql: ({ act }) => more(act.nonsense, 5, "recall-accepted"),
  },
]);

/** One more event of the inbound book, by an act that was done. */
function more(actId: string, line: number, what: string): string {
  return `
    insert into entry_event (book_id, event_no, id, agency_id, year, number, what, reason, made_by, made_by_name, made_at, clock)
      select book_id, 6, '${actId}', agency_id, year, ${line}, '${what}', reason, made_by, made_by_name, made_at, clock
        from entry_event where ${IN} and event_no = 5;
    update act_result set result = 'done', book_id = 'agency-a.inbound.ordinary', number = ${line} where act_id = '${actId}'`;
}
