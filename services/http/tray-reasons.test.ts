import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectDir } from "../shared/runtime/settings.ts";
import { trayReason, trayReasons } from "./tray-reasons.ts";

test("every reason that sends a letter to the tray has its words, and no other reason does", () => {
  const code = (file: string): string => readFileSync(join(projectDir, "services", file), "utf8");
  const judge = code("reading/judge-message.ts");
  const blocking = /const BLOCKING[^=]*= \[([^\]]*)\]/.exec(judge)?.[1] ?? "";
  const quoted = (text: string): string[] =>
    [...text.matchAll(/"([a-z]+(?:-[a-z]+)*)"/g)].map(([, name]) => name as string);
  const triage = [...judge.matchAll(/outcome: "triage", reason: ([^}]*)\}/g)].flatMap(([, value]) =>
    quoted(value as string),
  );
  const unreadable = [
    ...code("reading/read-letter.ts").matchAll(/outcome: "triage", reason: "([a-z-]+)"/g),
  ].map(([, name]) => name);
  const decided = [
    ...code("registry/decide-outcome.ts").matchAll(
      /outcome: "(?:triage|possible-duplicate)", reason: "([a-z-]+)"/g,
    ),
  ].map(([, name]) => name);
  const rules = /function senderReason[\s\S]*?\n}/.exec(code("shared/letter/sender-rules.ts"))?.[0] ?? "";
  const sender = [...new Set(quoted(rules))].filter((name) => name.includes("sender"));
  expect(sender.length).toBe(5);
  expect(decided.length).toBe(5);
  expect(new Set(Object.keys(trayReasons))).toEqual(
    new Set([...quoted(blocking), ...triage, ...unreadable, ...decided, ...sender]),
  );
});

test("an unknown reason still has words", () => {
  expect(trayReason("made-later").th).toMatch(/[ก-๙]/);
});
