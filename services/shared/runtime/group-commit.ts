/** Limits of one batch; the first item is always taken, whatever its size. */
export interface BatchLimits {
  readonly items: number;
  readonly bytes: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly bytes: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Group commit: while one batch is being committed, what arrives meanwhile gathers, and goes together as the next.
 * A lone item waits for nothing; under load one commit (one fsync) serves many. Items are committed in the order
 * in which they came, which makes the order of commit the order of arrival.
 * @param commit writes a batch; its results stand in the order of the items
 * @param mayBeOneItemsFault says whether an error can come from one item: then each is tried alone, so that one
 *   bad item does not fail its neighbours
 */
export function groupCommit<Item, Result>(
  commit: (items: readonly Item[]) => Promise<readonly Result[]>,
  limits: BatchLimits,
  mayBeOneItemsFault: (error: unknown) => boolean,
): (item: Item, bytes: number) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = [];
  let busy = false;

  const takeBatch = (): Waiting<Item, Result>[] => {
    let bytes = 0;
    let count = 0;
    for (const { bytes: size } of waiting) {
      if (count > 0 && (count >= limits.items || bytes + size > limits.bytes)) break;
      bytes += size;
      count += 1;
    }
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return batch;
  };

  const commitBatch = async (batch: readonly Waiting<Item, Result>[]): Promise<void> => {
    try {
      const results = await commit(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => {
        resolve(results[index] as Result);
      });
    } catch (error) {
      if (batch.length > 1 && mayBeOneItemsFault(error)) {
        for (const one of batch) await commitBatch([one]);
      } else {
        for (const { reject } of batch) reject(error);
      }
    }
  };

  const drain = async (): Promise<void> => {
    busy = true;
    while (waiting.length > 0) await commitBatch(takeBatch());
    busy = false;
  };

  return (item, bytes) =>
    new Promise<Result>((resolve, reject) => {
      waiting.push({ item, bytes, resolve, reject });
      // Next turn of the loop: messages whose last octets came in the same turn share a batch.
      if (!busy) {
        busy = true;
        setImmediate(() => void drain());
      }
    });
}
