import { newId } from "../../shared/runtime/ids.ts";
import type { adminQueries } from "../../shared/testing/arrivals.ts";

type Query = ReturnType<typeof adminQueries>;

/** A letter of our own with its line in the book of 2026, as the registry writes it when it is sent. */
export async function writeSentLetter(
  query: Query,
  number: number,
  recipients: readonly string[],
  { agencyId = "agency-a", sentAt = new Date(Date.UTC(2026, 4, 1, 2, number)) } = {},
): Promise<{ letterId: string; recipientIds: string[] }> {
  const letterId = newId();
  const bookId = `${agencyId}.outbound.ordinary`;
  await query(
    "insert into saraban.book (id, agency_id, direction, series) values ($1, $2, 'outbound', 'ordinary') on conflict do nothing",
    [bookId, agencyId],
  );
  await query(
    `insert into saraban.entry (book_id, agency_id, year, number, registered_at, clock, registered_by, urgency, letter_number, subject, channel)
       values ($1, $2, 2026, $3, $4, '{}', 'rule:test', 'normal', $5, 'เรื่องทดสอบ', 'smtp')`,
    [bookId, agencyId, number, sentAt, `ทก 0101/${number}`],
  );
  await query(
    `insert into saraban.outbound_letter (id, agency_id, series, state, version, facts, drafted_by, drafted_by_name, drafted_at,
         book_id, year, number, sent_at)
       values ($1, $2, 'ordinary', 'sent', 1, $3, 'person:test', 'ผู้ร่าง', $4, $5, 2026, $6, $4)`,
    [
      letterId,
      agencyId,
      JSON.stringify({ series: "ordinary", subject: "เรื่องทดสอบ", recipients: [], files: [] }),
      sentAt,
      bookId,
      number,
    ],
  );
  const recipientIds: string[] = [];
  for (const [index, domain] of recipients.entries()) {
    const id = newId();
    recipientIds.push(id);
    await query(
      `insert into saraban.outbound_recipient (id, letter_id, agency_id, no, name, domain, address, channel)
         values ($1, $2, $3, $4, $5, $5, 'saraban@' || $5, 'mail')`,
      [id, letterId, agencyId, index + 1, domain],
    );
  }
  return { letterId, recipientIds };
}

/** Something that became known of a recipient. */
export async function writeNews(
  query: Query,
  recipientId: string,
  what: string,
  proof: "signature" | "token" | "claim" | "own",
  details: object = {},
  times = 1,
): Promise<void> {
  await query(
    `insert into saraban.recipient_event (recipient_id, letter_id, agency_id, what, source, proof, details, happened_at, recorded_at, clock)
       select p.id, p.letter_id, p.agency_id, $2, 'receipt', $3, $4, clock_timestamp(), clock_timestamp(), '{"state":"synchronised"}'
         from saraban.outbound_recipient p, generate_series(1, $5) where p.id = $1`,
    [recipientId, what, proof, JSON.stringify(details), times],
  );
}
