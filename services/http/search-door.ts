import type { FastifyInstance } from "fastify";
import { OPEN_BOOKS, type RegisterLine } from "../shared/letter/register-line.ts";
import { buddhistYear } from "../shared/letter/stamp.ts";
import { inSnapshot } from "../shared/runtime/database.ts";
import { type Actor, actorOf, mayRead } from "./clerk-access.ts";
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
  const open = { config: { scopes: ["read-inbound", "read-outbound"] as const } };
  api.get<{ Querystring: SearchParameters }>("/lines", open, async (request, reply) => {
    const caller = actorOf(request);
    const read = parseSearch(withinScopes(request.query, caller), caller.agencies);
    if ("faults" in read) throw problem("not-understood", read.faults);
    const { search, pageSize, total } = read.parsed;
    try {
      const found = await inSnapshot(database, caller.acting, searchWithinMs(total), (transaction) =>
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

/**
 * The query, held to the books that a program may read.
 * @throws Problem 400 when it asks for others, or has the choice of several and names none
 */
function withinScopes(query: SearchParameters, caller: Actor): SearchParameters {
  const books = OPEN_BOOKS.filter((book) => mayRead(caller, directionOf(book)));
  if (books.length === OPEN_BOOKS.length) return query;
  const { book } = query;
  if (book === undefined && books.length === 1) return { ...query, book: books[0] };
  if (books.some((one) => one === book)) return query;
  const allowed = books.join(", ");
  throw problem("not-understood", [
    { parameter: "book", en: `is one of ${allowed}`, th: `ต้องเป็นค่าใดค่าหนึ่งใน ${allowed}` },
  ]);
}

function directionOf(book: (typeof OPEN_BOOKS)[number]): "inbound" | "outbound" {
  return book.startsWith("inbound.") ? "inbound" : "outbound";
}
