import { KeyFault, type KeyPlace, type KeyProvider } from "./key-provider.ts";
import type { Rewrapped, WrappedKey, WrappedKeys } from "./wrapped-keys.ts";

export interface RewrapResult {
  /** Now under the newest version. */
  readonly rewrapped: number;
  /** Put elsewhere by another at that moment: it had wrapped them anew itself. */
  readonly changed: number;
  /** Keys that could not be opened; they stay as they are. */
  readonly failed: readonly { readonly subject: string; readonly why: string }[];
}

export interface RewrapOptions {
  readonly place: KeyPlace;
  readonly provider: KeyProvider;
  readonly keys: WrappedKeys;
  /** Read and written together. */
  readonly batch?: number;
  /** Told after each batch, how many keys were looked at so far. */
  readonly progress?: (lookedAt: number) => void;
}

const BATCH = 200;
/** A key server answers several as fast as one. */
const AT_ONCE = 4;
/** A damaged table is not to fill the memory with its faults. */
const MOST_FAULTS = 1000;

/**
 * Wraps anew all keys of an agency and level that are not under the newest version. Contents stay as they are. Begun again
 * after a crash or a fault it goes on with what is left: what is done begins with the newest version's prefix.
 * @throws KeyFault when the keeper of the keys refuses or does not answer; a key that is lost or damaged is told in `failed`
 */
export async function rewrapKeys(options: RewrapOptions): Promise<RewrapResult> {
  const { place, provider, keys, batch = BATCH, progress } = options;
  const newest = (await provider.versions(place)).find((each) => each.newest);
  if (!newest) return { rewrapped: 0, changed: 0, failed: [] };
  const failed: { subject: string; why: string }[] = [];
  let rewrapped = 0;
  let lookedAt = 0;
  let changed = 0;
  let after = "";
  for (;;) {
    const found = await keys.list(place, newest.prefix, after, batch);
    const last = found.at(-1);
    if (!last) return { rewrapped, changed, failed };
    after = last.id;
    const done: Rewrapped[] = [];
    for (let at = 0; at < found.length; at += AT_ONCE) {
      const tried = found.slice(at, at + AT_ONCE).map((each) => rewrapOne(provider, place, each));
      for (const one of await Promise.all(tried)) {
        if (!("why" in one)) done.push(one);
        else if (failed.length < MOST_FAULTS) failed.push(one);
      }
    }
    const replaced = await keys.replace(place, done);
    rewrapped += replaced;
    changed += done.length - replaced;
    lookedAt += found.length;
    progress?.(lookedAt);
  }
}

async function rewrapOne(
  provider: KeyProvider,
  place: KeyPlace,
  found: WrappedKey,
): Promise<Rewrapped | { subject: string; why: string }> {
  try {
    const rewrapped = await provider.rewrap({ ...place, subject: found.subject }, found.wrappedKey);
    return { ...found, rewrapped };
  } catch (error) {
    if (error instanceof KeyFault && (error.fault === "lost" || error.fault === "damaged"))
      return { subject: found.subject, why: error.message };
    throw error;
  }
}
