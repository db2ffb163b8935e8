/** The classes that are taken in. Top secret (ลับที่สุด) is refused at every door, so that nothing is ever sealed for it. */
export const CLOSED_LEVELS = ["confidential", "secret"] as const;
export type ClosedLevel = (typeof CLOSED_LEVELS)[number];

/**
 * Each agency has one wrapping key a level, in versions. A letter's keys are wrapped for the level that it came with
 * (closed_letter.level_at_birth), whatever becomes of its level: who may open it is another matter than what locks it.
 */
export interface KeyPlace {
  readonly agencyId: string;
  readonly level: ClosedLevel;
}

/** What a data key is wrapped for. A wrapped key that is put into another letter's row does not open. */
export interface WrappedFor extends KeyPlace {
  /** factsSubject, bodySubject or INDEX_SUBJECT */
  readonly subject: string;
}

/** Of the key that blind indexes of an agency and level are made with. */
export const INDEX_SUBJECT = "blind-index";
/** Of closed_letter.wrapped_key. */
export const factsSubject = (letterId: string): string => letterId;
/** Of closed_body.wrapped_key. */
export const bodySubject = (letterId: string, part: number): string => `${letterId}/${part}`;

export interface DataKey {
  /** 32 octets. Whoever has it clears it after use (fill(0)). */
  readonly key: Buffer;
  /** The same for the database; only the provider makes a key of it again. */
  readonly wrapped: string;
}

export interface KeyVersion {
  readonly version: number;
  readonly madeAt: Date;
  /** What is wrapped now is wrapped with this one. */
  readonly newest: boolean;
  /** Everything wrapped with it begins so, and nothing else does: what has another beginning can be wrapped anew. */
  readonly prefix: string;
}

/**
 * Where wrapping keys are kept, and wrap. Letters have data keys of their own; these are wrapped, and stand wrapped beside
 * what they sealed. So a new wrapping key means wrapping some octets a letter anew, not sealing its contents anew.
 * All of them throw KeyFault.
 */
export interface KeyProvider {
  /** A new data key, wrapped with the newest version. */
  newDataKey(of: WrappedFor): Promise<DataKey>;
  /** Wraps a data key that exists: of a spool that turned out to be classified, or of a letter that changes its class. */
  wrap(of: WrappedFor, key: Buffer): Promise<string>;
  unwrap(of: WrappedFor, wrapped: string): Promise<Buffer>;
  /** The same data key under the newest version. */
  rewrap(of: WrappedFor, wrapped: string): Promise<string>;
  /** Makes a version that wraps from now on; the older ones go on opening. @returns its number */
  rotate(place: KeyPlace): Promise<number>;
  /** From the oldest; empty while nothing was ever wrapped for that place. */
  versions(place: KeyPlace): Promise<KeyVersion[]>;
  /** Why nothing can be wrapped or opened at all, in words for an operator; null when it can. */
  trouble(): Promise<string | null>;
  /** Clears what is held in memory, closes connections. */
  close(): void;
}

/**
 * lost: the version that wrapped it is gone; damaged: the wrapped key was changed, or belongs to another letter; unfit: the
 * keys lie so that others may read them, or cannot be read; denied, sealed, unreachable: what a key server says.
 */
export type KeyFaultKind = "lost" | "damaged" | "unfit" | "denied" | "sealed" | "unreachable";

/** Ours, never the sender's. Words for an operator: what is wrong, what to do; never a key or a word of a letter. */
export class KeyFault extends Error {
  override readonly name = "KeyFault";
  readonly fault: KeyFaultKind;
  readonly place: KeyPlace | null;
  /** Of the wrapping key; null where it is not known or does not matter. */
  readonly version: number | null;

  constructor(
    fault: KeyFaultKind,
    message: string,
    about: { place?: KeyPlace; version?: number; cause?: unknown } = {},
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.fault = fault;
    this.place = about.place ?? null;
    this.version = about.version ?? null;
  }
}

/** The version that wrapped it (key_version); null for what no provider wrapped. */
export function wrappedVersion(wrapped: string): number | null {
  const version = /^[a-z]{1,20}:v([1-9][0-9]{0,8}):/.exec(wrapped)?.[1];
  return version === undefined ? null : Number(version);
}

/**
 * What is sealed under keys of a place, in words ("12 letters"), or null when nothing is. Asked before a place's first key is
 * made, and when one is missing. Doors, which may not count letters, say whether there is anything.
 */
export type UsedBy = (place: KeyPlace) => Promise<string | null>;

/** agency-a, secret, version 3 */
export function nameOf({ agencyId, level }: KeyPlace, version?: number): string {
  return `${agencyId}, ${level}${version === undefined ? "" : `, version ${version}`}`;
}

/** @throws RangeError for what can be no agency, class or subject: they become names of files and keys */
export function checkPlace({ agencyId, level }: KeyPlace, subject?: string): void {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(agencyId)) throw new RangeError("an agency has no such id");
  if (!CLOSED_LEVELS.includes(level)) throw new RangeError("there are no keys for such a class");
  if (subject !== undefined && !/^[\x21-\x7e]{1,200}$/.test(subject))
    throw new RangeError("a data key cannot be wrapped for such a subject");
}
