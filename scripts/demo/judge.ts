import type { LetterStatus } from "../../services/shared/letter/inbound-book.ts";
import type { ReadSunkMessage, SunkMessage } from "../../services/shared/testing/smtp-sink.ts";
import type { Delivery } from "../smtp-sender.ts";
import { type DemoMail, type ExpectedLetter, type ExpectedOutcome, needsOnlyText } from "./expected.ts";

/** What the service did with one file. */
export interface Treatment {
  readonly delivery: Delivery;
  readonly statuses: readonly LetterStatus[];
  /** The stored octets of each arrival. */
  readonly stored: readonly Buffer[];
  /** The mails that went out because of it. */
  readonly answers: readonly { readonly message: SunkMessage; readonly read: ReadSunkMessage }[];
}

export interface Judgement {
  readonly file: string;
  readonly verdict: "right" | "wrong" | "not-read-yet";
  /** What differs from expected.json; for "not-read-yet" what the rest of the message would have told. */
  readonly differences: readonly string[];
  /** Worth knowing, and no fault. */
  readonly notes: readonly string[];
  /** The outcome in expected.json's words. */
  readonly outcome: string;
}

const OUR_WORDS: Readonly<Record<string, ExpectedOutcome>> = {
  registered: "register",
  duplicate: "duplicate",
  "possible-duplicate": "possible-duplicate",
  ignored: "ignore",
  triage: "triage",
  refused: "refuse",
};

/**
 * Compares what the service did with what expected.json demands.
 * What holds for every file, whatever part of it is read: kept octet for octet, once, nothing invented, nothing let out.
 */
export function judge({ expected, octets }: DemoMail, treatment: Treatment): Judgement {
  const { delivery, statuses, stored } = treatment;
  const faults: string[] = [];
  const notes: string[] = [];
  const outcome = outcomeOf(treatment);
  if (delivery.kind === "accepted") {
    const agencies = new Set(expected.envelope.to.map((address) => address.slice(address.lastIndexOf("@"))));
    const arrivals = (expected.messages ?? 1) * agencies.size;
    if (statuses.length !== arrivals) faults.push(`${statuses.length} arrivals, not ${arrivals}`);
    if (stored.length !== statuses.length || !stored.every((kept) => kept.equals(octets)))
      faults.push("the stored octets are not those that were sent");
  }
  const line = expected.mustContainLine;
  if (line !== undefined && !stored.every((kept) => hasLine(kept, octets, line)))
    faults.push(`the line "${line}" was not kept`);
  faults.push(...leaks(treatment, expected.mustNotContain ?? [], outcome, expected.letter));
  faults.push(...inventions(expected.letter, statuses));
  faults.push(...answersOf(treatment));

  const missing: string[] = [];
  if (![expected.outcome, ...(expected.alsoAcceptable ?? [])].includes(outcome as ExpectedOutcome))
    missing.push(`outcome ${outcome}${reasonsOf(statuses)}, not ${expected.outcome}`);
  // What may be true instead of what was expected decides how many registrations and acknowledgements are right.
  const asExpected = outcome === expected.outcome;
  const registrations = asExpected ? expected.registrations : outcome === "register" ? 1 : 0;
  const registered = statuses.filter(({ registerNumber }) => registerNumber !== null).length;
  if (registered !== registrations) missing.push(`${registered} registrations, not ${registrations}`);
  const acknowledge = asExpected ? expected.acknowledge : outcome === "register";
  const acknowledged = treatment.answers.filter(({ message }) => isAcknowledgement(message)).length;
  if (acknowledged !== (acknowledge ? registered : 0))
    missing.push(`${acknowledged} acknowledgements, not ${acknowledge ? registered : 0}`);
  for (const status of statuses) {
    const { differences, notYet } = compareLetter(expected.letter, status, outcome, expected.where);
    missing.push(...differences);
    notes.push(...notYet);
  }
  if (outcome === "refuse" && expected.letter)
    notes.push("of a refused letter only the marking is kept: only its secrecy is compared");
  const verdict =
    faults.length > 0
      ? "wrong"
      : missing.length === 0
        ? "right"
        : needsOnlyText(expected)
          ? "wrong"
          : "not-read-yet";
  return {
    file: expected.file,
    verdict,
    differences: [...faults, ...missing],
    notes: [...new Set(notes)],
    outcome,
  };
}

function outcomeOf({ delivery, statuses }: Treatment): string {
  if (delivery.kind === "refused")
    return delivery.reply.code >= 500 ? "refuse" : `SMTP ${delivery.reply.code}`;
  const outcomes = [...new Set(statuses.map(({ outcome }) => outcome ?? "undecided"))];
  return outcomes.map((word) => OUR_WORDS[word] ?? word).join(" and ");
}

