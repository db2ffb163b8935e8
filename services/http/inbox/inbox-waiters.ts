import type { Tables } from "../../shared/letter/tables.ts";
import { type DatabaseAddress, inTransaction, type Kysely, listen } from "../../shared/runtime/database.ts";
import type { Log } from "../../shared/runtime/log.ts";
import type { Client } from "../clients/client.ts";
import { clientsWithItems } from "./inbox-store.ts";

/** More requests than this do not wait at once; what comes beyond is answered right away. */
const MOST_WAITERS = 2_000;
/** A client needs one; what it opens beyond is answered right away. */
const MOST_OF_ONE_CLIENT = 10;
/** Under load items come hundreds of times a second: one look serves all that came meanwhile. */
const LOOKS_APART_MS = 20;

export interface InboxWaiters {
  /**
   * Resolves when something waits for the client, after `waitMs`, when `gone` aborts, or when this room stops: whoever waited
   * looks into its inbox for what it is.
   */
  wait(client: Pick<Client, "id" | "agencyId" | "scopes">, waitMs: number, gone?: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

interface Waiter {
  readonly client: Pick<Client, "id" | "agencyId" | "scopes">;
  readonly wake: () => void;
}

/**
 * Requests that wait for their inbox (Prefer: wait). As with acts (act-waiters.ts) one connection listens for all of them, and
 * one look into the tables finds those that have something; a wake-up that is lost costs time only.
 */
export function openInboxWaiters(database: Kysely<Tables>, address: DatabaseAddress, log: Log): InboxWaiters {
  const waiting = new Set<Waiter>();
  let stopped = false;
  let looking: Promise<void> | undefined;
  let lookAgain = false;
  let pause: NodeJS.Timeout | undefined;

  const lookOnce = async (): Promise<void> => {
    const seen = [...waiting];
    if (seen.length === 0) return;
    const agencies = [...new Set(seen.map(({ client }) => client.agencyId))];
    const acting = { actor: "worker:http", agencies } as const;
    const clients = seen.map(({ client }) => client);
    const found = new Set(
      await inTransaction(database, acting, (transaction) => clientsWithItems(transaction, clients)),
    );
    for (const { client, wake } of seen) if (found.has(client.id)) wake();
  };
  const look = (): void => {
    if (stopped || waiting.size === 0) return;
    if (looking || pause) {
      lookAgain = true; // the look under way may have passed by what this word is about
      return;
    }
    looking = lookOnce()
      .catch((error: unknown) => log.warn({ err: error }, "inboxes of clients cannot be looked into"))
      .finally(() => {
        looking = undefined;
        pause = setTimeout(() => {
          pause = undefined;
          if (!lookAgain) return;
          lookAgain = false;
          look();
        }, LOOKS_APART_MS);
      });
  };
  const ears = listen(address, "saraban_http", "saraban_client_item", look, log);

  return {
    wait(client, waitMs, gone) {
      if (stopped || waiting.size >= MOST_WAITERS || waitMs <= 0 || gone?.aborted) return Promise.resolve();
      const others = [...waiting].filter((waiter) => waiter.client.id === client.id);
      if (others.length >= MOST_OF_ONE_CLIENT) return Promise.resolve();
      return new Promise((resolve) => {
        const waiter = { client, wake };
        const timer = setTimeout(wake, waitMs);
        function wake(): void {
          clearTimeout(timer);
          gone?.removeEventListener("abort", wake);
          waiting.delete(waiter);
          resolve();
        }
        gone?.addEventListener("abort", wake);
        waiting.add(waiter);
        look();
      });
    },
    async stop() {
      stopped = true;
      clearTimeout(pause);
      for (const { wake } of [...waiting]) wake();
      await ears.stop();
      await looking;
    },
  };
}
