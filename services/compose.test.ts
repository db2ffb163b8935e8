/** docker-compose.yml against the code: no engine runs here, so what can be compared is compared. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { projectDir, readJson } from "./shared/runtime/settings.ts";
import { declaredSettings } from "./shared/runtime/settings-schema.ts";

interface ComposeService {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly string[];
}

const file = parse(readFileSync(join(projectDir, "docker-compose.yml"), "utf8"), { merge: true }) as {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const ours = Object.entries(file.services).filter(([, { image }]) => image === "saraban");

test("one container for each service of `saraban help`, and migrate before them", () => {
  const help = readFileSync(join(projectDir, "services/command-serve.ts"), "utf8");
  const rooms = [...help.matchAll(/^ {2}(\w+): "\.\/\w+\/main\.ts"/gm)].map(([, name]) => name as string);
  expect(rooms.length).toBeGreaterThanOrEqual(6);
  expect(ours.map(([name]) => name).sort()).toEqual([...rooms, "migrate"].sort());
  for (const [name, { command, depends_on }] of ours) {
    expect(command, name).toEqual([name]);
    expect(Object.keys(depends_on ?? {}), name).toContain(name === "migrate" ? "postgres" : "migrate");
  }
});

test("every variable is a setting, every named volume is declared", () => {
  const known = new Set(
    declaredSettings(readJson(join(projectDir, "schemas/settings.schema.json"))).map(({ env }) => env),
  );
  for (const [name, { environment = {}, volumes = [] }] of ours) {
    for (const variable of Object.keys(environment))
      expect(known, `${name}: ${variable}`).toContain(variable);
    for (const volume of volumes.filter((text) => !text.startsWith("."))) {
      expect(Object.keys(file.volumes), name).toContain(volume.split(":")[0]);
    }
  }
});
