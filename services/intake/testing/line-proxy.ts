import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP proxy in front of a server, for faults of the line: what passes is seen, and may be held or cut. */
export interface LineProxy {
  readonly port: number;
  /** Called with each piece that the client sends, before it is passed on; a promise holds it back. */
  onRequest: (text: string) => void | Promise<void>;
  /** Changes what the server says; must keep its length. */
  rewriteAnswer: ((text: string) => string) | undefined;
  /** After so many further octets of the server the connection is cut, once. */
  cutAfterBytes: number;
  /** Octets of the server that have passed. */
  readonly passedBytes: number;
  readonly connections: number;
  stop(): Promise<void>;
}

export async function startLineProxy(toPort: number, port = 0): Promise<LineProxy> {
  const open = new Set<Socket>();
  let passedBytes = 0;
  let connections = 0;
  const server = createServer((client) => {
    connections += 1;
    const upstream = connect(toPort, "127.0.0.1");
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (piece) => {
      client.pause();
      void Promise.resolve(proxy.onRequest(piece.toString("latin1"))).then(() => {
        upstream.write(piece);
        client.resume();
      });
    });
    upstream.on("data", (given) => {
      const piece = proxy.rewriteAnswer
        ? Buffer.from(proxy.rewriteAnswer(given.toString("latin1")), "latin1")
        : given;
      passedBytes += piece.length;
      if (piece.length >= proxy.cutAfterBytes) {
        client.end(piece.subarray(0, proxy.cutAfterBytes));
        proxy.cutAfterBytes = Number.POSITIVE_INFINITY;
        upstream.destroy();
        return;
      }
      proxy.cutAfterBytes -= piece.length;
      if (!client.write(piece)) {
        upstream.pause();
        client.once("drain", () => upstream.resume());
      }
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const proxy = {
    port: (server.address() as AddressInfo).port,
    onRequest: (_text: string): void | Promise<void> => {},
    rewriteAnswer: undefined as ((text: string) => string) | undefined,
    cutAfterBytes: Number.POSITIVE_INFINITY,
    get passedBytes() {
      return passedBytes;
    },
    get connections() {
      return connections;
    },
    async stop() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}
