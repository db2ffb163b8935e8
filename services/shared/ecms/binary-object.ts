import { createHash } from "node:crypto";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { checkBase64 } from "../mime/check-base64.ts";
import type { ContentTaker, PartContent } from "../mime/part-content.ts";

export interface BinaryObject {
  /** 1 for the first on the wire; empty ones, which senders write who have none, are counted and left out. */
  readonly place: number;
  readonly role: "main" | "attachment";
  /** As written, in lower case. */
  readonly mimeCode: string;
  /** Null when its base64 is none, or when it is not kept (beyond what may be, or by nobody); `intact` tells which. */
  readonly content: PartContent | null;
  readonly intact: boolean;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Takes what a binary object holds: a keeper of contents, or what else reads a stream to its end. */
export type ObjectSink = ContentTaker;

const REFERENCE = /&#(?:x0{0,4}([0-9a-f]{1,2})|0{0,4}([0-9]{1,3}));/giu;

function characterOf(_: string, hex: string | undefined, decimal: string | undefined): string {
  return String.fromCharCode(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
}

export interface OpenObject {
  write(piece: string): void;
  end(): void;
  settled(): Promise<void>;
  kept(): Promise<Omit<BinaryObject, "place">>;
}

/**
 * Decodes as it goes: of a large object one slice is held, not the whole.
 * @param sink null: it is only measured and checked
 */
export function openObject(role: BinaryObject["role"], code: string, sink: ObjectSink | null): OpenObject {
  const mimeCode = code.trim().toLowerCase().slice(0, 200).toWellFormed();
  const stream = new PassThrough();
  const keeping = sink === null ? Promise.resolve(null) : sink.keep(stream);
  // Told by `kept`; until then nobody listens.
  keeping.catch(() => {});
  const check = checkBase64();
  const digest = createHash("sha256");
  let sizeBytes = 0;
  let held = "";
  const put = (text: string): void => {
    const octets = Buffer.from(text, "base64");
    check.updateDecoded(text, octets);
    if (octets.length === 0) return;
    digest.update(octets);
    sizeBytes += octets.length;
    if (sink !== null) stream.write(octets);
  };
  return {
    write(piece) {
      const text = held + piece;
      // Line ends, and some letters of the alphabet, may come as character references.
      const bare = (text.includes("&") ? text.replace(REFERENCE, characterOf) : text).replace(/\s+/gu, "");
      const reference = bare.indexOf("&", Math.max(0, bare.length - 9));
      const whole = reference < 0 ? bare.length - (bare.length % 4) : reference - (reference % 4);
      held = bare.slice(whole);
      put(bare.slice(0, whole));
    },
    end() {
      if (stream.writableEnded) return;
      put(held);
      stream.end();
    },
    async settled() {
      if (stream.writableNeedDrain) await Promise.race([once(stream, "drain"), keeping]);
    },
    async kept() {
      const content = await keeping;
      const intact = check.intact();
      return {
        role,
        mimeCode,
        content: intact ? content : null,
        intact,
        sizeBytes,
        sha256: digest.digest("hex"),
      };
    },
  };
}
