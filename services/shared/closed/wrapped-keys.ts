import type { KeyPlace } from "./key-provider.ts";

/** A wrapped key that stands in the database. */
export interface WrappedKey {
  /** Where; ids have an order, in which list goes. */
  readonly id: string;
  readonly subject: string;
  readonly wrappedKey: string;
}

export interface Rewrapped extends WrappedKey {
  readonly rewrapped: string;
}

/** Those that one version of one wrapping key has wrapped. */
export interface KeyGroup {
  /** KeyVersion.prefix */
  readonly prefix: string;
  readonly keys: number;
  /** Letters that need at least one of them. */
  readonly letters: number;
  /** One of them. */
  readonly sample: Omit<WrappedKey, "id">;
}

/** The wrapped keys of an agency and level. */
export interface WrappedKeys {
  groups(place: KeyPlace): Promise<KeyGroup[]>;
  /** Those that do not begin with `newestPrefix` ("": all), behind the id `after` ("": from the first). */
  list(place: KeyPlace, newestPrefix: string, after: string, limit: number): Promise<WrappedKey[]>;
  /** Puts them in place, where the old one still stands. @returns how many it did */
  replace(place: KeyPlace, changes: readonly Rewrapped[]): Promise<number>;
}
