/** Letters of the scene, by what became of them; all are of agency-a but `other`. */
export const LETTERS = [
  "lastYear",
  "first",
  "second",
  "third",
  "copy",
  "resembling",
  "resemblingPaper",
  "byClerk",
  "rejected",
  "noLetter",
  "waiting",
  "ignored",
  "refused",
  "onItsWay",
  "other",
] as const;

export const ACTS = [
  "merge",
  "register",
  "reject",
  "discard",
  "enter",
  "enterClosed",
  "reserve",
  "reserveMore",
  "fill",
  "correct",
  "cancel",
  "nonsense",
  "open",
  "draft",
  "approve",
  "recall",
  "draftMore",
  "approveMore",
  "withdraw",
  "handOver",
  "answerRecall",
] as const;

/** Letters of our own, to whom the one went that was sent, and its files (outbound-scene.ts). */
export const OWN = ["sent", "withdrawn", "recipient", "pages", "enclosure"] as const;

/** What senders of the scene were told, by the letter; `corrected` takes the place of that of `third`, which has one `again`. */
export const RECEIPTS = ["first", "third", "corrected", "again", "refused"] as const;

export interface Ids {
  readonly letter: Readonly<Record<(typeof LETTERS)[number], string>>;
  readonly act: Readonly<Record<(typeof ACTS)[number], string>>;
  readonly own: Readonly<Record<(typeof OWN)[number], string>>;
  readonly receipt: Readonly<Record<(typeof RECEIPTS)[number], string>>;
  /** A classified letter that a program has handed in. */
  readonly closed: string;
}

const IN = "agency-a.inbound.ordinary";
const OUT = "agency-a.outbound.ordinary";
const CLOSED = "agency-a.inbound.classified";
const OTHER = "agency-b.inbound.ordinary";

/**
 * A register in which everything that may happen has happened, written with all triggers on: lines of two years and four
 * books, a classified one among them; tray decisions; a reserved number, one that was filled, a correction and a
 * cancellation; notices in every state; work that is still open. For letters that letReadLettersWait has written.
 */
