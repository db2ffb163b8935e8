import { lookup as lookUp } from "node:dns";
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { openPrivateAddresses } from "../mail/private-addresses.ts";

const TIMEOUT_MS = 5_000;
const LARGEST_BYTES = 64 * 1024;
const LOOPBACK = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/;

const isPrivate = openPrivateAddresses();

/**
 * Fetches a partner's key set: over https from a public address, or from this machine itself. One request, no redirect, at
 * most 5 s and 64 KiB. @returns parsed JSON, whatever it is @throws what went wrong, in words fit for a log
 */
export async function fetchKeySet(text: string): Promise<unknown> {
  const url = new URL(text);
  const isHere = LOOPBACK.test(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isHere)) {
    throw new Error("keys are fetched over https alone");
  }
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  if (!isHere && isIP(literal) !== 0 && isPrivate(literal)) throw new Error(NOT_PUBLIC);
  const octets = await get(url, isHere ? undefined : publicOnly);
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(octets));
}

const NOT_PUBLIC = "its address is not a public one";

/** Whoever answers for the name must not lead us into our own network: looked at where the connection is made. */
const publicOnly: LookupFunction = (hostname, options, done) => {
  lookUp(hostname, { ...options, all: true }, (error, addresses) => {
    const [first] = addresses ?? [];
    if (error || !first) return done(error ?? new Error("it has no address"), "", 0);
    if (addresses.some(({ address }) => isPrivate(address))) return done(new Error(NOT_PUBLIC), "", 0);
    if (options.all) return done(null, addresses);
    done(null, first.address, first.family);
  });
};

function get(url: URL, lookup: LookupFunction | undefined): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const request = (url.protocol === "https:" ? requestTls : requestPlain)(
    url,
    {
      agent: false,
      headers: { accept: "application/jwk-set+json, application/json" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      maxHeaderSize: 16 * 1024,
      ...(lookup ? { lookup } : {}),
    },
    (response) => {
      const refuse = (why: string): void => {
        request.destroy();
        reject(new Error(why));
      };
      if (response.statusCode !== 200) return refuse(`it answers ${response.statusCode}`);
      const held: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > LARGEST_BYTES) refuse("it is too large");
        else held.push(chunk);
      });
      response.on("end", () => resolve(Buffer.concat(held)));
      response.on("error", reject);
    },
  );
  request.on("error", reject);
  request.end();
  return promise;
}
