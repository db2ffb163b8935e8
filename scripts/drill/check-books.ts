import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pool } from "pg";
import type { ByteStore } from "../../services/shared/runtime/store.ts";
import type { SmtpSink } from "../../services/shared/testing/smtp-sink.ts";
import type { SentLetter } from "./mail-agents.ts";

/** What the books, the store and the senders say in the end. All but the first three and the repeats must be 0. */
export interface Findings {
  /** Letters with a 250. */
  accepted: number;
  /** Letters with exactly one entry in a book. */
  registered: number;
  acknowledged: number;
  /** Letters with a 250 that is not kept, or whose octets are not those that were sent. */
  lost: number;
  /** Letters that were refused though nothing is wrong with them. */
  refused: number;
  unregistered: number;
  unacknowledged: number;
  /** Numbers missing in a book. */
  gaps: number;
  /** Letters with two entries, and numbers given twice. */
  doubles: number;
  fallingTimes: number;
  /** Arrivals without an outcome, or with one that cannot be (all letters are fit to be registered). */
  outcomes: number;
  /** Acknowledgements that say something else than the book, or than an earlier one for the same letter. */
  contradictions: number;
  openJobs: number;
  failedJobs: number;
  undeliveredNotices: number;
  /** Log lines with Thai letters: something of a letter was logged. */
  logLeaks: number;
  /** Repeats, which are allowed: copies that a sender sent again, and acknowledgements that came twice. */
  duplicateArrivals: number;
  duplicateReceipts: number;
}

interface ArrivalRow {
  readonly id: string;
  readonly sha256: string;
  readonly kept: string | null;
  readonly outcome: string | null;
  readonly book: string | null;
  readonly year: number | null;
  readonly number: number | null;
  readonly letterNumber: string | null;
  readonly registeredAt: Date | null;
  readonly notice: string | null;
}

