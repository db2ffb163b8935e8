/** A scanner that misbehaves: whatever it does, a message ends in a result, in bounded time and memory. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Readable } from "node:stream";
import { expect, it, onTestFinished } from "vitest";
import type { Settings } from "../shared/runtime/settings.ts";
import { freePort } from "../shared/testing/free-port.ts";
import { decideScan, openScanner, type Scanner } from "./scan-octets.ts";

const OCTETS = Buffer.from("Subject: a letter\r\n\r\nwords\r\n");

function scannerAt(port: number, over: Partial<Settings["scanner"]> = {}): Scanner {
  const address = `tcp://127.0.0.1:${port}`;
  const settings = { address, maxBytes: 1e8, timeoutSeconds: 1, connections: 2, whenDown: "hold", ...over };
  return openScanner(settings as Settings["scanner"]) as Scanner;
}

/** A server that does with each connection what it is told. @returns its port */
async function fakeServer(behave: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    behave(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const endOfStream = Buffer.alloc(4);
/** Answers when the whole message is there. */
const answering = (reply: string) => (socket: Socket) => {
  let heard = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    heard = Buffer.concat([heard, chunk]).subarray(-64);
    if (heard.subarray(-4).equals(endOfStream)) socket.end(reply, "latin1");
  });
};

it.each([
  ["never answers", (socket: Socket) => socket.resume(), "no-answer"],
  ["never reads", () => {}, "no-answer"],
  ["closes at once", (socket: Socket) => socket.destroy(), "no-answer"],
  ["closes in the middle", (socket: Socket) => socket.once("data", () => socket.destroy()), "no-answer"],
  ["gives half an answer and closes", answering("stream: OK"), "no-answer"],
  ["gives half an answer and is silent", (socket: Socket) => socket.resume().write("stream: O"), "no-answer"],
  ["talks for ever", (socket: Socket) => endless(socket), "scanner-error"],
  ["says garbage", answering("\u00ff\u0001\u0002\0"), "scanner-error"],
  ["says something like an all-clear", answering("stream: OK, I think\0"), "scanner-error"],
  ["says an error", answering("stream: Can't allocate memory ERROR\0"), "scanner-error"],
  ["has enough", answering("INSTREAM size limit exceeded. ERROR\0"), "too-large"],
])("a scanner that %s leaves the message unscanned", async (_name, behave, reason) => {
  const port = await fakeServer(behave as (socket: Socket) => void);
  const startedMs = performance.now();
  // More than the kernel's buffers hold, so that one who never reads is felt.
  const octets = Buffer.alloc(16 * 1024 * 1024, "a");
  expect(await scannerAt(port).scan(octets, octets.length)).toEqual({ state: "unscanned", reason });
  expect(performance.now() - startedMs).toBeLessThan(30_000);
});

function endless(socket: Socket): void {
  socket.resume();
  const talk = (): void => {
    while (!socket.destroyed && socket.write("stream: ".repeat(64)));
    if (!socket.destroyed) socket.once("drain", talk);
  };
  talk();
}

it("believes only what is said of the stream, and keeps a signature's name harmless", async () => {
  const found = `stream: <b>Evil\r\nX-Injected: yes${"A".repeat(300)}\0`.replace("\0", " FOUND\0");
  const port = await fakeServer(answering(found));
  const result = await scannerAt(port).scan(OCTETS, OCTETS.length);
  expect(result).toEqual({
    state: "infected",
    signature: expect.stringMatching(/^[A-Za-z0-9._\-/:+]{100}$/),
  });
});

it("does not connect for a message beyond its limit, and says that nobody is there", async () => {
  const nobody = scannerAt(await freePort(), { maxBytes: 10 });
  const stream = Readable.from([OCTETS]);
  expect(await nobody.scan(stream, OCTETS.length)).toEqual({ state: "unscanned", reason: "too-large" });
  expect(stream.destroyed).toBe(true);
  expect(await nobody.scan(OCTETS.subarray(0, 10), 10)).toEqual({ state: "unscanned", reason: "no-answer" });
  expect(await nobody.trouble()).toMatch(/does not answer; letters wait for it$/);
});

it("passes on the disk's fault as its own error", async () => {
  const port = await fakeServer((socket) => socket.resume());
  const broken = new Readable({ read: (): void => void broken.destroy(new Error("EIO")) });
  await expect(scannerAt(port).scan(broken, 100)).rejects.toThrow("EIO");
});

it("scans no more at once than it may, and serves all who wait", async () => {
  const together = Promise.withResolvers<void>();
  let open = 0;
  let most = 0;
  const port = await fakeServer((socket) => {
    open += 1;
    most = Math.max(most, open);
    if (open === 3) together.resolve();
    socket.once("data", async () => {
      await together.promise;
      // Before the answer leaves: the client may be here again before this side has closed.
      open -= 1;
      socket.end("stream: OK\0");
    });
  });
  const scanner = scannerAt(port, { connections: 3, timeoutSeconds: 5 });
  const results = await Promise.all(Array.from({ length: 40 }, () => scanner.scan(OCTETS, OCTETS.length)));
  expect(results.every(({ state }) => state === "clean")).toBe(true);
  expect(most).toBe(3);
});

it("lets a letter wait only for what may still come", () => {
  const unscanned = (reason: "too-large" | "no-answer" | "scanner-error") =>
    ({ state: "unscanned", reason }) as const;
  expect(decideScan({ state: "clean" }, "hold")).toBe("go-on");
  expect(decideScan({ state: "infected", signature: "x" }, "pass")).toBe("refuse");
  expect(decideScan(unscanned("no-answer"), "hold")).toBe("hold");
  expect(decideScan(unscanned("scanner-error"), "pass")).toBe("go-on-marked");
  expect(decideScan(unscanned("too-large"), "hold")).toBe("go-on-marked");
});
