import type { Action } from "../actions.ts";
import type { Actor, Door, Level, Person } from "../actor.ts";
import type { Resource } from "../resource.ts";
import type { Alternative, Cell, RightsTable } from "./rights-table.ts";

/** Somebody of the matrix: one role, appointed by one order at most. */
export interface Asker {
  readonly role: string;
  readonly actor: Actor;
}

/**
 * What schemas/access/rights.md says of a question, by its words: written apart from the rules, so that table and rules can
 * disagree. "What holds for all of it" and the marks are read here; cells and doors come from the file.
 */
export function saysTable(
  table: RightsTable,
  cell: Cell,
  { actor }: Asker,
  action: Action,
  resource: Resource,
  door: Door | undefined,
): boolean {
  if (cell.ways.length === 0) return false;
  const isClassifiedLetter = resource.secrecy !== "normal" && table.ofLetters.has(action);
  if (door === undefined) {
    if (isClassifiedLetter) return false;
  } else {
    const says = table.door(actor.kind, door);
    if (says === "none" || (says === "open" && isClassifiedLetter)) return false;
  }
  return cell.ways.some((way) => holdsWay(way, actor, action, resource));
}

function holdsWay(way: Alternative, actor: Actor, action: Action, resource: Resource): boolean {
  if (!way.includes("*") && !isInPlace(actor, action, resource)) return false;
  return way.every((mark) => holdsMark(mark, actor, resource));
}

/** Points 3 and 4 of what holds for all of it. */
function isInPlace(actor: Actor, action: Action, { agencyId, unit, secrecy }: Resource): boolean {
  switch (actor.kind) {
    case "person": {
      const [order] = actor.appointments;
      if (order === undefined) return false;
      if (order.agencyId === null && !["auditor", "administrator"].includes(order.right)) return false;
      if (order.agencyId !== null && order.agencyId !== agencyId) return false;
      const shows = ["list", "search", "count"].includes(action) && secrecy === "normal" && unit === null;
      return order.unit === null || order.unit === unit || shows;
    }
    case "clerk-token":
      return actor.agencies.some((agency) => agency === agencyId);
    case "client":
      return agencyId === actor.agencyId;
    case "operator":
      return true;
    case "nobody":
      return false;
  }
}

const GRAVITY: Readonly<Record<Level, number>> = { normal: 0, confidential: 1, secret: 2, "top-secret": 3 };

function holdsMark(mark: string, actor: Actor, resource: Resource): boolean {
  const person: Person | null = actor.kind === "person" ? actor : null;
  const scopes = actor.kind === "client" ? actor.scopes : [];
  switch (mark) {
    case "*":
      return true;
    case "2":
      return person?.secondFactor === true;
    case "2c":
      return resource.secrecy === "normal" || person?.secondFactor === true;
    case "N":
      return resource.isNamed;
    case "≠":
      return resource.isSelf === false;
    case "≠a":
      return resource.isSelf === false || resource.fourEyes === false;
    case "=":
      return resource.isSelf === true;
    case "T":
      return actor.kind === "clerk-token" && actor.mayApprove;
    case "1":
      return resource.fourEyes === false;
    case "G":
      return person?.glass.some((agency) => agency === resource.agencyId) === true;
    case "O":
      return resource.isOwn;
    case "L":
      return actor.kind === "client" && GRAVITY[resource.secrecy] <= GRAVITY[actor.level];
    case "in":
      return resource.direction === "inbound";
    case "out":
      return resource.direction === "outbound";
    case "s:book":
      return (
        (resource.direction === "outbound" || scopes.includes("read-inbound")) &&
        (resource.direction === "inbound" || scopes.includes("read-outbound"))
      );
    default:
      return mark
        .slice("s:".length)
        .split(",")
        .some((scope) => scopes.includes(scope));
  }
}
