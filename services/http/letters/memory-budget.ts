/** Memory that requests share: who asks for more than there is waits for its turn. */
export interface MemoryBudget {
  /**
   * Waits until `bytes` are free, first come, first served. Of all of it one holder has at most half, and waits for more by
   * itself: a client whose requests get stuck must not keep the others out.
   * @returns what gives them back; null when too many wait already
   */
  take(bytes: number, holder: string): Promise<(() => void) | null>;
}

interface Waiting {
  readonly bytes: number;
  readonly holder: string;
  readonly start: () => void;
}

export function openMemoryBudget(totalBytes: number, mostWaiting: number): MemoryBudget {
  const mostOfOne = totalBytes / 2;
  let free = totalBytes;
  let waiting: Waiting[] = [];
  const held = new Map<string, number>();
  const heldBy = (holder: string): number => held.get(holder) ?? 0;
  const add = (holder: string, bytes: number): void => {
    free -= bytes;
    const sum = heldBy(holder) + bytes;
    if (sum === 0) held.delete(holder);
    else held.set(holder, sum);
  };
  const startThoseInTurn = (): void => {
    let isOver = false;
    waiting = waiting.filter(({ bytes, holder, start }) => {
      if (isOver || heldBy(holder) + bytes > mostOfOne) return true;
      // Nobody behind it comes first, or a large one would wait for ever.
      if (bytes > free) {
        isOver = true;
        return true;
      }
      add(holder, bytes);
      start();
      return false;
    });
  };
  return {
    async take(wanted, holder) {
      const bytes = Math.min(wanted, mostOfOne);
      let started = false;
      const turn = new Promise<void>((resolve) => {
        const start = (): void => {
          started = true;
          resolve();
        };
        waiting.push({ bytes, holder, start });
      });
      startThoseInTurn();
      const own = waiting.filter((each) => each.holder === holder).length;
      if (!started && (waiting.length > mostWaiting || own > mostWaiting / 2)) {
        waiting.pop();
        return null;
      }
      await turn;
      let given = false;
      return () => {
        if (given) return;
        given = true;
        add(holder, -bytes);
        startThoseInTurn();
      };
    },
  };
}
