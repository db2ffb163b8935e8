import { compareAttachments, compareFacts, compareReport, type FactFound } from "./compare-letter.ts";
import { comparedText } from "./compared-text.ts";
import type { EcmsOutcome } from "./ecms-expected.ts";
import type { CorpusMail, ExpectedLetter, ExpectedMail, ExpectedOutcome } from "./expected.ts";
import type { Answer, ArrivalFacts, Treatment } from "./treatment.ts";

export interface Judgement {
  readonly file: string;
  /** In expected.json's words, as `outcome`. */
  readonly expected: ExpectedOutcome | EcmsOutcome;
  readonly outcome: string;
  /** What differs from expected.json; none: right. */
  readonly differences: readonly string[];
  /** Worth knowing, and no fault. */
  readonly notes: readonly string[];
  readonly facts: readonly FactFound[];
}

const OUR_WORDS: Readonly<Record<string, ExpectedOutcome>> = {
  registered: "register",
  duplicate: "duplicate",
  "possible-duplicate": "possible-duplicate",
  ignored: "ignore",
  triage: "triage",
  refused: "refuse",
};

/** Compares what the service did with one file with what expected.json demands. */
export function judge({ expected, octets }: CorpusMail, treatment: Treatment): Judgement {
  const { arrivals } = treatment;
  const outcome = outcomeOf(treatment);
  const asExpected = outcome === expected.outcome;
  const notes: string[] = [];
  const differences = [...keptOctets(expected, octets, treatment)];
  const acceptable = asExpected || (expected.alsoAcceptable?.includes(outcome as ExpectedOutcome) ?? false);
  if (!acceptable) differences.push(`outcome ${outcome}${reasonsOf(arrivals)}, not ${expected.outcome}`);
  // What is acceptable instead of what was expected decides how many registrations and acknowledgements are right.
  const alternative = acceptable && !asExpected;
  const registrations = !alternative ? expected.registrations : outcome === "register" ? 1 : 0;
  const registered = arrivals.filter(({ registerNumber }) => registerNumber !== null);
  if (registered.length !== registrations)
    differences.push(`${registered.length} registrations, not ${registrations}`);
  differences.push(
    ...answersGiven(treatment, alternative ? outcome === "register" : expected.acknowledge),
    ...leaks(treatment, expected, outcome),
  );
  const facts: FactFound[] = [];
  const only = outcome === "refuse" ? "marking" : alternative ? "found" : "all";
  for (const { reading } of arrivals) {
    if (!reading) continue;
    const compared = compareFacts(expected.letter, reading, only);
    differences.push(...compared.differences);
    facts.push(...compared.found);
    if (only === "marking") continue;
    differences.push(
      ...compareAttachments(expected.attachments, reading.attachments ?? []),
      ...compareReport(expected, reading.report),
    );
  }
  if (only === "marking" && expected.letter)
    notes.push("of a refused letter only the marking is kept, so nothing else of it is compared");
  if (expected.precondition && typeof expected.precondition["inboundLetter"] !== "string")
    notes.push("it needs something sent by us before, which cannot be made yet");
  const { file, outcome: wanted } = expected;
  return { file, expected: wanted, outcome, differences: [...new Set(differences)], notes, facts };
}

function outcomeOf({ delivery, arrivals }: Treatment): string {
  if (delivery.kind === "refused")
    return delivery.reply.code >= 500 ? "refuse" : `SMTP ${delivery.reply.code}`;
  const outcomes = [...new Set(arrivals.map(({ outcome }) => outcome ?? "undecided"))];
  return outcomes.map((word) => OUR_WORDS[word] ?? word).join(" and ") || "nothing";
}

function reasonsOf(arrivals: readonly ArrivalFacts[]): string {
  const reasons = [...new Set(arrivals.flatMap(({ reason }) => reason ?? []))];
  return reasons.length === 0 ? "" : ` (${reasons.join(", ")})`;
}

