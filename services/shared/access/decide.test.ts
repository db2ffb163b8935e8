import { expect, test } from "vitest";
import { ACTION_OF_ACT, ACTIONS, ALL_ACTIONS } from "./actions.ts";
import type { Appointment, Person } from "./actor.ts";
import { decide } from "./decide.ts";
import { ofAgency } from "./resource.ts";
import { RULES } from "./rules.ts";

const REGISTRAR: Appointment = {
  right: "classified-registrar",
  agencyId: "agency-a",
  unit: null,
  level: "confidential",
};

function person(appointments: readonly Appointment[], secondFactor = true): Person {
  return { kind: "person", id: "mana", name: "มานะ", appointments, secondFactor, glass: [] };
}

test("a denial names the rule that came nearest and what was missing; an allowance the rule", () => {
  const letter = ofAgency("agency-a", { secrecy: "confidential" });
  const cases = [
    [person([REGISTRAR]), letter, "classified-contents: not named for this letter"],
    [person([REGISTRAR], false), letter, "classified-contents: second factor needed"],
    [
      person([REGISTRAR]),
      { ...letter, secrecy: "secret" },
      "classified-contents: above the level of the appointment",
    ],
    [person([REGISTRAR]), { ...letter, secrecy: "top-secret" }, "top-secret-never"],
    [person([REGISTRAR]), { ...letter, agencyId: "agency-b" }, "classified-contents: of another agency"],
    [person([]), letter, "no-right"],
    // Of two appointments the one that came further tells.
    [
      person([{ ...REGISTRAR, agencyId: "agency-b" }, REGISTRAR]),
      letter,
      "classified-contents: not named for this letter",
    ],
  ] as const;
  for (const [actor, resource, rule] of cases)
    expect(decide(actor, "open-body", resource, "json")).toEqual({ allowed: false, rule });
  expect(decide(person([REGISTRAR]), "open-body", { ...letter, isNamed: true }, "json")).toEqual({
    allowed: true,
    rule: "classified-contents",
  });
  expect(decide(person([REGISTRAR]), "open-body", { ...letter, isNamed: true }, "cli").rule).toBe(
    "not-by-this-door",
  );
  expect(decide(person([REGISTRAR]), "open-body", { ...letter, isNamed: true }).rule).toBe(
    "classified-contents: not by this door",
  );
});

test("rules have names of their own; actions have words in both languages", () => {
  expect(new Set(RULES.map(({ name }) => name)).size).toBe(RULES.length);
  for (const { th, en } of Object.values(ACTIONS)) {
    expect(th).toMatch(/[ก-๙]/);
    expect(en).toMatch(/^[a-z]/);
  }
  for (const action of Object.values(ACTION_OF_ACT)) expect(ALL_ACTIONS).toContain(action);
});
