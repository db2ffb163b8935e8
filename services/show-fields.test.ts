import { expect, test } from "vitest";
import { fieldTable, shown } from "./show-fields.ts";

test("what a stranger wrote changes neither the terminal nor the order of letters", () => {
  const hostile = "ลวง\u202Efdp.exe\u001b[31m\u009b2J\u2066\nบรรทัด";
  for (const text of [
    shown(hostile),
    shown([{ name: hostile }]),
    fieldTable({ name: hostile, all: [hostile] }),
  ])
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  expect(shown("น้ำท่วม ก\u200dข")).toBe("น้ำท่วม ก\u200dข");
});
