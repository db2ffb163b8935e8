import type { FastifyInstance } from "fastify";
import type { RegisterLine } from "../shared/letter/register-line.ts";
import { buddhistYear } from "../shared/letter/stamp.ts";
import { inSnapshot } from "../shared/runtime/database.ts";
import { actingFor, clerkOf } from "./clerk-access.ts";
import type { DoorParts } from "./door-parts.ts";
import { problem } from "./problem.ts";
import { parseSearch, type SearchParameters, writeCursor } from "./search-query.ts";
import { IndexBehind, searchRegister, searchWithinMs, type Total } from "./search-register.ts";

/** A page of the register, as GET /lines answers. */
export interface SearchAnswer {
  readonly lines: readonly (RegisterLine & { readonly yearBuddhist: number })[];
  /** Counted up to 1,000, or exactly with total=exact; not there for further pages. */
  readonly total?: Total;
  /** For the parameter `cursor` of the next page; not there on the last one. */
  readonly next?: string;
}

/** GET /lines: the lines of the open books that match, page by page (parameters: search-query.ts). */
export function searchDoor(api: FastifyInstance, { database }: DoorParts): void {
  api.get<{ Querystring: SearchParameters }>("/lines", async (request, reply) => {
    const clerk = clerkOf(request);
    const read = parseSearch(request.query, clerk.agencies);
    if ("faults" in read) throw problem("not-understood", read.faults);
    const { search, pageSize, total } = read.parsed;
    try {
      const found = await inSnapshot(database, actingFor(clerk), searchWithinMs(total), (transaction) =>
        searchRegister(transaction, search, pageSize, total),
      );
      const answer: SearchAnswer = {
        lines: found.lines.map((line) => ({ ...line, yearBuddhist: buddhistYear(line.year) })),
        ...(found.total === null ? {} : { total: found.total }),
        ...(found.next === null ? {} : { next: writeCursor(found.next) }),
      };
      return answer;
    } catch (error) {
      if (!(error instanceof IndexBehind)) throw error;
      reply.header("retry-after", 30);
      throw problem("index-behind");
    }
  });
}
