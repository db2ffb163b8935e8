import type { Readable } from "node:stream";
import { isGovernmentDomain, type SenderKind } from "../../shared/letter/sender-rules.ts";
import type { Settings } from "../../shared/runtime/settings.ts";
import { type KnownSenders, senderOf } from "../reading.ts";
import { checkSender, type SenderCheck } from "./check-sender.ts";
import { openDns } from "./resolve-dns.ts";
import type { SenderArrival } from "./sender-client.ts";
import { domainOf } from "./sender-domains.ts";
import { readSenderSettings } from "./sender-settings.ts";

export interface SenderChecks {
  /** Whether anything is checked; if not, every standing is "unchecked". */
  readonly on: boolean;
  /** As checkSender. */
  check(
    octets: Buffer | Readable,
    arrival: SenderArrival,
    fromAddress: string | null,
    known: KnownSenders,
  ): Promise<SenderCheck>;
  /** What the directory and the settings say of an address, for senderRule. */
  kindOf(fromAddress: string | null, known: KnownSenders): SenderKind;
  close(): void;
}

/**
 * The checks as the settings want them, with one resolver and its cache for all messages of the process.
 * @throws SettingsError with every fault of the settings "senders"
 */
export function openSenderChecks(
  settings: Pick<Settings, "senders" | "smtp" | "mailboxesFile">,
  now = () => new Date(),
): SenderChecks {
  const read = readSenderSettings(settings);
  const dns = openDns(read.dnsServers, read.dnsTimeoutMs);
  return {
    on: read.checks,
    check: (octets, arrival, fromAddress, known) =>
      checkSender(octets, arrival, fromAddress, {
        settings: read,
        dns,
        isKnown: (domain) => known.has(domain),
        now,
      }),
    kindOf(fromAddress, known) {
      const domain = fromAddress === null ? null : domainOf(fromAddress);
      return {
        isPartner: senderOf(fromAddress, known) !== null,
        isGovernment: domain !== null && isGovernmentDomain(domain, read.governmentDomains),
      };
    },
    close: () => dns.close(),
  };
}