/** Kept octet for octet, once for each agency, and no message more than may result. */
function keptOctets(expected: ExpectedMail, octets: Buffer, { delivery, arrivals }: Treatment): string[] {
  if (delivery.kind === "refused") return [];
  const differences: string[] = [];
  const agencies = new Set(
    expected.envelope.to.map((address) => address.slice(address.lastIndexOf("@")).toLowerCase()),
  );
  const wanted = (expected.messages ?? 1) * agencies.size;
  if (arrivals.length !== wanted) differences.push(`${arrivals.length} arrivals, not ${wanted}`);
  // The CR LF before the final dot belongs to the message (RFC 5321 §4.1.1.4).
  const ended = octets.subarray(-2).equals(Buffer.from("\r\n"))
    ? octets
    : Buffer.concat([octets, Buffer.from("\r\n")]);
  if (!arrivals.every(({ stored }) => stored.equals(ended)))
    differences.push("the stored octets are not those that were sent");
  const line = expected.mustContainLine;
  if (
    line !== undefined &&
    octets.includes(`\r\n${line}\r\n`) &&
    !arrivals.every(({ stored }) => stored.includes(`\r\n${line}\r\n`))
  )
    differences.push(`the line "${line}" was not kept`);
  return differences;
}

/** By what it says: whatever gives a register number is one. */
function isAcknowledgement(answer: Answer): boolean {
  return numberIn(answer) !== null;
}

/** One acknowledgement for each registration, with its number; else none, or a repetition of the number already given. */
function answersGiven({ answers, arrivals }: Treatment, acknowledge: boolean): string[] {
  const differences: string[] = [];
  const acknowledgements = answers.filter(isAcknowledgement);
  for (const { agencyId, registerNumber, earlierNumber, notices } of arrivals) {
    const ids = new Set(notices.map(({ messageId }) => messageId));
    const own = acknowledgements.filter(({ message }) => ids.has(message.headers.get("message-id") ?? ""));
    const numbers = own.map(numberIn);
    if (registerNumber !== null && acknowledge) {
      if (numbers.length !== 1) differences.push(`${agencyId}: ${numbers.length} acknowledgements, not 1`);
      if (numbers.some((number) => number !== registerNumber))
        differences.push(`the acknowledgement says ${numbers.join(", ")}, the book ${registerNumber}`);
    } else if (numbers.some((number) => number !== earlierNumber))
      differences.push(
        `${agencyId}: an acknowledgement with number ${numbers.join(", ")}, where none is due`,
      );
    for (const { kind, state } of notices)
      if (!["delivered", "withheld"].includes(state))
        differences.push(`${agencyId}: the ${kind} is ${state}`);
  }
  // An answer that could be answered makes a loop. A token of ours in it catches bounces, and nothing else.
  for (const { message } of answers) {
    const automatic = (message.headers.get("auto-submitted") ?? "no").toLowerCase() !== "no";
    if (message.mailFrom !== "" && !automatic) differences.push("an answer that could be answered");
  }
  return differences;
}

function numberIn({ read }: Answer): number | null {
  return (read.json as { register?: { number?: number } } | undefined)?.register?.number ?? null;
}

/** Header fields, recipients and log lines that hold what they must not; of a refused letter, any of its words. */
function leaks(
  { answers, log }: Treatment,
  { mustNotContain = [], letter }: ExpectedMail,
  outcome: string,
): string[] {
  const differences: string[] = [];
  for (const text of mustNotContain) if (log.includes(text)) differences.push(`the log holds "${text}"`);
  for (const { message, read } of answers) {
    const head = message.octets.subarray(0, message.octets.indexOf("\r\n\r\n")).toString("utf8");
    const outside = [head, read.subject, ...message.recipients].join("\n");
    for (const text of mustNotContain)
      if (outside.includes(text)) differences.push(`an answer's header or recipients hold "${text}"`);
    if (
      outcome === "refuse" &&
      repeats(letter, [outside, read.text, JSON.stringify(read.json) ?? ""].join("\n"))
    )
      differences.push("a refusal notice repeats the letter's subject or number");
  }
  if (outcome === "refuse" && repeats(letter, log))
    differences.push("the log repeats the letter's subject or number");
  return differences;
}

function repeats(letter: ExpectedLetter | null, words: string): boolean {
  const all = comparedText(words);
  return [letter?.subject, letter?.number].some((text) => text && all.includes(comparedText(text)));
}
