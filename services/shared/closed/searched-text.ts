import type { ClosedFacts, ClosedParty } from "../letter/closed-facts.ts";
import { searchableFields } from "./blind-index.ts";

/** The fields by which a letter is found, for gramsOf and holdsTerms: the same for whoever seals it and whoever searches. */
export function searchedText({
  number,
  numberPrinted,
  subject,
  from,
  to,
  office,
  action,
  remarks,
}: ClosedFacts): string {
  const words = (party: ClosedParty) => [party.name, party.person, party.position];
  return searchableFields([
    ...[number, numberPrinted, subject],
    ...[...words(from), ...words(to), office?.nameThai ?? null],
    ...[action, remarks],
  ]);
}
