import { type ClosedSpools, openClosedSpools } from "../../shared/closed/closed-spool.ts";
import { type IndexKeys, openIndexKeys, sealedBefore } from "../../shared/closed/index-keys.ts";
import type { KeyProvider, UsedBy } from "../../shared/closed/key-provider.ts";
import { type AcceptClosed, acceptClosedInto } from "../../shared/letter/arrival/accept-closed.ts";
import type { TrustedNow } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { type DatabaseAddress, type Kysely, openWritePipe } from "../../shared/runtime/database.ts";
import type { Log } from "../../shared/runtime/log.ts";

/** What classified letters are taken in with. */
export interface ClosedDoor {
  readonly spools: ClosedSpools;
  readonly provider: Pick<KeyProvider, "newDataKey" | "wrap">;
  readonly indexKeys: IndexKeys;
  readonly accept: AcceptClosed;
}

export interface OpenClosedDoor extends ClosedDoor {
  close(): Promise<void>;
}

export async function openClosedDoor({
  database,
  address,
  lettersDir,
  openKeys,
  now,
  log,
}: {
  readonly database: Kysely<Tables>;
  readonly address: DatabaseAddress;
  /** The store of all arrivals: sealed octets lie among the others. */
  readonly lettersDir: string;
  readonly openKeys: (usedBy: UsedBy) => KeyProvider;
  readonly now: TrustedNow;
  readonly log: Log;
}): Promise<OpenClosedDoor> {
  const actor = "worker:http";
  const provider = openKeys(sealedBefore(database, actor));
  const indexKeys = openIndexKeys(database, provider, actor, () => now().at);
  // Of its own: such letters are few, and must not wait behind batches of the others, nor hold these up.
  const pipe = openWritePipe(address, "saraban_http", 1, log);
  return {
    spools: await openClosedSpools({ dir: lettersDir }),
    provider,
    indexKeys,
    accept: acceptClosedInto({ room: "http", database, pipe }, now),
    async close() {
      await pipe.close();
      indexKeys.close();
      provider.close();
    },
  };
}
