import type { XmlElement } from "./xml-gate.ts";

/** What a document says of its signature. Nothing here is proved: see `weak`, and reading/program/program-sender.ts. */
export interface DocumentSignature {
  /** Whether there is a ds:Signature; GovernmentSignature alone only names who signs. */
  readonly present: boolean;
  /** Algorithm identifiers as written, at most 200 characters; null where none is named. */
  readonly signatureMethod: string | null;
  readonly digestMethod: string | null;
  readonly canonicalization: string | null;
  /** SHA-1, MD5, DSA or a keyed digest: whatever comes out of a check, it is no proof. */
  readonly weak: boolean;
  /** Whether a certificate travels with it, and not a bare key. */
  readonly hasCertificate: boolean;
}

export const nothingSigned: DocumentSignature = Object.freeze({
  present: false,
  signatureMethod: null,
  digestMethod: null,
  canonicalization: null,
  weak: false,
  hasCertificate: false,
});

const NAMESPACE = "http://www.w3.org/2000/09/xmldsig#";
const NAMED: ReadonlySet<string> = new Set([
  ...["SignatureMethod", "DigestMethod", "CanonicalizationMethod", "X509Certificate"],
]);
const WEAK = /sha1$|md5|#dsa|hmac/iu;

/** Watches for the first ds:Signature among the elements of a document. */
export function watchSignature(): {
  open(element: XmlElement): void;
  close(): void;
  found(): DocumentSignature | null;
} {
  const named = new Map<string, string>();
  let depth = 0;
  let since: number | null = null;
  let seen = false;
  return {
    open({ name, namespace, prefix, attributes }) {
      depth++;
      const isOfSignature = namespace === NAMESPACE || (namespace === null && prefix === "ds");
      if (!isOfSignature) return;
      if (name === "Signature" && !seen) {
        seen = true;
        since = depth;
      }
      if (since === null || !NAMED.has(name)) return;
      const algorithm = attributes.get("Algorithm")?.slice(0, 200).toWellFormed() ?? "";
      if (!named.has(name)) named.set(name, algorithm);
      // Of several references one that is weak makes the whole weak.
      else if (name === "DigestMethod" && WEAK.test(algorithm)) named.set(name, algorithm);
    },
    close() {
      if (depth === since) since = null;
      depth--;
    },
    found() {
      if (!seen) return null;
      const method = (name: string): string | null => named.get(name) || null;
      const [signatureMethod, digestMethod] = [method("SignatureMethod"), method("DigestMethod")];
      return {
        present: true,
        signatureMethod,
        digestMethod,
        canonicalization: method("CanonicalizationMethod"),
        weak: [signatureMethod, digestMethod].some((each) => each === null || WEAK.test(each)),
        hasCertificate: named.has("X509Certificate"),
      };
    },
  };
}
