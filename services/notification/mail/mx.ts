import { domainToASCII } from "node:url";
import type { Destinations } from "./destinations.ts";
import type { SignerFor } from "./dkim-keys.ts";
import type { Exchange, ExchangeFinder } from "./find-exchanges.ts";
import { oneLine, resultOfError } from "./judge-error.ts";
import { estimateOctets, openMessage, reportsWanted } from "./mail-options.ts";
import type { MailTransport, SendResult } from "./mail-transport.ts";
import type { OutgoingMail } from "./outgoing-mail.ts";
import { openSession, type SmtpSession } from "./smtp-session.ts";

export interface MxParts {
  readonly finder: ExchangeFinder;
  /** By recipient's domain. */
  readonly destinations: Destinations;
  /** Our own name: for EHLO, and to know ourselves among a domain's mail servers. */
  readonly ourName: string;
  readonly port: number;
  readonly tls: "opportunistic" | "required";
  /** Whether an address may be connected to; who owns a domain chooses where it points. */
  readonly isPrivate: (address: string) => boolean;
  readonly allowPrivate: boolean;
  /** Whether mail for a domain is taken by this installation: then its mail server may be we, wherever that is. */
  readonly isServedHere: (domain: string) => Promise<boolean>;
  readonly signerFor: SignerFor;
  readonly setupTimeoutMs: number;
}

/** No further server is begun with after this: the next try of the message comes anyway, and others need the worker. */
const LONGEST_SEARCH_MS = 90_000;
const MOST_ADDRESSES_TRIED = 8;

/**
 * Sends straight to the recipient's mail servers (RFC 5321 §5.1): the next one where one does not answer, does not greet us,
 * or gives no TLS where it is required.
 */
export function openMx(parts: MxParts): MailTransport {
  const { destinations, finder } = parts;
  const stopping = new AbortController();
  return {
    channel: "mx",
    async send(to, compose) {
      const domain = domainOf(to);
      if (domain === null) return { result: "permanent", reply: "550 5.1.3 the address names no domain" };
      const place = destinations.enter(domain);
      if (place.state === "wait")
        return { result: "put-off", waitMs: place.waitMs, reply: `${domain} ${place.why}` };
      let away: string | null = null;
      try {
        const mail = await compose();
        const found = await reach(parts, domain, stopping.signal);
        if (!("session" in found)) {
          if (found.result === "transient") away = found.reply;
          return found;
        }
        return await handOver(parts, found, mail);
      } finally {
        place.leave(away);
      }
    },
    // Each destination is its own; a resolver that is away shows in what is said of each.
    trouble: async () => null,
    close() {
      stopping.abort();
      finder.close();
    },
  };
}

/** In A-labels; null where there is none, or an address in its place (user@[192.0.2.1]). */
function domainOf(address: string): string | null {
  const domain = domainToASCII(address.slice(address.lastIndexOf("@") + 1)).toLowerCase();
  return domain === "" || domain.includes("[") || !/[a-z]/.test(domain) ? null : domain.replace(/\.$/, "");
}

interface Reached {
  readonly session: SmtpSession;
  /** For the record: which server it was. */
  readonly server: string;
}

/** A session with the first of a domain's mail servers that takes us, or why there is none. */
async function reach(parts: MxParts, domain: string, signal: AbortSignal): Promise<Reached | SendResult> {
  const { finder, isServedHere } = parts;
  const found = await finder.find(domain);
  if ("result" in found) return found;
  const isOurs = await isServedHere(domain);
  const hosts = isOurs ? found : beforeUs(found, parts.ourName);
  if (hosts.length === 0)
    return {
      result: "permanent",
      reply: `550 5.4.6 the mail servers of ${domain} are this one, which does not serve it`,
    };
  const startedMs = performance.now();
  const troubles: Trouble[] = [];
  let tried = 0;
  for (const { host } of hosts) {
    for (const address of await addressesOf(parts, host, isOurs, troubles)) {
      if (tried >= MOST_ADDRESSES_TRIED || performance.now() - startedMs > LONGEST_SEARCH_MS) break;
      tried++;
      const server = `${host} [${address}]`;
      try {
        return { session: await greet(parts, host, address, signal), server };
      } catch (error) {
        const { reply } = resultOfError(error, "mx");
        troubles.push({ words: `${server}: ${reply}`, isFinal: false });
      }
    }
  }
  // The server that was tried last is seldom the one that matters: all are told, as far as they fit.
  const reply = oneLine(troubles.map(({ words }) => words).join("; "));
  return { result: troubles.every(({ isFinal }) => isFinal) ? "permanent" : "transient", reply };
}

