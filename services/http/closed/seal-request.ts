import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import type { ClosedSpool, ClosedSpools } from "../../shared/closed/closed-spool.ts";
import type { ClosedLevel } from "../../shared/closed/key-provider.ts";
import { bodyPart } from "../../shared/closed/sealed-form.ts";
import { newId } from "../../shared/runtime/ids.ts";
import type { LetterFacts } from "./facts-of-letter.ts";

/** A request whose octets are sealed before anybody knows what they are. */
export interface SealedRequest {
  /** The letter's, should it be one: its octets are sealed as that letter's first part. */
  readonly letterId: string;
  /** As of a store. */
  spool(octets: Readable, options: { readonly limitBytes: number }): Promise<SealedSpool>;
}

export interface SealedSpool {
  readonly letterId: string;
  readonly key: Buffer;
  readonly spool: ClosedSpool;
  /** It is not taken, or is taken openly: what was sealed is gone, and its key. */
  drop(): Promise<void>;
}

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

/** Begins a request of an appointed client. */
export function sealRequest(spools: ClosedSpools): SealedRequest {
  const letterId = newId();
  return {
    letterId,
    async spool(octets, { limitBytes }) {
      const key = randomBytes(32);
      try {
        const spool = await spools.spool(octets, { key, as: bodyPart(letterId, 0), limitBytes });
        return {
          letterId,
          key,
          spool,
          async drop() {
            key.fill(0);
            await spool.drop();
          },
        };
      } catch (error) {
        key.fill(0);
        throw error;
      }
    },
  };
}
