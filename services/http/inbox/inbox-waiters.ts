import type { Tables } from "../../shared/letter/tables.ts";
import { inTransaction, type Kysely } from "../../shared/runtime/database.ts";
import type { Ears } from "../../shared/runtime/ears.ts";
import type { Log } from "../../shared/runtime/log.ts";
import type { Client } from "../clients/client.ts";
import { openWaiters, type Waiters } from "../open-waiters.ts";
import { clientsWithItems } from "./inbox-store.ts";

/** More requests than this do not wait at once; what comes beyond is answered right away. */
const MOST_WAITERS = 2_000;
/** A client needs one; what it opens beyond is answered right away. */
const MOST_OF_ONE_CLIENT = 10;

type Asking = Pick<Client, "id" | "agencyId" | "scopes">;

export type InboxWaiters = Waiters<Asking>;

/** Requests that wait until there is something in a client's inbox. */
export function openInboxWaiters(database: Kysely<Tables>, ears: Ears, log: Log): InboxWaiters {
  const find = async (waiting: readonly Asking[]): Promise<Asking[]> => {
    const acting = {
      actor: "worker:http",
      agencies: [...new Set(waiting.map(({ agencyId }) => agencyId))],
    } as const;
    const found = new Set(
      await inTransaction(database, acting, (transaction) => clientsWithItems(transaction, waiting)),
    );
    return waiting.filter(({ id }) => found.has(id));
  };
  const mayWait = ({ id }: Asking, waiting: readonly Asking[]): boolean =>
    waiting.filter((other) => other.id === id).length < MOST_OF_ONE_CLIENT;
  const trouble = "inboxes of clients cannot be looked into";
  const parts = { channel: "saraban_client_item", find, most: MOST_WAITERS, mayWait, trouble };
  return openWaiters(parts, ears, log);
}
