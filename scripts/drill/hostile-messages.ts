import { seededRandom } from "../../services/shared/testing/seeded-random.ts";
import { bombKinds, type MakeBomb } from "./hostile-bombs.ts";
import { below, mutateHeader, mutateOctets, mutateStructure, pick, type Seed } from "./hostile-mutations.ts";

/** Makes the message with this index: the same for the same seed, whatever was made before. */
export type MakeHostile = (index: number) => Seed;

/** Of a hundred messages. */
const SHARES = { octets: 40, header: 25, structure: 18 };

/** @param seeds messages to be mutated; at least one */
export function hostileMessages(
  seeds: readonly Seed[],
  seed: number,
  bombs: readonly MakeBomb[] = bombKinds(),
): MakeHostile {
  return (index) => {
    const random = seededRandom(seed * 1_000_003 + index);
    const chosen = pick(random, seeds);
    const draw = below(random, 100);
    if (draw < SHARES.octets) return { ...chosen, octets: mutateOctets(chosen.octets, random) };
    if (draw < SHARES.octets + SHARES.header)
      return { ...chosen, octets: mutateHeader(chosen.octets, random) };
    if (draw < SHARES.octets + SHARES.header + SHARES.structure)
      return { ...chosen, octets: mutateStructure(chosen.octets, pick(random, seeds).octets, random) };
    // The null sender among them: a bounce is read by other rules.
    const from = random() < 0.1 ? "" : "saraban@opdc.example.go.th";
    return { from, to: ["saraban@agency-a.example.go.th"], octets: pick(random, bombs)(random) };
  };
}
