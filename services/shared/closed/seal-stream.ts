import { createCipheriv, randomBytes } from "node:crypto";
import { Transform } from "node:stream";
import {
  CHUNK_BYTES,
  deriveSealKeys,
  fixedHead,
  nonceOf,
  type Purpose,
  SALT_BYTES,
  type SealedAs,
  TAG_BYTES,
} from "./sealed-form.ts";

/** Seals octets that come in pieces, holding one chunk. */
export interface Sealing {
  readonly head: Buffer;
  /** Sealed chunks that are complete with these octets; must be read to its end. */
  take(bytes: Uint8Array): Generator<Buffer, void>;
  /** The last chunk. */
  end(): Buffer;
  /** Clears keys and content from memory; also after a fault. */
  wipe(): void;
}

/** @param key the letter's data key @param newSalt random, but for an example in a test */
export function beginSealing(
  key: Buffer,
  purpose: Purpose,
  as: SealedAs,
  newSalt: (size: number) => Buffer = randomBytes,
): Sealing {
  const fixed = fixedHead(purpose);
  const salt = newSalt(SALT_BYTES);
  const { aesKey, commitment, bound, wipe } = deriveSealKeys(key, salt, fixed, purpose, as);
  const block = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let filled = 0;
  let chunk = 0;
  const seal = (plain: Uint8Array, isLast: boolean): Buffer => {
    const cipher = createCipheriv("aes-256-gcm", aesKey, nonceOf(chunk++, isLast), {
      authTagLength: TAG_BYTES,
    });
    cipher.setAAD(bound);
    const sealed = cipher.update(plain);
    cipher.final(); // GCM leaves nothing for it
    return Buffer.concat([sealed, cipher.getAuthTag()]);
  };
  return {
    head: Buffer.concat([fixed, salt, commitment]),
    *take(bytes) {
      for (let at = 0; at < bytes.length; ) {
        // A full chunk waits for one octet more: only then is it known not to be the last.
        if (filled === CHUNK_BYTES) {
          yield seal(block, false);
          filled = 0;
        }
        if (filled === 0 && bytes.length - at > CHUNK_BYTES) {
          yield seal(bytes.subarray(at, at + CHUNK_BYTES), false);
          at += CHUNK_BYTES;
          continue;
        }
        const count = Math.min(CHUNK_BYTES - filled, bytes.length - at);
        block.set(bytes.subarray(at, at + count), filled);
        filled += count;
        at += count;
      }
    },
    end: () => seal(block.subarray(0, filled), true),
    wipe() {
      wipe();
      block.fill(0);
    },
  };
}

/** Octets in, the sealed form (sealed-form.ts) out. */
export function sealStream(key: Buffer, as: SealedAs): Transform {
  const sealing = beginSealing(key, "body", as);
  let isBegun = false;
  const begin = (stream: Transform): void => {
    if (!isBegun) stream.push(sealing.head);
    isBegun = true;
  };
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      begin(this);
      for (const sealed of sealing.take(bytes)) this.push(sealed);
      done();
    },
    flush(done) {
      begin(this);
      done(null, sealing.end());
    },
    destroy(error, done) {
      sealing.wipe();
      done(error);
    },
  });
}
