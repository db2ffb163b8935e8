import { openClosedSpools } from "../../shared/closed/closed-spool.ts";
import { openIndexKeys, sealedBefore } from "../../shared/closed/index-keys.ts";
import type { KeyProvider, UsedBy } from "../../shared/closed/key-provider.ts";
import { acceptClosedInto } from "../../shared/letter/arrival/accept-closed.ts";
import type { TrustedNow } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import { type DatabaseAddress, type Kysely, openWritePipe } from "../../shared/runtime/database.ts";
import type { Log } from "../../shared/runtime/log.ts";
import type { ClosedQueue } from "./closed-item.ts";

/** Opens nothing but folders: keys are asked for with the first classified letter. */
export async function openClosedQueue({
  database,
  address,
  lettersDir,
  openKeys,
  now,
  log,
}: {
  readonly database: Kysely<Tables>;
  readonly address: DatabaseAddress;
  readonly lettersDir: string;
  readonly openKeys: (usedBy: UsedBy) => KeyProvider;
  readonly now: TrustedNow;
  readonly log: Log;
}): Promise<ClosedQueue & { close(): Promise<void> }> {
  const actor = "worker:intake";
  const provider = openKeys(sealedBefore(database, actor));
  const indexKeys = openIndexKeys(database, provider, actor, () => now().at);
  const pipe = openWritePipe(address, "saraban_intake", 1, log);
  return {
    spools: await openClosedSpools({ dir: lettersDir }),
    provider,
    indexKeys,
    accept: acceptClosedInto({ room: "intake", database, pipe }, now),
    async close() {
      await pipe.close();
      indexKeys.close();
      provider.close();
    },
  };
}
