import type { Readable } from "node:stream";
import { dmarc } from "mailauth/lib/dmarc/index.js";
import { spf } from "mailauth/lib/spf/index.js";
import type { DocumentSignature } from "../../shared/ecms/document-signature.ts";
import { isGovernmentDomain, type Standing } from "../../shared/letter/sender-rules.ts";
import type { SignatureCheck } from "../program/check-signature.ts";
import { decideStanding } from "./decide-standing.ts";
import type { AskDns, Dns } from "./resolve-dns.ts";
import { believedResults, findClient, type SenderArrival } from "./sender-client.ts";
import { domainOf, isRelated, plainDomain } from "./sender-domains.ts";
import { type HeadField, openSenderOctets } from "./sender-head.ts";
import type { MethodResult } from "./sender-results.ts";
import type { SenderSettings } from "./sender-settings.ts";
import { askKeysOf, type Signature, type Signatures, verifySignatures } from "./sender-signatures.ts";

/** reading.standing and reading.sender_check of one message. At most some 8 KiB, and nothing of the letter but domains. */
export interface SenderCheck {
  readonly standing: Standing;
  readonly detail: SenderDetail;
  /** Undecided, and it may still change: check again after so long. Null: this is the last word. */
  readonly retryAfterMs: number | null;
}

export interface SenderDetail {
  readonly spf: { readonly result: string; readonly domain: string | null };
  readonly dkim: readonly (Signature & { readonly aligned: boolean })[];
  readonly dmarc: { readonly result: string; readonly policy: string; readonly domain: string | null };
  readonly arc: { readonly result: string; readonly trustedBy?: string };
  /** Codes that say why nothing could be proved: from-unclear, from-differs, head-too-large, unreadable. */
  readonly trouble?: string;
  /** Of what came by program: the door, and the client that handed it in (null: fetched from an e-CMS node). */
  readonly program?: { readonly door: string; readonly client: string | null };
  /** ds:Signature of an e-CMS document: how it was made, and whether it holds by the key in it, which nobody vouches for. */
  readonly signature?: DocumentSignature & { readonly check: SignatureCheck; readonly proved: false };
  /** When it was checked, ISO 8601 UTC. */
  readonly at: string;
}

export interface SenderCheckParts {
  readonly settings: SenderSettings;
  readonly dns: Dns;
  /** Whether a domain is a partner's or an agency's that is served here. */
  readonly isKnown: (domain: string) => boolean;
  readonly now: () => Date;
}

type Dmarc = { result: "pass" | "fail" | "none" | "temperror"; policy: string; domain: string | null };
type Spf = { result: string; domain: string | null };

const NO_SPF: Spf = { result: "none", domain: null };
const NO_DMARC: Dmarc = { result: "none", policy: "none", domain: null };

// So many questions a message may cause at most: keys of its 10 signatures and 11 of its seals; 10 of SPF, each of which may
// name 10 servers with two addresses; 8 for a policy and 8 for each domain that is compared with it.
const MOST_KEY_QUESTIONS = 24;
const MOST_KEYS_OF_FROM = 10;
const MOST_SPF_QUESTIONS = 60;
const MOST_POLICY_QUESTIONS = 60;

/**
 * Checks who sent a message: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489, as RFC 9989 discovers policies), ARC (RFC
 * 8617). Asks nothing of DNS beyond the bounds above and 4 × senders.dnsTimeoutMs, whatever the message says.
 *
 * @param octets the message; a stream is read to its end, or destroyed
 * @param fromAddress the From address that the rest of the reading goes by; null when there is none or several
 * @throws only what the stream rejects with: that is the disk's fault and not the message's
 */
