import { isIP, type LookupFunction } from "node:net";
import { openPrivateAddresses } from "../mail/private-addresses.ts";

/** Addresses of a host name. @throws when it has none, or nobody tells */
export type FindAddresses = (host: string) => Promise<readonly string[]>;

const HERE = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/;
const LONGEST_URL = 2000;

/** What keeps a URL from being called, in English; null when it may be. Whether its addresses may is seen at each call. */
export function webhookUrlFault(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || text.length > LONGEST_URL) return "it is no URL";
  if (url.username !== "" || url.password !== "")
    return "it must hold no name and no password: calls are signed";
  if (url.protocol === "https:" || (url.protocol === "http:" && HERE.test(url.hostname))) return null;
  return "it has to begin with https:// (http:// only for a program on this machine)";
}

/**
 * How the host of a URL is looked up: the addresses that were checked are those that are connected to. With a second
 * look-up whoever answers for the name could give a public address to the check and one beside us to the connection.
 * @throws for an address in the URL itself that may not be called
 */
export function checkedLookup(url: URL, find: FindAddresses, allowPrivate: boolean): LookupFunction {
  const isPrivate = openPrivateAddresses();
  const isHere = HERE.test(url.hostname);
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  const mayCall = (address: string): boolean =>
    isHere || !isPrivate(address) || (allowPrivate && !isNever(address));
  // node:net asks nobody about what is an address already.
  if (isIP(literal) !== 0 && !mayCall(literal)) throw new Error(NOT_PUBLIC);
  const addressesOf = async (host: string): Promise<readonly string[]> => {
    const found = isHere ? ["127.0.0.1", "::1"] : await find(host);
    if (!found.every(mayCall)) throw new Error(NOT_PUBLIC);
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

const NOT_PUBLIC =
  "its address is in a private network, which notification.webhooksAllowPrivate does not allow";

/** What no setting opens: this machine itself but by its name, and link-local addresses, where clouds keep their secrets. */
function isNever(address: string): boolean {
  return /^(0|127|169\.254)\.|^(::1?|::ffff:.*|fe[89ab].*)$/i.test(address);
}
