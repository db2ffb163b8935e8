import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { TestContext } from "vitest";
import { type DnsEntry, startDnsServer, type TestDns } from "../../shared/testing/dns-server.ts";
import { freePort } from "../../shared/testing/free-port.ts";
import { openSmtpSink, type SmtpSink } from "../../shared/testing/smtp-sink.ts";
import { type DestinationLimits, openDestinations } from "../mail/destinations.ts";
import { signNothing } from "../mail/dkim-keys.ts";
import { openExchangeFinder } from "../mail/find-exchanges.ts";
import type { SendResult } from "../mail/mail-transport.ts";
import { type MxParts, openMx } from "../mail/mx.ts";
import type { OutgoingMail } from "../mail/outgoing-mail.ts";

export const LETTER: OutgoingMail = {
  from: { name: "สารบรรณ", address: "saraban@agency-a.example.go.th" },
  to: "saraban@opdc.example.go.th",
  subject: "ทดสอบ",
  text: "ทดสอบ\r\n.\r\n..จุด",
  files: [{ filename: "หนังสือ.json", contentType: "application/json", content: "{}" }],
  messageId: "<letter.1@agency-a.example.go.th>",
  date: new Date("2026-11-21T00:00:00Z"),
  inReplyTo: null,
  autoSubmitted: null,
  returnPath: "saraban+token@agency-a.example.go.th",
  envelopeId: "0198c0de-0000-7000-8000-000000000001",
};

/** Mail servers on one port and several addresses of loopback, a DNS that names them, and our way out to them. */
export async function mxScene(
  context: TestContext,
  zone: Record<string, DnsEntry>,
  more: Partial<MxParts> & { readonly limits?: Partial<DestinationLimits> } = {},
) {
  const dns: TestDns = await startDnsServer(zone);
  const port = await freePort();
  const finder = openExchangeFinder(dns.address, 2_000);
  const limits = { atOnce: 2, perMinute: 0, probes: 2, longestAwayMs: 900_000, ...more.limits };
  const transport = openMx({
    finder,
    destinations: openDestinations(limits),
    ourName: "mail.agency-a.example.go.th",
    port,
    tls: "opportunistic",
    isPrivate: () => false,
    allowPrivate: false,
    isServedHere: async () => false,
    signerFor: signNothing,
    setupTimeoutMs: 2_000,
    ...more,
  });
  context.onTestFinished(async () => {
    transport.close();
    await dns.stop();
  });
  return {
    dns,
    port,
    transport,
    /** Sends the letter, with changes. @throws when it was put off */
    async send(changes: Partial<OutgoingMail> = {}): Promise<SendResult> {
      const mail = { ...LETTER, ...changes };
      const answer = await transport.send(mail.to, () => mail);
      if (answer.result === "put-off") throw new Error(answer.reply);
      return answer;
    },
    async sink(host: string, options: Parameters<typeof openSmtpSink>[0] = {}): Promise<SmtpSink> {
      const sink = await openSmtpSink({ host, port, ...options });
      context.onTestFinished(() => sink.close());
      return sink;
    },
    /** A server that is none of the library's: it does with a connection what the test wants. */
    oddServer: (host: string, serve: (socket: Socket) => void) => oddServer(context, host, port, serve),
  };
}

export async function oddServer(
  context: TestContext,
  host: string,
  port: number,
  serve: (socket: Socket) => void,
): Promise<{ readonly port: number; readonly connections: () => number }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    serve(socket);
  }).listen(port, host);
  await once(server, "listening");
  context.onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}
