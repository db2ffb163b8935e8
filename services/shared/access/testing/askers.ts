import type { Actor, Appointment, Level, Right } from "../actor.ts";
import type { Asker } from "./expected.ts";
import { ROLES } from "./rights-table.ts";

/** The agency that everybody of the matrix is of, as far as he is of one, another one, and a unit of the first. */
export const HOME = "agency-a";
export const AWAY = "agency-b";
export const UNIT = "finance";
export const OTHER_UNIT = "personnel";

const SCOPES = ["submit", "read-inbound", "read-outbound", "send-outbound", "receipts", "directory"];
const SCOPE_SETS: readonly (readonly string[])[] = [
  [],
  ...SCOPES.map((scope) => [scope]),
  ["read-inbound", "read-outbound"],
  ["read-inbound", "receipts"],
  SCOPES,
];

/** Everybody who asks in the matrix: each role by each way to hold it. */
export function allAskers(): Asker[] {
  return ROLES.flatMap((role) => actorsOf(role).map((actor) => ({ role, actor })));
}

function actorsOf(role: string): Actor[] {
  switch (role) {
    case "person":
      return people([], [[], [HOME]]);
    case "clerk-token":
      return [false, true].map((mayApprove) => ({
        kind: role,
        id: "somsri",
        name: "สมศรี",
        agencies: [HOME],
        mayApprove,
      }));
    case "client":
      return SCOPE_SETS.flatMap((scopes) =>
        (["normal", "confidential", "secret"] as const).map((level) => ({
          kind: role,
          id: "dms",
          agencyId: HOME,
          scopes,
          level,
        })),
      );
    case "operator":
      return [{ kind: role, id: "root" }];
    case "nobody":
      return [{ kind: role }];
    default:
      return appointmentsOf(role).flatMap((appointment) =>
        // Of the glass only administrators have something; that nobody else has, the head of the registry stands for.
        people(
          [appointment],
          role === "administrator" || role === "registry-head" ? [[], [HOME], [AWAY]] : [[]],
        ),
      );
  }
}

/** Every order by which somebody can hold the role: of the agency, of a unit, of the whole installation. */
export function appointmentsOf(role: string): Appointment[] {
  const [right, level = null] = role.split(":") as [Right, ("confidential" | "secret")?];
  const order = { right, level };
  return [
    { ...order, agencyId: HOME, unit: null },
    { ...order, agencyId: HOME, unit: UNIT },
    // The database lets auditors and administrators alone have this one.
    { ...order, agencyId: null, unit: null },
  ];
}

function people(appointments: readonly Appointment[], glasses: readonly (readonly string[])[]): Actor[] {
  return glasses.flatMap((glass) =>
    [false, true].map((secondFactor) => ({
      kind: "person" as const,
      id: "mana",
      name: "มานะ",
      appointments,
      secondFactor,
      glass,
    })),
  );
}

/** As somebody reads it who has to find the cell. */
export function wordsOf({ role, actor }: Asker, level: Level): string {
  const {
    appointments,
    secondFactor,
    glass,
    scopes,
    mayApprove,
    level: upTo,
  } = actor as Record<string, unknown>;
  const [order] = (appointments ?? []) as Appointment[];
  const place =
    order === undefined ? "" : ` of ${order.agencyId ?? "all"}${order.unit === null ? "" : `/${order.unit}`}`;
  return `${role}${place} ${JSON.stringify({ secondFactor, glass, scopes, mayApprove, upTo })}, letter ${level}`;
}
