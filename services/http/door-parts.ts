import type { Calendar } from "../shared/letter/holidays.ts";
import type { TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Kysely } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import type { ByteStore } from "../shared/runtime/store.ts";
import type { ActWaiters } from "./act-waiters.ts";

/** What the doors of clerks work with. */
export interface DoorParts {
  readonly database: Kysely<Tables>;
  readonly now: TrustedNow;
  readonly calendar: Calendar;
  readonly waiters: ActWaiters;
  /** Folder of finished prints; room printing fills it. */
  readonly printsDir: string;
  /** Large files of outbound letters (shared/letter/uploaded-files.ts). */
  readonly uploads: Pick<ByteStore, "spool" | "openStored">;
  readonly log: Log;
  /** Networks (CIDR, commas between them) of proxies that say whose request they pass on; "": none is believed. */
  readonly proxyNetworks: string;
}
