import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "vitest";
import { wholeMessage } from "./ask-node.ts";
import { NodeCallFailed, postSoap, type SoapMessage } from "./post-soap.ts";

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

async function nodeThat(context: TestContext, serve: Serve): Promise<string> {
  const server = createServer(serve).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/ecms-ws01/service2`;
}

const limits = {
  allowPrivate: false,
  idleMs: 100,
  largestAnswer: 64 * 1024,
  stopping: new AbortController().signal,
};

/** @returns the status and the octets of an answer, or how the call failed */
async function call(url: string, message: SoapMessage = wholeMessage("<x/>"), more = {}) {
  try {
    const { status, body } = await postSoap({ url }, message, { ...limits, ...more });
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) bytes += chunk.length;
    return { status, bytes };
  } catch (error) {
    if (!(error instanceof NodeCallFailed)) throw error;
    return { failed: error.message, isSent: error.isSent, isAway: error.isAway };
  }
}

test("a node that refuses before it has heard everything is heard, and the rest is not read any more", async (context) => {
  const { expect } = context;
  const url = await nodeThat(
    context,
    (_, response) => void response.writeHead(413, { "content-length": 2 }).end("no"),
  );
  let read = 0;
  const piece = Buffer.alloc(64 * 1024);
  const pieces = async function* () {
    for (; read < 1_000; read++) yield piece;
  };
  const message = { sizeBytes: 1_000 * piece.length, pieces: pieces() };
  expect(await call(url, message)).toEqual({ status: 413, bytes: 2 });
  expect(read).toBeLessThan(1_000);
});

test("answers have an end: in their size, in silence, in their whole time; half of one is none", async (context) => {
  const { expect } = context;
  const flood = await nodeThat(context, (_, response) => {
    const piece = Buffer.alloc(32 * 1024);
    const more = (): void =>
      void (
        response.destroyed || (response.write(piece) ? setImmediate(more) : response.once("drain", more))
      );
    more();
  });
  expect(await call(flood)).toMatchObject({
    failed: expect.stringContaining("larger than 65536"),
    isSent: true,
  });
  const trickle = await nodeThat(context, (_, response) => {
    const timer = setInterval(() => response.write(" "), 20);
    response.on("close", () => clearInterval(timer));
  });
  expect(await call(trickle)).toMatchObject({
    failed: expect.stringMatching(/not done within 1 s|silent for 0.1 s/),
    isSent: true,
  });
  const mute = await nodeThat(context, () => {});
  expect(await call(mute)).toEqual({ failed: "silent for 0.1 s", isSent: true, isAway: true });
  const half = await nodeThat(context, (_, response) => {
    response.writeHead(200, { "content-length": 100 }).write("<");
    setImmediate(() => response.destroy());
  });
  expect(await call(half)).toMatchObject({
    failed: expect.stringContaining("broke off in its answer"),
    isSent: true,
    isAway: false,
  });
});

test("where a name leads is looked at before anything is sent; what the message itself fails at is not the node's fault", async (context) => {
  const { expect } = context;
  let calls = 0;
  const url = await nodeThat(context, (_, response) => {
    calls++;
    response.end();
  });
  const { port } = new URL(url);
  const named = `http://node.example.go.th:${port}/`;
  const inside = { find: async () => ["10.1.2.3"] };
  expect(await call(named, undefined, inside)).toMatchObject({
    failed: expect.stringContaining("ecms.allowPrivate"),
    isSent: false,
  });
  // This machine only by its own name, whatever is allowed.
  const here = { find: async () => ["127.0.0.1"], allowPrivate: true };
  expect(await call(named, undefined, here)).toMatchObject({
    failed: expect.stringContaining("ecms.allowPrivate"),
  });
  expect(calls).toBe(0);
  const gone = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from("<");
    throw new Error("the file is gone");
  };
  await expect(call(url, { sizeBytes: 2, pieces: gone() })).rejects.toThrow("the file is gone");
});
