import { expect, test } from "vitest";
import { actingOf, actingOnClosed, unitOfDraft } from "./acting.ts";
import type { Actor, Appointment, Person } from "./actor.ts";
import { decide } from "./decide.ts";
import { ofAgency } from "./resource.ts";
import { AWAY, allAskers, HOME, UNIT } from "./testing/askers.ts";

const BOTH = [HOME, AWAY];

function person(appointments: readonly Partial<Appointment>[], facts: Partial<Person> = {}): Person {
  return {
    kind: "person",
    id: "mana",
    name: "มานะ",
    secondFactor: false,
    glass: [],
    ...facts,
    appointments: appointments.map((order) => ({
      right: "registry-clerk",
      agencyId: HOME,
      unit: null,
      level: null,
      ...order,
    })),
  };
}

test("who may read no ordinary letter of an agency acts for none, whatever he may besides", () => {
  for (const { actor, role } of allAskers()) {
    // A program's scopes say what it reads of its agency; it states the agency for whatever it has there.
    if (actor.kind === "client") continue;
    for (const agencyId of BOTH) {
      const reads = [null, UNIT].some((unit) => decide(actor, "read", ofAgency(agencyId, { unit })).allowed);
      expect(actingOf(actor, BOTH).agencies.includes(agencyId), `${role} ${JSON.stringify(actor)}`).toBe(
        reads,
      );
    }
  }
});

test("units are stated for agencies in which no order reaches further, and only for ordinary rights", () => {
  const units = (appointments: readonly Partial<Appointment>[]) => actingOf(person(appointments), BOTH).units;
  expect(units([{ unit: "finance" }])).toEqual(["agency-a/finance"]);
  expect(units([{ unit: "finance" }, { unit: "finance", right: "drafter" }, { unit: "b" }])).toEqual([
    "agency-a/b",
    "agency-a/finance",
  ]);
  expect(units([{ unit: "finance" }, { right: "approver" }])).toBeUndefined();
  // Of another agency, or of another kind, an order widens nothing.
  expect(units([{ unit: "finance" }, { right: "approver", agencyId: AWAY }])).toEqual(["agency-a/finance"]);
  for (const right of ["auditor", "administrator"] as const)
    expect(units([{ unit: "finance" }, { right, agencyId: null }]), right).toEqual(["agency-a/finance"]);
  expect(units([{ unit: "finance" }, { right: "classified-registrar", level: "secret" }])).toEqual([
    "agency-a/finance",
  ]);
  expect(actingOf(person([{ unit: "finance" }]), [AWAY])).toEqual({
    actor: "person:mana",
    agencies: [],
    secondFactor: false,
  });
});

test("broken glass shows an administrator the whole agency, and nobody else anything", () => {
  const administrator = { right: "administrator", agencyId: null } as const;
  expect(actingOf(person([administrator], { glass: [HOME] }), BOTH).agencies).toEqual([HOME]);
  expect(actingOf(person([administrator]), BOTH).agencies).toEqual([]);
  expect(actingOf(person([{ right: "auditor" }], { glass: [HOME] }), BOTH).agencies).toEqual([]);
  expect(actingOf(person([administrator, { unit: "finance" }], { glass: [HOME] }), BOTH)).not.toHaveProperty(
    "units",
  );
  expect(actingOf(person([{ ...administrator, agencyId: AWAY }], { glass: [HOME] }), BOTH).agencies).toEqual(
    [],
  );
});

test("for classified letters somebody acts where he is appointed for a level of them, never for a unit", () => {
  const registrar = { right: "classified-registrar", level: "confidential" } as const;
  const seen = (actor: Actor) => actingOnClosed(actor, BOTH).agencies;
  expect(actingOnClosed(person([registrar, { agencyId: AWAY }], { secondFactor: true }), BOTH)).toEqual({
    actor: "person:mana",
    agencies: [HOME],
    secondFactor: true,
  });
  expect(seen(person([{ ...registrar, unit: "finance" }]))).toEqual([]);
  expect(actingOf(person([registrar]), BOTH).agencies).toEqual([]);
  expect(seen({ kind: "client", id: "dms", agencyId: HOME, scopes: [], level: "secret" })).toEqual([HOME]);
  expect(seen({ kind: "clerk-token", id: "x", name: "x", agencies: BOTH, mayApprove: true })).toEqual([]);
  expect(seen({ kind: "operator", id: "root" })).toEqual([]);
  expect(seen({ kind: "nobody" })).toEqual([]);
});

test("each is stated under the name that his acts are signed with", () => {
  const named = (actor: Actor) => actingOf(actor, BOTH);
  expect(
    named({ kind: "clerk-token", id: "somsri", name: "x", agencies: [AWAY, "c"], mayApprove: false }),
  ).toEqual({
    actor: "person:somsri",
    agencies: [AWAY],
  });
  expect(named({ kind: "client", id: "dms", agencyId: HOME, scopes: [], level: "normal" })).toEqual({
    actor: "client:dms",
    agencies: [HOME],
  });
  expect(named({ kind: "operator", id: "root" })).toEqual({ actor: "person:os/root", agencies: BOTH });
  expect(named({ kind: "nobody" })).toEqual({ actor: "client:anybody", agencies: [] });
});

test("a draft belongs to the first of the units that its author is confined to", () => {
  expect(unitOfDraft(person([{ unit: "finance" }, { unit: "การคลัง" }]), HOME)).toBe("finance");
  expect(unitOfDraft(person([{ unit: "finance" }, {}]), HOME)).toBeNull();
  expect(unitOfDraft(person([{ unit: "finance" }]), AWAY)).toBeNull();
  expect(unitOfDraft({ kind: "operator", id: "root" }, HOME)).toBeNull();
});
