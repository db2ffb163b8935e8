import { lookup } from "node:dns/promises";
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { guardedLookup, namesThisMachine } from "../../shared/runtime/guarded-lookup.ts";
import { openPrivateAddresses } from "../../shared/runtime/private-addresses.ts";

const TIMEOUT_MS = 5_000;
const LARGEST_BYTES = 64 * 1024;

/**
 * Fetches a partner's key set: over https from a public address, or from this machine itself. One request, no redirect, at
 * most 5 s and 64 KiB. @returns parsed JSON, whatever it is @throws what went wrong, in words fit for a log
 */
export async function fetchKeySet(text: string): Promise<unknown> {
  const url = new URL(text);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && namesThisMachine(url))) {
    throw new Error("keys are fetched over https alone");
  }
  const octets = await get(url);
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(octets));
}

const NOT_PUBLIC = "its address is not a public one";

async function findAddresses(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function get(url: URL): Promise<Buffer> {
  const isPrivate = openPrivateAddresses();
  const mayCall = (address: string): boolean => !isPrivate(address);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const request = (url.protocol === "https:" ? requestTls : requestPlain)(
    url,
    {
      agent: false,
      headers: { accept: "application/jwk-set+json, application/json" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      maxHeaderSize: 16 * 1024,
      // Whoever answers for the name must not lead us into our own network.
      lookup: guardedLookup(url, { find: findAddresses, mayCall, refusal: NOT_PUBLIC }),
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
