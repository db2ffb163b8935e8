import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  connectSmtpClient,
  dotText,
  greetedSmtpClient,
  openSmtpData,
  type SmtpTestClient,
  smtpClientOver,
} from "../../shared/testing/smtp-client.ts";
import {
  type CertificateFilePair,
  clientOverTls,
  contextOf,
  implicitTlsClient,
  makeCertificate,
  startTls,
} from "../testing/tls-client.ts";
import { openTestDoor, type TestDoor } from "./smtp-test-door.ts";

const to = "saraban@agency-a.example.go.th";
const run = promisify(execFile);

let dir: string;
let files: CertificateFilePair;
let door: TestDoor;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "smtp-tls-"));
  files = await makeCertificate(dir, "first");
  door = await openTestDoor({ tls: { context: await contextOf(files), port: 0, require: false } });
});
afterAll(async () => {
  await door.close();
  await rm(dir, { recursive: true });
});
afterEach(() => {
  door.taken.length = 0;
});

async function deliver(client: SmtpTestClient, body = "x\r\n"): Promise<number> {
  await openSmtpData(client, { to: [to] });
  await client.send(dotText(body));
  return (await client.reply()).code;
}

describe("STARTTLS (RFC 3207)", () => {
  test("is announced, taken once, and the letter says that it came so", async () => {
    const plain = await connectSmtpClient(door.port);
    await plain.reply();
    expect((await plain.command("EHLO client.example.go.th")).lines).toContain("STARTTLS");
    expect((await plain.command("STARTTLS now")).code).toBe(501);
    const client = await startTls(plain);
    expect((await client.command("EHLO client.example.go.th")).lines).not.toContain("STARTTLS");
    expect((await client.command("STARTTLS")).code).toBe(503);
    expect(await deliver(client)).toBe(250);
    expect(door.taken[0]?.envelope).toMatchObject({ tls: true, helo: "client.example.go.th" });
    client.destroy();
  });

  test("versions before TLS 1.2 are refused, and the door goes on", async () => {
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    await expect(startTls(await greetedSmtpClient(door.port), old)).rejects.toThrow();
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const client = await startTls(await greetedSmtpClient(door.port), {
        minVersion: version,
        maxVersion: version,
      });
      expect(client.tls.getProtocol()).toBe(version);
      client.destroy();
    }
  });

  test("no client can ask for one handshake after another", async () => {
    const client = await startTls(await greetedSmtpClient(door.port), { maxVersion: "TLSv1.2" });
    const ended = new Promise((resolve) => client.tls.once("close", resolve));
    const again = await new Promise((resolve) => {
      client.tls.once("error", () => resolve("refused"));
      client.tls.renegotiate({}, (error) => resolve(error === null ? "done" : "refused"));
    });
    expect(again).toBe("refused");
    await ended;
  });

  test("what came in the clear behind STARTTLS is thrown away (CVE-2011-0411)", async () => {
    const injected = [
      "EHLO injected.example.go.th\r\nMAIL FROM:<forged@opdc.example.go.th>\r\n",
      `MAIL FROM:<forged@opdc.example.go.th>\r\nRCPT TO:<${to}>\r\nDATA\r\nforged\r\n.\r\n`,
      "NOOP\r\n".repeat(300),
      "NO",
    ];
    for (const behind of injected) {
      const plain = await greetedSmtpClient(door.port);
      await plain.send(`STARTTLS\r\n${behind}`);
      expect((await plain.reply()).code).toBe(220);
      const client = await clientOverTls(plain);
      await client.send("OP\r\n");
      // The first and only answer inside TLS is to what was said inside TLS.
      expect((await client.reply()).code).toBe(500);
      expect((await client.command("MAIL FROM:<x@example.go.th>")).code).toBe(503);
      expect((await client.command("EHLO client.example.go.th")).code).toBe(250);
      expect((await client.command(`RCPT TO:<${to}>`)).code).toBe(503);
      expect(client.pending()).toBe(0);
      client.destroy();
    }
    expect(door.taken).toEqual([]);
  });

  test("nothing said before it holds after it (§4.2)", async () => {
    const plain = await greetedSmtpClient(door.port);
    await plain.command("MAIL FROM:<before@example.go.th>");
    await plain.command(`RCPT TO:<${to}>`);
    const client = await startTls(plain);
    expect((await client.command("DATA")).code).toBe(503);
    expect((await client.command("MAIL FROM:<after@example.go.th>")).code).toBe(503);
    await client.command("EHLO after.example.go.th");
    expect((await client.command("DATA")).code).toBe(503);
    // RSET and a second EHLO end a transaction inside TLS as they do outside (RFC 5321 §4.1.4).
    for (const again of ["RSET", "EHLO after.example.go.th"]) {
      await client.command("MAIL FROM:<dropped@example.go.th>");
      await client.command(`RCPT TO:<${to}>`);
      expect((await client.command(again)).code).toBe(250);
      expect((await client.command("DATA")).code).toBe(503);
    }
    expect(await deliver(client)).toBe(250);
    expect(door.taken.map(({ envelope }) => [envelope.helo, envelope.mailFrom])).toEqual([
      ["after.example.go.th", "saraban@opdc.example.go.th"],
    ]);
    expect((await client.command("QUIT")).code).toBe(221);
  });

  test("is not known without a certificate", async () => {
    const bare = await openTestDoor();
    const client = await connectSmtpClient(bare.port);
    await client.reply();
    expect((await client.command("EHLO client.example.go.th")).lines).not.toContain("STARTTLS");
    expect((await client.command("STARTTLS")).code).toBe(500);
    await bare.close();
  });

  test("where it is required, nothing is taken without it", async () => {
    const strict = await openTestDoor({
      tls: { context: await contextOf(files), port: null, require: true },
    });
    const plain = await greetedSmtpClient(strict.port);
    expect((await plain.command("MAIL FROM:<x@example.go.th>")).text).toBe(
      "530 5.7.0 Must issue a STARTTLS command first",
    );
    expect((await plain.command("NOOP")).code).toBe(250);
    const client = await startTls(plain);
    await client.command("EHLO client.example.go.th");
    expect(await deliver(client)).toBe(250);
    client.destroy();
    await strict.close();
  });
});