function reasonsOf(statuses: readonly LetterStatus[]): string {
  const reasons = [...new Set(statuses.flatMap(({ reason }) => reason ?? []))];
  return reasons.length === 0 ? "" : ` (${reasons.join(", ")})`;
}

/** A line that is encoded in the file (base64) is kept when the octets are. */
function hasLine(kept: Buffer, sent: Buffer, line: string): boolean {
  return !sent.includes(`\r\n${line}\r\n`) || kept.includes(`\r\n${line}\r\n`);
}

export function isAcknowledgement({ headers }: SunkMessage): boolean {
  return headers.get("message-id")?.startsWith("<ack.") ?? false;
}

function leaks(
  { answers }: Treatment,
  mustNotContain: readonly string[],
  outcome: string,
  letter: ExpectedLetter | null,
): string[] {
  const faults: string[] = [];
  for (const { message, read } of answers) {
    const head = message.octets.subarray(0, message.octets.indexOf("\r\n\r\n")).toString("utf8");
    const outside = [head, read.subject, ...message.recipients].join("\n");
    for (const text of mustNotContain)
      if (outside.includes(text)) faults.push(`an answer's header or recipients hold "${text}"`);
    if (outcome !== "refuse") continue;
    const all = compared([outside, read.text, JSON.stringify(read.json) ?? ""].join("\n"));
    for (const text of [letter?.subject, letter?.number])
      if (text && all.includes(compared(text)))
        faults.push("a refusal notice repeats the letter's subject or number");
  }
  return faults;
}

/** A number or date where none can be derived is worse than none. */
function inventions(letter: ExpectedLetter | null, statuses: readonly LetterStatus[]): string[] {
  return statuses.flatMap(({ letterNumber, letterDate }) => [
    ...(letterNumber !== null && letterNumber !== (letter?.number ?? null)
      ? [`number ${letterNumber}, not ${letter?.number ?? "none"}`]
      : []),
    ...(letterDate !== null && letterDate !== (letter?.date ?? null)
      ? [`date ${letterDate}, not ${letter?.date ?? "none"}`]
      : []),
  ]);
}

/** What every answer must be: one for each promise, to the envelope sender, with the number that stands in the book. */
function answersOf({ answers, statuses }: Treatment): string[] {
  const faults: string[] = [];
  for (const status of statuses) {
    const own = answers.filter(({ message }) => message.headers.get("message-id") === status.noticeMessageId);
    const due = status.notice === "delivered" ? 1 : 0;
    if (own.length !== due)
      faults.push(`${status.agencyId}: ${own.length} answers arrived, ${due} were sent`);
    if (status.outcome === "registered" && status.notice === null)
      faults.push(`${status.agencyId}: registered, but no acknowledgement is promised`);
    for (const { message, read } of own) {
      const facts = read.json as { register?: { number?: number } } | undefined;
      if (isAcknowledgement(message) && facts?.register?.number !== status.registerNumber)
        faults.push(`the acknowledgement says ${facts?.register?.number}, the book ${status.registerNumber}`);
      if (message.mailFrom !== "")
        faults.push("an answer was sent with a return path: answers could be answered");
    }
  }
  return faults;
}

const FACTS = [
  ["number", "letterNumber", "exactly"],
  ["date", "letterDate", "exactly"],
  ["urgency", "urgency", "exactly"],
  ["secrecy", "secrecy", "exactly"],
  ["subject", "subject", "as words"],
  ["from", "from", "as words"],
  ["to", "to", "as words"],
] as const;

function compareLetter(
  letter: ExpectedLetter | null,
  status: LetterStatus,
  outcome: string,
  where: readonly string[],
): { differences: string[]; notYet: string[] } {
  const differences: string[] = [];
  const notYet: string[] = [];
  if (!letter) return { differences, notYet };
  for (const [name, ours, how] of FACTS) {
    // Our tables keep nothing else of a letter that may not come by mail.
    if (outcome === "refuse" && name !== "secrecy") continue;
    const wanted = letter[name];
    const found = status[ours];
    if (wanted === null) continue;
    const same = how === "exactly" ? found === wanted : compared(found ?? "") === compared(wanted);
    if (same) continue;
    if (found !== null && (name === "number" || name === "date")) continue; // told as an invention
    // A covering note seldom names the addressee; the letter itself, which is not read yet, does.
    if (name === "to" && found === null && where.some((place) => place === "pdf" || place === "xml"))
      notYet.push("the addressee stands in an attachment, which is not read yet");
    else
      differences.push(
        found === null ? `${name} not found: "${wanted}"` : `${name} "${found}", not "${wanted}"`,
      );
  }
  return { differences, notYet };
}

/** Without white space and invisible characters, SARA AM composed: as expected.json's facts are to be compared. */
function compared(text: string): string {
  return text
    .replace(/[\s\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu, "")
    .replace(/\u0E4D([\u0E48-\u0E4B]?)\u0E32/gu, "$1\u0E33");
}
