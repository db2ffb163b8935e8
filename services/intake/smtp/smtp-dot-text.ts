const cr = 0x0d;
const lf = 0x0a;
const dot = 0x2e;

/** Where in a line the next byte stands. Only CR LF makes a line (RFC 5321 §2.3.8). */
type Place = "line-start" | "text" | "after-cr" | "after-dot" | "after-dot-cr";

export interface DotTextStep {
  /** The client's own bytes, dots of transparency taken out. */
  readonly text: Buffer;
  /** Where in the chunk the bytes after CR LF . CR LF begin; -1 while the text goes on. */
  readonly endsAt: number;
}

/**
 * Reads the text after DATA (RFC 5321 §4.5.2), cut in pieces anywhere. CR LF . CR LF ends it and nothing
 * else does: a lone LF or CR beside the dot is text. Servers that took such a thing for the end let a
 * client smuggle a second letter past the first one's checks (CVE-2023-51764, -51765, -51766).
 *
 * A dot that begins a line is always the client's addition and is dropped, whatever follows it; a dot
 * after a lone LF begins no line and stays.
 *
 * @returns `feed`, to be called with each piece until `endsAt` is not -1. It may rewrite its argument.
 */
export function readDotText(): (chunk: Buffer) => DotTextStep {
  // The CR LF of the DATA command itself begins the first line (RFC 5321 §4.1.1.4).
  let place: Place = "line-start";

  return (chunk) => {
    // The CR after a line's only dot is text or end, told by the byte after it. When that byte comes in
    // another piece, the CR is owed to the text until then.
    const owesCr = place === "after-dot-cr" && chunk.length > 0 && chunk[0] !== lf;
    let written = 0;
    let from = 0;
    let at = 0;
    const moveText = (to: number): void => {
      if (from !== written) chunk.copyWithin(written, from, to);
      written += to - from;
    };
    const step = (endsAt: number): DotTextStep => {
      const text = chunk.subarray(0, written);
      return { text: owesCr ? Buffer.concat([Buffer.from("\r"), text]) : text, endsAt };
    };

    while (at < chunk.length) {
      const byte = chunk[at];
      switch (place) {
        case "text": {
          const next = chunk.indexOf(cr, at);
          at = next === -1 ? chunk.length : next + 1;
          if (next !== -1) place = "after-cr";
          break;
        }
        case "after-cr":
          if (byte === lf) place = "line-start";
          else if (byte !== cr) place = "text";
          at++;
          break;
        case "line-start":
          if (byte === dot) {
            moveText(at);
            from = at + 1;
            place = "after-dot";
          } else {
            place = byte === cr ? "after-cr" : "text";
          }
          at++;
          break;
        case "after-dot":
          place = byte === cr ? "after-dot-cr" : "text";
          at++;
          break;
        case "after-dot-cr":
          if (byte === lf) {
            place = "line-start";
            return step(at + 1);
          }
          place = "after-cr";
          break;
      }
    }
    moveText(place === "after-dot-cr" ? Math.max(from, chunk.length - 1) : chunk.length);
    return step(-1);
  };
}
