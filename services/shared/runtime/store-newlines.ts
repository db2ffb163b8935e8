/** Whether bytes hold a LF without CR before it, or a CR without LF after it (RFC 5321 §2.3.8). */
export interface Newlines {
  readonly bareLf: boolean;
  readonly bareCr: boolean;
}

/** Watches bytes go by in pieces; a pair split between two pieces is still a pair. */
export function watchNewlines(): { see(chunk: Uint8Array): void; end(): Newlines } {
  let bareLf = false;
  let bareCr = false;
  let afterCr = false;
  return {
    see(chunk) {
      // One pass over the bytes: native searches for each line were tried and are quadratic on a
      // hostile body of lone CRs.
      let cr = afterCr;
      for (let at = 0; at < chunk.length; at++) {
        const byte = chunk[at];
        if (byte === 0x0a) {
          if (!cr) bareLf = true;
          cr = false;
        } else {
          if (cr) bareCr = true;
          cr = byte === 0x0d;
        }
      }
      afterCr = cr;
    },
    end: () => ({ bareLf, bareCr: bareCr || afterCr }),
  };
}
