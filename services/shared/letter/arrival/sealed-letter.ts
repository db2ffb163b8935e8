/** What intake.media_type says of octets that are sealed; what they are stands in the sealed facts. */
export const SEALED_MEDIA_TYPE = "application/vnd.saraban.sealed";

/** A classified letter, sealed. Nothing in it is a word of the letter. */
export interface SealedLetter {
  /** Also the arrival's: what is sealed is bound to it. */
  readonly id: string;
  readonly level: "confidential" | "secret";
  readonly sealedFacts: Buffer;
  readonly wrappedKey: string;
  readonly keyVersion: number;
  /** Blind index. */
  readonly grams: readonly Buffer[];
  /** What was handed in, as part 0. */
  readonly body: {
    /** Of the sealed octets. */
    readonly sha256: string;
    readonly sizeBytes: number;
    /** Null: a durable file of the letters store. */
    readonly inline: Buffer | null;
    readonly wrappedKey: string;
    readonly keyVersion: number;
  };
  /** Of the octets as they came, for the receipt. */
  readonly handedIn: { readonly sha256: string; readonly sizeBytes: number };
  /** closed_letter.likeness */
  readonly likeness: Buffer;
}
