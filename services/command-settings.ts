import { join } from "node:path";
import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import { loadSettings, projectDir, readJson } from "./shared/runtime/settings.ts";
import { declaredSettings } from "./shared/runtime/settings-schema.ts";

/** `saraban settings`: each setting in force, with the variable that sets it; secrets are only said to be set or not. */
export const run: RunCommand = async (args) => {
  const { values } = parseArgs({ args: [...args], options: { json: { type: "boolean" } } });
  const settings = loadSettings();
  const rows = declaredSettings(readJson(join(projectDir, "schemas/settings.schema.json"))).map((setting) => {
    const value = setting.key
      .split(".")
      .reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], settings);
    const shown = setting.secret ? (value === "" ? "(not set)" : "(set, hidden)") : value;
    return { key: setting.key, env: setting.env, value: shown, description: setting.description };
  });
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else
    for (const { key, env, value } of rows)
      process.stdout.write(`${key.padEnd(34)} ${String(value).padEnd(30)} ${env}\n`);
  return 0;
};