describe("handshakes that fail", () => {
  test("garbage, a reset and a client that leaves do no harm", async () => {
    const garbage = await greetedSmtpClient(door.port);
    await garbage.command("STARTTLS");
    const ended = once(garbage.socket, "close");
    await garbage.send("MAIL FROM:<x@example.go.th>\r\n");
    await ended;
    for (const leave of ["destroy", "resetAndDestroy", "end"] as const) {
      const client = await greetedSmtpClient(door.port);
      await client.command("STARTTLS");
      client.socket[leave]();
    }
    const implicit = connect(door.tlsPort, "127.0.0.1");
    await once(implicit, "connect");
    implicit.on("error", () => {});
    implicit.write("EHLO client.example.go.th\r\n");
    await once(implicit, "close");
    expect((await greetedSmtpClient(door.port)).pending()).toBe(0);
  });

  test("silence in the middle of one ends in time, and a stop does not wait for it", async () => {
    const given = { tls: { context: await contextOf(files), port: 0, require: false } };
    const short = await openTestDoor({ ...given, idleTimeoutMs: 150 });
    const client = await greetedSmtpClient(short.port);
    const implicit = connect(short.tlsPort, "127.0.0.1");
    await client.command("STARTTLS");
    // The first bytes of a ClientHello that never goes on.
    await client.send(Buffer.from("16030100c8010000c40303", "hex"));
    const ends = [once(client.socket, "close"), once(implicit, "close")];
    await Promise.all(ends);
    await short.close();

    const stopping = await openTestDoor(given);
    const half = await greetedSmtpClient(stopping.port);
    await half.command("STARTTLS");
    await half.send(Buffer.from("16030100c8010000c40303", "hex"));
    const other = connect(stopping.tlsPort, "127.0.0.1");
    await once(other, "connect");
    await stopping.close(0);
    half.destroy();
    other.destroy();
  });

  test("the same client cannot hold more handshakes than connections", async () => {
    const few = await openTestDoor({
      tls: { context: await contextOf(files), port: 0, require: false },
      maxClientsPerAddress: 2,
    });
    const held = [connect(few.tlsPort, "127.0.0.1"), connect(few.tlsPort, "127.0.0.1")];
    await Promise.all(held.map((socket) => once(socket, "connect")));
    const third = connect(few.tlsPort, "127.0.0.1");
    third.on("error", () => {});
    await once(third, "close");
    expect(few.refused).toEqual(["too-many-connections"]);
    held[0]?.destroy();
    await expect
      .poll(() =>
        implicitTlsClient(few.tlsPort).then(
          () => "in",
          () => "out",
        ),
      )
      .toBe("in");
    for (const socket of held) socket.destroy();
    await few.close();
  });
});

