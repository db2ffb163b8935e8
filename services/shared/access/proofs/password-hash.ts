import { randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";

/**
 * Argon2id (RFC 9106) with 32 MiB, 3 passes, 1 lane: above the least that OWASP's cheat sheet asks for (19 MiB, 2 passes),
 * below RFC 9106's second choice (64 MiB, 3 passes, 4 lanes), which takes 0.1 s and twice the memory here. One costs some
 * 50 ms of a core: with two at once at most forty sign-ins a second, and 64 MiB, however many people or machines try.
 * One lane: a hash has one thread of the pool, and the other threads go on reading and writing files.
 */
const PARAMETERS = { memoryCost: 32 * 1024, timeCost: 3, parallelism: 1 } as const;
/** Algorithm.Argon2id: a `const enum` of the library, which erasable syntax cannot name. */
const ARGON2ID = 2;

const HEAD = `$argon2id$v=19$m=${PARAMETERS.memoryCost},t=${PARAMETERS.timeCost},p=${PARAMETERS.parallelism}$`;

/** @returns the PHC string, which carries parameters and salt */
export function hashPassword(password: string): Promise<string> {
  return hash(password, { ...PARAMETERS, algorithm: ARGON2ID });
}

/** @throws Error when `phc` is none */
export function fitsHash(phc: string, password: string): Promise<boolean> {
  return verify(phc, password);
}

/** Whether it was made with other parameters than those of today. */
export function isOldHash(phc: string): boolean {
  return !phc.startsWith(HEAD);
}

/** A hash that no password fits and that takes as long as any other: for people who do not exist. */
export function newDummyHash(): string {
  const unpadded = (bytes: number): string => randomBytes(bytes).toString("base64").replaceAll("=", "");
  return `${HEAD}${unpadded(16)}$${unpadded(32)}`;
}
