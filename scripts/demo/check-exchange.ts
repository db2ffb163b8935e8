import { waitUntilSettled } from "../wait-until-settled.ts";
import { findArrival, type SentLetter } from "./exchange-letters.ts";
import type { Installation } from "./installations.ts";

/** What was found when both installations were compared; nothing in `failures` when all is well. */
export interface ExchangeFindings {
  /** Letters that have a number in the other side's inbound book. */
  readonly registered: number;
  /** Letters whose recipient is shown as registered, proved by a signature, under just that number. */
  readonly verified: number;
  readonly failures: readonly string[];
}

export interface Exchanged {
  readonly letters: readonly SentLetter[];
  readonly recalled: SentLetter;
  readonly rejected: SentLetter;
}

const SETTLED_WITHIN_MS = 60_000;

/** Compares what each installation knows of its letters with what stands in the other's books, and checks both registers. */
export async function checkExchange(
  pair: readonly [Installation, Installation],
  { letters, recalled, rejected }: Exchanged,
  signal: AbortSignal,
): Promise<ExchangeFindings> {
  const failures: string[] = [];
  const counts = { registered: 0, verified: 0 };
  for (const installation of pair) {
    const settledMs = await waitUntilSettled(installation.admin, SETTLED_WITHIN_MS, signal);
    if (settledMs === null) failures.push(`${nameOf(installation)}: work is still open`);
  }
  for (const letter of letters) {
    const { isRegistered, faults } = await checkLetter(letter);
    if (isRegistered) counts.registered += 1;
    if (faults.length === 0) counts.verified += 1;
    failures.push(...faults.map((fault) => `letter ${letter.id}: ${fault}`));
  }
  failures.push(
    ...(await newsFaults(recalled, "recall-accepted")),
    ...(await recallFaults(recalled)),
    ...(await newsFaults(rejected, "rejected")),
  );
  for (const installation of pair) {
    const expected = letters.filter(({ to }) => to === installation).length;
    const faults = [
      ...(await bookFaults(installation, expected)),
      ...(await leftovers(installation)),
      ...(await registerFaults(installation)),
    ];
    failures.push(...faults.map((fault) => `${nameOf(installation)}: ${fault}`));
  }
  return { ...counts, failures };
}

function nameOf({ agencies }: Installation): string {
  return agencies.map(({ id }) => id).join("+");
}

interface RegisteredNews {
  readonly proof: string;
  readonly evidenceId: string;
  readonly number: string;
}

async function checkLetter(letter: SentLetter): Promise<{ isRegistered: boolean; faults: string[] }> {
  const arrival = await findArrival(letter);
  if (arrival?.number == null) return { isRegistered: false, faults: ["it has no number on the other side"] };
  const { rows } = await letter.from.admin.query<RegisteredNews>(
    `select proof, evidence_id as "evidenceId", details->>'receiveNumber' as number
       from saraban.recipient_event where letter_id = $1 and what = 'registered'`,
    [letter.id],
  );
  const [news] = rows;
  if (!news || rows.length > 1)
    return { isRegistered: true, faults: [`${rows.length} receipts are recorded`] };
  const faults: string[] = [];
  if (news.proof !== "signature") faults.push(`its receipt is proved by ${news.proof}, not by a signature`);
  if (news.number !== String(arrival.number)) {
    faults.push(`its receipt says number ${news.number}, the other side's book ${arrival.number}`);
  }
  faults.push(...(await receiptFaults(letter, news)), ...(await shownFaults(letter, arrival.number)));
  return { isRegistered: true, faults };
}

/** The receipt that one side has recorded is one that the other side has issued. */
async function receiptFaults({ to }: SentLetter, { evidenceId }: RegisteredNews): Promise<string[]> {
  const { rows } = await to.admin.query("select from saraban.receipt where id = $1 and type = 'registered'", [
    evidenceId,
  ]);
  return rows.length === 1 ? [] : [`the other side has issued no receipt ${evidenceId}`];
}

/** What the clerk sees who sent it. */
async function shownFaults({ id, from }: SentLetter, number: number): Promise<string[]> {
  const { status, body } = await from.ask(from.drafter, `/outbound/${id}`);
  if (status !== 200) return [`GET /outbound/${id} was answered with ${status}`];
  const [recipient] = body.recipients as {
    status: { state: string; proof: string; receiveNumber: string };
  }[];
  const shown = `${recipient?.status.state} ${recipient?.status.receiveNumber}`;
  return shown === `registered ${number}` ? [] : [`its clerk is shown ${shown}, not registered ${number}`];
}

async function newsFaults({ id, from }: SentLetter, what: string): Promise<string[]> {
  const { rows } = await from.admin.query<{ proof: string }>(
    "select proof from saraban.recipient_event where letter_id = $1 and what = $2",
    [id, what],
  );
  const proofs = rows.map(({ proof }) => proof).join();
  return proofs === "signature" ? [] : [`letter ${id}: ${what} is proved by ${proofs || "nothing"}`];
}

/** Both books show that the letter was asked back, and the receiving one that it was given back. */
async function recallFaults({ from, to }: SentLetter): Promise<string[]> {
  const shown = async ({ admin }: Installation, direction: string, what: string): Promise<string[]> => {
    const { rows } = await admin.query(
      "select from saraban.entry_event where split_part(book_id, '.', 2) = $1 and what = $2",
      [direction, what],
    );
    return rows.length === 1 ? [] : [`${rows.length} lines of the ${direction} book say ${what}`];
  };
  return [
    ...(await shown(from, "outbound", "recall-requested")),
    ...(await shown(to, "inbound", "recall-requested")),
    ...(await shown(to, "inbound", "recall-accepted")),
  ];
}

/** Nothing is left over: in a tray, among the jobs, or on the list of who has not answered. */
async function leftovers({ admin, agencies, ask, drafter }: Installation): Promise<string[]> {
  const { rows } = await admin.query<{ tray: number; jobs: number }>(
    `select (select count(*) from saraban.tray_lying) as tray,
            (select count(*) from saraban.outbox where failed_at is not null) as jobs`,
  );
  const { tray = 0, jobs = 0 } = rows[0] ?? {};
  const { body } = await ask(drafter, `/outbound/unanswered?agency=${agencies[0]?.id}`);
  return [
    ...(tray === 0 ? [] : [`${tray} letters lie in the tray`]),
    ...(jobs === 0 ? [] : [`${jobs} jobs were set aside after many failures`]),
    ...(body.recipients?.length === 0 ? [] : ["the list of who has not answered is not empty"]),
  ];
}

/** Each book-year is 1 … n, and every letter of the other side stands in the inbound book once. */
async function bookFaults({ admin, agencies }: Installation, expected: number): Promise<string[]> {
  const { rows } = await admin.query<{ book: string; lines: number; last: number }>(
    `select book_id || ' ' || year as book, count(*)::int as lines, max(number) as last from saraban.entry group by book_id, year`,
  );
  const inbound = rows.filter(({ book }) => book.startsWith(`${agencies[0]?.id}.inbound.`));
  const received = inbound.reduce((sum, { lines }) => sum + lines, 0);
  return [
    ...rows
      .filter(({ lines, last }) => lines !== last)
      .map(({ book, last }) => `book ${book} has holes before ${last}`),
    ...(received === expected
      ? []
      : [`${received} letters stand in the inbound book, ${expected} were sent`]),
  ];
}

async function registerFaults({ saraban }: Installation): Promise<string[]> {
  const { code, stdout } = await saraban("verify", "--json");
  return code === 0 ? [] : [`saraban verify ended with ${code}: ${stdout.trim().slice(0, 2_000)}`];
}
