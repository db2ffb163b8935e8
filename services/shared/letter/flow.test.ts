import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectDir } from "../runtime/settings.ts";
import { flow } from "./flow.ts";

/** The road, left to right: a job is handed on to the right only, or inside a room. */
const ROAD = ["http", "intake", "reading", "registry", "notification", "printing"];

test("no job is handed on to the left", () => {
  for (const [name, { handedOnBy, doneBy }] of Object.entries(flow)) {
    for (const room of handedOnBy) expect(ROAD.indexOf(room), name).toBeLessThanOrEqual(ROAD.indexOf(doneBy));
  }
});

test("every job has exactly one handler, in the main.ts of the room that the table names", () => {
  for (const [name, { doneBy }] of Object.entries(flow)) {
    const rooms = readdirSync(join(projectDir, "services"), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name: room }) => room)
      .filter((room) => handlersOf(room).includes(`"${name}":`));
    expect(rooms, name).toEqual([doneBy]);
  }
});

function handlersOf(room: string): string {
  try {
    return readFileSync(join(projectDir, "services", room, "main.ts"), "utf8");
  } catch {
    return "";
  }
}