interface Trouble {
  readonly words: string;
  /** No later try mends it. */
  readonly isFinal: boolean;
}

/** RFC 5321 §5.1: of mail servers that include ourselves, only those before us; the others would send it back to us. */
function beforeUs(found: readonly Exchange[], ourName: string): readonly Exchange[] {
  const us = found.find(({ host }) => host === ourName.toLowerCase());
  return us ? found.filter(({ preference }) => preference < us.preference) : found;
}

async function addressesOf(
  { finder, isPrivate, allowPrivate }: MxParts,
  host: string,
  isOurs: boolean,
  troubles: Trouble[],
): Promise<readonly string[]> {
  try {
    const addresses = await finder.addresses(host);
    return addresses.filter((address) => {
      if (allowPrivate || isOurs || !isPrivate(address)) return true;
      const words = `550 5.4.4 ${host} has the private address ${address} (notification.allowPrivate)`;
      troubles.push({ words, isFinal: true });
      return false;
    });
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    troubles.push({
      words: `${host} has no address: ${code}`,
      isFinal: code === "ENOTFOUND" || code === "ENODATA",
    });
    return [];
  }
}

async function greet(
  { port, ourName, tls, setupTimeoutMs }: MxParts,
  host: string,
  address: string,
  signal: AbortSignal,
): Promise<SmtpSession> {
  const options = { address, port, host, ourName, setupTimeoutMs };
  try {
    return await openSession({ ...options, tls }, signal);
  } catch (error) {
    // A broken TLS at the other end is no reason to keep a letter back that may go in the clear (RFC 7435 §3).
    if (tls === "required" || !(error as { isTls?: boolean }).isTls) throw error;
    return openSession({ ...options, tls: "none" }, signal);
  }
}

async function handOver(
  { signerFor }: MxParts,
  { session, server }: Reached,
  mail: OutgoingMail,
): Promise<SendResult> {
  const needsUtf8 = [mail.to, mail.returnPath].some((address) => /[^\x00-\x7f]/.test(localPartOf(address)));
  if (needsUtf8 && !session.offers("SMTPUTF8")) {
    session.end();
    const reply = `553 5.6.7 ${server} takes no addresses beyond ASCII (SMTPUTF8)`;
    return { result: "permanent", reply };
  }
  const message = await openMessage(mail, signerFor);
  try {
    const envelope = {
      from: message.from,
      to: message.to,
      sizeBytes: estimateOctets(mail),
      ...(mail.returnPath === "" ? {} : { dsn: reportsWanted(mail) }),
    };
    const answer = await session.send(envelope, message.octets);
    return { result: "accepted", reply: oneLine(`${answer} (${server})`) };
  } catch (error) {
    // Not theirs: a file of ours could not be read. They have got no final dot, so nothing of it is there.
    if ((error as { code?: string }).code === "ESTREAM") throw error;
    const { result, reply } = resultOfError(error, "mx");
    return { result, reply: oneLine(`${reply} (${server})`) };
  } finally {
    message.octets.destroy();
    session.end();
  }
}

function localPartOf(address: string): string {
  return address.slice(0, Math.max(0, address.lastIndexOf("@")));
}
