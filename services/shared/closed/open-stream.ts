import { createDecipheriv, timingSafeEqual } from "node:crypto";
import { Transform, type TransformCallback } from "node:stream";
import { SealFault } from "./seal-fault.ts";
import {
  CHUNK_BYTES,
  deriveSealKeys,
  FIXED_BYTES,
  fixedHead,
  HEAD_BYTES,
  nonceOf,
  type Purpose,
  SALT_BYTES,
  type SealedAs,
  type SealKeys,
  TAG_BYTES,
} from "./sealed-form.ts";

/** Opens the sealed form in pieces, holding one chunk. What it gives was authenticated. */
export interface Opening {
  /** Content that is certain with these octets; must be read to its end. @throws SealFault, and then nothing more is to be read */
  take(sealed: Uint8Array): Generator<Buffer, void>;
  /** The last chunk's content. @throws SealFault when the whole was cut off or added to */
  end(): Buffer;
  wipe(): void;
}

/** @param key the letter's data key; may be cleared once this returns */
export function beginOpening(key: Buffer, purpose: Purpose, as: SealedAs): Opening {
  const sealedChunk = CHUNK_BYTES + TAG_BYTES;
  const held = Buffer.allocUnsafeSlow(sealedChunk);
  const ownKey = Buffer.from(key);
  let keys: SealKeys | undefined;
  let filled = 0;
  let chunk = 0;
  const fill = (sealed: Uint8Array, from: number, upTo: number): number => {
    const count = Math.min(upTo - filled, sealed.length - from);
    held.set(sealed.subarray(from, from + count), filled);
    filled += count;
    return from + count;
  };
  const open = ({ aesKey, bound }: SealKeys, sealed: Uint8Array, isLast: boolean): Buffer => {
    const contentBytes = sealed.length - TAG_BYTES;
    if (contentBytes < 0 || (contentBytes === 0 && chunk > 0)) throw damaged(chunk);
    const decipher = createDecipheriv("aes-256-gcm", aesKey, nonceOf(chunk, isLast), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(bound);
    decipher.setAuthTag(sealed.subarray(contentBytes));
    const content = decipher.update(sealed.subarray(0, contentBytes));
    try {
      decipher.final();
    } catch {
      content.fill(0);
      throw damaged(chunk);
    }
    chunk++;
    return content;
  };
  return {
    *take(sealed) {
      let at = 0;
      if (keys === undefined) {
        at = fill(sealed, at, HEAD_BYTES);
        if (filled < HEAD_BYTES) return;
        keys = readHead(held.subarray(0, HEAD_BYTES), ownKey, purpose, as);
        ownKey.fill(0);
        filled = 0;
      }
      while (at < sealed.length) {
        // Only an octet behind it tells that a chunk is not the last.
        if (filled === sealedChunk) {
          yield open(keys, held, false);
          filled = 0;
        }
        if (filled === 0 && sealed.length - at > sealedChunk) {
          yield open(keys, sealed.subarray(at, at + sealedChunk), false);
          at += sealedChunk;
        } else at = fill(sealed, at, sealedChunk);
      }
    },
    end() {
      if (keys === undefined) throw new SealFault("damaged", "what was sealed was cut off within its head");
      return open(keys, held.subarray(0, filled), true);
    },
    wipe() {
      ownKey.fill(0);
      keys?.wipe();
    },
  };
}

/** @throws SealFault */
function readHead(head: Buffer, key: Buffer, purpose: Purpose, as: SealedAs): SealKeys {
  const fixed = head.subarray(0, FIXED_BYTES);
  if (!fixed.equals(fixedHead(purpose)))
    throw new SealFault("not-sealed", `these octets are not ${purpose} in the sealed form, version 1`);
  const salt = head.subarray(FIXED_BYTES, FIXED_BYTES + SALT_BYTES);
  const keys = deriveSealKeys(key, salt, Buffer.from(fixed), purpose, as);
  if (timingSafeEqual(keys.commitment, head.subarray(FIXED_BYTES + SALT_BYTES))) return keys;
  keys.wipe();
  throw new SealFault(
    "wrong-key",
    "sealed under another key, or as another letter's or part's, or its head was changed",
  );
}

function damaged(chunk: number): SealFault {
  return new SealFault(
    "damaged",
    `what was sealed has been changed, cut off or added to (found in chunk ${chunk}, of ${CHUNK_BYTES} octets each)`,
  );
}

/**
 * The sealed form in, the content out, each chunk once it is authenticated. Ends with a SealFault when anything is wrong;
 * what came before that is genuine, but may not be all: whoever shows or stores it waits for the end.
 */
export function openStream(key: Buffer, as: SealedAs): Transform {
  const opening = beginOpening(key, "body", as);
  const attempt = (done: TransformCallback, work: () => void): void => {
    try {
      work();
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  };
  return new Transform({
    transform(sealed: Buffer, _encoding, done) {
      attempt(done, () => {
        for (const content of opening.take(sealed)) this.push(content);
      });
    },
    flush(done) {
      attempt(done, () => this.push(opening.end()));
    },
    destroy(error, done) {
      opening.wipe();
      done(error);
    },
  });
}
