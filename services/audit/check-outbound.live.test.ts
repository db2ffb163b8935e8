import { testPlants } from "./testing/plants.ts";

testPlants("outbound", [
  {
    fault: "line-missing",
    at: ({ own }) => own.sent,
    sql: ({ own }) => `update outbound_letter set number = 9 where id = '${own.sent}'`,
  },
  {
    fault: "number-repeated",
    // Of the two the younger; of one millisecond, the one with the higher id.
    at: ({ own }) => [own.withdrawn, own.sent].toSorted().at(-1) as string,
    sql: ({ own }) => `alter table outbound_letter drop constraint outbound_letter_book_id_year_number_key;
      update outbound_letter set number = 3, state = 'approved' where id = '${own.withdrawn}'`,
  },
  {
    fault: "not-its-book",
    at: ({ own }) => own.withdrawn,
    sql: ({ own }) => `update outbound_letter set series = 'circular' where id = '${own.withdrawn}'`,
  },
  {
    fault: "line-cancelled",
    at: ({ own }) => own.withdrawn,
    sql: ({ own }) => `update outbound_letter set state = 'approved' where id = '${own.withdrawn}'`,
  },
  {
    fault: "line-not-cancelled",
    at: ({ own }) => own.withdrawn,
    sql: ({ act }) => `update entry_event set what = 'corrected' where id = '${act.withdraw}'`,
  },
  ...["subject", "letterDate", "from", "to"].map((field) => ({
    fault: "differs-from-line",
    how: field,
    at: ({ own }: { own: { sent: string } }) => own.sent,
    sql: ({ own }: { own: { sent: string } }) =>
      `update outbound_letter set facts = jsonb_set(facts, '{${field}}', '"2026-05-05"') where id = '${own.sent}'`,
  })),
  {
    fault: "not-signed-off",
    at: ({ own }) => own.withdrawn,
    sql: ({ act }) => `update outbound_event set what = 'checked' where id = '${act.approveMore}'`,
  },
  {
    fault: "sending-unrecorded",
    at: ({ own }) => own.sent,
    sql: ({ own }) =>
      `update outbound_letter set sent_at = sent_at + interval '1 second' where id = '${own.sent}'`,
  },
  {
    fault: "event-missing",
    at: ({ own }) => own.withdrawn,
    sql: ({ act }) => `update outbound_event set event_no = 4 where id = '${act.withdraw}'`,
  },
  {
    fault: "sent-to-nobody",
    at: ({ own }) => own.sent,
    sql: () => "delete from outbound_recipient",
  },
  {
    fault: "not-sent-and-has-recipients",
    at: ({ own }) => own.withdrawn,
    sql: ({
      own,
    }) => `insert into outbound_recipient (id, letter_id, agency_id, no, name, domain, address, channel)
      select gen_random_uuid(), '${own.withdrawn}', agency_id, no, name, domain, address, channel from outbound_recipient`,
  },
  {
    fault: "recipient-forgotten",
    at: ({ own }) => own.sent,
    sql: () => "delete from notice where kind = 'letter'",
  },
  {
    fault: "recipient-forgotten",
    how: "due, and nobody sends it",
    at: ({ own }) => own.sent,
    sql: () => "update notice set state = 'due' where kind = 'letter'",
  },
]);
