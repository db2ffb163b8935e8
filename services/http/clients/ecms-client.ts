import type { FastifyRequest } from "fastify";
import { problem } from "../problem.ts";
import type { Client } from "./client.ts";
import { beginCall, clientParts, countWrongSecret, findByCertificate } from "./client-access.ts";
import { findClientByAddress } from "./client-store.ts";
import { readBasic } from "./read-basic.ts";

/**
 * Who calls the e-CMS door, whose clients have no tokens: by the certificate of the connection, else by HTTP Basic
 * (RFC 7617: the client's id and secret), else, where ecms.byAddress says so, by where the request comes from. Who brings
 * credentials that are not in force is not let in by his address either.
 * @returns null: nobody that is known. The answer then is 401 with `WWW-Authenticate: Basic realm="saraban"`
 * @throws Problem 429 (Retry-After is set) when the client has used up its minute, or an address tries too many secrets
 */
export async function identifyEcmsClient(request: FastifyRequest): Promise<Client | null> {
  const client = await findEcmsClient(request);
  if (client !== null) beginCall(request, client, "ecms");
  return client;
}

async function findEcmsClient(request: FastifyRequest): Promise<Client | null> {
  const ofCertificate = await findByCertificate(request);
  if (ofCertificate !== null) return ofCertificate;
  const { database, find, byAddress, log } = clientParts(request);
  const { authorization } = request.headers;
  if (authorization === undefined) return byAddress ? findClientByAddress(database, request.ip) : null;
  const basic = readBasic(authorization);
  const client = basic && (await find.bySecret(basic.name, basic.password));
  if (client) return client;
  if (countWrongSecret(request) > 0) throw problem("too-many-wrong-tokens");
  log.warn({ address: request.ip }, "credentials of an e-CMS client that are not in force were refused");
  return null;
}
