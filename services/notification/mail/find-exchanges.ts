import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { SettingsError } from "../../shared/runtime/settings.ts";
import type { SendResult } from "./mail-transport.ts";

/** Where a domain's mail goes. */
export interface ExchangeFinder {
  /**
   * The mail servers of a domain in the order in which they are tried (RFC 5321 §5.1): by preference, those of one
   * preference in random order; the domain itself where it has no MX record.
   * @param domain in ASCII (A-labels)
   * @returns why it cannot be sent there: for good, or now
   */
  find(domain: string): Promise<readonly Exchange[] | SendResult>;
  /** Its addresses, IPv6 and IPv4. @throws Error with the code of node:dns */
  addresses(host: string): Promise<readonly string[]>;
  close(): void;
}

export interface Exchange {
  /** In lower case, without the dot at its end. */
  readonly host: string;
  readonly preference: number;
}

/** Servers that are tried for one message; who publishes more gains nothing by the others. */
const MOST_EXCHANGES = 10;
const MOST_ADDRESSES = 8;
const HOST = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*$/;

/**
 * @param servers resolvers to ask (192.0.2.53:53, commas between them); empty: the system's
 * @param timeoutMs longest time for one question
 * @param random from 0 up to 1, for the order among equals
 * @throws SettingsError for what is no server
 */
export function openExchangeFinder(
  servers: string,
  timeoutMs: number,
  random: () => number = Math.random,
): ExchangeFinder {
  const resolver = new Resolver({ timeout: Math.max(Math.floor(timeoutMs / 3), 50), tries: 2 });
  const chosen = servers.split(/[\s,]+/).filter((server) => server !== "");
  try {
    if (chosen.length > 0) resolver.setServers(chosen);
  } catch {
    throw new SettingsError([
      `notification.resolver: ${JSON.stringify(servers)} names no servers; write 192.0.2.53:53`,
    ]);
  }
  // The timeouts of node:dns are for one server each, and it may be given several.
  const within = async <Answer>(pending: Promise<Answer>): Promise<Answer> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(Object.assign(new Error("ETIMEOUT"), { code: "ETIMEOUT" })), timeoutMs);
    });
    try {
      return await Promise.race([pending, late]);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    async find(domain) {
      try {
        const records = await within(resolver.resolveMx(domain));
        const named = records.filter(({ exchange }) => exchange !== "" && exchange !== ".");
        // RFC 7505 §3: a domain that says it takes no mail.
        if (records.length > 0 && named.length === 0)
          return { result: "permanent", reply: `556 5.1.10 ${domain} takes no mail (null MX)` };
        if (named.length === 0) return [{ host: domain, preference: 0 }];
        return inOrder(named, random);
      } catch (error) {
        const code = String((error as { code?: unknown }).code);
        // The answer holds no MX record: the domain stands for itself ("implicit MX"), if it has an address.
        if (code === "ENODATA") return [{ host: domain, preference: 0 }];
        if (code === "ENOTFOUND" || code === "EBADNAME")
          return { result: "permanent", reply: `550 5.1.2 there is no domain ${domain}` };
        return { result: "transient", reply: `the DNS does not tell the mail servers of ${domain}: ${code}` };
      }
    },
    async addresses(host) {
      const asked = await Promise.allSettled([
        within(resolver.resolve6(host)),
        within(resolver.resolve4(host)),
      ]);
      const found = asked.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
      if (found.length > 0) return found.slice(0, MOST_ADDRESSES);
      const codes = asked.map((answer) =>
        answer.status === "rejected" ? String((answer.reason as { code?: unknown }).code) : "ENODATA",
      );
      const code = codes.find((each) => each !== "ENODATA" && each !== "ENOTFOUND") ?? codes[0] ?? "ENODATA";
      throw Object.assign(new Error(code), { code });
    },
    close: () => resolver.cancel(),
  };
}

function inOrder(
  records: readonly { exchange: string; priority: number }[],
  random: () => number,
): readonly Exchange[] | SendResult {
  const usable = records
    .map(({ exchange, priority }) => ({
      host: exchange.toLowerCase().replace(/\.$/, ""),
      preference: priority,
      lot: random(),
    }))
    // An address in place of a name is no MX record (RFC 5321 §5.1), whoever may take it for one.
    .filter(({ host }) => HOST.test(host) && isIP(host) === 0)
    .sort((a, b) => a.preference - b.preference || a.lot - b.lot)
    .slice(0, MOST_EXCHANGES);
  if (usable.length === 0)
    return { result: "permanent", reply: "550 5.4.4 the domain's MX records name no mail server" };
  return usable.map(({ host, preference }) => ({ host, preference }));
}
