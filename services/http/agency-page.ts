import { ownAgency } from "./clerk-access.ts";
import type { Clerk } from "./clerk-store.ts";
import { type Parameters, readParameters } from "./read-parameters.ts";

const LARGEST_PAGE = 100;
const DEFAULT_PAGE = 50;

/** A page of a list of an agency's arrivals: GET …?agency=A&limit=N&after=ID. */
export interface PageAsked {
  readonly agencyId: string;
  readonly limit: number;
  /** The arrival after which the page begins; null for the first page. */
  readonly after: string | null;
}

/** @throws Problem 400 with all faults of the query; 404 when the clerk does not work for the agency */
export function readPageAsked(clerk: Clerk, query: Parameters): PageAsked {
  const parameters = readParameters(query);
  const agencyId = parameters.needed("agency");
  const limit = parameters.integer("limit", 1, LARGEST_PAGE, DEFAULT_PAGE);
  const after = parameters.uuid("after");
  parameters.done();
  return { agencyId: ownAgency(clerk, agencyId), limit, after };
}

/** @param rows one more than `limit` where there is a next page, which begins after the arrival in `next` */
export function pageOf<Row extends { readonly intakeId: string }>(rows: readonly Row[], limit: number) {
  const page = rows.slice(0, limit);
  return { page, next: rows.length > limit ? (page.at(-1)?.intakeId ?? null) : null };
}
