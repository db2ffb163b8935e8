import type { FastifyInstance } from "fastify";
import type { DoorParts } from "../door-parts.ts";

/** Public: /openapi.json, /api/docs, /api/v1/codes; stands at the root of the server. */
export function openapiDoor(_server: FastifyInstance, _parts: DoorParts): void {}
