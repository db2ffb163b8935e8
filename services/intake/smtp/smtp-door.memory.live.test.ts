import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { greetedSmtpClient, openSmtpData } from "../../shared/testing/smtp-client.ts";

const mebibyte = 1024 * 1024;
const to = ["saraban@agency-a.example.go.th"];

/** A door in a process of its own that tells, when asked, its peak of resident memory since it was ready. */
const childModule = `
  const [dir, doorModule, storeModule] = process.argv.slice(1);
  const { openSmtpDoor } = await import(doorModule);
  const { openStore } = await import(storeModule);
  const store = await openStore({ dir });
  const door = await openSmtpDoor({
    host: "127.0.0.1", port: 0, hostname: "mail.example.go.th", store,
    maxMessageBytes: 150 * 1024 * 1024, maxRecipients: 100, maxClients: 250, maxClientsPerAddress: 250,
    idleTimeoutMs: 20000, dataTimeoutMs: 60000,
    findRecipient: (address) => ({ address, agencyId: "agency-a", unit: null }),
    acceptLetter: async (_, spooled) => ({ intakeIds: [spooled.sha256] }),
    log: { info() {}, error() {} },
  });
  let base = process.memoryUsage.rss();
  let peak = base;
  setInterval(() => { peak = Math.max(peak, process.memoryUsage.rss()); }, 5);
  process.on("message", (what) => {
    if (what === "rest") base = peak = process.memoryUsage.rss();
    process.send({ port: door.port, grownBytes: peak - base });
  });
  process.send("ready");
`;

let child: ChildProcess;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "smtp-memory-"));
  const modules = ["./smtp-door.ts", "../../shared/runtime/store.ts"].map(
    (name) => new URL(name, import.meta.url).href,
  );
  child = spawn(process.execPath, ["--input-type=module", "-e", childModule, dir, ...modules], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  await once(child, "message");
});
afterAll(async () => {
  child.kill();
  await once(child, "exit");
  await rm(dir, { recursive: true });
});

const ask = async (what: "rest" | "peak"): Promise<{ port: number; grownBytes: number }> => {
  child.send(what);
  const [answer] = await once(child, "message");
  return answer;
};

async function deliver(
  port: number,
  sizeBytes: number,
  line: string,
): Promise<{ text: string; sha256: string }> {
  const client = await greetedSmtpClient(port, { timeoutMs: 30_000 });
  await openSmtpData(client, { to });
  const hash = createHash("sha256");
  const piece = Buffer.from(line.repeat(mebibyte / line.length));
  for (let sent = 0; sent < sizeBytes; sent += piece.length) {
    hash.update(piece);
    await client.send(piece);
  }
  await client.send(".\r\n");
  const { text } = await client.reply();
  client.destroy();
  return { text, sha256: hash.digest("hex") };
}

test("a letter of 100 MiB takes less than 64 MiB of memory", async () => {
  const { port } = await ask("rest");
  // Code and buffers every connection needs are there before the measure begins.
  await deliver(port, 2 * mebibyte, `${"w".repeat(62)}\r\n`);
  await ask("rest");
  const { text, sha256 } = await deliver(port, 100 * mebibyte, `${"a".repeat(62)}\r\n`);
  expect(text).toBe(`250 2.0.0 Accepted as ${sha256}`);
  const { grownBytes } = await ask("peak");
  expect(grownBytes).toBeLessThan(64 * mebibyte);
});

test("ten letters of 10 MiB at once take no more", async () => {
  const { port } = await ask("rest");
  const all = Array.from({ length: 10 }, (_, index) =>
    deliver(port, 10 * mebibyte, `${String(index).repeat(62)}\r\n`),
  );
  for (const { text, sha256 } of await Promise.all(all)) expect(text).toBe(`250 2.0.0 Accepted as ${sha256}`);
  const { grownBytes } = await ask("peak");
  expect(grownBytes).toBeLessThan(64 * mebibyte);
});
