/**
 * CLOCK
 *
 * Receives    answers of the reference servers (NTP, RFC 5905 client mode over UDP).
 * Writes      clock_sample: each answer or missing answer, and the fix that every process of this host tells its time from.
 * Promises    asks only as often as the servers wish (RATE, DENY); believes none alone where two or more are configured; a
 *             stated error bound holds as long as most of the servers are truthful and this host's oscillator is within
 *             what is assumed. Samples are kept for clock.keepDays, 90 at least.
 * May not     touch the system clock, see anything of a letter.
 * Standards   RFC 5905 (client mode), RFC 9109; Annex 6 §2.2.4; see schemas/standards.txt.
 * Settings    clock.*, database.*.
 * Fails       servers silent or in disagreement: the last fix is carried on, its bound grows, the state says so.
 *             database away: measures on, keeps the samples of about two hours. Killed: the other processes carry on the
 *             last fix; the next start measures anew.
 * Limits      one such service on each host that runs others. No authentication of servers (NTS), no interleaved mode. A
 *             system clock that is slewed is seen only at the next poll. A leap second makes the time stand for a second.
 */
import { hostname } from "node:os";
import { startHeartbeat } from "../shared/letter/heartbeat.ts";
import type { StartRoom } from "../shared/letter/room.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { openDatabase } from "../shared/runtime/database.ts";
import { openSampleKeeper } from "./keep-samples.ts";
import { measureClock } from "./measure-clock.ts";
import { insertSample, removeSamples } from "./sample-store.ts";
import { parseTimeServer } from "./time-server.ts";
import { CLOCK_DEFAULTS } from "./trusted-clock.ts";

const REMOVE_EVERY_MS = 3_600_000;

export const start: StartRoom = async ({ settings, address, log }) => {
  const { clock } = settings;
  const servers = clock.servers
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(parseTimeServer);
  const database = openDatabase<Tables>(address, "saraban_clock", 2, log);
  const measuredBy = `${hostname()}:${process.pid}`;
  const keeper = openSampleKeeper(
    (report) => insertSample(database, report, measuredBy),
    (error, waiting) => log.warn({ err: error, waiting }, "a clock sample cannot be kept now"),
  );
  const measurement = measureClock({
    ...CLOCK_DEFAULTS,
    ...clock,
    servers,
    onReport: (report) => keeper.keep(report),
  });
  const trouble = (): string | null => {
    if (servers.length === 0) return null;
    const { agreed, reason } = measurement.report();
    return keeper.trouble() ?? (agreed ? null : reason);
  };
  const heartbeat = await startHeartbeat(database, "clock", trouble, log);
  const removing = setInterval(() => {
    removeSamples(database, clock.keepDays).catch((error: unknown) =>
      log.warn({ err: error }, "old clock samples cannot be removed"),
    );
  }, REMOVE_EVERY_MS);
  return {
    name: "clock",
    says: [
      servers.length === 0
        ? "No reference clock is configured: times are marked so"
        : `Reference clocks: ${clock.servers}`,
    ],
    async stop() {
      clearInterval(removing);
      await measurement.stop();
      await heartbeat.stop();
      await keeper.stop();
      await database.destroy();
    },
  };
};
