import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { readNetworks } from "../../shared/runtime/networks.ts";
import {
  connectSmtpClient,
  dotText,
  greetedSmtpClient,
  openSmtpData,
  type SmtpTestClient,
  smtpClientOver,
} from "../../shared/testing/smtp-client.ts";
import { contextOf, makeCertificate } from "../testing/tls-client.ts";
import { type ClientLimitNumbers, limitClients } from "./smtp-client-limits.ts";
import type { SmtpDoorOptions } from "./smtp-door.ts";
import type { GreylistAttempt } from "./smtp-greylist.ts";
import { takeProxyHeader } from "./smtp-proxy-reader.ts";
import { openTestDoor, type TestDoor } from "./smtp-test-door.ts";

const to = "saraban@agency-a.example.go.th";
const proxies = readNetworks("127.0.0.0/8", "smtp.proxyNetworks");
const overIPv4 = "PROXY TCP4 192.0.2.7 127.0.0.1 55555 25\r\n";
const overIPv6 = Buffer.concat([
  Buffer.from("0d0a0d0a000d0a515549540a2121002d", "hex"),
  Buffer.from(`20010db8${"00".repeat(11)}09${"00".repeat(16)}d9030019`, "hex"),
  // One addition that is passed over.
  Buffer.from("030006a9b87e8f0000", "hex"),
]);

let dir: string;
let tls: NonNullable<SmtpDoorOptions["tls"]>;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "smtp-strangers-"));
  tls = { context: await contextOf(await makeCertificate(dir, "one")), port: 0, require: false };
});
afterAll(() => rm(dir, { recursive: true }));

const doors: TestDoor[] = [];
const openDoor = async (given: Partial<SmtpDoorOptions>): Promise<TestDoor> => {
  const door = await openTestDoor(given);
  doors.push(door);
  return door;
};
afterEach(async () => {
  await Promise.all(doors.splice(0).map((door) => door.close()));
});

async function deliver(client: SmtpTestClient): Promise<number> {
  await openSmtpData(client, { to: [to] });
  await client.send(dotText("x\r\n"));
  return (await client.reply()).code;
}

