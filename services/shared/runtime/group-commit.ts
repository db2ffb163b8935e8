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

/** Where a batch stands among its neighbours. A `commit` that ignores it has each batch to itself, which is right too. */
export interface BatchTurn {
  /** To be called when all is written and only the commit is missing: the next batch may be written now. */
  written(): void;
  /** Resolves when the batch before is over; to be awaited before the commit. Never rejects. */
  readonly before: Promise<void>;
}

/**
 * Group commit: while one batch is being committed, what arrives meanwhile gathers, and goes together as the next.
 * A lone item waits for nothing; under load one commit (one fsync) serves many. Items are written, and committed, in
 * the order in which they came, which makes the order of commit the order of arrival. A batch may be written while the
 * one before it waits for the disk: at most two are under way.
 * @param commit writes a batch; its results stand in the order of the items. It resolves only when they are durable
 * @param mayBeOneItemsFault says whether an error can come from one item: then each is tried alone, so that one
 *   bad item does not fail its neighbours
 */
export function groupCommit<Item, Result>(
  commit: (items: readonly Item[], turn: BatchTurn) => Promise<readonly Result[]>,
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

  const commitBatch = async (batch: readonly Waiting<Item, Result>[], turn: BatchTurn): Promise<void> => {
    try {
      const results = await commit(
        batch.map(({ item }) => item),
        turn,
      );
      batch.forEach(({ resolve }, index) => {
        resolve(results[index] as Result);
      });
    } catch (error) {
      if (batch.length > 1 && mayBeOneItemsFault(error)) {
        for (const one of batch) await commitBatch([one], { before: turn.before, written: () => {} });
      } else {
        for (const { reject } of batch) reject(error);
      }
    }
  };

  let committing: Promise<void> = Promise.resolve();
  const drain = async (): Promise<void> => {
    busy = true;
    while (waiting.length > 0) {
      const before = committing;
      const { promise: written, resolve } = Promise.withResolvers<void>();
      committing = commitBatch(takeBatch(), { before, written: resolve });
      await Promise.race([written, committing]);
      // Never a third batch: what arrives meanwhile shares the next commit instead.
      await before;
    }
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
