/** A checkpoint on its way to a second place. */
export interface ToldCheckpoint {
  readonly treeSize: number;
  /** base64url */
  readonly root: string;
  readonly madeAt: Date;
  readonly jws: string;
}

/** Where checkpoints stand besides this database: who changes the log here does not change them there. */
export interface Place {
  /** Names it in the table of places and in the log; no secret. */
  readonly name: string;
  /** Whether it wants each checkpoint, in order; else the newest says all that the ones before it said. */
  readonly wantsAll: boolean;
  /** Resolves when it has them, as far as it can say. May be told of one twice. @throws when it has not */
  tell(checkpoints: readonly ToldCheckpoint[]): Promise<void>;
}

/** Longest time for all of it; the transaction of nobody waits for it. */
export const TELL_WITHIN_MS = 10_000;

/** One line, the same in a file and in syslog; `saraban audit verify --against` reads it. */
export function checkpointLine({ treeSize, root, madeAt, jws }: ToldCheckpoint): string {
  return JSON.stringify({ treeSize, root, madeAt: madeAt.toISOString(), jws });
}
