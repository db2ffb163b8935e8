import { afterAll, beforeAll, beforeEach } from "vitest";
import { startDnsServer, type TestDns } from "../../shared/testing/dns-server.ts";
import { checkSender, type SenderCheck } from "../sender/check-sender.ts";
import { type Dns, openDns } from "../sender/resolve-dns.ts";
import type { SenderArrival } from "../sender/sender-client.ts";
import { readSenderSettings } from "../sender/sender-settings.ts";
import { mailFrom, rsaKey, type TestKey } from "./signed-mail.ts";

export const MINISTRY = "ministry.example.go.th";
export const FROM = `saraban@${MINISTRY}`;
export const AT = new Date();
export const SENDERS = {
  check: "on",
  dnsServers: "",
  dnsTimeoutMs: 3_000,
  trustedRelays: "10.9.0.0/16",
  authservId: "relay.agency-a.example.go.th",
  governmentDomains: "go.th, mi.th",
  trustedSealers: "list.example.org",
  undecidedMinutes: 30,
} as const;
const ARRIVAL: SenderArrival = {
  door: "smtp",
  remoteAddress: "192.0.2.25",
  helo: "mail.ministry.example.go.th",
  mailFrom: FROM,
  arrivedAt: AT,
  authservId: null,
};
/** From elsewhere, with an envelope of elsewhere: only signatures can prove it. */
export const FORWARDED = {
  ...ARRIVAL,
  remoteAddress: "198.51.100.9",
  mailFrom: "bounce@forwarder.example.com",
};

export interface SenderBench {
  server: TestDns;
  key: TestKey;
  /** Checks a message that came from the ministry's own server, but for what `arrival` says. */
  check(
    message: Buffer,
    arrival?: Partial<SenderArrival>,
    more?: {
      from?: string | null;
      known?: string[];
      senders?: Partial<Record<keyof typeof SENDERS, string | number>>;
      now?: Date;
    },
  ): Promise<SenderCheck>;
  /** A letter with a signature of the domain. */
  signed(from?: string, domain?: string): Promise<Buffer>;
  /** Forgets all answers of DNS. */
  forget(): void;
}

/**
 * For each test a ministry in a real DNS server on loopback (UDP and TCP), with SPF, a DKIM key and p=reject, and a resolver
 * that knows nothing yet. Nothing of the checks is replaced.
 */
export function senderBench(): SenderBench {
  let dns: Dns | undefined;
  const bench = {
    async check(message, arrival = {}, more = {}) {
      const settings = readSenderSettings({
        senders: { ...SENDERS, ...more.senders } as never,
        smtp: { host: "127.0.0.1" } as never,
        mailboxesFile: "",
      });
      dns ??= openDns(bench.server.address, settings.dnsTimeoutMs);
      return await checkSender(message, { ...ARRIVAL, ...arrival }, more.from ?? null, {
        settings,
        dns,
        isKnown: (domain) => (more.known ?? []).includes(domain),
        now: () => more.now ?? AT,
      });
    },
    signed: (from = FROM, domain = MINISTRY) => mailFrom(from, { domain, key: bench.key }),
    forget() {
      dns?.close();
      dns = undefined;
    },
  } as SenderBench;
  beforeAll(async () => {
    bench.server = await startDnsServer();
    bench.key = rsaKey();
  });
  afterAll(() => bench.server.stop());
  beforeEach(() => {
    const { server, key } = bench;
    server.zone.clear();
    server.asked.length = 0;
    server.delayMs = 0;
    server.zone.set(`TXT ${MINISTRY}`, { texts: ["v=spf1 ip4:192.0.2.0/24 -all"] });
    server.zone.set(`TXT s1._domainkey.${MINISTRY}`, { texts: [key.record] });
    server.zone.set(`TXT _dmarc.${MINISTRY}`, { texts: ["v=DMARC1; p=reject; adkim=r; aspf=r"] });
    bench.forget();
  });
  afterAll(() => bench.forget());
  return bench;
}
