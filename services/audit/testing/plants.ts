import { test } from "vitest";
import { faultsOf, registerScene } from "./register-scene.ts";
import type { Ids } from "./scene-sql.ts";

/** A fault, planted by hand in the clean register: the violation that must be named, where, and how it came there. */
export interface Plant {
  readonly fault: string;
  /** Tells plants of one fault apart. */
  readonly how?: string;
  readonly at: (ids: Ids) => string;
  readonly sql: (ids: Ids) => string;
}

/** A test that plants one fault after the other: exactly its violation is named, by no other check either. */
export function testPlants(check: string, plants: readonly Plant[]): void {
  test(`${check}: each planted fault is named, and nothing else`, async (context) => {
    const { expect } = context;
    const scene = await registerScene(context);
    for (const { fault, how = "", at, sql } of plants) {
      const checks = await scene.checkPlanted(sql(scene));
      expect.soft(faultsOf(checks), `${fault} ${how}`).toEqual([`${check} ${fault} ${at(scene)}`]);
      const [violation] = checks.flatMap(({ violations }) => violations);
      expect.soft(violation?.says, `${fault} ${how}`).toMatch(/^(?!.*(undefined|null))[ -~]{60,}[.?]$/);
    }
    expect(faultsOf(await scene.checkPlanted("")), "after all plants were taken back").toEqual([]);
  });
}
