import type { AcceptLetter } from "../shared/letter/arrival/envelope.ts";
import type { Calendar } from "../shared/letter/holidays.ts";
import type { TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import type { Kysely } from "../shared/runtime/database.ts";
import type { Log } from "../shared/runtime/log.ts";
import type { ByteStore } from "../shared/runtime/store.ts";
import type { ActWaiters } from "./act-waiters.ts";
import type { ClosedDoor } from "./closed/open-closed-door.ts";
import type { InboxWaiters } from "./inbox/inbox-waiters.ts";
import type { OfficeDirectory } from "./letters/office-directory.ts";
import type { OutcomeWaiters } from "./letters/outcome-waiters.ts";
import type { QueueRoom } from "./letters/queue-room.ts";

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
  /** The narrow place for what programs hand in (letters/accept-program-letter.ts). */
  readonly acceptLetter: AcceptLetter;
  /** Octets of arrivals, of every door. */
  readonly letters: Pick<ByteStore, "spool" | "openStored">;
  /** What classified letters of appointed programs are taken in with. */
  readonly closed: ClosedDoor;
  /** False while too many letters wait: programs are asked to come again later. */
  readonly queueRoom: QueueRoom;
  /** For requests that wait for their letter's number. */
  readonly outcomes: OutcomeWaiters;
  /** For requests that wait for something in their client's inbox. */
  readonly inboxes: InboxWaiters;
  /** Agencies served here and their partners, by organisation number and by domain. */
  readonly offices: OfficeDirectory;
  readonly log: Log;
  /** Where the e-CMS door stands (ecms.path). */
  readonly ecmsPath: string;
  /** Networks (CIDR, commas between them) of proxies that say whose request they pass on; "": none is believed. */
  readonly proxyNetworks: string;
}
