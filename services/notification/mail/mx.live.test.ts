import { generateKeyPairSync } from "node:crypto";
import { Resolver } from "node:dns/promises";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { dkimVerify } from "mailauth";
import { test } from "vitest";
import { openPrivateAddresses } from "../../shared/runtime/private-addresses.ts";
import type { SinkAnswer } from "../../shared/testing/smtp-sink.ts";
import { LETTER, mxScene } from "../testing/mx-scene.ts";
import { readDkimKeys } from "./dkim-keys.ts";

const DOMAIN = "opdc.example.go.th";
const [FIRST, SECOND] = ["127.0.0.1", "127.0.0.2"] as const;
const TWO_SERVERS = {
  [`MX ${DOMAIN}`]: { mail: ["mx1.example.go.th", "mx2.example.go.th"] },
  "A mx1.example.go.th": { addresses: [FIRST] },
  "A mx2.example.go.th": { addresses: [SECOND] },
};
const ONE_SERVER = {
  [`MX ${DOMAIN}`]: { mail: ["mx1.example.go.th"] },
  "A mx1.example.go.th": { addresses: [FIRST] },
};

test("the first mail server gets it, whole, and its answer is kept with its name", async (context) => {
  const { expect } = context;
  const { sink, send } = await mxScene(context, TWO_SERVERS);
  const [first, second] = [await sink(FIRST), await sink(SECOND)];
  const answer = await send();
  expect(answer.result).toBe("accepted");
  expect(answer.reply).toMatch(/^250 .*\(mx1\.example\.go\.th \[127\.0\.0\.1\]\)$/);
  expect(second.received).toEqual([]);
  const [mail] = first.received;
  expect(mail).toMatchObject({ mailFrom: LETTER.returnPath, recipients: [LETTER.to] });
  expect(mail?.headers.get("message-id")).toBe(LETTER.messageId);
  expect(mail?.headers.has("auto-submitted")).toBe(false);
  expect(await mail?.read()).toMatchObject({
    subject: "ทดสอบ",
    text: expect.stringContaining("..จุด"),
    json: {},
  });
});

test("the next one is taken where one is away, is busy, hangs up, or never says a word", async (context) => {
  const { expect } = context;
  const greetings: Record<string, (socket: import("node:net").Socket) => void> = {
    busy: (socket) => void socket.end("421 4.3.2 too busy\r\n"),
    closed: (socket) => void socket.end("554 no SMTP service here\r\n"),
    gone: (socket) => socket.destroy(),
    mute: () => {},
    endless: (socket) => {
      socket.write("220 test\r\n");
      const timer = setInterval(() => socket.write("250-and\r\n"), 50);
      socket.once("close", () => clearInterval(timer));
    },
  };
  for (const [says, serve] of [["away", undefined], ...Object.entries(greetings)] as const) {
    const { sink, send, oddServer } = await mxScene(context, TWO_SERVERS, { setupTimeoutMs: 300 });
    if (serve) await oddServer(FIRST, serve);
    const second = await sink(SECOND);
    expect(await send(), says).toMatchObject({ result: "accepted", reply: expect.stringContaining("mx2") });
    expect(second.received).toHaveLength(1);
  }
});

test("a domain without MX gets it at its own address; IPv6 as well", async (context) => {
  const { sink, send } = await mxScene(context, { [`AAAA ${DOMAIN}`]: { addresses: ["::1"] } });
  const self = await sink("::1");
  context.expect(await send()).toMatchObject({ result: "accepted" });
  context.expect(self.received).toHaveLength(1);
});

test("no server of a destination answers: nothing of it is tried for a while, and that is no try", async (context) => {
  const { expect } = context;
  const { send, transport } = await mxScene(context, TWO_SERVERS);
  expect(await send()).toMatchObject({ result: "transient", reply: expect.stringContaining("mx2") });
  let composed = 0;
  const answer = await transport.send(LETTER.to, () => {
    composed++;
    return LETTER;
  });
  expect(answer).toMatchObject({ result: "put-off", reply: expect.stringContaining("does not answer") });
  expect(composed).toBe(0);
});

for (const [kind, answer, result] of [
  ["a 4xx", { kind: "refuse", code: 451, text: "4.3.0 later" }, "transient"],
  ["a 5xx, also one about relaying", { kind: "refuse", code: 550, text: "5.7.1 no" }, "permanent"],
  ["a line that breaks after the final dot", { kind: "hang-up" }, "unknown"],
] as const satisfies readonly (readonly [string, SinkAnswer, string])[]) {
  test(`${kind} is ${result}`, async (context) => {
    const { sink, send } = await mxScene(context, ONE_SERVER);
    await sink(FIRST, { onMessage: () => answer });
    context.expect(await send()).toMatchObject({ result });
  });
}

