import { testPlants } from "./testing/plants.ts";

const CLOSED = "agency-a.inbound.classified/2026";

testPlants("classified", [
  {
    fault: "facts-missing",
    how: "of an arrival",
    at: () => `${CLOSED}/2`,
    sql: ({ closed }) => `delete from closed_body; delete from closed_letter where id = '${closed}'`,
  },
  {
    fault: "facts-missing",
    how: "of one written in by hand",
    at: () => `${CLOSED}/1`,
    sql: ({ act }) => `delete from closed_letter where act_id = '${act.enterClosed}'`,
  },
  {
    fault: "contents-missing",
    at: ({ closed }) => closed,
    sql: () => "delete from closed_body",
  },
  {
    fault: "contents-missing",
    how: "other ones",
    at: ({ closed }) => closed,
    sql: ({ letter }) =>
      `update closed_body set (sha256, size_bytes) = (select sha256, size_bytes from intake where id = '${letter.first}');
       update stored_body set content = 'SARBSEAL'::bytea || substring(content from 9) where sha256 = (select sha256 from intake where id = '${letter.first}')`,
  },
  {
    fault: "contents-lost",
    at: ({ closed }) => closed,
    sql: () => "update closed_body set size_bytes = size_bytes + 1",
  },
  {
    fault: "not-sealed",
    at: ({ closed }) => closed,
    sql: () =>
      "update stored_body set content = 'x' || substring(content from 2) where substring(content for 8) = 'SARBSEAL'",
  },
  {
    fault: "level-differs",
    how: "from the line",
    at: () => `${CLOSED}/1`,
    sql: () => "update entry set secrecy = 'confidential' where book_id like '%.classified' and number = 1",
  },
  {
    fault: "level-differs",
    how: "on arrival",
    at: ({ closed }) => closed,
    sql: ({ closed }) => `update intake set closed_level = 'secret' where id = '${closed}'`,
  },
  {
    fault: "level-unexplained",
    at: ({ closed }) => closed,
    sql: ({ closed }) => `update closed_letter set level = 'normal' where id = '${closed}'`,
  },
  {
    fault: "act-missing",
    at: ({ own }) => own.sent,
    sql: ({ own, act }) =>
      `insert into closed_letter select (jsonb_populate_record(l, '{"id": "${own.sent}", "act_id": "${own.sent}"}')).* from closed_letter l where act_id = '${act.enterClosed}'`,
  },
  {
    fault: "line-speaks",
    at: () => `${CLOSED}/2`,
    sql: () =>
      "alter table entry drop constraint classified_says_nothing; update entry set subject = 'x' where book_id like '%.classified' and number = 2",
  },
  {
    fault: "open-to-all",
    at: ({ closed }) => closed,
    sql: ({ closed }) =>
      `update outcome set closed_client = null where intake_id = '${closed}'; update notice set closed_client = null where intake_id = '${closed}'`,
  },
]);
