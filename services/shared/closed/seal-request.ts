import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import { newId } from "../runtime/ids.ts";
import type { ClosedSpool, ClosedSpools } from "./closed-spool.ts";
import { bodyPart } from "./sealed-form.ts";

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

/** Begins a request of whoever is appointed for classified letters. */
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
