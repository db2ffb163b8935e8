import type { Pool } from "pg";
import { normaliseLetterNumber } from "../../services/shared/letter/letter-number.ts";
import { normaliseThai } from "../../services/shared/letter/thai-text.ts";
import { newId } from "../../services/shared/runtime/ids.ts";
import { planLetters } from "./letter-plan.ts";
import { letterAt, type MadeUpLetter } from "./made-up-letters.ts";

/** So many that no run comes to the end of the plan. */
const PLANNED_LETTERS = 2_000_000;
const LETTERS_A_STATEMENT = 1_000;

/** A letter that has been read and waits for its number. */
export interface WaitingRow {
  readonly id: string;
  readonly verdict: "ready" | "triage";
  readonly arrived: string;
}

/**
 * Lets made-up letters arrive in an agency and be read, many in a statement; they wait in its inbound book. The one in
 * a hundred that bears no number is one for an officer, as reading would have it.
 * @returns the next `count` letters, in order of arrival
 */
export function openArrivals(
  pool: Pool,
  agencyId: string,
  seed: number,
): (count: number) => Promise<WaitingRow[]> {
  const plan = planLetters({
    seed,
    letters: PLANNED_LETTERS,
    lastDay: new Date().toISOString().slice(0, 10),
  });
  const domains = new Map<string, string>();
  const domainOf = (office: string): string => {
    const domain = domains.get(office) ?? `office-${domains.size}.example.go.th`;
    domains.set(office, domain);
    return domain;
  };
  let index = 0;
  const next = (): MadeUpLetter => {
    for (;;) {
      const letter = letterAt(plan, index++);
      if (letter.direction === "inbound") return letter;
    }
  };
  return async (count) => {
    const added: WaitingRow[] = [];
    while (added.length < count) {
      const rows = Array.from({ length: Math.min(LETTERS_A_STATEMENT, count - added.length) }, (_, place) => {
        const letter = next();
        return { place, ...rowOf(letter, domainOf(letter.from)) };
      });
      await pool.query(INSERT, [agencyId, JSON.stringify(rows)]);
      added.push(...rows);
    }
    return added;
  };
}

function rowOf(letter: MadeUpLetter, domain: string) {
  const ready = letter.letterNumber !== null;
  return {
    id: newId(),
    verdict: ready ? ("ready" as const) : ("triage" as const),
    reason: ready ? "letter" : "no-number",
    // Now, not the plan's moment: the deemed time is counted by this year's holidays.
    arrived: new Date().toISOString(),
    sender: `saraban@${domain}`,
    number: letter.letterNumber,
    printed: letter.letterNumberPrinted,
    date: letter.letterDate,
    from: letter.from,
    to: letter.to,
    subject: normaliseThai(letter.subject),
    urgency: letter.urgency,
    kind: letter.kind,
    citations: letter.references.map((printed) => ({ printed, number: numberIn(printed), date: null })),
    enclosures: letter.enclosures,
  };
}

/** The number that a line of อ้างถึง cites. */
function numberIn(citation: string): string | null {
  const [, number] = / ที่ (.+?) ลงวันที่ /u.exec(citation) ?? [];
  return number === undefined ? null : normaliseLetterNumber(number);
}

// One body for all: numbering never touches the octets.
const INSERT = `
  with given as (select * from jsonb_to_recordset($2::jsonb) as
         (place integer, id uuid, verdict text, reason text, arrived timestamptz, sender text, number text, printed text,
          date date, "from" text, "to" text, subject text, urgency text, kind text, citations jsonb, enclosures text[])),
       body as (insert into saraban.stored_body (agency_id, sha256, size_bytes, content)
         values ($1, repeat('0', 64), 1, 'x') on conflict do nothing),
       arrivals as (insert into saraban.intake (id, agency_id, transaction_id, door, mail_from, recipients, remote_address,
           helo, smtp_utf8, tls, bare_newlines, sha256, size_bytes, arrived_at, clock)
         select id, $1, id, 'smtp', sender, array['saraban@' || $1 || '.example.go.th'], '127.0.0.1', 'bench', false, false,
                false, repeat('0', 64), 1, arrived, '{"state":"unsynchronised"}' from given order by place returning id, arrival_seq),
       readings as (insert into saraban.reading (intake_id, agency_id, read_at, verdict, reason, kind, message_id,
           content_digest, sender_address, number_printed, number, letter_date, subject, letter_from, letter_to, urgency,
           secrecy, letter_kind, citations, enclosures)
         select id, $1, arrived, verdict, reason, 'letter', '<' || id || '@bench.example.go.th>',
                encode(sha256(id::text::bytea), 'hex'), sender, printed, number, date, subject, "from", "to", urgency,
                'normal', kind, citations, enclosures from given)
  insert into saraban.outbox (job, agency_id, subject_id, work_key, arrival_seq)
    select 'register-letter', $1, id, $1 || '.inbound.ordinary', arrival_seq from arrivals order by arrival_seq`;
