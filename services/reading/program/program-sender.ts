import type { DocumentSignature } from "../../shared/ecms/document-signature.ts";
import type { Arrival } from "../reading-store.ts";
import type { SenderCheck } from "../sender/check-sender.ts";
import type { SignatureCheck } from "./check-signature.ts";

/**
 * Who sent what came by program: the client has shown who it is (or the e-CMS node that this agency uses has passed it on),
 * so its office is proved. A ds:Signature is noted beside that, with what came of checking it, and proves nothing: no register of
 * the keys of offices exists to hold its key against, and one made with SHA-1 could be anybody's.
 */
export function programSender(
  { senderDomain, clientId, door }: Pick<Arrival, "senderDomain" | "clientId" | "door">,
  signature: (DocumentSignature & { readonly check: SignatureCheck }) | null,
  at: Date,
): SenderCheck {
  return {
    standing: senderDomain === null ? "unproved" : "proved",
    detail: {
      spf: { result: "none", domain: null },
      dkim: [],
      dmarc: { result: "none", policy: "none", domain: null },
      arc: { result: "none" },
      program: { door, client: clientId },
      ...(signature?.present === true ? { signature: { ...signature, proved: false } } : {}),
      at: at.toISOString(),
    },
    retryAfterMs: null,
  };
}
