import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectDir } from "../shared/runtime/settings.ts";
import { actRefusals, actRefused, refusalWords } from "./act-refusals.ts";

test("every reason for which the registry refuses an act has its words, and no other reason does", () => {
  const code = readFileSync(join(projectDir, "services/registry/do-act.ts"), "utf8");
  const calls = [...code.matchAll(/\brefused\(([^;{]*?)\)\s*[;)]/g)].map(([, inside]) => inside as string);
  const reasons = calls.flatMap((inside) =>
    [...inside.matchAll(/"([a-z]+(?:-[a-z]+)+)"/g)].map(([, name]) => name),
  );
  expect(new Set(reasons)).toEqual(new Set(Object.keys(actRefusals)));
});

test("a refusal is a 422 with its reason as the code, in both languages; an unknown reason keeps its code", () => {
  const refused = actRefused("the-act", "already-decided");
  expect(refused).toMatchObject({
    code: "already-decided",
    words: { status: 422 },
    members: { id: "the-act" },
  });
  expect(refused.words.th).toMatch(/[ก-๙]/);
  expect(actRefused("the-act", "made-later").code).toBe("made-later");
  expect(refusalWords("made-later").th).toMatch(/[ก-๙]/);
});
