import { fromBER } from "asn1js";
import { ContentInfo, SignedData } from "pkijs";

/**
 * What a CMS structure (RFC 5652; S/MIME: RFC 8551) holds. Signatures are not verified: nothing that is shown says more
 * than that a letter came signed.
 */
export type UnpackedSmime =
  | { readonly kind: "signed"; readonly entity: Buffer }
  /** A signature or certificates alone. */
  | { readonly kind: "bare" }
  | { readonly kind: "encrypted" }
  | { readonly kind: "unreadable" };

const SIGNED_DATA = "1.2.840.113549.1.7.2";
const ENCRYPTED: ReadonlySet<string> = new Set([
  "1.2.840.113549.1.7.3",
  "1.2.840.113549.1.7.6",
  "1.2.840.113549.1.9.16.1.23",
]);

// Streaming writers cut the content into pieces of a few kilobytes, each of them a node.
const LIMITS = { maxDepth: 50, maxNodes: 40_000, maxContentLength: 32 * 1024 * 1024 };

/** @param octets DER or BER, at most a few ten megabytes: all of it is held, twice. Never throws. */
export function unpackSmime(octets: Buffer): UnpackedSmime {
  try {
    const { result, offset } = fromBER(octets, LIMITS);
    if (offset === -1) return { kind: "unreadable" };
    const info = new ContentInfo({ schema: result });
    if (ENCRYPTED.has(info.contentType)) return { kind: "encrypted" };
    if (info.contentType !== SIGNED_DATA) return { kind: "unreadable" };
    const { eContent } = new SignedData({ schema: info.content }).encapContentInfo;
    if (eContent === undefined) return { kind: "bare" };
    return { kind: "signed", entity: Buffer.from(eContent.getValue()) };
  } catch {
    return { kind: "unreadable" };
  }
}
