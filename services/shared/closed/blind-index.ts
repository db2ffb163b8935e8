import { createHmac, hkdfSync } from "node:crypto";
import { EVERY_LINE, foldTerm, gramsOf as openGrams, searchKeys } from "../letter/search-text.ts";
import { foldForComparison } from "../letter/thai-text.ts";

/**
 * The blind index of classified letters: under which keys a letter is found, without the table saying what stands in it.
 *
 * Folding and grams are those of the open search (search-text.ts), so a term finds here what it would find there: every
 * letter that contains it. In place of a gram stands the first 8 octets of HMAC-SHA-256 (RFC 2104) of it, 4 octets
 * big-endian, under a key of that agency and level, which is wrapped like letters' keys and derived from what unwraps by HKDF
 * (info "saraban closed index 1"). Whoever searches unwraps that key, asks for rows that have the term's grams, opens the
 * letters and looks for the term itself (holdsTerms): two grams that share a key, or a term whose grams stand in other
 * places, never show.
 *
 * What somebody with the table, and without the key, learns:
 * - how many different grams a letter has: about how long its searchable text is;
 * - that two letters of one agency and level share a gram, and so which letters have much in common, and how frequent each
 *   gram is. With enough letters and a good guess at what they say, frequencies can be matched with those of Thai official
 *   language, and words that stand in many letters (ขอเชิญประชุม) be told. Not which gram stands where: a letter's grams
 *   are each there once, in the order of their values, and these are spread by the HMAC;
 * - nothing across agencies or levels, which have keys of their own;
 * - with an eye on the database while somebody searches: which letters that search looked at, and that it was made before.
 * What has few values (urgency, month, state) is no gram here, where frequencies would tell it: such filters are applied
 * to opened letters.
 *
 * Accepted, because the other ways are to open every letter for each search, or not to search; because only subject, number,
 * parties, action and remarks are indexed, never bodies or files; and because the table is behind the database's rights as the
 * sealed rows are. An office that does not accept it leaves the index empty: then a search opens all letters of the level.
 */
const GRAM_BYTES = 8;

/** Cleared by whoever made it, after use. @param dataKey what was unwrapped for INDEX_SUBJECT */
export function indexKeyOf(dataKey: Buffer): Buffer {
  return Buffer.from(hkdfSync("sha256", dataKey, "", "saraban closed index 1", 32));
}

/** A letter's fields as gramsOf and holdsTerms want them; searchableText gives the same of a line of a book. */
export function searchableFields(fields: readonly (string | null)[]): string {
  return fields.map((field) => `${foldForComparison(field ?? "")}\n`).join("");
}

/** Keys of a letter, each once, in the order of their values. @param searchable searchableFields or searchableText */
export function gramsOf(searchable: string, indexKey: Buffer): Buffer[] {
  const grams = openGrams(searchable, []).filter((gram) => gram !== EVERY_LINE);
  return grams.map((gram) => blind(gram, indexKey)).sort(Buffer.compare);
}

export interface QueryGrams {
  /** As it is looked for in opened letters; "" when nothing is left of the term. */
  readonly folded: string;
  /** A letter with the term has all of these; none for a term of one letter, which needs every letter opened. */
  readonly all: readonly Buffer[];
  /** And, of each group, at least one. */
  readonly oneOf: readonly (readonly Buffer[])[];
}

export function queryGrams(term: string, indexKey: Buffer): QueryGrams {
  const folded = foldTerm(term);
  const { all, oneOf } = searchKeys([folded], [], []);
  const blinded = (grams: readonly number[]): Buffer[] =>
    grams.map((gram) => blind(gram, indexKey)).sort(Buffer.compare);
  return { folded, all: blinded(all), oneOf: oneOf.map(blinded) };
}

/** Whether an opened letter really has the terms. */
export function holdsTerms(searchable: string, terms: readonly QueryGrams[]): boolean {
  return terms.every(({ folded }) => searchable.includes(folded));
}

function blind(gram: number, indexKey: Buffer): Buffer {
  const octets = Buffer.allocUnsafe(4);
  octets.writeInt32BE(gram | 0);
  return createHmac("sha256", indexKey).update(octets).digest().subarray(0, GRAM_BYTES);
}
