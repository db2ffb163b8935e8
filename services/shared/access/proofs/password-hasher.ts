import { fitsHash, hashPassword, newDummyHash } from "./password-hash.ts";

/** More wait than can be served soon: the caller is to come again. */
export class HasherBusy extends Error {
  override readonly name = "HasherBusy";
}

/** Hashes passwords, a few at a time: what anybody may ask for must not take the processor from the letters. */
export interface PasswordHasher {
  /** @throws HasherBusy */
  hash(password: string): Promise<string>;
  /** @param phc null: nobody's; takes as long as a wrong password. @throws HasherBusy */
  fits(phc: string | null, password: string): Promise<boolean>;
  /** Hashes made and begun so far, for those who measure what a refusal costs. */
  made(): number;
}

const AT_ONCE = 2;
/** Some 0.8 s of waiting: whoever comes then is told to come again. */
const MOST_WAITING = 32;

export function openPasswordHasher(atOnce = AT_ONCE, mostWaiting = MOST_WAITING): PasswordHasher {
  const dummy = newDummyHash();
  const waiting: (() => void)[] = [];
  let running = 0;
  let made = 0;
  const inTurn = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (running >= atOnce) {
      if (waiting.length >= mostWaiting) throw new HasherBusy("too many passwords are being checked");
      await new Promise<void>((resolve) => waiting.push(resolve)); // whoever ends hands its place on
    } else running += 1;
    made += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
  return {
    hash: (password) => inTurn(() => hashPassword(password)),
    fits: (phc, password) => inTurn(() => fitsHash(phc ?? dummy, password)),
    made: () => made,
  };
}
