import { expect, test } from "vitest";
import { seededRandom } from "../testing/seeded-random.ts";
import { type Action, ALL_ACTIONS } from "./actions.ts";
import { type Actor, type Appointment, DOORS, type Door, LEVELS, type Person } from "./actor.ts";
import { decide } from "./decide.ts";
import { CLASSIFIED_DOORS, DOORS_OF } from "./doors.ts";
import type { Resource } from "./resource.ts";
import { RULES } from "./rules.ts";
import { AWAY, allAskers, appointmentsOf, HOME, OTHER_UNIT, UNIT, wordsOf } from "./testing/askers.ts";
import { type Asker, saysTable } from "./testing/expected.ts";
import { type Cell, ROLES, readRightsTable } from "./testing/rights-table.ts";

const WAYS: readonly (Door | undefined)[] = [...DOORS, undefined];
const PLACES = [HOME, AWAY, null].flatMap((agencyId) =>
  [null, UNIT, OTHER_UNIT].map((unit) => ({ agencyId, unit })),
);
const MOST_TOLD = 20;
/** What a question differs in by whether it is the asker's own thing. */
const ABOUT_ONESELF: readonly Action[] = ["approve", "appoint", "break-glass-agree", "keep-own-account"];

/**
 * All that a question about one action and level can differ in for this kind of asker, besides who and by which door. What the
 * table says nothing of for him is drawn, so that it stands there in every way and yet does not multiply the rest.
 */
function resourcesFor(kind: Actor["kind"], secrecy: Resource["secrecy"], action: Action): Resource[] {
  const isProgram = kind === "client";
  const random = seededRandom(ALL_ACTIONS.indexOf(action) * LEVELS.length + LEVELS.indexOf(secrecy));
  const each = <Value>(values: readonly Value[], matters: boolean): readonly Value[] =>
    matters ? values : [values[Math.floor(random() * values.length)] as Value];
  const resources: Resource[] = [];
  for (const place of PLACES) {
    for (const isNamed of each([false, true], !isProgram)) {
      for (const isSelf of each([undefined, false, true], ABOUT_ONESELF.includes(action))) {
        for (const fourEyes of each([undefined, true, false], action === "approve")) {
          for (const isOwn of each([false, true], isProgram)) {
            for (const direction of each(["inbound", "outbound", null] as const, isProgram)) {
              const said = {
                ...(isSelf === undefined ? {} : { isSelf }),
                ...(fourEyes === undefined ? {} : { fourEyes }),
              };
              resources.push({ ...place, secrecy, direction, isNamed, isOwn, ...said });
            }
          }
        }
      }
    }
  }
  return resources;
}

test("every role, level, action, door, place and condition: the rules decide as schemas/access/rights.md says", () => {
  const table = readRightsTable();
  const wrong: string[] = [];
  const wrongClauses = new Set<string>();
  const used = new Set<string>();
  const clauses = new Map(RULES.map(({ name, clause }) => [name, clause.replace("Annex 6 ", "")]));
  const askers = allAskers();
  let combinations = 0;
  let allowed = 0;
  const ask = (
    asker: Asker,
    action: Action,
    resource: Resource,
    cell: Cell,
    door: Door | undefined,
  ): void => {
    combinations += 1;
    const decision = decide(asker.actor, action, resource, door);
    if (decision.allowed !== saysTable(table, cell, asker, action, resource, door))
      wrong.push(tell(asker, action, resource, door, decision));
    if (!decision.allowed) return;
    allowed += 1;
    used.add(decision.rule);
    const clause = clauses.get(decision.rule) ?? "no rule";
    if (!cell.clause.split(/ (?=§)/).includes(clause))
      wrongClauses.add(`${action}, ${resource.secrecy}: ${decision.rule} rests on ${clause}`);
  };
  for (const action of ALL_ACTIONS) {
    for (const secrecy of LEVELS) {
      const resources = new Map<Actor["kind"], Resource[]>();
      for (const asker of askers) {
        const { kind } = asker.actor;
        const cell = table.cell(action, asker.role, secrecy);
        const asked = resources.get(kind) ?? resourcesFor(kind, secrecy, action);
        resources.set(kind, asked);
        for (const resource of asked) for (const door of WAYS) ask(asker, action, resource, cell, door);
        // One fault of the rules is thousands of wrong answers: these do.
        expect(wrong.slice(0, MOST_TOLD)).toEqual([]);
      }
    }
  }
  process.stdout.write(
    `access matrix: ${combinations} combinations (${allowed} allowed) of ${table.cells} cells, ${askers.length} askers, ${WAYS.length} doors\n`,
  );
  expect([...wrongClauses]).toEqual([]);
  expect(
    RULES.map(({ name }) => name).filter((name) => !used.has(name)),
    "rules that allow nothing",
  ).toEqual([]);
  expect(combinations).toBeGreaterThan(1_000_000);
});

function tell(
  asker: Asker,
  action: Action,
  resource: Resource,
  door: Door | undefined,
  { allowed, rule }: { allowed: boolean; rule: string },
): string {
  return `${action}: ${wordsOf(asker, resource.secrecy)}, by ${door}, ${JSON.stringify(resource)} → ${allowed ? "allowed" : "denied"} (${rule}), against the table`;
}

test("each kind of asker comes by the doors of table F, with what is classified by those alone that it says", () => {
  const table = readRightsTable();
  for (const kind of ["person", "clerk-token", "client", "operator", "nobody"] as const) {
    for (const door of DOORS) {
      const says = table.door(kind, door);
      expect(DOORS_OF[kind].includes(door), `${kind} by ${door}`).toBe(says !== "none");
      expect(CLASSIFIED_DOORS[kind].includes(door), `${kind} by ${door}, classified`).toBe(says === "all");
    }
  }
});

test("two appointments give what each gives, and no more", () => {
  const orders = ROLES.filter(
    (role) => !["person", "clerk-token", "client", "operator", "nobody"].includes(role),
  )
    .flatMap(appointmentsOf)
    .flatMap((order) => (order.agencyId === null ? [order] : [order, { ...order, agencyId: AWAY }]));
  const wrong: string[] = [];
  for (const [at, first] of orders.entries()) {
    for (const second of orders.slice(at + 1)) {
      for (const [action, resource] of samples()) {
        const each = [[first], [second]].some((held) => mayDo(held, action, resource));
        if (mayDo([first, second], action, resource) !== each && wrong.length < MOST_TOLD)
          wrong.push(`${action} ${JSON.stringify([first, second, resource])}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

/** A few places of each action and level, as favourable as can be otherwise. */
function samples(): [Action, Resource][] {
  const facts = { direction: null, isNamed: true, isOwn: false, isSelf: false } as const;
  return ALL_ACTIONS.flatMap((action) =>
    (["normal", "confidential", "secret"] as const).flatMap((secrecy) =>
      [
        { agencyId: HOME, unit: null },
        { agencyId: HOME, unit: UNIT },
        { agencyId: AWAY, unit: OTHER_UNIT },
      ].map((place): [Action, Resource] => [action, { ...facts, ...place, secrecy }]),
    ),
  );
}

function mayDo(appointments: readonly Appointment[], action: Action, resource: Resource): boolean {
  const person: Person = {
    kind: "person",
    id: "mana",
    name: "มานะ",
    appointments,
    secondFactor: true,
    glass: [],
  };
  return decide(person, action, resource, "json").allowed;
}
