import { expect, it } from "vitest";
import { seededRandom } from "../../services/shared/testing/seeded-random.ts";
import { planFaults, SERVICES } from "./faults.ts";

it("plans the same faults for the same seed, in order of time", () => {
  const plan = planFaults(30, seededRandom(7));
  expect(planFaults(30, seededRandom(7))).toEqual(plan);
  expect(planFaults(30, seededRandom(8))).not.toEqual(plan);
  expect(plan.map(({ atMs }) => atMs)).toEqual(plan.map(({ atMs }) => atMs).toSorted((a, b) => a - b));
});

it("kills every service before it kills one again, and brings each other fault once", () => {
  const faults = planFaults(14, seededRandom(3)).map(({ fault }) => fault);
  const killed = faults.flatMap((fault) => (fault.kind === "kill" ? [fault.service] : []));
  expect(killed).toHaveLength(14);
  expect(new Set(killed.slice(0, SERVICES.length))).toEqual(new Set(SERVICES));
  expect(new Set(killed.slice(SERVICES.length, 2 * SERVICES.length))).toEqual(new Set(SERVICES));
  expect(faults.filter(({ kind }) => kind !== "kill").map(({ kind }) => kind)).toHaveLength(4);
});
