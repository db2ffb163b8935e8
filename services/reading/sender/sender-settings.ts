import { type NetworkSet, readNetworks } from "../../shared/runtime/networks.ts";
import { readYaml, type Settings, SettingsError } from "../../shared/runtime/settings.ts";
import { plainDomain } from "./sender-domains.ts";

/** The settings "senders", read. */
export interface SenderSettings {
  /** Whether senders are checked at all. */
  readonly checks: boolean;
  readonly dnsServers: string;
  readonly dnsTimeoutMs: number;
  /** Whether an address is that of a front relay of our own. */
  readonly isTrustedRelay: NetworkSet;
  /** The name in our relays' Authentication-Results, lower case; null: none is believed. */
  readonly authservId: string | null;
  /** As A-labels. */
  readonly governmentDomains: readonly string[];
  readonly trustedSealers: readonly string[];
  readonly undecidedMs: number;
}

/** @throws SettingsError with every entry that is none */
export function readSenderSettings({
  senders,
  smtp,
  mailboxesFile,
}: Pick<Settings, "senders" | "smtp" | "mailboxesFile">): SenderSettings {
  const faults: string[] = [];
  const settings: SenderSettings = {
    checks: checksSenders(senders, smtp.host, mailboxesFile),
    dnsServers: senders.dnsServers,
    dnsTimeoutMs: senders.dnsTimeoutMs,
    isTrustedRelay: relays(senders.trustedRelays, faults),
    authservId: senders.authservId === "" ? null : senders.authservId.toLowerCase(),
    governmentDomains: domains(senders.governmentDomains, "senders.governmentDomains", faults),
    trustedSealers: domains(senders.trustedSealers, "senders.trustedSealers", faults),
    undecidedMs: senders.undecidedMinutes * 60_000,
  };
  if (faults.length > 0) throw new SettingsError(faults);
  return settings;
}

/**
 * auto: on wherever a stranger can reach the door, or somebody has said how to check. An installation on loopback alone,
 * as `npm start` makes it, hears nobody but this machine, and may have no DNS to ask. A mailbox elsewhere is a door, too.
 */
function checksSenders(senders: Settings["senders"], smtpHost: string, mailboxesFile: string): boolean {
  if (senders.check !== "auto") return senders.check === "on";
  const configured = senders.dnsServers !== "" || senders.trustedRelays !== "";
  const isOpen = !/^(?:localhost|127\.[0-9.]{1,11}|::1)$/.test(smtpHost);
  return configured || isOpen || namesMailboxes(mailboxesFile);
}

/** What cannot be read is intake's to complain of; until it is mended nobody is taken at his word. */
function namesMailboxes(mailboxesFile: string): boolean {
  try {
    const { mailboxes } = readYaml(mailboxesFile);
    return !Array.isArray(mailboxes) || mailboxes.length > 0;
  } catch {
    return true;
  }
}

function domains(text: string, setting: string, faults: string[]): string[] {
  return entriesOf(text).flatMap((entry) => {
    const domain = plainDomain(entry);
    if (domain !== null) return [domain];
    faults.push(`${setting}: ${JSON.stringify(entry)} is no domain`);
    return [];
  });
}

/** Its faults are told with those of the other settings. */
function relays(text: string, faults: string[]): NetworkSet {
  try {
    return readNetworks(text, "senders.trustedRelays");
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    faults.push(...error.faults);
    return () => false;
  }
}

function entriesOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((entry) => entry !== "");
}
