import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { watchNewlines } from "./store-newlines.ts";

const flagsOf = (pieces: readonly string[]) => {
  const watch = watchNewlines();
  for (const piece of pieces) watch.see(Buffer.from(piece, "latin1"));
  return watch.end();
};

describe("watchNewlines", () => {
  test.each([
    ["", false, false],
    ["a\r\nb\r\n", false, false],
    ["a\nb", true, false],
    ["a\rb", false, true],
    ["a\r", false, true],
    ["\n\r", true, true],
    ["\r\r\n", false, true],
    ["\r\n\n", true, false],
  ])("%j: bare LF %s, bare CR %s", (text, bareLf, bareCr) => {
    expect(flagsOf([text])).toEqual({ bareLf, bareCr });
  });

  test("says the same however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom("\r", "\n", "\r\n", "a"), maxLength: 6 })),
        (pieces) => {
          const text = pieces.join("");
          expect(flagsOf(pieces)).toEqual({
            bareLf: /(^|[^\r])\n/.test(text),
            bareCr: /\r([^\n]|$)/.test(text),
          });
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });
});