export async function checkSender(
  octets: Buffer | Readable,
  arrival: SenderArrival,
  fromAddress: string | null,
  parts: SenderCheckParts,
): Promise<SenderCheck> {
  const at = parts.now().toISOString();
  if (!parts.settings.checks) {
    if (!Buffer.isBuffer(octets)) octets.destroy();
    return { standing: "unchecked", detail: detailOf(at, NO_SPF, [], NO_DMARC, "none"), retryAfterMs: null };
  }
  const message = await openSenderOctets(octets);
  if (message === null) return evaded(at, fromAddress, parts, "head-too-large");
  const withinMs = parts.settings.dnsTimeoutMs * 2;
  const client = findClient(message.fields, arrival, parts.settings.isTrustedRelay);
  const believed = believedResults(message.fields, arrival, parts.settings);
  const [read, spfResult] = await Promise.all([
    verifyOrGiveUp(message.octets, message.fields, parts.dns.forStep(MOST_KEY_QUESTIONS, withinMs), arrival),
    client === null
      ? believedSpf(believed)
      : checkSpf(
          client.address,
          client.helo,
          arrival.mailFrom,
          parts.dns.forStep(MOST_SPF_QUESTIONS, withinMs),
        ),
    askKeysOf(
      fromAddress === null ? null : domainOf(fromAddress),
      message.fields,
      parts.dns.forStep(MOST_KEYS_OF_FROM, withinMs),
    ),
  ]);
  if (read === null) return evaded(at, fromAddress, parts, "unreadable");
  const froms = [...new Set(read.fromAddresses.map(domainOf))];
  const fromDomain = read.fromFields === 1 && read.fromAddresses.length === 1 ? (froms[0] ?? null) : null;
  // Two readers that see two senders: one of them is deceived.
  if (fromAddress !== null && domainOf(fromAddress) !== fromDomain)
    return evaded(at, fromAddress, parts, "from-differs");
  const ask = parts.dns.forStep(MOST_POLICY_QUESTIONS, withinMs);
  const passed = read.signatures.filter(({ result }) => result === "pass");
  const unanswered = read.signatures.filter(({ result }) => result === "temperror");
  const spfPassed = spfResult.result === "pass" ? spfResult.domain : null;
  const policy = await checkDmarc(fromDomain, spfPassed, passed, ask);
  const hopeful = [...passed, ...unanswered];
  const hopefulSpf = spfResult.result === "temperror" ? spfResult.domain : spfPassed;
  const speaksForFrom = (domain: string | null): boolean =>
    fromDomain !== null && domain !== null && isRelated(domain, fromDomain);
  const lacksAnswer = unanswered.length > 0 || spfResult.result === "temperror";
  const trustedBy = vouchingSealer(read, fromDomain, parts.settings.trustedSealers);
  const standing = decideStanding({
    fromDomain,
    guarded: fromDomain !== null && isGuarded(fromDomain, parts),
    dmarc: policy.result,
    policy: policy.policy as "none" | "quarantine" | "reject",
    dnsMatters:
      lacksAnswer &&
      (policy.result === "fail"
        ? (await checkDmarc(fromDomain, hopefulSpf, hopeful, ask)).result !== "fail"
        : unanswered.some(({ domain }) => speaksForFrom(domain)) ||
          (spfResult.result === "temperror" && speaksForFrom(spfResult.domain))),
    relatedPass: speaksForFrom(spfPassed) || passed.some(({ domain }) => speaksForFrom(domain)),
    relatedSpfFail: spfResult.result === "fail" && speaksForFrom(spfResult.domain),
    clientKnown: client !== null || spfResult.result !== "none",
    believed: believedDmarc(believed, fromDomain),
    vouched: trustedBy !== undefined,
  });
  const aligned = read.signatures.map((signature) => ({
    ...signature,
    aligned: speaksForFrom(signature.domain),
  }));
  return {
    standing,
    detail: {
      ...detailOf(
        at,
        spfResult,
        aligned,
        policy,
        read.chain.result,
        fromDomain === null ? "from-unclear" : undefined,
      ),
      arc: { result: read.chain.result, ...(trustedBy === undefined ? {} : { trustedBy }) },
    },
    retryAfterMs: standing === "undecided" ? retryAfter(arrival.arrivedAt, parts) : null,
  };
}

async function verifyOrGiveUp(
  octets: Readable,
  fields: readonly HeadField[],
  ask: AskDns,
  { arrivedAt }: SenderArrival,
): Promise<Signatures | null> {
  try {
    return await verifySignatures(octets, fields, ask, arrivedAt);
  } catch (error) {
    // The disk's fault (EIO, ENOENT …) is ours and passes; what the library cannot read is the message's.
    if (typeof (error as NodeJS.ErrnoException).errno === "number") throw error;
    return null;
  } finally {
    octets.destroy();
  }
}

