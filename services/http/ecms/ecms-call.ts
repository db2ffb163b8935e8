import type { FastifyRequest } from "fastify";
import type { Client } from "../clients/client.ts";
import type { DoorParts } from "../door-parts.ts";
import type { Office } from "../letters/office-directory.ts";

/** A request of a client that is known, before it is asked what it wants. */
export interface EcmsCall {
  readonly parts: DoorParts;
  readonly client: Client;
  /** The agency that registered the client. */
  readonly own: Office & { readonly agency: NonNullable<Office["agency"]> };
  /** Whether it is a system of that agency itself, and neither another office's nor a node, which passes on what all offices say. */
  readonly isOwn: boolean;
  /** Where the client has found this door. */
  readonly doorUrl: string;
  readonly remoteAddress: string;
  readonly tls: boolean;
  /** Content-Type as it came; "" for none. */
  readonly mediaType: string;
}

export async function ecmsCall(
  parts: DoorParts,
  client: Client,
  request: FastifyRequest,
  mediaType: string,
): Promise<EcmsCall> {
  const own = await parts.offices.agency(client.agencyId);
  return {
    parts,
    client,
    own,
    isOwn: client.senderDomain === own.domain,
    doorUrl: `${request.protocol}://${request.host}${parts.ecmsPath}`,
    remoteAddress: request.ip,
    tls: request.protocol === "https",
    mediaType,
  };
}
