import { createHash } from "node:crypto";
import { isIPv4 } from "node:net";
import { originOf } from "./smtp-admission.ts";

/** One recipient of one letter that a client wants to bring. */
export interface GreylistAttempt {
  readonly remoteAddress: string;
  readonly mailFrom: string;
  readonly recipient: string;
}

/** Whether it may pass now. Never fails. */
export type AskGreylist = (attempt: GreylistAttempt) => Promise<boolean>;

/** A client waits for the answer to RCPT; the database must not keep it longer. */
const ANSWER_WITHIN_MS = 2_000;

/**
 * Asks unknown clients to come again (RFC 6647): a program that sends spam seldom does, a mail server always does. No
 * letter is ever lost to it: without an answer of the database everything passes.
 *
 * @param note writes down an attempt, by digests, and says whether it passes
 * @param troubled told of the database's faults
 */
export function greylistWith(
  note: (keys: { readonly triplet: string; readonly network: string }) => Promise<boolean>,
  troubled: (error: unknown) => void,
  withinMs = ANSWER_WITHIN_MS,
): AskGreylist {
  return async (attempt) => {
    const { promise: tooLate, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => {
      troubled(new Error("the greylist did not answer in time"));
      resolve(true);
    }, withinMs);
    try {
      const answer = note(keysOf(attempt)).catch((error: unknown) => {
        troubled(error);
        return true;
      });
      return await Promise.race([answer, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** A provider's servers try again from another address of the same network (RFC 6647 §5): an IPv4 /24, an IPv6 /64. */
function keysOf({ remoteAddress, mailFrom, recipient }: GreylistAttempt) {
  const network = isIPv4(remoteAddress) ? remoteAddress.replace(/\.\d+$/, "") : originOf(remoteAddress);
  const triplet = [network, mailFrom.toLowerCase(), recipient.toLowerCase()];
  return { triplet: digest(triplet), network: digest([network]) };
}

/** Of no use to learn who wrote to whom, and of one length whatever is written. */
function digest(words: readonly string[]): string {
  return createHash("sha256").update(words.join("\0")).digest("hex");
}
