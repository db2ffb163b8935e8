import { createRequire } from "node:module";
import { setTimeout as later } from "node:timers/promises";
import type DNS from "dns2";
import { freePort } from "./free-port.ts";

/**
 * What the server says of a name and type. absent: NXDOMAIN; failing: SERVFAIL; silent: never an answer; cname: a loop of
 * two names. Mail servers have the preferences 0, 1, 2 … where none is said. A text longer than 255 octets goes into strings
 * of 255, as signers publish their keys.
 */
export type DnsEntry =
  | { readonly texts: readonly (string | readonly string[])[] }
  | { readonly addresses: readonly string[] }
  | { readonly mail: readonly (string | { readonly exchange: string; readonly priority: number })[] }
  | "absent"
  | "failing"
  | "silent"
  | "cname-loop";

export interface TestDns {
  /** For senders.dnsServers. */
  readonly address: string;
  /** By "TXT name": what it says; may be changed at any time. Of other names it says NXDOMAIN. */
  readonly zone: Map<string, DnsEntry>;
  /** "TXT name" of each question in order, and over what it came. */
  readonly asked: { readonly key: string; readonly over: "udp" | "tcp" }[];
  /** Each answer waits so long. */
  delayMs: number;
  stop(): Promise<void>;
}

// dns2 declares its module with "export =".
const dns2 = createRequire(import.meta.url)("dns2") as typeof DNS;
const { Packet } = dns2;
const NAMES = new Map(Object.entries(Packet.TYPE).map(([name, type]) => [Number(type), name]));

/** A DNS server on loopback, UDP and TCP on one free port: what is too long for UDP is asked for again over TCP. */
export async function startDnsServer(entries: Record<string, DnsEntry> = {}): Promise<TestDns> {
  const zone = new Map(Object.entries(entries));
  const port = await freePort();
  const server: TestDns = {
    address: `127.0.0.1:${port}`,
    zone,
    asked: [],
    delayMs: 0,
    stop: async () => {
      await Promise.all([udp, tcp].map((each) => new Promise<void>((done) => void each.close(() => done()))));
    },
  };
  const answering =
    (over: "udp" | "tcp") =>
    async (request: DNS.Packet, send: (response: DNS.Packet) => unknown): Promise<void> => {
      const [question] = request.questions;
      const name = String(question?.name).toLowerCase();
      const type = NAMES.get(Number(question?.type)) ?? "?";
      server.asked.push({ key: `${type} ${name}`, over });
      const entry = zone.get(`${type} ${name}`) ?? (hasName(zone, name) ? { texts: [] } : "absent");
      if (entry === "silent") return;
      if (server.delayMs > 0) await later(server.delayMs);
      send(responseTo(request, name, Number(question?.type), entry));
    };
  const udp = dns2.createUDPServer(answering("udp") as never) as unknown as import("node:dgram").Socket & {
    listen(port: number, address: string): Promise<void>;
  };
  const tcp = dns2.createTCPServer(answering("tcp") as never) as unknown as import("node:net").Server;
  for (const each of [udp, tcp]) each.on("requestError", () => undefined);
  await udp.listen(port, "127.0.0.1");
  await new Promise<void>((done) => tcp.listen(port, "127.0.0.1", done));
  return server;
}

function hasName(zone: ReadonlyMap<string, DnsEntry>, name: string): boolean {
  return [...zone.keys()].some((key) => key.endsWith(` ${name}`));
}

function responseTo(request: DNS.Packet, name: string, type: number, entry: DnsEntry): DNS.Packet {
  const response = new Packet(request);
  response.header.qr = 1;
  response.header.ra = 1;
  response.additionals = [];
  const add = (more: object): void => {
    response.answers.push({ name, type, class: Packet.CLASS.IN, ttl: 60, ...more } as never);
  };
  if (entry === "absent" || entry === "failing") {
    response.header.rcode = entry === "absent" ? Packet.RCODE.NXDOMAIN : Packet.RCODE.SERVFAIL;
  } else if (entry === "cname-loop") {
    add({ type: Packet.TYPE.CNAME, domain: `loop.${name}` });
    add({ name: `loop.${name}`, type: Packet.TYPE.CNAME, domain: name });
  } else if (typeof entry === "object" && "texts" in entry) {
    for (const text of entry.texts) add({ data: typeof text === "string" ? pieces(text) : text });
  } else if (typeof entry === "object" && "addresses" in entry) {
    for (const address of entry.addresses) add({ address });
  } else if (typeof entry === "object") {
    entry.mail.forEach((mail, place) => {
      add(typeof mail === "string" ? { exchange: mail, priority: place } : mail);
    });
  }
  return response;
}

function pieces(text: string): string[] {
  return text.match(/.{1,255}/gs) ?? [""];
}
