import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { LARGEST_UPLOAD_BYTES } from "../shared/letter/uploaded-files.ts";
import { actorOf, ownAgency } from "./clerk-access.ts";
import type { DoorParts } from "./door-parts.ts";
import { problem } from "./problem.ts";
import { type Parameters, readParameters } from "./read-parameters.ts";
import { checkedName, uploadFile } from "./upload-file.ts";
import { mediaTypeOf } from "./upload-name.ts";

/** Each holds a connection, and up to 64 KiB of memory; clerks who come in greater numbers wait. */
const MOST_AT_ONCE = 32;

/**
 * POST /outbound/files?agency=A&name=…: takes in a file for an outbound letter, as it is. The answer names its id, by which
 * a draft refers to it, and the SHA-256 of what has come in.
 */
export function uploadDoor(api: FastifyInstance, parts: DoorParts): void {
  let running = 0;
  api.register(async (scope) => {
    // Octets of any type, JSON too, are the file and not a request.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    scope.post<{ Querystring: Parameters }>(
      "/outbound/files",
      { bodyLimit: LARGEST_UPLOAD_BYTES, config: { mayTakeLong: true, scopes: ["send-outbound"] } },
      async (request, reply) => {
        const caller = actorOf(request);
        const parameters = readParameters(request.query);
        const agencyId = parameters.needed("agency");
        const given = parameters.needed("name");
        parameters.done();
        ownAgency(caller, agencyId);
        const name = checkedName(given);
        const { "content-type": type, "content-length": length = "0" } = request.headers;
        if (Number(length) > LARGEST_UPLOAD_BYTES) throw problem("too-large");
        if (running >= MOST_AT_ONCE) {
          reply.header("retry-after", 60);
          throw problem("too-many-uploads");
        }
        running += 1;
        try {
          const source = request.body instanceof Readable ? request.body : request.raw;
          const file = { agencyId, name, mediaType: mediaTypeOf(type) };
          const upload = await uploadFile(parts, caller.acting, file, source);
          return await reply.code(201).send(upload);
        } finally {
          running -= 1;
        }
      },
    );
  });
}
