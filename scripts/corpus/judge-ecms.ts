import { normaliseLetterNumber } from "../../services/shared/letter/letter-number.ts";
import { compareFacts, type FactFound } from "./compare-letter.ts";
import { comparedText } from "./compared-text.ts";
import {
  envelopeFaults,
  isRefusal,
  letterFaults,
  notifierFaults,
  processFaults,
  refusalFaults,
  type SoapAnswer,
  textOf,
} from "./ecms-answer.ts";
import type { CorpusRequest, ExpectedEcmsLetter, ExpectedRequest } from "./ecms-expected.ts";
import { listFaults } from "./ecms-lists.ts";
import type { DirectoryEntry } from "./expected.ts";
import type { Judgement } from "./judge.ts";
import type { ArrivalFacts, ReadingRow } from "./treatment.ts";

/** What the service did with one request. */
export interface RequestTreatment {
  readonly answer: SoapAnswer;
  /** Of further requests, to see what became of it. */
  readonly answers: readonly Posted[];
  /** What the request itself has put in. */
  readonly arrivals: readonly ArrivalFacts[];
  /** What became known of our letter that is its precondition. */
  readonly news: readonly { readonly what: string; readonly details: Readonly<Record<string, unknown>> }[];
  /** Lines that were logged since the database was emptied. */
  readonly log: string;
  readonly directory: readonly DirectoryEntry[];
  readonly all: readonly CorpusRequest[];
}

export interface Posted {
  readonly step: "polled" | "polled-again" | "deleted" | "deleted-again" | "polled-after";
  readonly answer: SoapAnswer;
  /** That is in the queue. */
  readonly letter: CorpusRequest;
}

/** Compares what the service did with one request with what expected.json demands. */
export function judgeRequest({ expected, octets }: CorpusRequest, treatment: RequestTreatment): Judgement {
  const { answer, arrivals, log } = treatment;
  const outcome = isRefusal(answer) ? "reject" : "accept";
  const differences = [...envelopeFaults(answer)];
  if (outcome !== expected.outcome && !expected.alsoAcceptable?.includes(outcome))
    differences.push(
      `${outcome} (${answer.status} ${textOf(answer.text, "ErrorCode") ?? ""}), not ${expected.outcome}`,
    );
  const facts: FactFound[] = [];
  if (outcome === "reject") {
    differences.push(...refusalFaults(answer));
    if (arrivals.length > 0) differences.push(`${arrivals.length} arrivals are stored of what was refused`);
    if (repeats(expected.letter, answer.text))
      differences.push("the refusal repeats the letter's subject or number");
    if (repeats(expected.letter, log)) differences.push("the log repeats the letter's subject or number");
  } else {
    differences.push(...acceptedFaults(expected, octets, treatment, facts));
  }
  for (const text of expected.mustNotContain ?? []) {
    if (answer.text.includes(text)) differences.push(`the answer holds "${text}"`);
    if (log.includes(text)) differences.push(`the log holds "${text}"`);
  }
  return {
    file: expected.file,
    expected: expected.outcome,
    outcome,
    differences: [...new Set(differences)],
    notes: [],
    facts,
  };
}

function acceptedFaults(
  expected: ExpectedRequest,
  octets: Buffer,
  treatment: RequestTreatment,
  facts: FactFound[],
): string[] {
  const { answer, answers, arrivals, all, directory } = treatment;
  const { kind, operation, letter, notifier, key } = expected;
  const isArrival = letter !== null || notifier !== undefined;
  const wanted = isArrival ? 1 : 0;
  const differences: string[] = [];
  if (arrivals.length !== wanted) differences.push(`${arrivals.length} arrivals, not ${wanted}`);
  if (!arrivals.every(({ stored }) => stored.equals(octets)))
    differences.push("the stored octets are not those that were sent");
  if (letter !== null) {
    differences.push(
      ...processFaults(answer, "CorrespondenceLetterOutboundResponse"),
      ...letterFaults(answer, letter),
      ...arrivals.flatMap((arrival) => letterInBook(letter, arrival, facts)),
    );
  }
  if (notifier) {
    differences.push(
      ...processFaults(answer, "CorrespondenceLetterOutboundResponse"),
      ...notifierFaults(answer, notifier),
      ...arrivals.flatMap(({ reading }) => notifierRead(notifier, reading)),
      ...(expected.precondition?.outboundLetter ? notifierRecorded(notifier, treatment.news) : []),
    );
  }
  switch (kind) {
    case "poll":
      differences.push(...processFaults(answer, "CorrespondenceLetterInboundResponse", true));
      break;
    case "queue-delete":
      differences.push(...processFaults(answer, "CorrespondenceLetterDeleteResponse"));
      break;
    case "document-delete":
      differences.push(...processFaults(answer, "CorrespondenceDeleteGovernmentDocumentResponse"));
      break;
    case "special": {
      const before = all.find((one) => one.expected.file === expected.precondition?.inboundLetter)?.expected
        .letter;
      differences.push(...processFaults(answer, "CorrespondenceLetterInboundSpecialResponse"));
      const asksForLetter = /SpecialRequest>\s*<(?:\w+:)?GovernmentDocument\b/u.test(octets.toString("utf8"));
      if (before && asksForLetter) differences.push(...letterFaults(answer, before));
      if (key && (textOf(answer.text, "ram:ID") ?? textOf(answer.text, "LetterID")) !== key.number)
        differences.push("another letter than the one asked for");
      break;
    }
    case "list":
      differences.push(...listFaults(answer, operation, directory, expected.dialect === "A"));
      break;
    case "status":
      if (!answer.text.includes("<OutboundStatusResponse>")) differences.push("no OutboundStatusResponse");
      break;
    case "time":
      if (!textOf(answer.text, "ECMSTime")) differences.push("no ECMSTime");
      break;
    default:
  }
  return [...differences, ...queueFaults(answers)];
}

