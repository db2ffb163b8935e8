import { comparedText } from "./compared-text.ts";
import type { ExpectedAttachment, ExpectedLetter, ExpectedMail } from "./expected.ts";
import type { ReadingRow } from "./treatment.ts";

/** How well one fact of one letter was found. */
export interface FactFound {
  readonly field: FactName;
  /** Where the service read it; "-" when it names no place. */
  readonly source: string;
  readonly verdict: "right" | "wrong" | "missing";
}

export type FactName = "number" | "date" | "subject" | "from" | "to" | "urgency" | "secrecy";

const FACTS = [
  ["number", "number"],
  ["date", "letter_date"],
  ["subject", "subject"],
  ["from", "letter_from"],
  ["to", "letter_to"],
  ["urgency", "urgency"],
  ["secrecy", "secrecy"],
] as const satisfies readonly (readonly [FactName, keyof ReadingRow])[];

/**
 * Compares the facts that were concluded with those that stand in the letter.
 * @param only "marking": of a refused letter the tables keep nothing but its marking; "found": where another outcome than
 *   the expected one is acceptable, what was not found is no fault, what was found has to be right
 */
export function compareFacts(
  letter: ExpectedLetter | null,
  reading: ReadingRow,
  only: "all" | "found" | "marking",
): { readonly differences: string[]; readonly found: FactFound[] } {
  const differences: string[] = [];
  const facts: FactFound[] = [];
  for (const [field, column] of FACTS) {
    if (only === "marking" && field !== "secrecy") continue;
    const wanted = letter?.[field] ?? null;
    const found = reading[column];
    if (wanted === null) {
      // A number or date where none can be derived is worse than none.
      if ((field === "number" || field === "date") && found !== null)
        differences.push(`${field} "${found}", where there is none`);
      continue;
    }
    if (found === null && only === "found") continue;
    const right = found !== null && isSame(field, found, wanted);
    const verdict = right ? "right" : found === null ? "missing" : "wrong";
    facts.push({ field, source: reading.sources?.[field]?.source ?? "-", verdict });
    if (!right)
      differences.push(
        found === null ? `${field} not found: "${wanted}"` : `${field} "${found}", not "${wanted}"`,
      );
  }
  return { differences, found: facts };
}

function isSame(field: FactName, found: string, wanted: string): boolean {
  if (field === "subject" || field === "to") return comparedText(found) === comparedText(wanted);
  // A unit's name may stand behind the agency's.
  if (field === "from") return comparedText(found).startsWith(comparedText(wanted));
  return found === wanted;
}

/** Compares what is attached, whatever its order: name, declared type, size, hash, whether the HTML shows it, members. */
export function compareAttachments(
  expected: readonly ExpectedAttachment[] | undefined,
  attachments: readonly FoundAttachment[],
  inside = "",
): string[] {
  if (expected === undefined) return [];
  const left = [...attachments];
  const differences: string[] = [];
  for (const wanted of expected) {
    const rank = (found: FoundAttachment): number =>
      Number(sameName(found, wanted)) + 2 * Number(wanted.sha256 !== null && found.sha256 === wanted.sha256);
    const best = left.toSorted((a, b) => rank(b) - rank(a))[0];
    const named = `${inside}attachment "${wanted.filename ?? wanted.mimeType}"`;
    if (best === undefined || rank(best) === 0) {
      differences.push(`${named} is not listed`);
      continue;
    }
    left.splice(left.indexOf(best), 1);
    differences.push(...compareOne(wanted, best, named, inside !== ""));
  }
  return [
    ...differences,
    ...left.map(
      ({ name, contentType }) => `${inside}attachment "${name ?? contentType}" is listed, but not there`,
    ),
  ];
}

type FoundAttachment = NonNullable<ReadingRow["attachments"]>[number];

const sameName = ({ name }: FoundAttachment, { filename }: ExpectedAttachment): boolean =>
  (name ?? "") === (filename ?? "");

function compareOne(
  wanted: ExpectedAttachment,
  found: FoundAttachment,
  named: string,
  isMember: boolean,
): string[] {
  const differences: string[] = [];
  const tell = (what: string, ours: unknown, theirs: unknown): void =>
    void differences.push(`${named}: ${what} ${JSON.stringify(ours)}, not ${JSON.stringify(theirs)}`);
  if (!sameName(found, wanted)) tell("name", found.name, wanted.filename);
  // Nothing declares a packed file's type but its name and its octets.
  const types = isMember ? [found.contentType, found.detectedType] : [found.contentType];
  if (!types.includes(wanted.mimeType)) tell("type", types, wanted.mimeType);
  if (wanted.mimeType !== "message/rfc822") {
    if ((found.sizeBytes ?? null) !== wanted.size) tell("size", found.sizeBytes, wanted.size);
    if ((found.sha256 ?? null) !== wanted.sha256) tell("SHA-256", found.sha256, wanted.sha256);
  }
  if (!isMember && (found.inline ?? false) !== (wanted.inline ?? false))
    tell("inline", found.inline, wanted.inline ?? false);
  if (wanted.contains)
    differences.push(...compareAttachments(wanted.contains, found.members ?? [], `${named}: `));
  return differences;
}

/** Compares what a report says of a message of ours. */
export function compareReport({ relatesTo, delivery }: ExpectedMail, report: ReadingRow["report"]): string[] {
  if (relatesTo === undefined && delivery === undefined) return [];
  if (!report) return [`what it says of ${relatesTo ?? "our message"} is not recorded`];
  const wanted = { ...(relatesTo === undefined ? {} : { relatesTo }), ...delivery };
  return Object.entries(wanted).flatMap(([name, value]) => {
    // A disposition is what RFC 8098 calls the action of an MDN.
    const found = report[name] ?? (name === "disposition" ? report["action"] : undefined);
    return String(found ?? "").toLowerCase() === String(value).toLowerCase()
      ? []
      : [`${name} ${JSON.stringify(found ?? null)}, not ${JSON.stringify(value)}`];
  });
}
