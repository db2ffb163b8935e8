/** Run by seal-memory.test.ts: seals and opens so many MB, and tells what it took. */
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { peakMemoryMb, resetPeakMemory } from "../../testing/process-usage.ts";
import { openStream } from "../open-stream.ts";
import { sealStream } from "../seal-stream.ts";

const megabytes = Number(process.argv[2]);
const key = randomBytes(32);
const as = { letterId: "0197f1c2-3a00-7000-8000-000000000001", part: "body 0" };
const block = randomBytes(1024 * 1024);

function* octets(count: number): Generator<Buffer> {
  for (let at = 0; at < count; at++) yield block;
}
async function run(count: number): Promise<{ sha256: string; sizeBytes: number }> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  await pipeline(
    Readable.from(octets(count), { objectMode: false }),
    sealStream(key, as),
    openStream(key, as),
    async (content: AsyncIterable<Buffer>) => {
      for await (const chunk of content) {
        hash.update(chunk);
        sizeBytes += chunk.length;
      }
    },
  );
  return { sha256: hash.digest("hex"), sizeBytes };
}

await run(16);
resetPeakMemory(process.pid);
const before = process.memoryUsage.rss() / 2 ** 20;
const cpu = process.cpuUsage();
const got = await run(megabytes);
const { user, system } = process.cpuUsage(cpu);
const expected = createHash("sha256");
for (const chunk of octets(megabytes)) expected.update(chunk);
process.stdout.write(
  JSON.stringify({
    isSame: got.sha256 === expected.digest("hex"),
    sizeBytes: got.sizeBytes,
    grownMb: Math.round(peakMemoryMb(process.pid) - before),
    cpuMs: Math.round((user + system) / 1000),
  }),
);
