import { beginOpening } from "./open-stream.ts";
import { beginSealing } from "./seal-stream.ts";
import type { SealedAs } from "./sealed-form.ts";

/** Seals what is small, and known as a whole: the facts of a letter. The same form as streams have. */
export function sealBytes(key: Buffer, as: SealedAs, content: Uint8Array): Buffer {
  const sealing = beginSealing(key, "facts", as);
  try {
    return Buffer.concat([sealing.head, ...sealing.take(content), sealing.end()]);
  } finally {
    sealing.wipe();
  }
}

/** All of it, or nothing. @throws SealFault */
export function openBytes(key: Buffer, as: SealedAs, sealed: Uint8Array): Buffer {
  const opening = beginOpening(key, "facts", as);
  const pieces: Buffer[] = [];
  try {
    for (const content of opening.take(sealed)) pieces.push(content);
    pieces.push(opening.end());
    return Buffer.concat(pieces);
  } finally {
    opening.wipe();
    for (const piece of pieces) piece.fill(0);
  }
}
