const CLOSED = "agency-a.inbound.classified";

/** A classified letter of a program, for which letClosedLettersWait has written the arrival: numbered, its program told. */
export function closedSceneSql(id: string): string {
  return `
    begin;
    insert into saraban.entry (book_id, agency_id, year, number, intake_id, arrived_at, registered_at, clock, urgency, registered_by, channel, secrecy)
      select '${CLOSED}', agency_id, 2026, 2, id, arrived_at, '2026-05-02T05:00:00Z', '{}', 'normal', 'rule:automatic', 'api', closed_level
        from saraban.intake where id = '${id}';
    insert into saraban.outcome (intake_id, agency_id, outcome, reason, closed_client, decided_at, clock, decided_by)
      values ('${id}', 'agency-a', 'registered', 'closed', 'opdc-closed', '2026-05-02T05:00:00Z', '{}', 'rule:automatic');
    insert into saraban.notice (id, agency_id, intake_id, kind, channel, recipient, message_id, facts, made_at, clock, state, reason, closed_client)
      values ('${id}', 'agency-a', '${id}', 'acknowledgement', 'inbox', 'opdc-closed', '${id}', '{}', '2026-05-02T06:00:00Z', '{}', 'withheld', 'test', 'opdc-closed');
    delete from saraban.outbox where subject_id = '${id}';
    commit`;
}