/** The same item until it is deleted, with the letter that went in; deleting it twice says the same. */
function queueFaults(steps: readonly Posted[]): string[] {
  const idOf = (step: Posted["step"]): string | undefined => {
    const found = steps.find((each) => each.step === step);
    return found && (textOf(found.answer.text, "ProcessID") ?? "");
  };
  const differences = steps.flatMap(({ step, answer, letter: { expected } }) => {
    const faults = envelopeFaults(answer);
    if (isRefusal(answer)) faults.push(`refused with ${textOf(answer.text, "ErrorCode")}`);
    if (step.startsWith("deleted"))
      faults.push(...processFaults(answer, "CorrespondenceLetterDeleteResponse"));
    else if (step !== "polled-after" && expected.letter)
      faults.push(
        ...processFaults(answer, "CorrespondenceLetterInboundResponse"),
        ...letterFaults(answer, inDialectOf(answer, expected.letter)),
      );
    return faults.map((fault) => `${step}: ${fault}`);
  });
  if (idOf("polled") !== idOf("polled-again")) differences.push("polled twice, two items");
  const deleted = idOf("deleted");
  if (deleted !== undefined && deleted !== idOf("polled"))
    differences.push("the deletion names another item");
  if (deleted !== undefined && idOf("polled-after") === deleted)
    differences.push("it is polled after its deletion");
  return differences;
}

/** Who polls gets his own dialect's numbers of offices, whichever the sender's were. */
function inDialectOf({ text }: SoapAnswer, letter: ExpectedEcmsLetter): ExpectedEcmsLetter {
  const isShort = /<ram:DepartmentOrganization><ram:ID>[0-9]{5}</u.test(text);
  const as = (id: string): string => (isShort ? id.slice(0, 5) : id.padEnd(10, "0"));
  return {
    ...letter,
    senderDepartment: as(letter.senderDepartment),
    receiverDepartment: as(letter.receiverDepartment),
  };
}

function letterInBook(letter: ExpectedEcmsLetter, arrival: ArrivalFacts, facts: FactFound[]): string[] {
  const { outcome, reason, registerNumber, reading } = arrival;
  const differences: string[] = [];
  if (outcome !== "registered" || registerNumber === null)
    differences.push(`it is ${outcome ?? "undecided"}${reason ? ` (${reason})` : ""}, not registered`);
  if (reading === null) return [...differences, "it was not read"];
  const compared = compareFacts(letter, reading, "all");
  facts.push(...compared.found);
  differences.push(...compared.differences);
  const shown = (items: readonly (readonly [string | null, string | null])[]): string =>
    items
      .map(([number, date]) => `${number} of ${date}`)
      .sort()
      .join("; ");
  const cited = (reading.citations ?? []).map(({ number, date }) => [number, date] as const);
  const wanted = letter.references.map(({ number, date }) => [normaliseLetterNumber(number), date] as const);
  if (shown(cited) !== shown(wanted)) differences.push(`references ${shown(cited)}, not ${shown(wanted)}`);
  const files = (reading.attachments ?? [])
    .map(
      ({ role, contentType, sizeBytes, sha256 }) =>
        `${role === "main" ? "main" : "attachment"} ${contentType} ${sizeBytes} ${sha256}`,
    )
    .sort();
  const objects = letter.objects
    .map(({ role, mimeType, size, sha256 }) => `${role} ${mimeType} ${size} ${sha256}`)
    .sort();
  if (files.join() !== objects.join())
    differences.push(`files ${files.join(", ")}, not ${objects.join(", ")}`);
  return differences;
}

function notifierRead(
  { type, letterId, correspondenceDate, acceptId }: NonNullable<ExpectedRequest["notifier"]>,
  reading: ReadingRow | null,
): string[] {
  const found = reading?.report?.["notifier"] as Record<string, unknown> | undefined;
  if (!found) return ["the notifier was not read"];
  return Object.entries({ type, letterId, correspondenceDate, acceptId: acceptId ?? null })
    .filter(([name, value]) => (found[name] ?? null) !== value)
    .map(([name, value]) => `${name} of the notifier "${String(found[name])}", not "${String(value)}"`);
}

const RECORDED_AS: Readonly<Record<string, string>> = {
  ReceiveLetterNotifier: "arrived",
  AcceptLetterNotifier: "registered",
  RejectLetterNotifier: "rejected",
  InvalidLetterNotifier: "invalid",
};

function notifierRecorded(
  { type, acceptId }: NonNullable<ExpectedRequest["notifier"]>,
  news: RequestTreatment["news"],
): string[] {
  const found = news.find(({ what }) => what === RECORDED_AS[type]);
  if (!found)
    return [`our letter's recipient is not ${RECORDED_AS[type]}: ${news.map(({ what }) => what).join(", ")}`];
  const number = found.details["receiveNumber"];
  const isSame = acceptId === undefined || number === acceptId || number === acceptId.split("/")[0];
  return isSame ? [] : [`receive number ${String(number)}, not ${acceptId}`];
}

function repeats(letter: ExpectedEcmsLetter | null, words: string): boolean {
  const all = comparedText(words);
  return [letter?.subject, letter?.number, letter?.numberRaw].some(
    (text) => text && all.includes(comparedText(text)),
  );
}
