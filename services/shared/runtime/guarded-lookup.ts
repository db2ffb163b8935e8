import { isIP, type LookupFunction } from "node:net";

/** Addresses of a host name. @throws when it has none, or nobody tells */
export type FindAddresses = (host: string) => Promise<readonly string[]>;

const THIS_MACHINE = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/;

/** Whether a URL leads to this machine by its own name: whoever wrote it down meant a program beside us. */
export function namesThisMachine({ hostname }: URL): boolean {
  return THIS_MACHINE.test(hostname);
}

/** What is looked up, and who may be connected to. */
export interface LookupGuard {
  readonly find: FindAddresses;
  readonly mayCall: (address: string) => boolean;
  /** Said of an address that may not. */
  readonly refusal: string;
}

/**
 * How the host of a URL is looked up: the addresses that were judged are those that are connected to. With a second
 * look-up whoever answers for the name could give a public address to the judge and one beside us to the connection.
 * @throws for an address in the URL itself that may not be called
 */
export function guardedLookup(url: URL, { find, mayCall, refusal }: LookupGuard): LookupFunction {
  const isHere = namesThisMachine(url);
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  // node:net asks nobody about what is an address already.
  if (!isHere && isIP(literal) !== 0 && !mayCall(literal)) throw new Error(refusal);
  const addressesOf = async (host: string): Promise<readonly string[]> => {
    if (isHere) return ["127.0.0.1", "::1"];
    const found = await find(host);
    if (!found.every(mayCall)) throw new Error(refusal);
    return found;
  };
  return (host, options, done) => {
    addressesOf(host).then(
      (found) => {
        const addresses = found.map((address) => ({ address, family: isIP(address) }));
        const [first] = addresses;
        if (!first) return done(new Error("its name has no address"), "", 0);
        if (options.all) return done(null, addresses);
        done(null, first.address, first.family);
      },
      (error: Error) => done(error, "", 0),
    );
  };
}
