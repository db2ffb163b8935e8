import { type Markings, readMarkingWords, strongest, UNMARKED } from "../../shared/letter/classification.ts";
import { type LetterFacts, NO_FACTS } from "../../shared/letter/letter.ts";
import type { FoundNumber } from "../../shared/letter/letter-number.ts";
import {
  type FactSource,
  type FactSources,
  type KnownSender,
  type Reading,
  type ReadingProblem,
  STATED_CONFIDENCE,
} from "../reading.ts";
import { readBodyItems } from "./body-items.ts";
import { findCitations } from "./find-citations.ts";
import { findEnclosures } from "./find-enclosures.ts";
import { findLetterKind } from "./letter-kind.ts";
import { readItem } from "./read-item.ts";
import { readSubjectHeader } from "./subject-header.ts";

/** A value proposed for one fact. The most confident one is taken; any reader of any source may propose. */
export type Proposal = { field: keyof LetterFacts; value: string; source: FactSource; confidence: number };

export type FoundFacts = Pick<Reading, "facts" | "sources" | "letterKind" | "citations" | "enclosures"> & {
  problems: ReadingProblem[];
};

const SUBJECT_STATED_CONFIDENCE = 0.4;
// Two numbers both this sure of being the letter's own are two letters, or one misread.
const RIVAL_CONFIDENCE = 0.75;
const CITED_CONFIDENCE = 0.3;
const FORWARDED_CONFIDENCE = 0.96;
const NO_CODES: ReadonlySet<string> = new Set();

type NumberProposal = { found: FoundNumber; source: FactSource; confidence: number };

/**
 * The letter facts in a Subject header and the text bodies of one message.
 *
 * @param sender the agency the From address belongs to, or null when it is in no directory.
 * @param forwarded true for a message attached to another one: sources say so.
 * @param ours code letters of the agencies served here: a mail that answers our letter names its number as its own would be.
 */
export function findFacts(
  subjectHeader: string,
  bodies: readonly string[],
  sender: KnownSender | null,
  forwarded = false,
  ours: ReadonlySet<string> = NO_CODES,
): FoundFacts {
  const codeLetters = sender?.codeLetters ?? null;
  const fromSubject: FactSource = forwarded ? "forwarded-subject" : "subject";
  const fromBody: FactSource = forwarded ? "forwarded-body" : "body";
  const header = readSubjectHeader(subjectHeader, codeLetters);
  const problems: ReadingProblem[] = [];
  const proposals: Proposal[] = [];
  const numbers: NumberProposal[] = [];
  let markings = header.markings;

  if (header.isReply && header.numbers.length > 0) problems.push("reply-subject");
  // Re: repeats the subject of the mail answered, mostly our own: its number is not the number of this letter.
  else for (const number of header.numbers) numbers.push({ ...number, source: fromSubject });
  if (header.date !== null && !header.isReply) {
    proposals.push({ field: "date", source: fromSubject, ...header.date });
  }
  if (header.subject !== null) {
    // Below it stands what the mail was once called that is passed on.
    const named = header.isForward && header.numbers.length > 0 && header.subject.confidence >= 0.9;
    const confidence = named ? FORWARDED_CONFIDENCE : header.subject.confidence;
    proposals.push({ field: "subject", source: fromSubject, value: header.subject.value, confidence });
  }
  if (sender !== null)
    proposals.push({ field: "from", value: sender.name, source: "directory", confidence: 0.97 });

  const itemsOfBodies = bodies.map((body) => readBodyItems(body, header.isForward));
  for (const items of itemsOfBodies) {
    let belowSubject = false;
    for (const [index, item] of items.entries()) {
      if (item.label === "reference" || item.label === "enclosure") {
        // Cited, but a marking printed at the foot of a page may have joined the list.
        for (const line of item.lines) markings = strongest(markings, readMarkingWords(line) ?? UNMARKED);
        continue;
      }
      const read = readItem(item, codeLetters, belowSubject, items[index + 1]);
      belowSubject ||= item.label === "subject";
      for (const number of read.numbers) numbers.push({ ...number, source: fromBody });
      for (const proposal of read.proposals) proposals.push({ ...proposal, source: fromBody });
      markings = strongest(markings, read.markings);
    }
  }

  const isAnothers = ({ found }: NumberProposal): boolean =>
    codeLetters !== null && found.codeLetters !== codeLetters && ours.has(found.codeLetters);
  const number = chooseNumber(
    numbers.map((each) => (isAnothers(each) ? { ...each, confidence: CITED_CONFIDENCE } : each)),
    problems,
  );
  if (number?.found.secretCircular) markings = strongest(markings, { ...UNMARKED, secrecy: "confidential" });
  if (number !== null) {
    proposals.push(
      {
        field: "number",
        value: number.found.canonical,
        source: number.source,
        confidence: number.confidence,
      },
      {
        field: "numberPrinted",
        value: number.found.printed,
        source: number.source,
        confidence: number.confidence,
      },
    );
  }
  const settled = settle(proposals, markings);
  for (const field of ["urgency", "secrecy"] as const) {
    if (markings[field] === "normal") continue;
    const source = header.markings[field] === markings[field] ? fromSubject : fromBody;
    settled.sources[field] = { source, confidence: 0.9 };
  }
  const { facts, sources } = settled;
  const kind = findLetterKind(header.isReply ? "" : subjectHeader, itemsOfBodies, facts.number);
  if (kind !== null) {
    sources.letterKind = {
      source: kind.place === "subject" ? fromSubject : fromBody,
      confidence: kind.confidence,
    };
  }
  return {
    facts,
    sources,
    problems,
    letterKind: kind?.kind ?? "external",
    citations: findCitations(itemsOfBodies, facts),
    enclosures: findEnclosures(itemsOfBodies),
  };
}

/** Takes the most confident proposal for each fact; of two alike the first. */
export function settle(
  proposals: readonly Proposal[],
  markings: Markings,
): { facts: LetterFacts; sources: FactSources } {
  const facts: LetterFacts = { ...NO_FACTS, ...markings };
  const sources: FactSources = {};
  for (const { field, value, source, confidence } of proposals) {
    const stated = field === "subject" ? SUBJECT_STATED_CONFIDENCE : STATED_CONFIDENCE;
    if (field === "urgency" || field === "secrecy" || confidence < stated) continue;
    if (confidence <= (sources[field]?.confidence ?? 0)) continue;
    facts[field] = value;
    sources[field] = { source, confidence };
  }
  return { facts, sources };
}

function chooseNumber(numbers: readonly NumberProposal[], problems: ReadingProblem[]): NumberProposal | null {
  let best: NumberProposal | null = null;
  for (const number of numbers) if (best === null || number.confidence > best.confidence) best = number;
  if (best === null) return null;
  if (best.confidence < STATED_CONFIDENCE) {
    problems.push("uncertain-number");
    return null;
  }
  const sure = numbers.filter((number) => number.confidence >= Math.min(RIVAL_CONFIDENCE, best.confidence));
  if (new Set(sure.map((number) => number.found.canonical)).size > 1) problems.push("several-numbers");
  return best;
}
