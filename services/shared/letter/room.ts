import type { DatabaseAddress } from "../runtime/database.ts";
import type { Ears } from "../runtime/ears.ts";
import type { Running } from "../runtime/lifecycle.ts";
import type { Log } from "../runtime/log.ts";
import type { Settings } from "../runtime/settings.ts";
import type { JobHome } from "./job-home.ts";
import type { TrustedNow } from "./stamp.ts";

/** What every room is started with. */
export interface RoomParts {
  readonly settings: Settings;
  readonly address: DatabaseAddress;
  /** The process's one connection on which it hears of news in the database. */
  readonly ears: Ears;
  readonly home: JobHome;
  readonly now: TrustedNow;
  readonly log: Log;
}

/** A started room; `says` are lines for the person who started it ("SMTP on 127.0.0.1:2525"). */
export interface StartedRoom extends Running {
  readonly says: readonly string[];
}

/** Each room's main.ts exports this as `start`. Resolves when the room can work. */
export type StartRoom = (parts: RoomParts) => Promise<StartedRoom>;
