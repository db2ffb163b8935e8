import { once } from "node:events";
import { connect } from "node:net";
import fastify from "fastify";
import { expect, test } from "vitest";
import { whenClosed } from "./when-closed.ts";

test("who goes before anybody listens is missed all the same", async ({ onTestFinished }) => {
  const server = fastify();
  onTestFinished(() => server.close());
  const told = Promise.withResolvers<string>();
  server.get("/", async (_request, reply) => {
    client.destroy();
    await once(reply.raw, "close");
    whenClosed(reply, () => told.resolve("gone"));
    return reply;
  });
  const url = new URL(await server.listen({ host: "127.0.0.1", port: 0 }));
  const client = connect(Number(url.port), url.hostname);
  client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  expect(await told.promise).toBe("gone");
});
