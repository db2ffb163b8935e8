import { testPlants } from "./testing/plants.ts";

const OTHER = "book_id = 'agency-b.inbound.ordinary'";
const SECOND = "book_id = 'agency-a.inbound.ordinary' and year = 2026 and number = 2";

testPlants("books", [
  {
    fault: "number-missing",
    at: () => "agency-b.inbound.ordinary/2026/3",
    sql: () =>
      `update entry set number = 3 where ${OTHER}; update book_year set last_number = 3 where ${OTHER}`,
  },
  {
    fault: "number-missing",
    how: "a classified book",
    at: () => "agency-a.inbound.classified/2026/3",
    sql: () =>
      ["entry set number = 3 where number = 2 and", "book_year set last_number = 3 where"]
        .map((change) => `update ${change} book_id = 'agency-a.inbound.classified'`)
        .join(";"),
  },
  {
    fault: "number-repeated",
    at: () => "agency-b.inbound.ordinary/2026/1",
    sql: () => `alter table entry drop constraint entry_pkey cascade;
      insert into entry (book_id, agency_id, year, number, registered_at, clock, registered_by, letter_number, urgency, channel)
        select book_id, agency_id, year, number, registered_at, clock, registered_by, letter_number, urgency, 'paper' from entry where ${OTHER}`,
  },
  {
    fault: "time-falls",
    at: () => "agency-a.inbound.ordinary/2026/2",
    sql: () => `update entry set registered_at = '2026-05-01T02:59:59.999Z' where ${SECOND}`,
  },
  {
    fault: "wrong-year",
    at: () => "agency-b.inbound.ordinary/2026/1",
    how: "the last moment of the year before, in Bangkok",
    sql: () => `update entry set registered_at = '2025-12-31T16:59:59.999Z' where ${OTHER};
      update book_year set last_registered_at = '2025-12-31T16:59:59.999Z' where ${OTHER};
      insert into notice (id, agency_id, intake_id, kind, recipient, message_id, facts, made_at, clock, state, reason)
        select intake_id, agency_id, intake_id, 'acknowledgement', '', 'x', '{}', now(), '{}', 'withheld', 'null-sender' from entry where ${OTHER}`,
  },
  {
    fault: "time-ahead",
    at: () => "agency-b.inbound.ordinary/2026/1",
    sql: () => `update entry set registered_at = '2026-05-10T01:00:00.001Z' where ${OTHER};
      update book_year set last_registered_at = '2026-05-10T01:00:00.001Z' where ${OTHER}`,
  },
  {
    fault: "not-its-book",
    at: () => "agency-a.inbound.classified/2026/1",
    sql: () => `update entry set agency_id = 'agency-b' where book_id = 'agency-a.inbound.classified' and number = 1`,
  },
  {
    fault: "last-line-differs",
    how: "its number",
    at: () => "agency-b.inbound.ordinary/2026/1",
    sql: () => `update book_year set last_number = 2 where ${OTHER}`,
  },
  {
    fault: "last-line-differs",
    how: "its time",
    at: () => "agency-b.inbound.ordinary/2026/1",
    sql: () => `update book_year set last_registered_at = last_registered_at + interval '1 s' where ${OTHER}`,
  },
  {
    fault: "last-line-differs",
    how: "book_year has no row",
    at: () => "agency-b.inbound.ordinary/2026/1",
    sql: () => `delete from book_year where ${OTHER}`,
  },
  {
    fault: "year-without-lines",
    at: () => "agency-b.inbound.ordinary/2024",
    sql: () =>
      `insert into book_year values ('agency-b.inbound.ordinary', 'agency-b', 2024, 7, '2024-05-01T03:00:00Z')`,
  },
]);
