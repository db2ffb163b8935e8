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
  readonly env_file?: readonly { readonly path: string; readonly required: boolean }[];
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

test("a port that is open to the world has its senders checked: by another service, which is told so", () => {
  const environmentOf = (name: string) => file.services[name]?.environment ?? {};
  expect(environmentOf("intake")["SARABAN_SMTP_HOST"]).toBe("0.0.0.0");
  expect(environmentOf("reading")["SARABAN_SENDERS_CHECK"]).toBe("on");
});

test("the keys that receipts are signed with reach the services that sign, and no other, and are kept", () => {
  const mounts = "keys:/var/lib/saraban/keys";
  expect(ours.filter(([, { volumes = [] }]) => volumes.includes(mounts)).map(([name]) => name)).toEqual([
    "notification",
    "witness",
  ]);
  const tokens = "token-keys:/var/lib/saraban/keys";
  expect(ours.filter(([, { volumes = [] }]) => volumes.includes(tokens)).map(([name]) => name)).toEqual([
    "http",
  ]);
  // What notification sends, and what HTTP takes in for it, lies in the volume that all have.
  for (const [name, { volumes = [] }] of ours) expect(volumes, name).toContain("letters:/var/lib/saraban");
});

test("secrets of mailboxes and nodes reach the services that need them, from files that are in no repository", () => {
  const given = ours.filter(([, { env_file }]) => env_file !== undefined);
  expect(given.map(([name, { env_file }]) => [name, env_file])).toEqual([
    [
      "intake",
      [
        { path: "./secrets.env", required: false },
        { path: "./secrets-nodes.env", required: false },
      ],
    ],
    ["notification", [{ path: "./secrets-nodes.env", required: false }]],
  ]);
  const ignored = readFileSync(join(projectDir, ".gitignore"), "utf8").split("\n");
  expect(ignored).toEqual(expect.arrayContaining(["secrets.env", "secrets-nodes.env"]));
  for (const [name, { volumes = [] }] of ours)
    expect(volumes, name).toContain("./config:/srv/saraban/config:ro");
});
