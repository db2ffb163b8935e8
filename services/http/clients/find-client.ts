import type { Tables } from "../../shared/letter/tables.ts";
import type { Kysely } from "../../shared/runtime/database.ts";
import { groupCommit } from "../../shared/runtime/group-commit.ts";
import type { Client } from "./client.ts";
import { isClientId, isSecret, readClientsWithSecrets, secretHash } from "./client-store.ts";

/** What a program shows of itself. */
export interface FindClient {
  /**
   * The client to which a token was given, if it and the secret that it was given for are still in force: who is revoked,
   * or whose secret is, is out with the next request.
   * @param mark of the secret (secretMark)
   */
  ofToken(id: string, mark: string): Promise<Client | null>;
  /**
   * The client with this id and secret. What the comparison's time might tell is how far the hash of a guess agrees with a
   * stored hash, as clerk-store.ts explains; a slow hash would add nothing either: secrets are random, not chosen by people.
   */
  bySecret(id: string, secret: string): Promise<Client | null>;
}

const ASKED_TOGETHER = { items: 100, bytes: Number.POSITIVE_INFINITY };

/**
 * Asks the database for the clients of requests that come at the same time together: while one question is under way the
 * next requests gather. Each is answered by a question that was asked after it came, so that nothing old is ever believed.
 */
export function openFindClient(database: Kysely<Tables>): FindClient {
  const find = groupCommit<{ readonly id: string; readonly hashBegins: string }, Client | null>(
    async (asked) => {
      const found = await readClientsWithSecrets(database, [...new Set(asked.map(({ id }) => id))]);
      return asked.map(({ id, hashBegins }) => {
        const one = found.find(
          ({ client, secretSha256 }) => client.id === id && secretSha256.startsWith(hashBegins),
        );
        return one?.client ?? null;
      });
    },
    ASKED_TOGETHER,
    () => false,
  );
  return {
    ofToken: (id, mark) => find({ id, hashBegins: mark }, 0),
    async bySecret(id, secret) {
      if (!isSecret(secret) || !isClientId(id)) return null;
      return find({ id, hashBegins: secretHash(secret) }, 0);
    },
  };
}
