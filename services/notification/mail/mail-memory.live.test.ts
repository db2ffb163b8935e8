import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { startDnsServer } from "../../shared/testing/dns-server.ts";
import { freePort } from "../../shared/testing/free-port.ts";
import { oddServer } from "../testing/mx-scene.ts";

const MEBIBYTE = 1024 * 1024;

/** Sends one message with a file of 30 MiB by the way that it is told, and tells how much memory was in use at most. */
const childModule = `
  const [base, port, dns, dkimDir] = process.argv.slice(1);
  const load = (name) => import(new URL(name, base).href);
  const { openSmarthost } = await load("./smarthost.ts");
  const { openMx } = await load("./mx.ts");
  const { openDestinations } = await load("./destinations.ts");
  const { openExchangeFinder } = await load("./find-exchanges.ts");
  const { readDkimKeys, signNothing } = await load("./dkim-keys.ts");
  const { Readable } = await import("node:stream");
  const mx = (signerFor) => openMx({
    finder: openExchangeFinder(dns, 3000), port: Number(port), ourName: "mail.example.go.th", tls: "opportunistic",
    destinations: openDestinations({ atOnce: 2, perMinute: 0, probes: 1, longestAwayMs: 1000 }),
    isPrivate: () => false, allowPrivate: false, isServedHere: async () => false, setupTimeoutMs: 5000, signerFor,
  });
  const ways = {
    mx: mx(signNothing),
    signed: mx(readDkimKeys(dkimDir, dkimDir + "/.signing")),
    smarthost: openSmarthost("smtp://127.0.0.1:" + port, 2, "mail.example.go.th"),
  };
  const mail = (sizeBytes) => ({
    from: { name: "", address: "saraban@agency-a.example.go.th" }, to: "saraban@opdc.example.go.th", subject: "x", text: "x",
    messageId: "<1@agency-a.example.go.th>", date: new Date(), inReplyTo: null, autoSubmitted: null, returnPath: "",
    envelopeId: "1", files: [{
      filename: "x.pdf", contentType: "application/pdf", sizeBytes,
      content: () => Readable.from((async function* () {
        for (let left = sizeBytes; left > 0; left -= 65536) yield Buffer.alloc(65536, 7);
      })()),
    }],
  });
  process.on("message", async (name) => {
    const warm = await ways[name].send("saraban@opdc.example.go.th", () => mail(65536));
    const live = () => { gc(); const { heapUsed, external } = process.memoryUsage(); return heapUsed + external; };
    const rest = live();
    let peak = rest;
    const watch = setInterval(() => { peak = Math.max(peak, live()); }, 150);
    const answer = await ways[name].send("saraban@opdc.example.go.th", () => mail(30 * 1024 * 1024));
    clearInterval(watch);
    process.send({ warm: warm.result, result: answer.result, reply: answer.reply, grownBytes: peak - rest });
  });
  process.send("ready");
`;

async function sender(context: TestContext): Promise<{ child: ChildProcess; took: () => number }> {
  const dns = await startDnsServer({ "A opdc.example.go.th": { addresses: ["127.0.0.1"] } });
  const port = await freePort();
  let octets = 0;
  await oddServer(context, "127.0.0.1", port, (socket: Socket) => {
    let inData = false;
    let tail = "";
    socket.write("220 test\r\n");
    socket.on("data", (chunk: Buffer) => {
      if (inData) octets += chunk.length;
      tail = (tail + chunk.subarray(-5).toString("latin1")).slice(-5);
      if (inData && tail !== "\r\n.\r\n") return;
      const text = inData ? "." : chunk.toString("latin1");
      inData = text.startsWith("DATA");
      socket.write(inData ? "354 go on\r\n" : "250 ok\r\n");
    });
  });
  const folder = await mkdtemp(join(tmpdir(), "saraban-dkim-"));
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  await writeFile(join(folder, "agency-a.example.go.th.s1.pem"), pem, { mode: 0o600 });
  const child = spawn(
    process.execPath,
    [
      "--expose-gc",
      "--input-type=module",
      "-e",
      childModule,
      import.meta.url,
      `${port}`,
      dns.address,
      folder,
    ],
    { stdio: ["ignore", "inherit", "inherit", "ipc"] },
  );
  context.onTestFinished(async () => {
    child.kill();
    await once(child, "exit");
    await dns.stop();
    await rm(folder, { recursive: true });
  });
  await once(child, "message");
  return { child, took: () => octets };
}

test("a file of 30 MiB goes out in pieces, by every way, signed or not", async (context) => {
  const { child, took } = await sender(context);
  for (const way of ["mx", "signed", "smarthost"]) {
    const before = took();
    child.send(way);
    const [answer] = await once(child, "message");
    expect(answer, way).toMatchObject({ warm: "accepted", result: "accepted" });
    expect(took() - before).toBeGreaterThan(40 * MEBIBYTE);
    process.stdout.write(`30 MiB by ${way}: ${Math.round(answer.grownBytes / MEBIBYTE)} MiB of memory\n`);
    expect(answer.grownBytes, way).toBeLessThan(16 * MEBIBYTE);
  }
}, 240_000);
