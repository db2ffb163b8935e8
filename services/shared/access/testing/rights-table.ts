import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectDir } from "../../runtime/settings.ts";
import { type Action, ALL_ACTIONS } from "../actions.ts";
import { DOORS, type Door, LEVELS, type Level, RIGHTS } from "../actor.ts";

/** One way to be allowed: all its marks have to hold. */
export type Alternative = readonly string[];

export interface Cell {
  /** None: no. */
  readonly ways: readonly Alternative[];
  /** As the row has it. */
  readonly clause: string;
}

/** Which kind of letters a kind of asker comes with by a door. */
export type DoorCell = "all" | "open" | "none";

/** schemas/access/rights.md as it stands there: nothing of the program's own rules. */
export interface RightsTable {
  cell(action: Action, role: string, level: Level): Cell;
  door(kind: string, door: Door): DoorCell;
  /** Actions that are done to letters (tables A to C); those of table E are not. */
  readonly ofLetters: ReadonlySet<Action>;
  readonly cells: number;
}

/** A column's or cell's `code`s. */
const CODES = /`([^`]+)`/g;
const LEVELS_OF_TABLE: Readonly<Record<string, readonly Level[]>> = {
  A: ["normal"],
  B: ["confidential"],
  C: ["secret"],
  E: ["normal", "confidential", "secret"],
};
const NO: Cell = { ways: [], clause: "" };

/** Every role of the matrix: classified ones by the level of their appointment. */
export const ROLES: readonly string[] = [
  ...RIGHTS.flatMap((right) =>
    right.startsWith("classified-") ? [`${right}:confidential`, `${right}:secret`] : [right],
  ),
  "person",
  "clerk-token",
  "client",
  "operator",
  "nobody",
];

/** @throws when a cell is there twice or not at all, or says something that is not among the marks */
export function readRightsTable(): RightsTable {
  const text = readFileSync(join(projectDir, "schemas/access/rights.md"), "utf8");
  const cells = new Map<string, Cell>();
  const ofLetters = new Set<Action>();
  for (const [letter, levels] of Object.entries(LEVELS_OF_TABLE)) {
    const [head = [], ...rows] = tableOf(text, letter);
    const roles = head.slice(1, -1).map(rolesOf);
    for (const row of rows) {
      const [action] = codesOf(row[0] ?? "") as Action[];
      if (action === undefined || !ALL_ACTIONS.includes(action)) throw new Error(`no action: ${row[0]}`);
      if (letter === "A") ofLetters.add(action);
      for (const [column, named] of roles.entries()) {
        const ways = waysOf(row[column + 1] ?? "");
        for (const role of named) {
          for (const level of levels) {
            const key = `${action} ${role} ${level}`;
            if (cells.has(key)) throw new Error(`twice: ${key}`);
            cells.set(key, { ways, clause: row.at(-1) ?? "" });
          }
        }
      }
    }
  }
  for (const action of ALL_ACTIONS) {
    for (const role of ROLES) {
      for (const level of LEVELS.slice(0, 3)) {
        if (!cells.has(`${action} ${role} ${level}`)) throw new Error(`missing: ${action} ${role} ${level}`);
      }
    }
  }
  const doors = readDoors(text);
  return {
    // Table D: nobody, nothing.
    cell: (action, role, level) =>
      level === "top-secret" ? NO : (cells.get(`${action} ${role} ${level}`) as Cell),
    door: (kind, door) => doors.get(`${kind} ${door}`) as DoorCell,
    ofLetters,
    cells: cells.size,
  };
}

function readDoors(text: string): Map<string, DoorCell> {
  const words: Readonly<Record<string, DoorCell>> = { "✓": "all", open: "open", "–": "none" };
  const [head = [], ...rows] = tableOf(text, "F");
  const doors = new Map<string, DoorCell>();
  for (const row of rows) {
    for (const [column, title] of head.entries()) {
      if (column === 0) continue;
      const says = words[row[column] ?? ""];
      if (says === undefined) throw new Error(`a door says ${row[column]}`);
      doors.set(`${codesOf(row[0] ?? "")[0]} ${codesOf(title)[0]}`, says);
    }
  }
  for (const kind of ["person", "clerk-token", "client", "operator", "nobody"]) {
    for (const door of DOORS) if (!doors.has(`${kind} ${door}`)) throw new Error(`missing: ${kind} ${door}`);
  }
  return doors;
}

/** The first table under the heading "— A. …": its head, then its rows. */
function tableOf(text: string, letter: string): string[][] {
  const [, section] = text.split(new RegExp(`^## .+ — ${letter}\\. .+$`, "mu"));
  const lines = (section ?? "").split(/^## /mu)[0]?.split("\n") ?? [];
  const rows = lines.filter((line) => line.startsWith("|") && !/^\|[ |-]+\|$/.test(line));
  if (rows.length < 2) throw new Error(`no table ${letter}`);
  return rows.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function codesOf(cell: string): string[] {
  return [...cell.matchAll(CODES)].map(([, code = ""]) => code);
}

function rolesOf(title: string): string[] {
  return codesOf(title).flatMap((code) => {
    const named = ROLES.filter((role) => role === code || role.startsWith(`${code}:`));
    if (named.length === 0) throw new Error(`no role: ${code}`);
    return named;
  });
}

const MARK = /^(2|2c|N|≠|≠a|=|T|1|G|O|L|in|out|\*|s:[a-z,-]+)$/u;

function waysOf(cell: string): Alternative[] {
  if (cell === "–") return [];
  if (!cell.startsWith("✓")) throw new Error(`a cell says ${cell}`);
  return cell
    .slice(1)
    .split("/")
    .map((way) => {
      const marks = way.split(/\s+/u).filter((mark) => mark !== "");
      for (const mark of marks) if (!MARK.test(mark)) throw new Error(`no mark: ${mark} in ${cell}`);
      return marks;
    });
}
