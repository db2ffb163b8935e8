/** Counts requests under way, so that none holds more of the room than it should. */
export interface Running {
  /** @returns gives the place back, once; null when there is none left for this client */
  enter(clientId: string): (() => void) | null;
}

/** @param most of all clients; @param mostOfOne of each of them: a client that hangs does not keep the others out */
export function countRunning(most: number, mostOfOne: number): Running {
  const running = new Map<string, number>();
  let all = 0;
  return {
    enter(clientId) {
      const own = running.get(clientId) ?? 0;
      if (all >= most || own >= mostOfOne) return null;
      all += 1;
      running.set(clientId, own + 1);
      let isGiven = false;
      return () => {
        if (isGiven) return;
        isGiven = true;
        all -= 1;
        const left = (running.get(clientId) ?? 1) - 1;
        if (left === 0) running.delete(clientId);
        else running.set(clientId, left);
      };
    },
  };
}