test("an answer to the recipient counts for him; a line that breaks before the final dot has sent nothing", async (context) => {
  const { expect } = context;
  const { sink, send } = await mxScene(context, ONE_SERVER);
  const refusing = await sink(FIRST, {
    onRecipient: (to) => ({ kind: "refuse", code: to.startsWith("full") ? 452 : 550, text: "5.1.1 no" }),
  });
  expect(await send()).toMatchObject({ result: "permanent", reply: expect.stringContaining("5.1.1") });
  expect(await send({ to: `full@${DOMAIN}` })).toMatchObject({ result: "transient" });
  await refusing.close();

  const breaking = await mxScene(context, ONE_SERVER);
  await breaking.oddServer(FIRST, (socket) => {
    socket.setEncoding("utf8").write("220 test\r\n");
    socket.on("data", (text: string) => {
      if (text.startsWith("DATA")) socket.write("354 go on\r\n");
      else if (/^(EHLO|MAIL|RCPT)/.test(text)) socket.write("250 ok\r\n");
      else socket.destroy(); // the first of the message
    });
  });
  async function* octets() {
    for (let piece = 0; piece < 200; piece++) yield Buffer.alloc(64 * 1024, 120);
  }
  const large = { filename: "x.bin", contentType: "application/octet-stream" };
  const answer = await breaking.send({ files: [{ ...large, content: () => Readable.from(octets()) }] });
  expect(answer).toMatchObject({ result: "transient" });
});

test("TLS where it is offered, in the clear where it fails, never in the clear where it is required", async (context) => {
  const { expect } = context;
  const offered = await mxScene(context, ONE_SERVER);
  const [first] = [await offered.sink(FIRST, { startTls: true })];
  expect(await offered.send()).toMatchObject({ result: "accepted" });
  expect(first.received[0]?.isSecure).toBe(true);

  const broken = async (tls: "opportunistic" | "required") => {
    const { send, oddServer } = await mxScene(context, ONE_SERVER, { tls });
    const commands: string[] = [];
    await oddServer(FIRST, (socket) => {
      let state: "commands" | "tls" | "data" = "commands";
      socket.write("220 test\r\n");
      socket.on("data", (chunk: Buffer) => {
        if (state === "tls") return void socket.destroy();
        for (const line of chunk.toString("latin1").split("\r\n").filter(Boolean)) {
          if (state === "data" && line !== ".") continue;
          commands.push(line.slice(0, 8));
          state = line === "STARTTLS" ? "tls" : line === "DATA" ? "data" : "commands";
          const answers: Record<string, string> = {
            EHLO: "250-test\r\n250 STARTTLS",
            STAR: "220 go on",
            DATA: "354 go on",
          };
          socket.write(`${answers[line.slice(0, 4)] ?? "250 ok"}\r\n`);
        }
      });
    });
    return { answer: await send(), commands };
  };
  const clear = await broken("opportunistic");
  expect(clear.answer).toMatchObject({ result: "accepted" });
  const kept = await broken("required");
  expect(kept.answer).toMatchObject({ result: "transient" });
  expect(kept.commands.some((line) => line.startsWith("MAIL"))).toBe(false);

  const plain = await mxScene(context, ONE_SERVER, { tls: "required" });
  const none = await plain.sink(FIRST);
  expect(await plain.send()).toMatchObject({ result: "transient" });
  expect(none.received).toEqual([]);
});

test("nobody's MX record makes us connect to a machine beside us, unless that is ours, or allowed", async (context) => {
  const { expect } = context;
  const isPrivate = openPrivateAddresses();
  const guarded = await mxScene(context, ONE_SERVER, { isPrivate });
  const { connections } = await guarded.oddServer(FIRST, (socket) => void socket.end());
  expect(await guarded.send()).toMatchObject({
    result: "permanent",
    reply: expect.stringContaining("private address 127.0.0.1"),
  });
  expect(connections()).toBe(0);
  for (const more of [
    { allowPrivate: true },
    { isServedHere: async (domain: string) => domain === DOMAIN },
  ]) {
    const { sink, send } = await mxScene(context, ONE_SERVER, { isPrivate, ...more });
    await sink(FIRST);
    expect(await send()).toMatchObject({ result: "accepted" });
  }
});

test("mail that would come back to us is not sent: only to those who are before us in the list", async (context) => {
  const { expect } = context;
  const ourName = "mx1.example.go.th";
  const { send, oddServer } = await mxScene(context, TWO_SERVERS, { ourName });
  const self = await oddServer(FIRST, (socket) => void socket.end());
  const after = await oddServer(SECOND, (socket) => void socket.end());
  expect(await send()).toMatchObject({ result: "permanent", reply: expect.stringContaining("5.4.6") });
  expect([self.connections(), after.connections()]).toEqual([0, 0]);
  const behind = await mxScene(context, TWO_SERVERS, { ourName: "mx2.example.go.th" });
  await behind.sink(FIRST);
  expect(await behind.send()).toMatchObject({ result: "accepted" });
  const served = await mxScene(context, TWO_SERVERS, { ourName, isServedHere: async () => true });
  await served.sink(FIRST);
  expect(await served.send()).toMatchObject({ result: "accepted" });
});

