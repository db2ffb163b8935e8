/** A stream of numbers from 0 to 1 (1 excluded), see seededRandom. */
export type Random = () => number;

export function chance(random: Random, share: number): boolean {
  return random() < share;
}

/** From 0 to `limit`, `limit` excluded. */
export function whole(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

export function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[whole(random, values.length)] as Value;
}

/** Zipf's law, as words have it: the n-th of the list comes about n times as rarely as the first. */
export function pickByRank<Value>(random: Random, values: readonly Value[]): Value {
  return values[Math.floor((values.length + 1) ** random()) - 1] as Value;
}

/** Each value as often as its weight says, for `pick`. */
export function weighted<Value>(weights: readonly (readonly [weight: number, value: Value])[]): Value[] {
  return weights.flatMap(([weight, value]) => Array<Value>(weight).fill(value));
}

/** The same values in random order (Fisher and Yates). */
export function shuffled<Value>(random: Random, values: readonly Value[]): Value[] {
  const order = [...values];
  for (let last = order.length - 1; last > 0; last--) {
    const other = whole(random, last + 1);
    [order[last], order[other]] = [order[other] as Value, order[last] as Value];
  }
  return order;
}