describe("behind a balancer (PROXY protocol)", () => {
  test.each([
    ["version 1", Buffer.from(overIPv4), "192.0.2.7"],
    ["version 2", overIPv6, "2001:db8::9"],
    ["version 1 without an address", Buffer.from("PROXY UNKNOWN\r\n"), "127.0.0.1"],
  ])("%s: the letter is the client's, wherever the header is cut", async (_version, header, address) => {
    const door = await openDoor({ proxies });
    for (let cut = 1; cut <= header.length; cut += 7) {
      const client = await connectSmtpClient(door.port);
      await client.send(header.subarray(0, cut));
      await nextTurn();
      await nextTurn();
      await client.send(header.subarray(cut));
      expect((await client.reply()).code).toBe(220);
      await client.command("EHLO client.example.go.th");
      expect(await deliver(client)).toBe(250);
      client.destroy();
    }
    expect(new Set(door.taken.map(({ envelope }) => envelope.remoteAddress))).toEqual(new Set([address]));
  });

  test("before TLS from the start, with the handshake in the same packet", async () => {
    const door = await openDoor({ proxies, tls });
    const raw = connect(door.tlsPort, "127.0.0.1");
    let header = overIPv4;
    const socket = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        raw.write(Buffer.concat([Buffer.from(header), chunk]), done);
        header = "";
      },
    });
    raw.on("data", (chunk) => socket.push(chunk));
    const secured = connectTls({ socket, rejectUnauthorized: false });
    const client = smtpClientOver(secured);
    expect((await client.reply()).code).toBe(220);
    await client.command("EHLO client.example.go.th");
    expect(await deliver(client)).toBe(250);
    expect(door.taken[0]?.envelope).toMatchObject({ remoteAddress: "192.0.2.7", tls: true });
  });

  test.each([
    ["no header", "EHLO client.example.go.th\r\n"],
    ["a wrong address", "PROXY TCP4 192.0.2.700 127.0.0.1 55555 25\r\n"],
    ["an endless header", `PROXY TCP4 ${"1".repeat(200)}`],
    ["a second header", `${overIPv4}${overIPv4}`],
  ])("%s ends the connection", async (_what, bytes) => {
    const door = await openDoor({ proxies });
    const client = await connectSmtpClient(door.port);
    await client.send(bytes);
    const said = await client.rest();
    expect(said.filter(({ code }) => code < 400)).toEqual([]);
    expect(door.refused).toEqual(["not-smtp"]);
    expect(door.taken).toEqual([]);
  });

  test("a header that is never complete does not hold the connection", async () => {
    const server = createServer((socket) => {
      void takeProxyHeader(socket, 50).then((header) => {
        expect(header).toBeNull();
        socket.destroy();
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    // Not events.once: it rejects at the reset, with which a connection ends that still had something to say.
    const closed = new Promise<void>((resolve) => void socket.once("close", () => resolve()));
    socket.on("error", () => {});
    socket.write("PROXY TCP4 ");
    const trickle = setInterval(() => socket.write("1"), 10);
    await closed;
    clearInterval(trickle);
    server.close();
  });

  test("a client that talks behind the header before the greeting is turned away", async () => {
    const door = await openDoor({ proxies });
    const client = await connectSmtpClient(door.port);
    await client.send(`${overIPv4}EHLO early.example.go.th\r\n`);
    expect((await client.rest()).map(({ text }) => text)).toEqual([expect.stringMatching(/^421 4\.5\.1 /)]);
  });

  test("from anybody else a header is not SMTP", async () => {
    const door = await openDoor({ proxies: readNetworks("198.51.100.0/24", "smtp.proxyNetworks") });
    const late = await connectSmtpClient(door.port);
    await late.reply();
    await late.send(`${overIPv4}EHLO client.example.go.th\r\n`);
    expect((await late.rest()).map(({ text }) => text)).toEqual([expect.stringMatching(/^554 5\.5\.1 /)]);
    const early = connect(door.port, "127.0.0.1");
    early.write(overIPv4);
    const client = smtpClientOver(early);
    expect((await client.rest()).map(({ code }) => code)).toEqual([554]);
  });

  test("limits are for the client, not for its balancer", async () => {
    const door = await openDoor({ proxies, maxClientsPerAddress: 1 });
    const enter = async (address: string): Promise<number> => {
      const client = await connectSmtpClient(door.port);
      await client.send(`PROXY TCP4 ${address} 127.0.0.1 55555 25\r\n`);
      return (await client.reply()).code;
    };
    expect(await enter("192.0.2.1")).toBe(220);
    expect(await enter("192.0.2.1")).toBe(421);
    expect(await enter("192.0.2.2")).toBe(220);
  });
});

describe("limits of a network that is not trusted", () => {
  const none = { connectionsPerMinute: 0, lettersPerMinute: 0, recipientsPerMinute: 0, errorsPerHour: 0 };
  const strangers = (numbers: Partial<ClientLimitNumbers>): Partial<SmtpDoorOptions> => ({
    trusts: () => false,
    // A clock that stands: nothing fills up while the test runs.
    limits: limitClients({ ...none, ...numbers }, () => 0),
  });

  test("connections", async () => {
    const door = await openDoor(strangers({ connectionsPerMinute: 2 }));
    await greetedSmtpClient(door.port);
    await greetedSmtpClient(door.port);
    const third = await connectSmtpClient(door.port);
    expect((await third.rest()).map(({ text }) => text)).toEqual([
      expect.stringMatching(/^421 4\.7\.0 Too many connections from your network in a short time/),
    ]);
  });

  test("connections where TLS begins at once are counted before the handshake", async () => {
    const door = await openDoor({ ...strangers({ connectionsPerMinute: 1 }), tls });
    await greetedSmtpClient(door.port);
    const second = connect(door.tlsPort, "127.0.0.1");
    second.on("error", () => {});
    await once(second, "close");
    expect(door.refused).toEqual(["connecting-too-fast"]);
  });

  test("letters: the next one is asked to come again, and the session goes on", async () => {
    const door = await openDoor(strangers({ lettersPerMinute: 2 }));
    const client = await greetedSmtpClient(door.port);
    expect(await deliver(client)).toBe(250);
    expect(await deliver(client)).toBe(250);
    await client.send(`MAIL FROM:<x@example.go.th>\r\nRCPT TO:<${to}>\r\nDATA\r\nNOOP\r\n`);
    const codes = [];
    for (let index = 0; index < 4; index++) codes.push((await client.reply()).code);
    expect(codes).toEqual([451, 503, 503, 250]);
  });

  test("recipients", async () => {
    const door = await openDoor(strangers({ recipientsPerMinute: 2 }));
    const client = await greetedSmtpClient(door.port);
    await client.command("MAIL FROM:<x@example.go.th>");
    const codes = [];
    for (const _ of [1, 2, 3]) codes.push((await client.command(`RCPT TO:<${to}>`)).code);
    expect(codes).toEqual([250, 250, 451]);
    await client.command("DATA");
    await client.send(dotText("x\r\n"));
    expect((await client.reply()).code).toBe(250);
  });

  test("guesses: each later than the one before, then the network is turned away", async () => {
    const door = await openDoor(strangers({ errorsPerHour: 8 }));
    const client = await greetedSmtpClient(door.port);
    await client.command("MAIL FROM:<x@example.go.th>");
    const rest = client.rest();
    const startedMs = performance.now();
    for (let index = 0; index < 20; index++)
      await client.send(`RCPT TO:<guess${index}@agency-a.example.go.th>\r\n`);
    expect((await rest).map(({ code }) => code)).toEqual([...Array<number>(9).fill(550), 421]);
    // After five for nothing: 100, 200 and 400 ms.
    expect(performance.now() - startedMs).toBeGreaterThan(690);
    const next = await connectSmtpClient(door.port);
    expect((await next.rest()).map(({ text }) => text)).toEqual([expect.stringMatching(/^421 4\.7\.0 /)]);
  });

  test("a trusted relay has none of them", async () => {
    const one = { connectionsPerMinute: 1, lettersPerMinute: 1, recipientsPerMinute: 1, errorsPerHour: 1 };
    const door = await openDoor({
      ...strangers(one),
      trusts: readNetworks("127.0.0.1", "smtp.trustedNetworks"),
    });
    for (let round = 0; round < 3; round++) {
      const client = await greetedSmtpClient(door.port);
      await client.command("BOGUS");
      await client.command("BOGUS");
      expect(await deliver(client)).toBe(250);
      expect(await deliver(client)).toBe(250);
    }
  });
});

describe("greylisting (RFC 6647)", () => {
  test("is asked for strangers only, once a recipient, and an unknown one is told so at once", async () => {
    const asked: GreylistAttempt[] = [];
    const known = new Set<string>();
    const greylist = async (attempt: GreylistAttempt): Promise<boolean> => {
      asked.push(attempt);
      if (known.has(attempt.recipient)) return true;
      known.add(attempt.recipient);
      return false;
    };
    const door = await openDoor({ trusts: () => false, greylist });
    const client = await greetedSmtpClient(door.port);
    await client.send(
      `MAIL FROM:<x@example.go.th>\r\nRCPT TO:<${to}>\r\nRCPT TO:<no@agency-a.example.go.th>\r\nDATA\r\nRSET\r\n`,
    );
    const first = [];
    for (let index = 0; index < 5; index++) first.push((await client.reply()).text.slice(0, 9));
    expect(first).toEqual(["250 2.1.0", "451 4.7.1", "550 5.1.1", "503 5.5.1", "250 2.0.0"]);
    expect(await deliver(client)).toBe(250);
    expect(asked[0]).toEqual({ remoteAddress: "127.0.0.1", mailFrom: "x@example.go.th", recipient: to });
    const trusting = await openDoor({ greylist });
    expect(await deliver(await greetedSmtpClient(trusting.port))).toBe(250);
    expect(asked).toHaveLength(2);
  });
});
