import { expect, test } from "vitest";
import { ACT_REFUSALS } from "../shared/letter/act-refusal.ts";
import { actRefusals, actRefused, refusalWords } from "./act-refusals.ts";

test("every reason for which the registry refuses an act has its words in both languages, and no other reason does", () => {
  expect(Object.keys(actRefusals).sort()).toEqual([...ACT_REFUSALS].sort());
  for (const { en, th } of Object.values(actRefusals)) {
    expect(th, en).toMatch(/^[^A-Za-z]*[ก-๙]/);
    expect(en).toMatch(/^[A-Z]/);
  }
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
  for (const unknown of ["made-later", "constructor"]) expect(refusalWords(unknown).th).toMatch(/[ก-๙]/);
});
