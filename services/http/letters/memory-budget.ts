/** Memory that requests share: who asks for more than there is waits for its turn. */
export interface MemoryBudget {
  /**
   * Waits until `bytes` are free, first come, first served.
   * @returns what gives them back; null when too many wait already
   */
  take(bytes: number): Promise<(() => void) | null>;
}

export function openMemoryBudget(totalBytes: number, mostWaiting: number): MemoryBudget {
  let free = totalBytes;
  const waiting: { readonly bytes: number; readonly start: () => void }[] = [];
  const giveBack = (bytes: number) => {
    let given = false;
    return (): void => {
      if (given) return;
      given = true;
      free += bytes;
      while (waiting[0] && waiting[0].bytes <= free) {
        free -= waiting[0].bytes;
        waiting.shift()?.start();
      }
    };
  };
  return {
    async take(wanted) {
      const bytes = Math.min(wanted, totalBytes);
      if (waiting.length === 0 && bytes <= free) {
        free -= bytes;
        return giveBack(bytes);
      }
      if (waiting.length >= mostWaiting) return null;
      await new Promise<void>((start) => waiting.push({ bytes, start }));
      return giveBack(bytes);
    },
  };
}
