import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cpuTimeMs } from "../../shared/testing/cpu-time.ts";
import { dotText } from "../../shared/testing/smtp-client.ts";
import { readDotText } from "./smtp-dot-text.ts";

/** Reads pieces until the end; `null` when no end came. */
function read(pieces: readonly Buffer[]): { text: string; after: string } | null {
  const feed = readDotText();
  let text = "";
  for (const [index, piece] of pieces.entries()) {
    const step = feed(Buffer.from(piece));
    text += step.text.toString("latin1");
    if (step.endsAt === -1) continue;
    const after = Buffer.concat([piece.subarray(step.endsAt), ...pieces.slice(index + 1)]);
    return { text, after: after.toString("latin1") };
  }
  return null;
}

/** All ways to cut into one, two and three pieces, and into single bytes. */
function* cuts(bytes: Buffer): Generator<Buffer[]> {
  yield [...bytes].map((byte) => Buffer.of(byte));
  for (let a = 0; a <= bytes.length; a++) {
    for (let b = a; b <= bytes.length; b++)
      yield [bytes.subarray(0, a), bytes.subarray(a, b), bytes.subarray(b)];
  }
}

const end = "\r\n.\r\n";

describe("the end of a letter", () => {
  // The variants of CVE-2023-51764, -51765 and -51766 and their relatives.
  test.each([
    "\n.\n",
    "\n.\r\n",
    "\r\n.\n",
    "\r.\r",
    "\r.\r\n",
    "\r\n.\r",
    "\r.\n",
    "\n.\r",
    "\r\r\n.\r\r\n",
    "\r\n\0.\r\n",
    "\r\n.\0\r\n",
    "\r\n.\r\0\n",
    "\r\n. \r\n",
    "\n\r.\r\n",
    "\r\n.\r\r",
  ])("%j never ends it, cut anywhere", (variant) => {
    const sent = Buffer.from(`one${variant}MAIL FROM:<a@example.go.th>${end}`);
    // A dot after CR LF is the client's addition, whatever follows it.
    const meant = `one${variant}MAIL FROM:<a@example.go.th>\r\n`.replace(/\r\n\./g, "\r\n");
    for (const pieces of cuts(sent)) expect(read(pieces)).toEqual({ text: meant, after: "" });
  });

  test.each([
    [".\r\n", ""],
    ["\r\n.\r\n", "\r\n"],
    ["..\r\n.\r\n", ".\r\n"],
    ["...\r\n.\r\n", "..\r\n"],
    [".a\r\n.\r\n", "a\r\n"],
    ["a\r\n..\r\n..\r\n.\r\n", "a\r\n.\r\n.\r\n"],
    ["a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n"],
    ["a\n..b\r\n.\r\n", "a\n..b\r\n"],
    ["\n.\r\n.\r\n", "\n.\r\n"],
  ])("%j is the letter %j, and what follows is left alone", (sent, text) => {
    const after = "RSET\r\n.\r\n";
    for (const pieces of cuts(Buffer.from(sent + after))) expect(read(pieces)).toEqual({ text, after });
  });

  test("gives back what a careful client meant, byte for byte", () => {
    const part = fc.constantFrom("\r\n", "\r", "\n", ".", "..", "\r\n.", "x", "\0", "\xff");
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 40 }).map((parts) => parts.join("")),
        fc.array(fc.nat(60), { maxLength: 8 }),
        (body, marks) => {
          const sent = dotText(Buffer.from(body, "latin1"));
          const sorted = [...marks, 0, sent.length]
            .map((mark) => Math.min(mark, sent.length))
            .sort((a, b) => a - b);
          const pieces = sorted.slice(1).map((mark, index) => sent.subarray(sorted[index], mark));
          const meant = body === "" || body.endsWith("\r\n") ? body : `${body}\r\n`;
          expect(read(pieces)).toEqual({ text: meant, after: "" });
        },
      ),
      { seed: 20230, numRuns: 3000 },
    );
  });

  test("a long run of dots costs one pass", () => {
    const body = Buffer.from("\r\n..".repeat(200_000));
    const feed = readDotText();
    const startedMs = cpuTimeMs();
    expect(feed(body).text.length).toBe(600_000);
    expect(cpuTimeMs() - startedMs).toBeLessThan(2_000);
  });
});
