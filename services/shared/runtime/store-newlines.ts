/** Whether bytes hold a LF without CR before it, or a CR without LF after it (RFC 5321 §2.3.8). */
export interface Newlines {
  readonly bareLf: boolean;
  readonly bareCr: boolean;
}

/** So much is looked at byte by byte from a line's end on, before the next one is searched for. */
const BLOCK_BYTES = 1024;

/** Watches bytes go by in pieces; a pair split between two pieces is still a pair. */
export function watchNewlines(): { see(chunk: Buffer): void; end(): Newlines } {
  let bareLf = false;
  let bareCr = false;
  let afterCr = false;
  const look = (chunk: Buffer, from: number, to: number): void => {
    let cr = afterCr;
    for (let at = from; at < to; at++) {
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
  };
  return {
    see(chunk) {
      // What has no lines, such as JSON with files, is passed over by native searches. One for each line was tried, and is
      // quadratic on a hostile body of lone CRs: these go on from where they were, and not for each line.
      let lf = -1;
      let cr = -1;
      for (let at = 0; at < chunk.length; ) {
        if (lf < at) lf = placeOf(0x0a, chunk, at);
        if (cr < at) cr = placeOf(0x0d, chunk, at);
        const next = afterCr ? at : Math.min(lf, cr);
        const end = Math.min(next + BLOCK_BYTES, chunk.length);
        look(chunk, next, end);
        at = end;
      }
    },
    end: () => ({ bareLf, bareCr: bareCr || afterCr }),
  };
}

/** Behind its end when it is not there. */
function placeOf(byte: number, chunk: Buffer, from: number): number {
  const at = chunk.indexOf(byte, from);
  return at < 0 ? chunk.length : at;
}
