import type { SealedLetter } from "../letter/arrival/sealed-letter.ts";
import type { ClosedFacts } from "../letter/closed-facts.ts";
import { gramsOf } from "./blind-index.ts";
import type { IndexKeys } from "./index-keys.ts";
import {
  bodySubject,
  factsSubject,
  type KeyPlace,
  type KeyProvider,
  wrappedVersion,
} from "./key-provider.ts";
import { sealBytes } from "./seal-bytes.ts";
import { factsPart } from "./sealed-form.ts";
import { searchedText } from "./searched-text.ts";

export interface SealingKeys {
  readonly provider: Pick<KeyProvider, "newDataKey" | "wrap">;
  readonly indexKeys: Pick<IndexKeys, "of">;
}

/** The letter as the tables will have it, but for its contents. */
export type SealedFacts = Pick<
  SealedLetter,
  "id" | "level" | "sealedFacts" | "wrappedKey" | "keyVersion" | "grams"
>;

/** Seals what the register says of a letter, under a key of the letter's own. @throws KeyFault */
export async function sealFacts(
  { provider, indexKeys }: SealingKeys,
  letterId: string,
  agencyId: string,
  facts: ClosedFacts,
): Promise<SealedFacts> {
  const place: KeyPlace = { agencyId, level: facts.level };
  // First: of who has no key yet, this makes one, and the place is known to hold something from then on.
  const indexKey = await indexKeys.of(place);
  const { key, wrapped } = await provider.newDataKey({ ...place, subject: factsSubject(letterId) });
  const octets = Buffer.from(JSON.stringify(facts), "utf8");
  try {
    return {
      id: letterId,
      level: facts.level,
      sealedFacts: sealBytes(key, factsPart(letterId), octets),
      wrappedKey: wrapped,
      keyVersion: versionOf(wrapped),
      grams: gramsOf(searchedText(facts), indexKey),
    };
  } finally {
    key.fill(0);
    octets.fill(0);
  }
}

/** Wraps the key under which a part of the contents was sealed. @throws KeyFault */
export async function wrapBodyKey(
  { provider }: Pick<SealingKeys, "provider">,
  place: KeyPlace,
  { letterId, part, key }: { readonly letterId: string; readonly part: number; readonly key: Buffer },
): Promise<{ readonly wrappedKey: string; readonly keyVersion: number }> {
  const wrappedKey = await provider.wrap({ ...place, subject: bodySubject(letterId, part) }, key);
  return { wrappedKey, keyVersion: versionOf(wrappedKey) };
}

function versionOf(wrapped: string): number {
  const version = wrappedVersion(wrapped);
  if (version === null) throw new Error("a key provider wraps without saying by which version");
  return version;
}
