/**
 * HTTP
 *
 * Receives    GET /healthz (is the process alive), /readyz (can each part work), /metrics (Prometheus), and
 *             /api/v1/time: this installation's time with its error bound and reference, for others to compare theirs.
 * Writes      its heartbeat.
 * Promises    shows no word of any letter.
 * May not     change anything.
 * Settings    http.*, database.*, queue.*.
 * Fails       a part that does not answer within 3 s is shown as such; /readyz is then 503.
 * Limits      no API and no console yet. Bind it to an address that only operators reach.
 */
import { fastify } from "fastify";
import { startHeartbeat } from "../shared/letter/heartbeat.ts";
import type { StartRoom } from "../shared/letter/room.ts";
import { openRoomQueues } from "../shared/letter/room-queues.ts";
import { reasonToHold } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { openDatabase } from "../shared/runtime/database.ts";
import { openMetrics } from "./metrics.ts";
import { askReadiness } from "./readiness.ts";

export const start: StartRoom = async ({ settings, address, home, now, log }) => {
  const database = openDatabase<Tables>(address, "saraban_http", 3, log);
  const queues = await openRoomQueues(home, log);
  const metrics = openMetrics(database, now);
  const server = fastify({ bodyLimit: 64 * 1024, requestTimeout: 10_000, forceCloseConnections: true });
  server.get("/healthz", async () => ({ alive: true }));
  server.get("/readyz", async (_request, reply) => {
    const readiness = await askReadiness(
      database,
      queues,
      now().clock,
      reasonToHold(now().clock, settings.clock),
    );
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
  server.get("/metrics", async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.read()),
  );
  server.get("/api/v1/time", async (_request, reply) => {
    const { at, clock } = now();
    return reply.header("cache-control", "no-store").send({ time: at.toISOString(), ...clock });
  });
  server.setErrorHandler((error, _request, reply) => {
    log.error({ err: error }, "a request failed");
    return reply
      .code(503)
      .type("application/problem+json")
      .send({ title: "Not available now; see the log", status: 503 });
  });
  server.setNotFoundHandler((request, reply) =>
    reply.code(404).type("application/problem+json").send({
      title: "There is nothing here; try /healthz, /readyz, /metrics or /api/v1/time",
      status: 404,
      instance: request.url,
    }),
  );
  const heartbeat = await startHeartbeat(database, "http", () => null, log);
  const url = await server.listen({ host: settings.http.host, port: settings.http.port });
  return {
    name: "http",
    says: [`HTTP on ${url} (/healthz, /readyz, /metrics, /api/v1/time)`],
    async stop() {
      await heartbeat.stop();
      await server.close();
      for (const queue of Object.values(queues)) await queue.close();
      await database.destroy();
    },
  };
};