/** Looks at everything once the dust has settled. `tell` is called with each fault, in words with ids and numbers only. */
export async function checkBooks(parts: {
  readonly sent: readonly SentLetter[];
  readonly admin: Pool;
  readonly store: ByteStore;
  readonly sink: SmtpSink;
  readonly logDir: string;
  tell(fault: string): void;
}): Promise<Findings> {
  const { sent, admin, store, sink, tell } = parts;
  const { rows } = await admin.query<ArrivalRow>(`
    select i.id, i.sha256, encode(sha256(b.content), 'hex') as kept, o.outcome, e.book_id as book, e.year, e.number,
           e.letter_number as "letterNumber", e.registered_at as "registeredAt", n.state as notice
      from saraban.intake i join saraban.stored_body b using (agency_id, sha256)
      left join saraban.outcome o on o.intake_id = i.id left join saraban.entry e on e.intake_id = i.id
      left join saraban.notice n on n.intake_id = i.id and n.kind = 'acknowledgement'
     order by i.arrival_seq`);
  const jobs = await admin.query<{ open: number; failed: number }>(
    "select count(*) filter (where failed_at is null) as open, count(failed_at) as failed from saraban.outbox",
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  const byContent = Map.groupBy(rows, ({ sha256 }) => sha256);
  const found: Findings = {
    accepted: 0,
    registered: 0,
    acknowledged: 0,
    lost: 0,
    refused: 0,
    unregistered: 0,
    unacknowledged: 0,
    gaps: 0,
    doubles: 0,
    fallingTimes: 0,
    outcomes: 0,
    contradictions: 0,
    openJobs: jobs.rows[0]?.open ?? 0,
    failedJobs: jobs.rows[0]?.failed ?? 0,
    undeliveredNotices: rows.filter(({ number, notice }) => number !== null && notice !== "delivered").length,
    logLeaks: await countLogLeaks(parts.logDir),
    duplicateArrivals: 0,
    duplicateReceipts: 0,
  };
  checkNumbers(rows, found, tell);
  for (const { id, outcome, number } of rows) {
    if (outcome === "registered" ? number !== null : outcome === "duplicate" && number === null) continue;
    found.outcomes += 1;
    tell(`arrival ${id}: outcome ${outcome ?? "none"}, number ${number ?? "none"}`);
  }
  for (const one of sent) {
    const name = `letter ${one.letter.messageId}`;
    if (one.refusal !== null) {
      found.refused += 1;
      tell(`${name} was refused: ${one.refusal}`);
    }
    if (one.acceptedAs.length === 0) continue;
    found.accepted += 1;
    const digest = createHash("sha256").update(one.letter.octets).digest("hex");
    if (!(await isKept(one.acceptedAs, digest, byId, store))) {
      found.lost += 1;
      tell(`${name}: 250 for ${one.acceptedAs.join(", ")}, but it is not kept octet for octet`);
    }
    const arrivals = byContent.get(digest) ?? [];
    found.duplicateArrivals += Math.max(0, arrivals.length - 1);
    const entries = arrivals.filter(({ number }) => number !== null);
    if (entries.length === 1) found.registered += 1;
    else if (entries.length > 1) {
      found.doubles += 1;
      tell(`${name} has ${entries.length} numbers: ${entries.map(({ number }) => number).join(", ")}`);
    } else {
      found.unregistered += 1;
      tell(`${name} has no number`);
    }
    await checkReceipts(one, entries, sink, found, tell);
  }
  return found;
}

/** A 250 is a promise for each id that it names. */
async function isKept(
  ids: readonly string[],
  digest: string,
  byId: ReadonlyMap<string, ArrivalRow>,
  store: ByteStore,
): Promise<boolean> {
  for (const id of ids) {
    const row = byId.get(id);
    if (row?.sha256 !== digest) return false;
    if (row.kept === null ? (await store.verifyStored(digest)) !== "good" : row.kept !== digest) return false;
  }
  return true;
}

/** Each book-year is 1 … n, and its times never fall (Annex 6 §2.2.3). */
function checkNumbers(rows: readonly ArrivalRow[], found: Findings, tell: (fault: string) => void): void {
  const books = Map.groupBy(
    rows.filter(({ number }) => number !== null),
    ({ book, year }) => `${book} ${year}`,
  );
  for (const [book, entries] of books) {
    entries.sort((a, b) => (a.number as number) - (b.number as number));
    let before: ArrivalRow | undefined;
    for (const entry of entries) {
      const step = (entry.number as number) - (before?.number ?? 0);
      if (step === 0) found.doubles += 1;
      if (step > 1) found.gaps += step - 1;
      const falls = before && (before.registeredAt as Date) > (entry.registeredAt as Date);
      if (falls) found.fallingTimes += 1;
      if (step !== 1 || falls)
        tell(
          `book ${book}: ${entry.number} follows ${before?.number ?? 0}${falls ? " at an earlier time" : ""}`,
        );
      before = entry;
    }
  }
}

interface ReceiptFacts {
  readonly type?: string;
  readonly evidenceId?: string;
  readonly letter?: { readonly number?: string };
  readonly register?: { readonly book?: string; readonly number?: number; readonly year?: number };
}

async function checkReceipts(
  { letter }: SentLetter,
  entries: readonly ArrivalRow[],
  sink: SmtpSink,
  found: Findings,
  tell: (fault: string) => void,
): Promise<void> {
  const told = await Promise.all(
    sink.repliesTo(letter.messageId).map(async (receipt) => {
      const facts = (await receipt.read()).json as ReceiptFacts | undefined;
      return { receipt, facts };
    }),
  );
  // A letter that waited for longer, because somebody was killed, may be told of twice: that it is here, and its number.
  const receipts = told.filter(({ facts }) => facts?.type !== "arrived");
  const evidence = new Set<string | undefined>();
  for (const { receipt, facts } of receipts) {
    evidence.add(facts?.evidenceId);
    const agrees = entries.some(
      ({ book, year, number }) =>
        facts?.register?.book === book && facts.register.year === year && facts.register.number === number,
    );
    if (agrees && facts?.letter?.number === letter.number && receipt.recipients.join() === letter.mailFrom)
      continue;
    found.contradictions += 1;
    tell(
      `the acknowledgement of ${letter.messageId} says ${facts?.register?.number}, the book ${entries[0]?.number}`,
    );
  }
  if (receipts.length > 0) found.acknowledged += 1;
  else {
    found.unacknowledged += 1;
    tell(`letter ${letter.messageId} was not acknowledged`);
  }
  found.duplicateReceipts += Math.max(0, receipts.length - 1);
  if (evidence.size > 1) {
    found.contradictions += 1;
    tell(`letter ${letter.messageId} was acknowledged with ${evidence.size} evidence ids`);
  }
}

/** Everything that a sample letter says is Thai; nothing that we log is. */
async function countLogLeaks(dir: string): Promise<number> {
  const files = (await readdir(dir)).filter((name) => name.endsWith(".log"));
  const texts = await Promise.all(files.map((name) => readFile(join(dir, name), "utf8")));
  return texts.reduce(
    (sum, text) => sum + text.split("\n").filter((line) => /[\u0e00-\u0e7f]/.test(line)).length,
    0,
  );
}
