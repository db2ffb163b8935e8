import type { FastifyInstance } from "fastify";
import type { TrustedNow } from "../shared/letter/stamp.ts";
import type { Metrics } from "./metrics.ts";
import type { Readiness } from "./readiness.ts";

/** What operators and their machines ask, without a token; no word of any letter. */
export interface OperatorParts {
  readonly now: TrustedNow;
  readonly metrics: Metrics;
  readonly readiness: () => Promise<Readiness>;
}

/** /healthz: the process lives; /readyz: each part can work; /metrics (Prometheus); /api/v1/time. */
export function operatorDoor(server: FastifyInstance, { now, metrics, readiness }: OperatorParts): void {
  server.get("/healthz", async () => ({ alive: true }));
  server.get("/readyz", async (_request, reply) => {
    const answer = await readiness();
    return reply.code(answer.ready ? 200 : 503).send(answer);
  });
  server.get("/metrics", async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.read()),
  );
  server.get("/api/v1/time", async () => {
    const { at, clock } = now();
    return { time: at.toISOString(), ...clock };
  });
}
