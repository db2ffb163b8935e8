import { graverSecrecy, type LetterFacts } from "../../shared/letter/letter.ts";
import { foldForComparison, thaiDigitsToArabic } from "../../shared/letter/thai-text.ts";
import {
  type Citation,
  type Conflict,
  type FactSource,
  type KnownSenders,
  STATED_CONFIDENCE,
} from "../reading.ts";
import { chooseLetter, type LetterChoice } from "./choose-letter.ts";
import type { FileLetter } from "./file-letter.ts";
import type { FoundFacts } from "./find-facts.ts";
import type { FileFacts } from "./read-files.ts";
import { sameNumber } from "./same-number.ts";

export type SettledFacts = FoundFacts & { conflicts: Conflict[] };

type Claim = { value: string; printed?: string; source: FactSource; confidence: number };
type Field = "number" | "date" | "subject" | "from" | "to";

const SURE = 0.75;
// So sure must a mail be that a number or date is the letter's own before it contradicts the letter's pages: a bare date
// is often that of the covering note, a number beside the subject that of a letter it speaks of.
const OWN_NUMBER = 0.8;
const OWN_DATE = 0.9;
const OWN_SUBJECT = 0.8;
const OF_NAME = 0.7;
const MAX_CITATIONS = 50;

/**
 * Sets what the files say against what the mail says. Trusted in this order: an e-CMS document, the letter's PDF, subject
 * and body, the file's name; of a source that is not sure, the surer one counts. Two sure sources that disagree on number
 * or date are a problem for an officer ("conflicting-facts"); on other fields both values are only shown, as covering
 * mails have words of their own.
 *
 * Sets the role of each attachment that the choice of the letter tells.
 *
 * @param mail what findFacts found in the mail, or in the message attached to it that is the letter.
 */
export function settleFacts(mail: FoundFacts, files: FileFacts, known: KnownSenders): SettledFacts {
  const choice = chooseLetter(mail, files);
  setRoles(files, choice);
  const claims = claimsOf(mail, files, choice);
  const facts: LetterFacts = { ...mail.facts };
  const sources = { ...mail.sources };
  const problems = new Set(mail.problems);
  for (const problem of [...files.problems, ...choice.problems]) problems.add(problem);
  const conflicts: Conflict[] = [];

  const number = best(claims.number);
  if (number !== null && number.source !== sources.number?.source) {
    facts.number = number.value;
    facts.numberPrinted = number.printed ?? number.value;
    sources.number = { source: number.source, confidence: number.confidence };
    sources.numberPrinted = sources.number;
    problems.delete("uncertain-number");
  }
  for (const field of ["date", "subject", "to"] as const) {
    const claim = best(claims[field]);
    if (claim === null || claim.source === sources[field]?.source) continue;
    facts[field] = claim.value;
    sources[field] = { source: claim.source, confidence: claim.confidence };
  }
  const passedOn = isPassedOn(mail, files, choice);
  settleSender(facts, sources, claims.from, known, passedOn);
  if (passedOn && choice.letter?.source === "xml") settleWriter(facts, sources, known);
  settleMarkings(facts, sources, conflicts, files, choice);

  const cited = citationsOf(mail, choice, facts);
  const numbers = rivals(claims.number, sameNumber, number, OWN_NUMBER).filter(
    ({ value }) => value === number?.value || !choice.spokenOf.some((other) => sameNumber(other, value)),
  );
  if (numbers.length > 1) conflicts.push({ field: "number", values: numbers });
  const dates = rivals(claims.date, (a, b) => a === b, best(claims.date), OWN_DATE).filter(
    ({ value }) => value === facts.date || !cited.some(({ date }) => date === value),
  );
  if (dates.length > 1) conflicts.push({ field: "date", values: dates });
  if (conflicts.some(({ field }) => field === "number" || field === "date"))
    problems.add("conflicting-facts");
  const subjects = rivals(claims.subject, sameWords, best(claims.subject), OWN_SUBJECT);
  if (subjects.length > 1) conflicts.push({ field: "subject", values: subjects });

  const kind = choice.letter?.kind ?? null;
  if (kind !== null)
    sources.letterKind = { source: choice.letter?.source ?? "pdf", confidence: kind.confidence };
  const enclosures = [choice.letter, choice.pages]
    .map((letter) => letter?.enclosures ?? [])
    .find((list) => list.length > 0);
  return {
    facts,
    sources,
    conflicts,
    problems: [...problems],
    letterKind: kind?.kind ?? mail.letterKind,
    citations: cited,
    enclosures: enclosures ?? mail.enclosures,
  };
}

