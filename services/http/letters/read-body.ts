import { isUtf8 } from "node:buffer";
import type { Readable } from "node:stream";
import { problem } from "../problem.ts";

/**
 * All octets of a body that may be held.
 * @throws Problem 413 past `limitBytes`; the source's own error when the client goes away. The source is left open
 */
export async function readBody(source: Readable, limitBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    sizeBytes += piece.length;
    if (sizeBytes > limitBytes) throw problem("too-large");
    pieces.push(piece);
  }
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, sizeBytes);
}

/** @throws Problem 400 for what is no JSON (RFC 8259: UTF-8) */
export function parseJson(octets: Buffer): unknown {
  try {
    if (isUtf8(octets)) return JSON.parse(octets.toString("utf8"));
  } catch {
    // Its message would quote the letter.
  }
  throw problem("not-understood", [{ pointer: "", en: "is no JSON in UTF-8", th: "ไม่ใช่ JSON (UTF-8)" }]);
}

const HEAR_OUT_MS = 10_000;

/**
 * Lets a refused client send its request to the end, and drops it: most clients read no answer before. A client that goes on
 * and on is cut off by the answer's `connection: close`.
 */
export async function hearOut(source: Readable, mostBytes: number): Promise<void> {
  if (source.readableEnded || source.destroyed) return;
  let sizeBytes = 0;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, HEAR_OUT_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    source.on("data", (piece: Buffer) => {
      sizeBytes += piece.length;
      if (sizeBytes > mostBytes) done();
    });
    source.once("end", done).once("close", done).once("error", done);
    source.resume();
  });
}