describe("TLS from the start (RFC 8314)", () => {
  test("a letter comes through, byte for byte", async () => {
    const client = await implicitTlsClient(door.tlsPort);
    expect((await client.command("EHLO client.example.go.th")).lines).not.toContain("STARTTLS");
    const body = `${".\r\n..\r\n".repeat(20_000)}ด่วนที่สุด\r\n`;
    expect(await deliver(client, body)).toBe(250);
    expect(door.taken[0]?.bytes.toString()).toBe(body);
    expect(door.taken[0]?.envelope.tls).toBe(true);
    expect((await client.command("QUIT")).code).toBe(221);
  });

  test("who talks before the greeting is turned away here too", async () => {
    const socket = connectTls({ host: "127.0.0.1", port: door.tlsPort, rejectUnauthorized: false });
    // Queued before there is a session: the bytes come with the end of the handshake.
    socket.write(`EHLO early.example.go.th\r\nMAIL FROM:<x@example.go.th>\r\n`);
    const client = smtpClientOver(socket);
    expect((await client.rest()).map(({ text }) => text)).toEqual([expect.stringMatching(/^421 4\.5\.1 /)]);
  });

  test("clients that reset at once, and a stop meanwhile, do not end the process", async () => {
    for (let round = 0; round < 10; round++) {
      const short = await openTestDoor({ tls: { context: await contextOf(files), port: 0, require: false } });
      const sockets = Array.from({ length: 20 }, () => connect(short.tlsPort, "127.0.0.1"));
      for (const socket of sockets) socket.on("error", () => {});
      await Promise.all(sockets.map((socket) => once(socket, "connect")));
      for (const socket of sockets.slice(10)) socket.resetAndDestroy();
      // Without a check this took Node 24.21 down: a TLS socket on top of one that had gone.
      await short.close(0);
      for (const socket of sockets) socket.destroy();
    }
  });
});

const hasSwaks = existsSync("/usr/bin/swaks") && spawnSync("perl", ["-MNet::SSLeay", "-e", "1"]).status === 0;

describe.skipIf(!hasSwaks && process.env["CI"] === undefined)("swaks", () => {
  const letter = `From: saraban@opdc.example.go.th\nTo: ${to}\nSubject: test\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nเรียน ผู้อำนวยการ\n`;
  const swaks = (port: number, ...more: string[]) =>
    run("swaks", [
      ...["--server", "127.0.0.1", "--port", `${port}`, "--helo", "client.example.go.th", "--timeout", "10"],
      ...["--from", "saraban@opdc.example.go.th", "--to", to, "--data", letter, ...more],
    ]);

  test.each([
    ["over STARTTLS", "--tls", true],
    ["over TLS from the start", "--tls-on-connect", true],
    ["in the clear", "--quit-after", false],
  ])("delivers 8-bit text %s", async (_how, option, tls) => {
    const { stdout } = await swaks(
      option === "--tls-on-connect" ? door.tlsPort : door.port,
      ...(tls ? [option] : []),
    );
    expect(stdout).toMatch(/<[-~]+\s+250 2\.0\.0 Accepted as /);
    expect(door.taken).toHaveLength(1);
    expect(door.taken[0]?.envelope.tls).toBe(tls);
    expect(door.taken[0]?.bytes.toString()).toContain("\r\n\r\nเรียน ผู้อำนวยการ\r\n");
  });
});
