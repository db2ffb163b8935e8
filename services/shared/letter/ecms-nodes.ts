import { type Kysely, sql } from "kysely";
import { type Acting, inTransaction } from "../runtime/database.ts";
import type { Tables } from "./tables.ts";

/** How it stands with the e-CMS node of others that an agency uses. */
export interface NodeState {
  readonly agencyId: string;
  readonly url: string;
  /** When its queue there was last read to its end. */
  readonly lookedAt: Date | null;
  readonly trouble: string | null;
  readonly troubleSince: Date | null;
  /** Items that were taken in, altogether. */
  readonly taken: number;
  /** Of them: were no letters of their own (the same letter as an earlier item). */
  readonly repeated: number;
  /** Of them: are still in the queue there, as far as we were told. */
  readonly toBeDeleted: number;
  /** Letters and notifiers of the agency that wait to be posted, to this node or another. */
  readonly toBePosted: number;
}

/** The nodes of all agencies that `acting` acts for. */
export function readNodeStates(database: Kysely<Tables>, acting: Acting): Promise<NodeState[]> {
  return inTransaction(database, acting, async (transaction) => {
    const { rows } = await sql<NodeState>`
      select n.agency_id as "agencyId", n.url, n.looked_at as "lookedAt", n.trouble, n.trouble_since as "troubleSince",
             p.taken, p.repeated, p.waiting as "toBeDeleted",
             (select count(*) from notice where agency_id = n.agency_id and channel = 'ecms' and state = 'due') as "toBePosted"
        from ecms_node n
        left join lateral (select count(*) as taken, count(*) filter (where note <> '') as repeated,
                                  count(*) filter (where deleted_at is null) as waiting
                             from ecms_pulled where agency_id = n.agency_id and node = n.url) p on true
       where n.active order by n.agency_id`.execute(transaction);
    return rows;
  });
}