/** Of a document that programs read and the pages that persons read, both are the letter. */
function setRoles({ names }: FileFacts, { main, letter, pages, print }: LetterChoice): void {
  if (main === null) return;
  for (const file of names.keys()) {
    const isMain = file === main || file === letter?.file || file === pages?.file || file === print;
    if (isMain) file.attachment.role = "main";
    else if (file.attachment.role === "main") file.attachment.role = "enclosure";
  }
}

function claimsOf(mail: FoundFacts, files: FileFacts, choice: LetterChoice): Record<Field, Claim[]> {
  const claims: Record<Field, Claim[]> = { number: [], date: [], subject: [], from: [], to: [] };
  const ofFiles = [choice.letter, choice.pages].filter((letter): letter is FileLetter => letter != null);
  // Pages without a number may be a form to be filled in and sent back: they fill blanks.
  const isBlank = ({ source, number }: FileLetter): boolean => source === "pdf" && number === null;
  const claim = (field: Field, letters: readonly FileLetter[]): void => {
    for (const letter of letters) {
      const stated = letter[field];
      if (stated !== null) claims[field].push({ ...stated, source: letter.source });
    }
  };
  for (const field of ["number", "date", "subject", "from", "to"] as const) {
    claim(
      field,
      ofFiles.filter((letter) => !isBlank(letter)),
    );
    const value = mail.facts[field];
    const found = mail.sources[field];
    if (value !== null && found !== undefined) {
      const printed = field === "number" ? { printed: mail.facts.numberPrinted ?? value } : {};
      claims[field].push({ value, ...printed, ...found });
    }
    claim(field, ofFiles.filter(isBlank));
  }
  const named = choice.named === null ? null : (files.names.get(choice.named)?.number ?? null);
  if (named !== null) {
    const { canonical: value, printed, confidence } = named;
    // Annex 7 does not say so clearly which of unit and number comes first that another order could be called a conflict.
    const turned = value.replace(/ ([0-9.]+)\/(ว )?([0-9]+)$/u, " $3/$2$1");
    const other = claims.number.some((each) => sameNumber(each.value, turned));
    if (!other) claims.number.push({ value, printed, confidence, source: "file-name" });
  }
  const date = choice.main === null ? null : (files.names.get(choice.main)?.date ?? null);
  if (date !== null) claims.date.push({ value: date, confidence: OF_NAME, source: "file-name" });
  return claims;
}

/** The first sure claim in the order of trust, else the surest that may be stated. */
function best(claims: readonly Claim[]): Claim | null {
  const sure = claims.find(({ confidence }) => confidence >= SURE);
  if (sure !== undefined) return sure;
  const [surest] = [...claims].sort((a, b) => b.confidence - a.confidence);
  return surest !== undefined && surest.confidence >= STATED_CONFIDENCE ? surest : null;
}

/** The chosen claim and those that contradict it, each value once. */
function rivals(
  claims: readonly Claim[],
  same: (a: string, b: string) => boolean,
  chosen: Claim | null,
  ofMail: number,
): Conflict["values"] {
  if (chosen === null) return [];
  const values = [chosen];
  for (const claim of chosen.confidence < SURE ? [] : claims) {
    const needed = claim.source === "pdf" || claim.source === "xml" || claim.source === "api" ? SURE : ofMail;
    if (claim.confidence < needed) continue;
    if (!values.some(({ value }) => same(value, claim.value))) values.push(claim);
  }
  return values.map(({ value, source, confidence }) => ({ value, source, confidence }));
}

