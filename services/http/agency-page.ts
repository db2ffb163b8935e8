import { type Actor, ownAgency } from "./clerk-access.ts";
import { type ParameterReader, type Parameters, readParameters } from "./read-parameters.ts";

const LARGEST_PAGE = 100;
const DEFAULT_PAGE = 50;

/** A page of a list of an agency: GET …?agency=A&limit=N&after=ID. */
export interface PageAsked {
  readonly agencyId: string;
  readonly limit: number;
  /** What the page begins after; null for the first page. */
  readonly after: string | null;
}

/** @throws Problem 400 with all faults of the query; 404 when the caller does not work for the agency */
export function readPageAsked(caller: Pick<Actor, "agencies">, query: Parameters): PageAsked {
  return readPageParameters(caller, query, () => null);
}

/** The same for a list that takes one more parameter. */
export function readPageParameters<More>(
  caller: Pick<Actor, "agencies">,
  query: Parameters,
  readMore: (parameters: ParameterReader) => More,
): PageAsked & { readonly more: More } {
  const parameters = readParameters(query);
  const agencyId = parameters.needed("agency");
  const limit = parameters.integer("limit", 1, LARGEST_PAGE, DEFAULT_PAGE);
  const after = parameters.uuid("after");
  const more = readMore(parameters);
  parameters.done();
  return { agencyId: ownAgency(caller, agencyId), limit, after, more };
}

/** @param rows one more than `limit` where there is a next page, which begins after the row in `next` */
export function pageOf<Row>(rows: readonly Row[], limit: number, idOf: (row: Row) => string) {
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return { page, next: last === undefined ? null : idOf(last) };
}
