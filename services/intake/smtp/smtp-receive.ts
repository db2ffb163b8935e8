import type { Readable } from "node:stream";
import type { Accepted, AcceptLetter, Envelope } from "../../shared/letter/arrival/envelope.ts";
import { LetterRefused, type RefusalCode } from "../../shared/letter/refusals.ts";
import type { ByteStore, SpooledBytes } from "../../shared/runtime/store.ts";
import { StoreError } from "../../shared/runtime/store-errors.ts";

export type Received =
  | { readonly kind: "accepted"; readonly accepted: Accepted; readonly sizeBytes: number }
  /** `heardOut`: the client's final dot was read, so that it listens to the reply. */
  | {
      readonly kind: "refused";
      readonly code: RefusalCode;
      readonly heardOut: boolean;
      readonly cause: unknown;
    }
  | { readonly kind: "gone" };

/**
 * Takes one letter off the wire: to the store, then to acceptLetter. Ends with `accepted` only when
 * acceptLetter has made it durable; never throws.
 *
 * @param letter the bytes after DATA, dots of transparency removed; fails when the client goes away
 */
export async function receiveLetter(
  letter: Readable,
  envelope: Envelope,
  to: { readonly store: ByteStore; readonly acceptLetter: AcceptLetter; readonly maxMessageBytes: number },
): Promise<Received> {
  let spooled: SpooledBytes;
  try {
    spooled = await to.store.spool(letter, { limitBytes: to.maxMessageBytes });
  } catch (cause) {
    if (letter.destroyed && !(cause instanceof StoreError)) return { kind: "gone" };
    const heardOut = await hearOut(letter, to.maxMessageBytes);
    return { kind: "refused", code: codeOf(cause), heardOut, cause };
  }
  try {
    const accepted = await to.acceptLetter(envelope, spooled);
    return { kind: "accepted", accepted, sizeBytes: spooled.sizeBytes };
  } catch (cause) {
    return { kind: "refused", code: codeOf(cause), heardOut: true, cause };
  } finally {
    spooled.discard();
  }
}

/**
 * Reads the rest of a letter that is not kept: a client listens to the reply only after its final dot
 * (RFC 5321 §4.2.5). Gives up after `limitBytes` more, so that a refused letter costs a bounded time.
 */
async function hearOut(letter: Readable, limitBytes: number): Promise<boolean> {
  if (letter.readableEnded) return true;
  let heardBytes = 0;
  try {
    for await (const chunk of letter as AsyncIterable<Buffer>) {
      heardBytes += chunk.length;
      if (heardBytes > limitBytes) return false;
    }
    return true;
  } catch {
    return false;
  }
}

function codeOf(cause: unknown): RefusalCode {
  if (cause instanceof LetterRefused) return cause.code;
  if (cause instanceof StoreError && cause.fault === "too-large") return "too-large";
  if (cause instanceof StoreError && cause.fault === "no-space") return "no-space";
  return "try-later";
}
