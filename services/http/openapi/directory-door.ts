import type { FastifyInstance } from "fastify";
import type { DoorParts } from "../door-parts.ts";

/** Stands behind the tokens under /api/v1; its routes say in their config which scope they take. */
export function directoryDoor(_api: FastifyInstance, _parts: DoorParts): void {}
