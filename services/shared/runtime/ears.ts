import pg from "pg";
import { connectionOptions, type DatabaseAddress, type RoomRole } from "./database.ts";
import type { Log } from "./log.ts";

/**
 * What is heard on a channel: the word of one NOTIFY; null when words may have been missed (at first, and after the
 * connection was cut), so that whoever listens has to look.
 */
export type Heard = (word: string | null) => void;

/** PostgreSQL's NOTIFY, for all of a process. */
export interface Ears {
  listen(channel: string, heard: Heard): { stop(): void };
  stop(): Promise<void>;
}

interface Listener {
  readonly channel: string;
  readonly heard: Heard;
  /** Whether the connection that is open now listens for it. */
  isServed: boolean;
}

const OPEN_AGAIN_MS = 1_000;

/**
 * Listens on all channels that a process wants over one connection, for ever: one that is cut is opened again. One, because
 * PostgreSQL wakes every connection that listens to anything at each NOTIFY, whatever its channel. Connects with the first
 * listener.
 */
export function openEars(address: DatabaseAddress, role: RoomRole, log: Log): Ears {
  const listeners = new Set<Listener>();
  let client: pg.Client | undefined;
  let isConnected = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  /** Listens for those who came since the last time. */
  const serve = async (connected: pg.Client): Promise<void> => {
    const unserved = [...listeners].filter(({ isServed }) => !isServed);
    if (unserved.length === 0) return;
    for (const listener of unserved) listener.isServed = true;
    const channels = [...new Set(unserved.map(({ channel }) => channel))];
    try {
      await connected.query(channels.map((channel) => `listen ${pg.escapeIdentifier(channel)}`).join("; "));
    } catch (error) {
      void connected.end().catch(() => {}); // what it listens to is not known: the next connection begins anew
      throw error;
    }
    for (const { heard } of unserved) heard(null);
  };

  const connect = async (): Promise<void> => {
    const opened = new pg.Client(connectionOptions(address, role));
    client = opened;
    opened.on("notification", ({ channel, payload = "" }) => {
      for (const listener of listeners) if (listener.channel === channel) listener.heard(payload);
    });
    opened.on("error", () => {});
    opened.on("end", () => {
      isConnected = false;
      for (const listener of listeners) listener.isServed = false;
      if (!stopped) timer = setTimeout(start, OPEN_AGAIN_MS);
    });
    await opened.connect();
    isConnected = true;
    await serve(opened);
  };
  const complain = (error: unknown): void => {
    if (!stopped) log.warn({ err: error }, "cannot listen to the database; trying again");
  };
  const start = (): void => void connect().catch(complain);

  return {
    listen(channel, heard) {
      const listener = { channel, heard, isServed: false };
      listeners.add(listener);
      if (client === undefined) start();
      else if (isConnected) void serve(client).catch(complain); // else it is served with the connection
      return { stop: () => void listeners.delete(listener) };
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await client?.end().catch(() => {});
    },
  };
}
