import { KeyFault, type KeyPlace, type KeyProvider, nameOf } from "./key-provider.ts";
import type { KeyGroup, WrappedKey, WrappedKeys } from "./wrapped-keys.ts";

/** Keys that one version has wrapped, and whether they open. */
export interface GroupChecked extends Omit<KeyGroup, "sample"> {
  /** older: opens, but a newer version is there. */
  readonly state: "opens" | "older" | "lost" | "damaged";
  /** Keys that were tried. */
  readonly tried: number;
  /** Of those, which do not open. */
  readonly failed: number;
  /** What is wrong and what to do; null when nothing is. */
  readonly trouble: string | null;
}

/**
 * Whether each version that wrapped anything for an agency and level is there, and opens it. Tries one key of each version,
 * or every one.
 * @throws KeyFault when the keeper of the keys refuses or does not answer
 */
export async function checkKeys(
  place: KeyPlace,
  provider: KeyProvider,
  keys: WrappedKeys,
  everyKey: boolean,
): Promise<GroupChecked[]> {
  const versions = await provider.versions(place);
  const checked: GroupChecked[] = [];
  for (const { sample, ...group } of await keys.groups(place)) {
    const known = versions.find(({ prefix }) => prefix === group.prefix);
    if (!known) {
      const about = { ...group, tried: 0, failed: 0 };
      checked.push({ ...about, state: "lost", trouble: lostWords(place, group) });
      continue;
    }
    const tried = everyKey ? keysOf(place, keys, group.prefix) : [sample];
    checked.push({ ...group, ...(await tryKeys(place, provider, tried, known.newest)) });
  }
  return checked;
}

type Tried = Pick<GroupChecked, "state" | "tried" | "failed" | "trouble">;

async function tryKeys(
  place: KeyPlace,
  provider: KeyProvider,
  keys: AsyncIterable<Omit<WrappedKey, "id">> | Iterable<Omit<WrappedKey, "id">>,
  isNewest: boolean,
): Promise<Tried> {
  let tried = 0;
  let failed = 0;
  let first: KeyFault | null = null;
  for await (const { subject, wrappedKey } of keys) {
    tried++;
    try {
      (await provider.unwrap({ ...place, subject }, wrappedKey)).fill(0);
    } catch (error) {
      if (!(error instanceof KeyFault) || (error.fault !== "lost" && error.fault !== "damaged")) throw error;
      failed++;
      first ??= error;
    }
  }
  if (first === null) return { state: isNewest ? "opens" : "older", tried, failed, trouble: null };
  return { state: first.fault === "lost" ? "lost" : "damaged", tried, failed, trouble: first.message };
}

async function* keysOf(place: KeyPlace, keys: WrappedKeys, prefix: string): AsyncGenerator<WrappedKey> {
  for (let after = ""; ; ) {
    const found = await keys.list(place, "", after, 500);
    yield* found.filter(({ wrappedKey }) => wrappedKey.startsWith(prefix));
    const last = found.at(-1);
    if (!last) return;
    after = last.id;
  }
}

function lostWords(place: KeyPlace, { prefix, letters }: Pick<KeyGroup, "prefix" | "letters">): string {
  const concerned = letters === 1 ? "1 letter is" : `${letters} letters are`;
  return `the key ${prefix.slice(0, -1)} (${nameOf(place)}) is lost: ${concerned} sealed under it. Put it back from the backup of the keys (README, "Keys of classified letters"); without it they stay closed for ever.`;
}