test("Thai domains and Thai addresses go out as servers can take them", async (context) => {
  const { expect } = context;
  const zone = { "A xn--12c1fe.example.go.th": { addresses: [FIRST] } };
  const { sink, send, dns } = await mxScene(context, zone);
  const knowing = await sink(FIRST);
  expect(await send({ to: "saraban@ทดสอบ.example.go.th" })).toMatchObject({ result: "permanent" });
  const asked = dns.asked.find(({ key }) => key.startsWith("MX"))?.key.slice(3) ?? "";
  expect(asked).toMatch(/^xn--[a-z0-9]+\.example\.go\.th$/);
  dns.zone.set(`A ${asked}`, { addresses: [FIRST] });
  const to = "สารบรรณ@ทดสอบ.example.go.th";
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(await send({ to })).toMatchObject({ result: "accepted" });
  expect(knowing.received[0]?.recipients[0]).toContain("สารบรรณ@");
  await knowing.close();
  await sink(FIRST, { smtpUtf8: false });
  expect(await send({ to })).toMatchObject({ result: "permanent", reply: expect.stringContaining("5.6.7") });
  expect(await send({ to: `saraban@${asked}` })).toMatchObject({ result: "accepted" });
});

test("a server that takes no more than so much is not sent all of it first", async (context) => {
  const { sink, send } = await mxScene(context, ONE_SERVER);
  await sink(FIRST, { maxMessageBytes: 100_000 });
  let opened = 0;
  const content = (): Readable => {
    opened++;
    return Readable.from([Buffer.alloc(200_000)]);
  };
  const file = { filename: "x.pdf", contentType: "application/pdf", content, sizeBytes: 200_000 };
  context.expect(await send({ files: [file] })).toMatchObject({ result: "permanent" });
  context.expect(opened).toBe(0);
});

test("a file of ours that cannot be read is our fault: nothing of the message is there, and it is thrown", async (context) => {
  const { sink, send } = await mxScene(context, ONE_SERVER);
  const first = await sink(FIRST);
  const content = (): Readable =>
    Readable.from(
      (async function* () {
        yield Buffer.alloc(100_000);
        throw new Error("the disk is away");
      })(),
    );
  await context
    .expect(send({ files: [{ filename: "x.pdf", contentType: "application/pdf", content }] }))
    .rejects.toThrow("the disk is away");
  context.expect(first.received).toEqual([]);
});

test("what it sends is signed by the key of its From domain (DKIM), also when it is long", async (context) => {
  const { expect } = context;
  const folder = await mkdtemp(join(tmpdir(), "saraban-dkim-"));
  context.onTestFinished(() => rm(folder, { recursive: true }));
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const path = join(folder, "agency-a.example.go.th.s2026.pem");
  await writeFile(path, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const cacheDir = join(folder, ".signing");
  const signerFor = readDkimKeys(folder, cacheDir);
  const record = publicKey.export({ type: "spki", format: "der" }).toString("base64");
  const zone = {
    ...ONE_SERVER,
    "TXT s2026._domainkey.agency-a.example.go.th": { texts: [`v=DKIM1; k=rsa; p=${record}`] },
  };
  const { sink, send, dns } = await mxScene(context, zone, { signerFor });
  const first = await sink(FIRST, { smtpUtf8: true });
  const resolver = new Resolver();
  resolver.setServers([dns.address]);
  const check = async (octets: Buffer | undefined) => {
    const { results } = await dkimVerify(octets ?? "", {
      resolver: (name, type) => resolver.resolve(name, type) as Promise<string[]>,
    });
    return results.map(({ status, signingDomain }) => `${status.result} ${signingDomain}`);
  };
  const large = { filename: "x.pdf", contentType: "application/pdf", sizeBytes: 3_000_000 };
  expect(await send()).toMatchObject({ result: "accepted" });
  const content = () => Readable.from([Buffer.alloc(3_000_000, 7)]);
  expect(await send({ files: [{ ...large, content }] })).toMatchObject({ result: "accepted" });
  for (const { octets } of first.received)
    expect(await check(octets)).toEqual(["pass agency-a.example.go.th"]);
  const changed = Buffer.from(
    first.received[0]?.octets.toString("latin1").replace("To:", "To: x,") ?? "",
    "latin1",
  );
  expect(await check(changed)).toEqual(["fail agency-a.example.go.th"]);
  expect(await readdir(cacheDir)).toEqual([]);
  // Another agency's mail is not signed by this key.
  await send({ from: { name: "", address: "saraban@agency-b.example.go.th" } });
  expect(await check(first.received[2]?.octets)).toEqual(["none undefined"]);

  await chmod(path, 0o640);
  expect(() => readDkimKeys(folder, cacheDir)).toThrow(/read by others/);
  await chmod(path, 0o600);
  await writeFile(join(folder, "agency-a.pem"), "x", { mode: 0o600 });
  expect(() => readDkimKeys(folder, cacheDir)).toThrow(/DOMAIN\.SELECTOR\.pem/);
});