/** A letter that its bringer did not write: its code letters are others', or it lies in a message that is attached. */
function isPassedOn(mail: FoundFacts, { codeLetters }: FileFacts, { letter }: LetterChoice): boolean {
  if (letter?.number == null) return false;
  if (codeLetters !== null && !letter.number.value.startsWith(`${codeLetters} `)) return true;
  return (
    letter.file.forwarded && !Object.values(mail.sources).some(({ source }) => source.startsWith("forwarded"))
  );
}

/**
 * จาก: as the directory calls the mail's sender, unless the letter is another agency's that the sender passes on.
 */
function settleSender(
  facts: LetterFacts,
  sources: FoundFacts["sources"],
  claims: readonly Claim[],
  known: KnownSenders,
  passedOn: boolean,
): void {
  const printed = claims.find(({ source }) => source === "pdf" || source === "document");
  if (printed === undefined) return;
  const { value, source, confidence } = printed;
  const name = foldForComparison(value);
  const another =
    facts.from !== null &&
    !sameWords(value, facts.from) &&
    (passedOn || [...known.values()].some((agency) => foldForComparison(agency.name) === name));
  if (facts.from !== null && sources.from?.source === "directory" && !another) return;
  facts.from = value;
  sources.from = { source, confidence };
}

/** An e-CMS document says its sender by a code: the one agency whose code letters its number has, not the one that passes it on. */
function settleWriter(facts: LetterFacts, sources: FoundFacts["sources"], known: KnownSenders): void {
  if (sources.from?.source !== "directory") return;
  const own = (codeLetters: string | null | undefined): boolean =>
    codeLetters != null && facts.number?.startsWith(`${codeLetters} `) === true;
  const names = new Set(
    [...known.values()].flatMap(({ name, codeLetters }) => (own(codeLetters) ? name : [])),
  );
  const [name] = names;
  facts.from = names.size === 1 && name !== undefined ? name : null;
  if (facts.from === null) delete sources.from;
}

function settleMarkings(
  facts: LetterFacts,
  sources: FoundFacts["sources"],
  conflicts: Conflict[],
  { secrecy }: FileFacts,
  { letter, pages }: LetterChoice,
): void {
  if (graverSecrecy(facts.secrecy, secrecy.value) !== facts.secrecy) {
    facts.secrecy = secrecy.value;
    sources.secrecy = { source: secrecy.source, confidence: 0.95 };
  }
  // 001 is what an untouched form says: it takes nothing from a letter that has the word printed on it.
  const stating = [letter, pages].filter((each) => each?.urgency != null);
  const stated = stating.find((each) => each?.urgency !== "normal") ?? stating[0];
  if (stated?.urgency == null) return;
  const mailed = {
    value: facts.urgency,
    source: sources.urgency?.source ?? "subject",
    confidence: 0.9,
  } as const;
  if (stated.urgency !== mailed.value && mailed.value !== "normal") {
    const own = { value: stated.urgency, source: stated.source, confidence: 0.95 };
    conflicts.push({ field: "urgency", values: [own, mailed] });
  }
  facts.urgency = stated.urgency;
  if (stated.urgency === "normal") delete sources.urgency;
  else sources.urgency = { source: stated.source, confidence: 0.95 };
}

/** Those of the letter, then those that only the mail makes. */
function citationsOf(mail: FoundFacts, { letter, pages }: LetterChoice, facts: LetterFacts): Citation[] {
  const all = [...(letter?.citations ?? []), ...(pages?.citations ?? []), ...mail.citations];
  const kept = new Map<string, Citation>();
  for (const citation of all) {
    const key = citation.number ?? foldForComparison(citation.printed);
    const own = citation.number !== null && citation.number === facts.number;
    if (!(own && (citation.date === null || citation.date === facts.date)) && !kept.has(key))
      kept.set(key, citation);
  }
  return [...kept.values()].slice(0, MAX_CITATIONS);
}

/** One in other spaces, digits and signs, or a part of the other. */
function sameWords(a: string, b: string): boolean {
  const fold = (text: string): string =>
    thaiDigitsToArabic(foldForComparison(text)).replace(/[^\p{L}\p{M}0-9]/gu, "");
  const [left, right] = [fold(a), fold(b)];
  return left.includes(right) || right.includes(left);
}
