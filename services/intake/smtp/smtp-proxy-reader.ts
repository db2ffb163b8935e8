import type { Socket } from "node:net";
import { type ProxyHeader, readProxyHeader } from "./smtp-proxy-header.ts";

type Complete = Exclude<ProxyHeader, { kind: "incomplete" | "invalid" }>;

/**
 * Takes the PROXY header off a new connection; what came behind it is put back for the next reader.
 *
 * @param withinMs from now to the header's last byte
 * @returns null when something else came, the header is not complete in time or the other side went away; the socket is
 * then the caller's to destroy, and has a listener for its errors
 */
export function takeProxyHeader(socket: Socket, withinMs: number): Promise<Complete | null> {
  return new Promise((resolve) => {
    let begin = Buffer.alloc(0);
    const settle = (header: Complete | null): void => {
      clearTimeout(overdue);
      socket.removeListener("readable", read);
      socket.removeListener("end", fail);
      socket.removeListener("close", fail);
      // A failed socket keeps its listener: an error that comes later has no other, and would end the process.
      if (header !== null) socket.removeListener("error", fail);
      resolve(header);
    };
    const fail = (): void => settle(null);
    const read = (): void => {
      for (let piece = socket.read(); piece !== null; piece = socket.read()) {
        begin = Buffer.concat([begin, piece as Buffer]);
        const header = readProxyHeader(begin);
        if (header.kind === "incomplete") continue;
        if (header.kind === "invalid") {
          fail();
          return;
        }
        if (begin.length > header.endsAt) socket.unshift(begin.subarray(header.endsAt));
        settle(header);
        return;
      }
    };
    const overdue = setTimeout(fail, withinMs);
    socket.on("readable", read);
    socket.on("error", fail);
    socket.on("end", fail);
    socket.on("close", fail);
  });
}
