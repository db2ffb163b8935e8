import type { ClosedLevel } from "../../shared/closed/key-provider.ts";
import type { SealedSpool } from "../../shared/closed/seal-request.ts";
import type { LetterFacts } from "../../shared/letter/closed-facts.ts";

/** A classified letter that may be taken in, its octets sealed. */
export interface ClosedSubmission {
  readonly sealed: SealedSpool;
  readonly level: ClosedLevel;
  readonly facts: LetterFacts;
  readonly form: "json" | "xml" | "multipart" | "soap";
  /** Domain of the office in whose name it comes. */
  readonly senderDomain: string;
  /** Equal for the same request when it comes again, lower-case hex. */
  readonly fingerprint: string;
}
