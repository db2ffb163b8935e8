import { join } from "node:path";
import { fromProject, SettingsError } from "../../shared/runtime/settings.ts";
import { filePlace } from "./file-place.ts";
import { type ProveConsistency, partnerPlace } from "./partner-place.ts";
import type { Place } from "./place.ts";
import { type SyslogTransport, syslogPlace } from "./syslog-place.ts";

/** Where checkpoints go when nothing is set: better than nowhere, and on the same disk. */
function defaultPlaceFile(dataDir: string): string {
  return join(dataDir, "audit", "checkpoints.jsonl");
}

/** Those of the second places that are files. */
export function placeFiles(setting: string, dataDir: string): string[] {
  const named = namedPlaces(setting);
  if (named.length === 0) return [defaultPlaceFile(dataDir)];
  return named.filter((place) => !place.includes("://")).map(fromProject);
}

function namedPlaces(setting: string): string[] {
  return setting.split(/[\s,]+/).filter((place) => place !== "");
}

/**
 * The second places that audit.secondPlace names: files, syslog servers and partners' services, with commas between them.
 * @throws SettingsError that names what cannot be used
 */
export function readPlaces(setting: string, dataDir: string, proveConsistency: ProveConsistency): Place[] {
  const named = namedPlaces(setting);
  if (named.length === 0) return [filePlace(defaultPlaceFile(dataDir))];
  return named.map((place) => {
    if (!place.includes("://")) return filePlace(fromProject(place));
    const url = URL.parse(place);
    const syslog = /^syslog(?:\+(udp|tcp|tls))?:$/.exec(url?.protocol ?? "");
    if (url !== null && syslog !== null && url.hostname !== "") {
      const host = url.hostname.replace(/^\[|\]$/g, "");
      const transport = (syslog[1] ?? "udp") as SyslogTransport;
      return syslogPlace(transport, host, url.port === "" ? undefined : Number(url.port));
    }
    if (url !== null && url.username === "" && url.password === "" && isSafe(url))
      return partnerPlace(url.href, proveConsistency);
    throw new SettingsError([
      `audit.secondPlace: ${place} is no file, no syslog server (syslog+tls://HOST:PORT) and no service of a partner (https://…/api/v1/witness/checkpoints)`,
    ]);
  });
}

/** In the clear only to this machine itself. */
function isSafe({ protocol, hostname }: URL): boolean {
  return (
    protocol === "https:" || (protocol === "http:" && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname))
  );
}
