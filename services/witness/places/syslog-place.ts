import { createSocket } from "node:dgram";
import { connect as connectTcp, type Socket } from "node:net";
import { hostname } from "node:os";
import { connect as connectTls } from "node:tls";
import { checkpointLine, type Place, TELL_WITHIN_MS, type ToldCheckpoint } from "./place.ts";

export type SyslogTransport = "udp" | "tcp" | "tls";

/** RFC 5426 §3.3, RFC 6587 §3.2 (as most servers have it), RFC 5425 §4.1. */
const PORTS: Readonly<Record<SyslogTransport, number>> = { udp: 514, tcp: 514, tls: 6514 };
/** Facility 13 (log audit), severity 5 (notice): RFC 5424 §6.2.1. */
const PRIORITY = 13 * 8 + 5;

/**
 * A syslog server. By TLS or TCP a checkpoint counts as told when the server has taken all octets and closed in order; by UDP
 * when it has left this machine, which is no proof that it has arrived anywhere.
 */
export function syslogPlace(transport: SyslogTransport, host: string, givenPort: number | undefined): Place {
  const port = givenPort ?? PORTS[transport];
  return {
    name: `syslog+${transport}://${host}:${port}`,
    wantsAll: true,
    async tell(checkpoints) {
      const messages = checkpoints.map((checkpoint) => Buffer.from(syslogMessage(checkpoint)));
      if (transport === "udp") return sendDatagrams(messages, host, port);
      // Octet counting: RFC 5425 §4.3, RFC 6587 §3.4.1.
      const frames = messages.flatMap((message) => [Buffer.from(`${message.length} `), message]);
      return sendStream(Buffer.concat(frames), transport, host, port);
    },
  };
}

/** RFC 5424 §6: no structured data, the message is JSON. */
export function syslogMessage(checkpoint: ToldCheckpoint): string {
  const host =
    hostname()
      .replace(/[^!-~]/g, "")
      .slice(0, 255) || "-";
  return `<${PRIORITY}>1 ${checkpoint.madeAt.toISOString()} ${host} saraban ${process.pid} checkpoint - ${checkpointLine(checkpoint)}`;
}

function sendDatagrams(messages: readonly Buffer[], host: string, port: number): Promise<void> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  const send = (message: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.send(message, port, host, (error) => (error ? reject(error) : resolve()));
    });
  const { promise: failed, reject } = Promise.withResolvers<never>();
  socket.on("error", reject);
  const sendAll = async (): Promise<void> => {
    for (const message of messages) await send(message);
  };
  return Promise.race([sendAll(), failed]).finally(() => socket.close());
}

function sendStream(octets: Buffer, transport: "tcp" | "tls", host: string, port: number): Promise<void> {
  const socket: Socket =
    transport === "tcp" ? connectTcp({ host, port }) : connectTls({ host, port, servername: host });
  return new Promise((resolve, reject) => {
    const overdue = setTimeout(
      () => socket.destroy(new Error(`no answer within ${TELL_WITHIN_MS} ms`)),
      TELL_WITHIN_MS,
    );
    socket.on("error", reject);
    socket.on("close", () => {
      clearTimeout(overdue);
      resolve(); // after an error: rejected already
    });
    // Nothing is expected from a syslog server; what it sends must not keep its side from closing.
    socket.resume();
    socket.end(octets);
  });
}
