import type { Settings } from "../../shared/runtime/settings.ts";
import { openDestinations } from "../mail/destinations.ts";
import type { SentFiles } from "../outbound/open-sent-file.ts";
import type { EcmsChannel } from "./ecms-channel.ts";
import { openEcmsChannel } from "./ecms-sender.ts";

const LONGEST_AWAY_MS = 15 * 60_000;

/** The way out by e-CMS as the settings want it. */
export interface OpenEcms {
  readonly channel: EcmsChannel;
  /** Breaks off the calls that are under way: they are made again after the next start. */
  stop(): void;
}

export function openEcms(
  parts: SentFiles,
  { ecms, notification }: Pick<Settings, "ecms" | "notification">,
): OpenEcms {
  const { allowPrivate, timeoutSeconds, maxAnswerBytes } = ecms;
  const { perDestination, perDestinationPerMinute, concurrency } = notification;
  const stopping = new AbortController();
  // Nodes that do not answer may hold a quarter of the workers, as mail servers may.
  const probes = Math.max(1, Math.floor(concurrency / 4));
  const destinations = openDestinations({
    atOnce: perDestination,
    perMinute: perDestinationPerMinute,
    probes,
    longestAwayMs: LONGEST_AWAY_MS,
  });
  const limits = {
    allowPrivate,
    idleMs: timeoutSeconds * 1000,
    largestAnswer: maxAnswerBytes,
    stopping: stopping.signal,
  };
  return {
    channel: openEcmsChannel({ ...parts, destinations, limits }),
    stop: () => stopping.abort(),
  };
}
