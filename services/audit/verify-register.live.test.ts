import { test } from "vitest";
import { faultsOf, registerScene } from "./testing/register-scene.ts";

test("a register in which everything has happened that may happen is in order", async (context) => {
  const { expect } = context;
  const { verify } = await registerScene(context);
  const verification = await verify();
  expect(faultsOf(verification)).toEqual([]);
  expect(verification.verified).toBe(true);
});