async function checkSpf(ip: string, helo: string, mailFrom: string, ask: AskDns): Promise<Spf> {
  try {
    const sender = mailFrom.replace(/^<|>$/g, "");
    // Its name goes into what it asks of strangers (%{r}): nothing of this machine.
    const found = await spf({
      ip,
      helo: helo === "" ? "unknown" : helo,
      sender,
      mta: "unknown",
      resolver: ask,
    });
    return { result: found.status.result, domain: plainDomain(found.domain) };
  } catch {
    return { result: "permerror", domain: domainOf(mailFrom) };
  }
}

/** SPF as a believed server found it, for a message whose client only that server saw. */
function believedSpf(believed: readonly MethodResult[]): Spf {
  const found = believed.find(({ method }) => method === "spf");
  if (found === undefined) return NO_SPF;
  const identity = found.properties.get("smtp.mailfrom") ?? found.properties.get("smtp.helo") ?? "";
  return { result: found.result, domain: domainOf(identity) ?? plainDomain(identity) };
}

function believedDmarc(believed: readonly MethodResult[], fromDomain: string | null): "pass" | "fail" | null {
  const found = believed.find(
    ({ method, properties }) =>
      method === "dmarc" &&
      plainDomain(properties.get("header.from") ?? "") === fromDomain &&
      fromDomain !== null,
  );
  return found?.result === "pass" || found?.result === "fail" ? found.result : null;
}

async function checkDmarc(
  fromDomain: string | null,
  spfDomain: string | null,
  signatures: readonly Signature[],
  resolver: AskDns,
): Promise<Dmarc> {
  if (fromDomain === null) return NO_DMARC;
  try {
    const found = await dmarc({
      headerFrom: [`from@${fromDomain}`],
      fromFields: 1,
      spfDomains: spfDomain === null ? [] : [spfDomain],
      dkimDomains: signatures.map(({ domain }) => ({ domain })),
      resolver,
    });
    if (found === false) return NO_DMARC;
    const { result } = found.status;
    const known = result === "pass" || result === "fail" || result === "temperror" ? result : "none";
    return {
      result: known,
      policy: known === "none" ? "none" : (found.policy ?? "none"),
      domain: known === "none" ? null : plainDomain(found.policyDomain ?? ""),
    };
  } catch {
    return { ...NO_DMARC, result: "temperror" };
  }
}

/**
 * The forwarder for whose sake a failure is overlooked (RFC 8617 §7.2.1): every one that sealed the chain is trusted, for
 * each could have written what the ones before it are said to have found.
 */
function vouchingSealer(
  { chain }: Signatures,
  from: string | null,
  trusted: readonly string[],
): string | undefined {
  if (chain.result !== "pass" || from === null || !chain.provedFrom.includes(from)) return undefined;
  return chain.sealers.every((sealer) => trusted.includes(sealer)) ? chain.sealers.at(-1) : undefined;
}

function isGuarded(domain: string, { settings, isKnown }: SenderCheckParts): boolean {
  return isKnown(domain) || isGovernmentDomain(domain, settings.governmentDomains);
}

function evaded(
  at: string,
  fromAddress: string | null,
  parts: SenderCheckParts,
  trouble: string,
): SenderCheck {
  const domain = fromAddress === null ? null : domainOf(fromAddress);
  const standing = domain !== null && isGuarded(domain, parts) ? "forged" : "unproved";
  return { standing, detail: detailOf(at, NO_SPF, [], NO_DMARC, "none", trouble), retryAfterMs: null };
}

/** Soon at first, for most trouble of DNS passes; then rarely; and not for ever. */
function retryAfter(arrivedAt: Date, { settings, now }: SenderCheckParts): number | null {
  const waited = now().getTime() - arrivedAt.getTime();
  if (waited >= settings.undecidedMs) return null;
  return waited < 300_000 ? 60_000 : 300_000;
}

function detailOf(
  at: string,
  spfResult: Spf,
  dkim: SenderDetail["dkim"],
  policy: Dmarc,
  arcResult: string,
  trouble?: string,
): SenderDetail {
  return {
    spf: spfResult,
    dkim,
    dmarc: policy,
    arc: { result: arcResult },
    ...(trouble === undefined ? {} : { trouble }),
    at,
  };
}
