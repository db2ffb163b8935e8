/** Runs what it is given, in the order in which it came, so many at a time. */
export type TakeTurns = <Result>(work: () => Promise<Result>) => Promise<Result>;

export function openTurns(atOnce: number): TakeTurns {
  let free = atOnce;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // Handed to the next one, so that nobody who comes now is before it.
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
