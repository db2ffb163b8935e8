import type { Ids } from "./scene-sql.ts";

const IN = "agency-a.inbound.ordinary";
const OUT = "agency-a.outbound.ordinary";

/**
 * Letters of our own, written with all triggers on after sceneSql: one that was sent and recalled, one whose number was
 * cancelled with it, a draft; and what happened to lines of received letters since: handed over, recalled by a mail, answered.
 */
export function outboundSceneSql({ letter, act, own }: Ids): string {
  return `
    begin;
    insert into saraban.act (id, agency_id, act, letter_id, book_id, year, number, reason, made_by, made_by_name, made_at, clock)
      select id::uuid, 'agency-a', act, letter::uuid, book, year::integer, number::integer, 'test', 'person:somchai', 'สมชาย ทดสอบ',
             '2026-05-04T02:00:00Z', '{}'
        from (values
          ('${act.draft}', 'draft', '${own.sent}', null, null, null), ('${act.approve}', 'approve', '${own.sent}', null, null, null),
          ('${act.recall}', 'recall', '${own.sent}', null, null, null),
          ('${act.draftMore}', 'draft', '${own.withdrawn}', null, null, null),
          ('${act.approveMore}', 'approve', '${own.withdrawn}', '${OUT}', 2026, 2),
          ('${act.withdraw}', 'withdraw', '${own.withdrawn}', null, null, null),
          ('${act.handOver}', 'hand-over', null, '${IN}', 2026, 1), ('${act.answerRecall}', 'answer-recall', null, '${IN}', 2026, 2)
        ) as given (id, act, letter, book, year, number);
    insert into saraban.act_result (act_id, agency_id, result, reason, book_id, year, number, decided_at, clock)
      select id::uuid, 'agency-a', 'done', '', book, case when book is not null then 2026 end, number::integer, '2026-05-04T03:00:00Z', '{}'
        from (values ('${act.draft}', null, null), ('${act.approve}', '${OUT}', 3), ('${act.recall}', '${OUT}', 3),
          ('${act.draftMore}', null, null), ('${act.approveMore}', '${OUT}', 2), ('${act.withdraw}', '${OUT}', 2),
          ('${act.handOver}', '${IN}', 1), ('${act.answerRecall}', '${IN}', 2)) as given (id, book, number);
    insert into saraban.entry (book_id, agency_id, year, number, registered_at, clock, urgency, registered_by, act_id, channel,
        letter_number, letter_number_printed, subject, letter_date, letter_from, letter_to)
      values ('${OUT}', 'agency-a', 2026, 3, '2026-05-04T03:00:00Z', '{}', 'normal', 'person:somsri', '${act.approve}', 'smtp',
        'ทก 0101/3', 'ทก 0101/3', 'เรื่อง', '2026-05-04', 'ก', 'ข');
    insert into saraban.entry_event (book_id, event_no, id, agency_id, year, number, what, changes, reason, made_by, made_by_name, made_at, clock)
      select book, event_no, id::uuid, 'agency-a', 2026, number, what, changes::jsonb, 'test', made_by, 'ผู้ทดสอบ', '2026-05-04T03:00:00Z', '{}'
        from (values
          ('${OUT}', 2, '${act.approveMore}', 2, 'filled', '{"subject":{"old":null,"new":"เรื่อง"},"letterDate":{"old":null,"new":"2026-05-04"},"from":{"old":null,"new":"ก"},"to":{"old":null,"new":"ข"}}', 'person:somsri'),
          ('${OUT}', 3, '${act.recall}', 3, 'recall-requested', '{}', 'person:somchai'),
          ('${OUT}', 4, '${act.withdraw}', 2, 'cancelled', '{}', 'person:somchai'),
          ('${IN}', 3, '${act.handOver}', 1, 'handed-over', '{}', 'person:somchai'),
          ('${IN}', 4, '${letter.ignored}', 2, 'recall-requested', '{}', 'system:recall'),
          ('${IN}', 5, '${act.answerRecall}', 2, 'recall-refused', '{}', 'person:somchai')
        ) as given (book, event_no, id, number, what, changes, made_by) order by book, event_no;
    insert into saraban.outbound_letter (id, agency_id, series, state, version, facts, drafted_by, drafted_by_name, drafted_at)
      select id::uuid, 'agency-a', 'ordinary', 'draft', 1,
             '{"series":"ordinary","subject":"เรื่อง","letterDate":"2026-05-04","from":"ก","to":"ข","recipients":[],"files":[]}',
             'person:somchai', 'สมชาย ทดสอบ', '2026-05-04T02:00:00Z'
        from unnest(array['${own.sent}', '${own.withdrawn}']) as id;
    insert into saraban.outbound_event (id, letter_id, agency_id, event_no, what, version, made_by, made_by_name, made_at, clock)
      select id::uuid, letter::uuid, 'agency-a', event_no, what, 1, 'person:somchai', 'สมชาย ทดสอบ', at::timestamptz, '{}'
        from (values
          ('${act.draft}', '${own.sent}', 1, 'drafted', '2026-05-04T02:00:00Z'),
          ('${act.approve}', '${own.sent}', 2, 'approved', '2026-05-04T03:00:00Z'),
          ('${act.recall}', '${own.sent}', 3, 'recall-requested', '2026-05-05T03:00:00Z'),
          ('${act.draftMore}', '${own.withdrawn}', 1, 'drafted', '2026-05-04T02:00:00Z'),
          ('${act.approveMore}', '${own.withdrawn}', 2, 'approved', '2026-05-04T03:00:00Z'),
          ('${act.withdraw}', '${own.withdrawn}', 3, 'withdrawn', '2026-05-04T03:00:00Z')
        ) as given (id, letter, event_no, what, at);
    update saraban.outbound_letter set state = 'approved', book_id = '${OUT}', year = 2026, number = case id when '${own.sent}' then 3 else 2 end;
    insert into saraban.outbound_recipient (id, letter_id, agency_id, no, name, domain, address, channel)
      values ('${own.recipient}', '${own.sent}', 'agency-a', 1, 'ข', 'opdc.example.go.th', 'saraban@opdc.example.go.th', 'mail');
    insert into saraban.uploaded_file (id, agency_id, name, media_type, sha256, size_bytes, content, uploaded_by, uploaded_at)
      select id::uuid, 'agency-a', 'หนังสือ.pdf', 'application/pdf', encode(sha256(convert_to(id, 'utf8')), 'hex'), 36,
             convert_to(id, 'utf8'), 'person:somchai',
             '2026-05-04T01:00:00Z' from unnest(array['${own.pages}', '${own.enclosure}']) as id;
    insert into saraban.outbound_file (letter_id, agency_id, no, file_id, name)
      values ('${own.sent}', 'agency-a', 1, '${own.pages}', 'ก.pdf'), ('${own.sent}', 'agency-a', 2, '${own.enclosure}', 'ก_1.pdf');
    update saraban.outbound_letter set state = 'sent', sent_at = '2026-05-04T03:00:00Z', recalled_at = '2026-05-05T03:00:00Z' where id = '${own.sent}';
    update saraban.outbound_letter set state = 'withdrawn' where id = '${own.withdrawn}';

    insert into saraban.notice (id, agency_id, intake_id, letter_id, recipient_id, event_id, kind, recipient, message_id, facts, made_at, clock, state, reason)
      select id::uuid, 'agency-a', intake::uuid, letter::uuid, recipient::uuid, event::uuid, kind, '', id, '{}', '2026-05-06T04:00:00Z', '{}',
             'withheld', 'test'
        from (values
          ('${own.recipient}', null, '${own.sent}', '${own.recipient}', null, 'letter'),
          ('${act.recall}', null, '${own.sent}', '${own.recipient}', '${act.recall}', 'recall'),
          ('${act.merge}', '${letter.resembling}', null, null, null, 'copy'),
          ('${act.cancel}', '${letter.third}', null, null, '${act.cancel}', 'cancellation'),
          ('${act.handOver}', '${letter.first}', null, null, '${act.handOver}', 'handover'),
          ('${act.answerRecall}', '${letter.second}', null, null, '${act.answerRecall}', 'recall-answer'),
          ('${letter.waiting}', '${letter.waiting}', null, null, null, 'arrival'),
          ('${letter.resemblingPaper}', '${letter.resemblingPaper}', null, null, null, 'arrival')
        ) as given (id, intake, letter, recipient, event, kind);
    commit`;
}
