import type { RegisterLine } from "./register-line.ts";
import { buddhistYear } from "./stamp.ts";
import { foldForComparison } from "./thai-text.ts";

/**
 * What of a line can be searched, and by which keys. Thai is written without spaces, so there are no words to index: a
 * term is any substring, found by its trigrams and then checked against the text. Nothing that contains it is missed.
 */

/** By which rules texts are folded and cut; an index made by others is made again. Raise it with any change here. */
export const SEARCH_RULES = `1, Unicode ${process.versions["unicode"]}`;

/** Fields that a clerk searches, in one spelling, each ended by a line feed (which no folded field can contain). */
export function searchableText(line: RegisterLine): string {
  const fields = [
    line.subject,
    line.letterNumberPrinted,
    line.letterNumber,
    `${line.number}/${buddhistYear(line.year)}`,
    line.from,
    line.to,
    line.remarks,
    line.action,
  ];
  return fields.map((field) => `${foldForComparison(field ?? "")}\n`).join("");
}

/** A search term in the spelling of searchableText; "" when nothing is left of it. */
export function foldTerm(term: string): string {
  const folded = foldForComparison(term);
  // The label of a number is no part of it in the book.
  return /^ที่[ก-ฮ(]{1,12}.{0,40}\/.{0,3}[0-9]+$/u.test(folded) ? folded.slice("ที่".length) : folded;
}

/** Properties of a line that filters ask for, exact: "urgency:urgent", "book:inbound.ordinary" … */
export function facetsOf(line: RegisterLine): string[] {
  return [
    `book:${line.direction}.${line.series}`,
    `urgency:${line.urgency}`,
    `status:${line.status}`,
    `channel:${line.channel}`,
    `kind:${line.kind}`,
    `number:${line.number}`,
    ...(line.letterDate === null ? [] : [`letter-month:${line.letterDate.slice(0, 7)}`]),
  ];
}

/** All keys under which a line stands in the index, each once. */
export function gramsOf(folded: string, facets: readonly string[]): number[] {
  const grams = new Set<number>([EVERY_LINE]);
  for (const facet of facets) grams.add(facetGram(facet));
  let inField = 0;
  for (let at = 0; at < folded.length; at++) {
    inField = folded.charCodeAt(at) === LINE_FEED ? 0 : inField + 1;
    if (inField >= LONG_GRAM) grams.add(longGram(folded, at + 1 - LONG_GRAM));
    // A three may end with the field's end: a term of two letters is looked for with whatever follows it.
    if (inField === 0 || folded.charCodeAt(at + 1) === LINE_FEED) continue;
    grams.add(trigram(folded.charCodeAt(at), folded.charCodeAt(at + 1), folded.charCodeAt(at + 2)));
  }
  return [...grams];
}

/** Keys that lead to every line with the given terms and facets; more lines may stand under them. */
export interface SearchKeys {
  /** A line has all of these. */
  readonly all: readonly number[];
  /** For each group, a line has at least one of it. */
  readonly oneOf: readonly (readonly number[])[];
}

/** @param terms folded (foldTerm). A term of one letter has no key: its lines are found by looking at all of them. */
export function searchKeys(
  terms: readonly string[],
  facets: readonly string[],
  facetGroups: readonly (readonly string[])[],
): SearchKeys {
  const all = new Set(facets.map(facetGram));
  const oneOf = facetGroups.map((group) => group.map(facetGram));
  for (const term of terms) {
    for (let at = 0; at + LONG_GRAM <= term.length; at++) all.add(longGram(term, at));
    if (term.length < LONG_GRAM) {
      for (let at = 0; at + 3 <= term.length; at++) {
        all.add(trigram(term.charCodeAt(at), term.charCodeAt(at + 1), term.charCodeAt(at + 2)));
      }
    }
    if (term.length === 2) {
      const stem = trigram(term.charCodeAt(0), term.charCodeAt(1), 0) & ~63;
      oneOf.push(Array.from({ length: 64 }, (_, bucket) => stem | bucket));
    }
  }
  return { all: [...all], oneOf };
}

const LINE_FEED = 10;
/** Under this key stand all lines: what is asked for where there is nothing to ask for. */
export const EVERY_LINE = 0;

/**
 * The first two letters in 26 bits, the third in 6: a term of two letters is found under 64 keys, whatever follows it,
 * and needs no bigrams of its own. Where two trigrams share a key the check against the text tells them apart.
 */
function trigram(first: number, second: number, third: number): number {
  const stem = mix(Math.imul(first, 0x9e3779b1) ^ Math.imul(second + 0x10000, 0x85ebca6b));
  return (stem << 6) | ((third ^ (third >>> 6)) & 63);
}

/**
 * Terms of five letters and more are found by their fives: their threes may all be common (ครั้งที่ + เที่ยว hold those of
 * ครั้งที่ยว), and thousands of lines would have to be looked at for nothing.
 */
const LONG_GRAM = 5;

function longGram(text: string, at: number): number {
  return mix(hashOf(text, at, at + LONG_GRAM));
}

function facetGram(facet: string): number {
  return mix(hashOf(facet, 0, facet.length));
}

/** FNV-1a over UTF-16 units. */
function hashOf(text: string, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

/** Spreads the bits, as integer hash functions do (two rounds of multiply and shift). */
function mix(bits: number): number {
  let hash = bits ^ (bits >>> 16);
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0x297a2d39);
  return (hash ^ (hash >>> 16)) | 0;
}
