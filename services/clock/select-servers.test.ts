import fc from "fast-check";
import { expect, test } from "vitest";
import { type Candidate, selectServers } from "./select-servers.ts";

function candidate(
  name: string,
  offsetMs: number,
  errorBoundMs: number,
  more: Partial<Candidate> = {},
): Candidate {
  return { name, offsetMs, errorBoundMs, rootDistanceMs: errorBoundMs, jitterMs: 0.1, stratum: 1, ...more };
}

function names(candidates: readonly Candidate[]): string[] {
  return candidates.map(({ name }) => name);
}

test("of three servers one may lie by an hour", () => {
  const selection = selectServers([
    candidate("good", 2, 1),
    candidate("liar", 3_600_000, 0.1),
    candidate("fair", 4, 5),
  ]);
  if (selection.kind !== "agreed") throw new Error(selection.reason);
  expect(names(selection.survivors)).toEqual(["good", "fair"]);
  expect(names(selection.falsetickers)).toEqual(["liar"]);
  expect(selection.offsetMs).toBeGreaterThan(1);
  expect(selection.offsetMs).toBeLessThan(3);
});

test("two that disagree: neither is believed", () => {
  expect(selectServers([candidate("one", 0, 1), candidate("other", 3_600_000, 1)])).toEqual({
    kind: "none",
    reason: "2 servers disagree: no majority",
  });
});

test("two against two: no majority", () => {
  const four = [0, 0.5, 100, 100.5].map((offset, index) => candidate(`s${index}`, offset, 1));
  expect(selectServers(four).kind).toBe("none");
});

test("an exact server and a vague one agree, though the exact one is not at the middle of the other", () => {
  const selection = selectServers([candidate("near", 0, 0.05), candidate("far", 8, 10)]);
  if (selection.kind !== "agreed") throw new Error(selection.reason);
  expect(Math.abs(selection.offsetMs)).toBeLessThanOrEqual(0.05);
  expect(selection.errorBoundMs).toBeLessThanOrEqual(0.1);
});

test("fewer servers than are wanted: none is believed", () => {
  expect(selectServers([candidate("only", 0, 1)], 2)).toEqual({
    kind: "none",
    reason: "only 1 of at least 2 servers give a usable time",
  });
  expect(selectServers([])).toEqual({ kind: "none", reason: "no server gives a usable time" });
});

test("the best is the one of the lowest stratum, then the nearest", () => {
  const selection = selectServers([
    candidate("second", 0, 1, { stratum: 2 }),
    candidate("far", 0, 9),
    candidate("near", 0, 3),
  ]);
  if (selection.kind !== "agreed") throw new Error(selection.reason);
  expect(names(selection.survivors)).toEqual(["near", "far", "second"]);
});

test("one that is far from the others is cast off, but three are kept", () => {
  const five = [0, 0.1, 0.2, 0.3, 40].map((offset, index) =>
    candidate(`s${index}`, offset, 50, { rootDistanceMs: 50 }),
  );
  const selection = selectServers(five);
  if (selection.kind !== "agreed") throw new Error(selection.reason);
  expect(names(selection.outliers)).toContain("s4");
  expect(selection.survivors.length).toBeGreaterThanOrEqual(3);
});

test("the bound covers the truth whichever minority lies, and by however much", () => {
  const bound = fc.double({ min: 0.001, max: 200, noNaN: true });
  const truthful = fc.tuple(bound, fc.double({ min: -1, max: 1, noNaN: true }));
  const liar = fc.tuple(bound, fc.double({ min: -1e7, max: 1e7, noNaN: true }));
  fc.assert(
    fc.property(
      fc.array(truthful, { minLength: 1, maxLength: 6 }),
      fc.array(liar, { maxLength: 5 }),
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      (truthfuls, liars, truthMs) => {
        fc.pre(liars.length < truthfuls.length);
        const selection = selectServers([
          ...truthfuls.map(([errorBoundMs, part], index) =>
            candidate(`true${index}`, truthMs + part * errorBoundMs, errorBoundMs),
          ),
          ...liars.map(([errorBoundMs, lieMs], index) =>
            candidate(`liar${index}`, truthMs + lieMs, errorBoundMs),
          ),
        ]);
        if (selection.kind !== "agreed") throw new Error(selection.reason);
        expect(Math.abs(selection.offsetMs - truthMs)).toBeLessThanOrEqual(selection.errorBoundMs + 1e-6);
      },
    ),
    { seed: 4, numRuns: 500 },
  );
});
