import { join } from "node:path";
import { openPrivateAddresses } from "../../shared/runtime/private-addresses.ts";
import { fromProject, type Settings } from "../../shared/runtime/settings.ts";
import { openDestinations } from "./destinations.ts";
import { readDkimKeys, signNothing } from "./dkim-keys.ts";
import { openExchangeFinder } from "./find-exchanges.ts";
import { openMailFolder } from "./mail-folder.ts";
import type { MailTransport } from "./mail-transport.ts";
import { openMx } from "./mx.ts";
import { openSmarthost } from "./smarthost.ts";

const LONGEST_AWAY_MS = 15 * 60_000;
const DNS_TIMEOUT_MS = 10_000;
const SETUP_TIMEOUT_MS = 60_000;

/** The way out that the settings name, and what to say of it at the start. */
export interface WayOut {
  /** Undefined while outgoing mail has to wait for a smarthost. */
  readonly transport: MailTransport | undefined;
  readonly says: string;
}

/**
 * @param isServedHere whether mail for a domain (in A-labels) is taken by this installation
 * @throws SettingsError for DKIM keys or resolvers that cannot be used
 */
export function openTransport(
  settings: Settings,
  isServedHere: (domain: string) => Promise<boolean>,
): WayOut {
  const { notification, smtp, dataDir, database } = settings;
  const { delivery, smarthostUrl, withoutSmarthost, concurrency, dkimKeysDir, resolver } = notification;
  const { perDestination, perDestinationPerMinute: perMinute, allowPrivate, tls, mxPort } = notification;
  const signerFor =
    dkimKeysDir === "" ? signNothing : readDkimKeys(fromProject(dkimKeysDir), join(dataDir, "signing"));
  const ourName = smtp.hostname;
  if (delivery === "mx") {
    // Servers that do not answer may hold a quarter of the workers, whoever and however many they are.
    const probes = Math.max(1, Math.floor(concurrency / 4));
    const limits = { atOnce: perDestination, perMinute, probes, longestAwayMs: LONGEST_AWAY_MS };
    const transport = openMx({
      finder: openExchangeFinder(resolver, DNS_TIMEOUT_MS),
      destinations: openDestinations(limits),
      ourName,
      port: mxPort,
      tls,
      isPrivate: openPrivateAddresses(),
      allowPrivate,
      isServedHere,
      signerFor,
      setupTimeoutMs: SETUP_TIMEOUT_MS,
    });
    return { transport, says: "Mail goes out straight to the recipients' mail servers" };
  }
  if (smarthostUrl !== "") {
    const transport = openSmarthost(smarthostUrl, concurrency, ourName, perMinute, signerFor);
    return { transport, says: `Mail goes out through ${new URL(smarthostUrl).host}` };
  }
  const writeFiles =
    withoutSmarthost === "write-files" || (withoutSmarthost === "auto" && database.url === "");
  if (!writeFiles)
    return { transport: undefined, says: "Outgoing mail waits: no smarthost is set (SARABAN_SMARTHOST_URL)" };
  const folder = join(dataDir, "outgoing");
  return {
    transport: openMailFolder(folder, signerFor),
    says: `Outgoing mail is written to ${folder} (no smarthost is set)`,
  };
}
