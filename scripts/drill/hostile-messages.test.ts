import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { sampleLetter } from "../../services/shared/testing/sample-letters.ts";
import { bombKinds } from "./hostile-bombs.ts";
import { hostileMessages, type MakeHostile } from "./hostile-messages.ts";

const seeds = [0, 1, 2].map((index) => {
  const { mailFrom, to, octets } = sampleLetter(index, { seed: 1, sizeBytes: 4096 });
  return { from: mailFrom, to: [to], octets };
});

it("makes the same messages for the same seed in any order, nearly all different, and none too large to be sent", () => {
  const bombs = bombKinds();
  const [make, again, other] = [5, 5, 6].map((seed) => hostileMessages(seeds, seed, bombs)) as [
    MakeHostile,
    MakeHostile,
    MakeHostile,
  ];
  const digests = new Set<string>();
  for (let index = 299; index >= 0; index--) {
    const { octets } = make(index);
    expect(octets.length).toBeLessThan(1_000_000);
    digests.add(createHash("sha256").update(octets).digest("hex"));
  }
  expect(digests.size).toBeGreaterThan(280);
  for (const index of [0, 7, 250]) expect(again(index)).toEqual(make(index));
  expect(other(7).octets.equals(make(7).octets)).toBe(false);
});
