import canonicalize from "canonicalize";

/**
 * The one text that a JSON document has after RFC 8785 (members in order, numbers and strings in one spelling): what is
 * signed, so that anyone who holds the document can make the same octets again.
 * @throws for what JSON has no word for: undefined, NaN, Infinity, lone surrogates, circles
 */
export function canonicalForm(document: unknown): string {
  const text = canonicalize(document);
  if (text === undefined) throw new Error("this value has no form in JSON");
  return text;
}
