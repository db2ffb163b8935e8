import type { Readable } from "node:stream";
import type { ARCData, ARCResult, DKIMResult } from "mailauth";
// The parts, not the package: its whole loads what checks logos (BIMI), 12 MB.
import { arc } from "mailauth/lib/arc/index.js";
import { dkimVerify } from "mailauth/lib/dkim/verify.js";
import type { AskDns } from "./resolve-dns.ts";
import { mayBelongTogether, plainDomain } from "./sender-domains.ts";
import type { HeadField } from "./sender-head.ts";
import { readAuthenticationResults } from "./sender-results.ts";

/** One DKIM signature (RFC 6376), judged. */
export interface Signature {
  /** pass: proves that its domain signed the whole message with its From. policy: verified, and not believed. */
  readonly result: "pass" | "fail" | "policy" | "neutral" | "temperror";
  readonly domain: string;
  readonly selector: string;
  /** A code: body-hash, bad-signature, expired, future, from-not-signed, body-length, weak-key, weak-algorithm … */
  readonly reason?: string;
}

export interface Signatures {
  /** The addresses in all From fields, and how many fields there are. */
  readonly fromAddresses: readonly string[];
  readonly fromFields: number;
  readonly signatures: readonly Signature[];
  readonly chain: ChainResult;
}

/** A chain of forwarders' seals (RFC 8617). */
export interface ChainResult {
  readonly result: "none" | "pass" | "fail";
  /** Domains that sealed it, the first forwarder first. */
  readonly sealers: readonly string[];
  /** Domains in From that the first forwarder found proved by DMARC. */
  readonly provedFrom: readonly string[];
}

const LEAST_RSA_BITS = 1024;
/** Clocks differ; a signature from further in the future was not made by an honest one. */
const CLOCK_SKEW_MS = 3_600_000;
const MOST_NAME_CHARACTERS = 253;

const REASONS: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^body hash/, "body-hash"],
  [/^bad signature/, "bad-signature"],
  [/^expired/, "expired"],
  [/^From field not signed/, "from-not-signed"],
  [/^weak algorithm/, "weak-algorithm"],
  [/^DNS failure/, "dns"],
  [/key/i, "no-key"],
];

/**
 * Verifies all signatures and seals of a message.
 * @param arrivedAt when it came: a signature that was good then does not expire while the letter waits to be read
 * @throws the error of the stream when it cannot be read
 */
export async function verifySignatures(
  octets: Readable,
  fields: readonly HeadField[],
  ask: AskDns,
  arrivedAt: Date,
): Promise<Signatures> {
  const verified = await dkimVerify(octets, {
    resolver: ask,
    minBitLength: LEAST_RSA_BITS,
    strict: true,
    curTime: arrivedAt,
    // Else it is taken from a Return-Path field that anybody can write.
    sender: "unused@invalid",
  });
  const sealed = await arc(verified.arc as unknown as ARCData, {
    resolver: ask,
    minBitLength: LEAST_RSA_BITS,
    strict: true,
  });
  return {
    fromAddresses: verified.headerFrom,
    fromFields: verified.fromFields,
    signatures: verified.results.flatMap((result) => signatureOf(result, arrivedAt) ?? []),
    chain: chainOf(sealed, fields),
  };
}

const MOST_SIGNATURE_CHARACTERS = 8 * 1024;

/**
 * Asks for the keys that may prove From, so that their answers are there (the resolver keeps them) when it is their turn:
 * the signatures of a forger's own domains stand before them, and his DNS may take all the time that there is. Then nobody
 * would know that the one which counts is none, and the forgery would pass for trouble with DNS. Never fails.
 */
export async function askKeysOf(
  from: string | null,
  fields: readonly HeadField[],
  ask: AskDns,
): Promise<void> {
  if (from === null) return;
  const names = fields
    .filter(({ name, body }) => name === "dkim-signature" && body.length <= MOST_SIGNATURE_CHARACTERS)
    .flatMap(({ body }) => {
      const tags = new Map(
        Buffer.from(body, "latin1")
          .toString("utf8")
          .replace(/\s+/g, "")
          .split(";", 40)
          .map((tag) => [tag.slice(0, tag.indexOf("=")), tag.slice(tag.indexOf("=") + 1)] as const),
      );
      const domain = plainDomain(tags.get("d") ?? "");
      const selector = plainDomain(tags.get("s") ?? "");
      if (domain === null || selector === null || !mayBelongTogether(domain, from)) return [];
      return [`${selector}._domainkey.${domain}`];
    });
  await Promise.allSettled([...new Set(names)].map((name) => ask(name, "TXT")));
}

function signatureOf(found: DKIMResult, arrivedAt: Date): Signature | null {
  const { status } = found;
  if (status.result === "none") return null;
  const name = {
    domain: plainDomain(found.signingDomain ?? "") ?? "",
    selector: (found.selector ?? "").replace(/[^\w.-]/g, "?").slice(0, MOST_NAME_CHARACTERS),
  };
  const weak = status.policy?.["dkim-rules"];
  if (weak !== undefined) return { ...name, result: "policy", reason: weak };
  if (status.result !== "pass") {
    const comment = status.comment ?? "";
    const result =
      status.result === "temperror" || status.result === "fail" ? status.result : ("neutral" as const);
    const reason = REASONS.find(([pattern]) => pattern.test(comment))?.[1] ?? "syntax";
    return { ...name, result, reason };
  }
  // RFC 6376 §8.2: what stands behind the signed length is anybody's, and a reader shows it as the letter.
  if (found.canonBodyLengthLimited) return { ...name, result: "policy", reason: "body-length" };
  // RFC 6376 §3.6.1, t=y: as if it were not signed.
  if (status.testing) return { ...name, result: "policy", reason: "testing" };
  const signedAt = found.signTime ? Date.parse(found.signTime) : 0;
  if (signedAt > arrivedAt.getTime() + CLOCK_SKEW_MS) return { ...name, result: "policy", reason: "future" };
  if (name.domain === "") return { ...name, result: "neutral", reason: "syntax" };
  return { ...name, result: "pass" };
}

function chainOf(sealed: ARCResult, fields: readonly HeadField[]): ChainResult {
  const chain = sealed.chain || [];
  const sealers = chain.map((link) => sealerOf(link["arc-seal"]));
  const { result } = sealed.status;
  if (result === "none" || chain.length === 0)
    return { result: result === "none" ? "none" : "fail", sealers: [], provedFrom: [] };
  const whole = sealed.signature && !sealed.signature.canonBodyLengthLimited;
  if (result !== "pass" || !whole || sealers.includes("")) return { result: "fail", sealers, provedFrom: [] };
  const first = fields
    .filter(({ name }) => name === "arc-authentication-results")
    .map(({ body }) => readAuthenticationResults(body))
    .find((results) => results?.instance === 1);
  const provedFrom = (first?.results ?? []).flatMap(({ method, result: found, properties }) =>
    method === "dmarc" && found === "pass" ? (plainDomain(properties.get("header.from") ?? "") ?? []) : [],
  );
  return { result: "pass", sealers, provedFrom };
}

function sealerOf(seal: unknown): string {
  const { parsed } = (seal ?? {}) as { parsed?: { d?: { value?: unknown } } };
  return plainDomain(String(parsed?.d?.value ?? "")) ?? "";
}
