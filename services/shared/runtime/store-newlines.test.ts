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

  test("finds what stands far apart, and in the middle of long lines", () => {
    const far = "a".repeat(5000);
    expect(flagsOf([far])).toEqual({ bareLf: false, bareCr: false });
    expect(flagsOf([`${far}\r\n${far}\r\n${far}`])).toEqual({ bareLf: false, bareCr: false });
    expect(flagsOf([`${far}\r\n${far}\n${far}`])).toEqual({ bareLf: true, bareCr: false });
    expect(flagsOf([`${far}\r\n${far}\r`, far])).toEqual({ bareLf: false, bareCr: true });
    expect(flagsOf([`${far}\r`, `\n${far}`])).toEqual({ bareLf: false, bareCr: false });
    for (let place = 1020; place < 1030; place++) {
      const text = `\r\n${"a".repeat(place)}\r\n`;
      expect(flagsOf([text])).toEqual({ bareLf: false, bareCr: false });
      expect(flagsOf([`${text}b\rc`])).toEqual({ bareLf: false, bareCr: true });
    }
  });

  test("takes no more than some ns a byte, whatever stands in it", () => {
    for (const hostile of ["\r", "\n", "\r\n", `\r${"a".repeat(1022)}`]) {
      const watch = watchNewlines();
      const bytes = Buffer.alloc(8 * 1024 * 1024, hostile);
      const startedMs = performance.now();
      watch.see(bytes);
      // A search to the end for each line would take minutes.
      expect(performance.now() - startedMs).toBeLessThan(10_000);
    }
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
