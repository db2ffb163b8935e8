import { newId } from "../../../shared/runtime/ids.ts";
import type { adminQueries } from "../../../shared/testing/arrivals.ts";
import { type BookPlaces, writeBookLines } from "../../../shared/testing/book-lines.ts";

type Query = ReturnType<typeof adminQueries>;

/** A letter of agency-a that was sent; what is left out has some value. */
export interface SentLetter {
  readonly sentAt: Date;
  /** How many recipients. */
  readonly recipients?: number;
  readonly subject?: string;
  readonly ownerMail?: string;
}

export interface WrittenLetter {
  readonly id: string;
  readonly number: string;
  readonly recipientIds: readonly string[];
}

/** Writes letters into the outbound book and sends them, as the registry does. Times have to rise over all calls. */
export async function writeSentLetters(
  query: Query,
  letters: readonly SentLetter[],
  places: BookPlaces = new Map(),
): Promise<WrittenLetter[]> {
  const written: WrittenLetter[] = [];
  for (const { sentAt, recipients = 1, subject = "เรื่องทดสอบ", ownerMail } of letters) {
    const next = (places.get("agency-a.outbound.ordinary")?.number ?? 0) + 1;
    const number = `ทก 0101/${next}`;
    const line = { book: "outbound.ordinary", registeredAt: sentAt, letterNumber: number, subject };
    await writeBookLines(query, [line], places);
    const place = places.get("agency-a.outbound.ordinary");
    const id = newId();
    const facts = {
      series: "ordinary",
      subject,
      recipients: [],
      files: [],
      ...(ownerMail ? { ownerMail } : {}),
    };
    await query(
      `insert into saraban.outbound_letter (id, agency_id, series, state, version, facts, drafted_by, drafted_by_name, drafted_at,
           book_id, year, number, sent_at)
         values ($1, 'agency-a', 'ordinary', 'sent', 1, $2, 'person:test', 'ทดสอบ', $3, 'agency-a.outbound.ordinary', $4, $5, $3)`,
      [id, JSON.stringify(facts), sentAt, place?.year, place?.number],
    );
    const recipientIds = Array.from({ length: recipients }, () => newId());
    await query(
      `insert into saraban.outbound_recipient (id, letter_id, agency_id, no, name, domain, address, channel)
         select id, $1, 'agency-a', no, 'หน่วยงานที่ ' || no, 'r' || no || '.example.go.th', 'saraban@r' || no || '.example.go.th', 'mail'
           from unnest($2::uuid[]) with ordinality given (id, no)`,
      [id, recipientIds],
    );
    written.push({ id, number, recipientIds });
  }
  return written;
}

/** What becomes of a letter at recipients, as room notification records it. */
export async function writeRecipientEvents(
  query: Query,
  letter: WrittenLetter,
  what: string,
  at: Date,
  {
    recipientIds = letter.recipientIds,
    details = {},
    proof = "own",
  }: { recipientIds?: readonly string[]; details?: object; proof?: string } = {},
): Promise<void> {
  await query(
    `insert into saraban.recipient_event (recipient_id, letter_id, agency_id, what, source, proof, details, happened_at, recorded_at, clock)
       select id, $1, 'agency-a', $2, 'answer', $6, $3, $4, $4, '{"state":"unsynchronised","reason":"test"}' from unnest($5::uuid[]) id`,
    [letter.id, what, JSON.stringify(details), at, recipientIds, proof],
  );
}

/** What a clerk did with a letter, as the registry records it. */
export async function writeOutboundEvent(
  query: Query,
  letter: WrittenLetter,
  what: "resent" | "answer-noted",
  at: Date,
  recipientId: string | null,
): Promise<void> {
  await query(
    `insert into saraban.outbound_event (id, letter_id, agency_id, event_no, what, version, recipient_id, made_by, made_by_name, made_at, clock)
       select $1, $2, 'agency-a', coalesce(max(event_no), 0) + 1, $3, 1, $4, 'person:test', 'ทดสอบ', $5, '{}'
         from saraban.outbound_event where letter_id = $2`,
    [newId(), letter.id, what, recipientId, at],
  );
}