export function sceneSql({ letter, act }: Ids): string {
  const insertLines = (rows: string) => `
    insert into saraban.entry (book_id, agency_id, year, number, intake_id, arrived_at, registered_at, clock, urgency, registered_by,
        act_id, channel, status, secrecy, letter_number, letter_number_printed)
      select book, split_part(book, '.', 1), year, number, i.id, i.arrived_at, at::timestamptz, '{}', 'normal',
             case when act is null then 'rule:automatic' else 'person:somchai' end, act::uuid,
             case when i.id is null then 'paper' else 'smtp' end, status, secrecy, said, said
        from (values ${rows}) as line (book, year, number, letter, act, at, status, secrecy)
        cross join lateral (select case secrecy when 'normal' then 'นร 1200/' || number end as said) words
        left join saraban.intake i on i.id = letter::uuid order by book, number;`;
  return `
    begin;
    insert into saraban.book (id, agency_id, direction, series)
      select id, split_part(id, '.', 1), split_part(id, '.', 2), split_part(id, '.', 3)
        from unnest(array['${IN}', '${OUT}', '${CLOSED}', '${OTHER}']) as id;
    ${insertLines(`('${IN}', 2025, 1, '${letter.lastYear}', null, '2025-12-31T16:55:00Z', 'registered', 'normal')`)}
    ${insertLines(`
      ('${IN}', 2026, 1, '${letter.first}', null, '2026-05-01T03:00:00Z', 'registered', 'normal'),
      ('${IN}', 2026, 2, '${letter.second}', null, '2026-05-01T03:00:00Z', 'registered', 'normal'),
      ('${IN}', 2026, 3, '${letter.third}', null, '2026-05-01T03:00:01Z', 'registered', 'normal'),
      ('${IN}', 2026, 4, '${letter.byClerk}', '${act.register}', '2026-05-02T03:00:00Z', 'registered', 'normal'),
      ('${IN}', 2026, 5, null, '${act.enter}', '2026-05-02T04:00:00Z', 'registered', 'normal'),
      ('${OUT}', 2026, 1, null, '${act.reserve}', '2026-05-02T03:00:00Z', 'reserved', 'normal'),
      ('${OUT}', 2026, 2, null, '${act.reserveMore}', '2026-05-02T03:00:00Z', 'reserved', 'normal'),
      ('${CLOSED}', 2026, 1, null, '${act.enterClosed}', '2026-05-02T03:00:00Z', 'registered', 'secret'),
      ('${OTHER}', 2026, 1, '${letter.other}', null, '2026-05-09T23:30:00Z', 'registered', 'normal')`)}

    insert into saraban.outcome (intake_id, agency_id, outcome, reason, earlier_intake_id, decided_at, clock, decided_by)
      select i.id, i.agency_id, outcome, 'test', earlier::uuid, '2026-05-01T03:00:00Z', '{}', 'rule:automatic'
        from (values ('${letter.lastYear}', 'registered', null), ('${letter.first}', 'registered', null),
          ('${letter.second}', 'registered', null), ('${letter.third}', 'registered', null), ('${letter.other}', 'registered', null),
          ('${letter.copy}', 'duplicate', '${letter.first}'), ('${letter.resembling}', 'possible-duplicate', '${letter.second}'),
          ('${letter.resemblingPaper}', 'possible-duplicate', null), ('${letter.byClerk}', 'triage', null),
          ('${letter.rejected}', 'triage', null), ('${letter.noLetter}', 'triage', null), ('${letter.waiting}', 'triage', null),
          ('${letter.ignored}', 'ignored', null), ('${letter.refused}', 'refused', null)) as given (letter, outcome, earlier)
        join saraban.intake i on i.id = letter::uuid;

    insert into saraban.act (id, agency_id, act, intake_id, earlier_intake_id, book_id, year, number, reason, made_by, made_by_name, made_at, clock)
      select id::uuid, 'agency-a', act, letter::uuid, earlier::uuid, book, year, number, 'test', 'person:somchai', 'สมชาย ทดสอบ',
             at::timestamptz, '{}'
        from (values
          ('${act.merge}', 'merge', '${letter.resembling}', '${letter.second}', null, null::integer, null::integer, '2026-05-02T02:00:00Z'),
          ('${act.register}', 'register', '${letter.byClerk}', null, null, null, null, '2026-05-02T02:00:00Z'),
          ('${act.reject}', 'reject', '${letter.rejected}', null, null, null, null, '2026-05-02T02:00:00Z'),
          ('${act.discard}', 'not-a-letter', '${letter.noLetter}', null, null, null, null, '2026-05-02T02:00:00Z'),
          ('${act.enter}', 'enter', null, null, '${IN}', null, null, '2026-05-02T02:00:00Z'),
          ('${act.enterClosed}', 'enter', null, null, '${CLOSED}', null, null, '2026-05-02T02:00:00Z'),
          ('${act.reserve}', 'reserve', null, null, '${OUT}', null, null, '2026-05-02T02:00:00Z'),
          ('${act.reserveMore}', 'reserve', null, null, '${OUT}', null, null, '2026-05-02T02:00:00Z'),
          ('${act.fill}', 'fill', null, null, '${OUT}', 2026, 1, '2026-05-02T02:00:00Z'),
          ('${act.correct}', 'correct', null, null, '${IN}', 2026, 5, '2026-05-02T02:00:00Z'),
          ('${act.cancel}', 'cancel', null, null, '${IN}', 2026, 3, '2026-05-02T02:00:00Z'),
          ('${act.nonsense}', 'cancel', null, null, '${IN}', 2026, 99, '2026-05-02T02:00:00Z'),
          ('${act.open}', 'correct', null, null, '${IN}', 2026, 1, '2026-05-09T23:40:00Z')
        ) as given (id, act, letter, earlier, book, year, number, at);
    insert into saraban.closed_letter (id, agency_id, direction, level, level_at_birth, act_id, sealed_facts, wrapped_key, key_version, made_at, clock)
      values ('${act.enterClosed}', 'agency-a', 'inbound', 'secret', 'secret', '${act.enterClosed}', 'x', 'x', 1, '2026-05-02T02:00:00Z', '{}');
    insert into saraban.act_result (act_id, agency_id, result, reason, book_id, year, number, decided_at, clock)
      select a.id, a.agency_id, case when a.id = '${act.nonsense}' then 'refused' else 'done' end, '',
             coalesce(e.book_id, a.book_id), coalesce(e.year, a.year), coalesce(e.number, a.number), '2026-05-02T03:00:00Z', '{}'
        from saraban.act a left join saraban.entry e on e.act_id = a.id where a.id <> '${act.open}';
    insert into saraban.tray_decision (intake_id, agency_id, decision, reason, earlier_intake_id, act_id, decided_at, clock, decided_by)
      select intake_id, agency_id, case act when 'register' then 'registered' when 'reject' then 'rejected' when 'merge' then 'merged' else act end,
             reason, earlier_intake_id, id, '2026-05-02T03:00:00Z', '{}', made_by
        from saraban.act where intake_id is not null;
    insert into saraban.entry_event (book_id, event_no, id, agency_id, year, number, what, reason, made_by, made_by_name, made_at, clock)
      select a.book_id, event_no, a.id, a.agency_id, a.year, a.number, what, a.reason, a.made_by, a.made_by_name, '2026-05-03T03:00:00Z', '{}'
        from (values ('${act.correct}', 1, 'corrected'), ('${act.cancel}', 2, 'cancelled'), ('${act.fill}', 1, 'filled')) as given (id, event_no, what)
        join saraban.act a on a.id = given.id::uuid order by event_no;

    insert into saraban.notice (id, agency_id, intake_id, kind, recipient, message_id, facts, made_at, clock, state, reason)
      select i.id, i.agency_id, i.id, kind, i.mail_from, i.id::text, '{}', '2026-05-02T04:00:00Z', '{}', state, reason
        from (values ('${letter.lastYear}', 'acknowledgement', 'delivered', ''), ('${letter.first}', 'acknowledgement', 'delivered', ''),
          ('${letter.second}', 'acknowledgement', 'withheld', 'null-sender'),
          ('${letter.third}', 'acknowledgement', 'failed', '550 5.1.1 <nobody@example.go.th>: no such user'),
          ('${letter.byClerk}', 'acknowledgement', 'due', ''), ('${letter.rejected}', 'rejection', 'delivered', ''),
          ('${letter.refused}', 'refusal', 'withheld', 'unproved-sender')) as given (letter, kind, state, reason)
        join saraban.intake i on i.id = letter::uuid;
    insert into saraban.delivery_attempt (agency_id, notice_id, channel, started_at, ended_at, result, reply)
      select agency_id, id, 'smarthost', made_at, made_at, result, 'test'
        from saraban.notice cross join (values ('transient'), ('accepted')) as answer (result)
       where state = 'delivered' or result <> 'accepted';

    delete from saraban.outbox where subject_id <> '${letter.onItsWay}';
    insert into saraban.outbox (job, agency_id, subject_id, work_key) values
      ('notify-sender', 'agency-a', '${letter.byClerk}', 'x'), ('notify-sender', 'agency-b', '${letter.other}', 'x'),
      ('do-act', 'agency-a', '${act.open}', 'x');
    commit`;
}
