import type { FastifyReply } from "fastify";

/**
 * Calls `then` once the answer is out or its client has gone, also where it had gone before anybody asked: the event is told
 * once, and whoever looked something up in between would wait for it in vain.
 */
export function whenClosed({ raw }: Pick<FastifyReply, "raw">, then: () => void): void {
  if (raw.destroyed) then();
  else raw.once("close", then);
}
