/** Run by closed-spool.test.ts: spools octets that hold a mark, says so in the middle of it, and waits to be killed. */
import { Readable } from "node:stream";
import { openClosedSpools } from "../closed-spool.ts";

const [dir = "", mark = "", where = ""] = process.argv.slice(2);
const spools = await openClosedSpools({ dir });
const key = crypto.getRandomValues(Buffer.alloc(32));
const block = Buffer.alloc(100_000, mark);

async function* octets(): AsyncGenerator<Buffer> {
  for (let count = 0; count < 30; count++) yield block;
  if (where === "within") await forever();
}
const spooling = spools.spool(Readable.from(octets(), { objectMode: false }), {
  key,
  as: { letterId: "0197f1c2-3a00-7000-8000-000000000001", part: "body 0" },
  limitBytes: 1e9,
});
await spooling;
await forever();

/** A pending promise alone would let the process end. */
function forever(): Promise<never> {
  process.stdout.write("now\n");
  return new Promise(() => setInterval(() => {}, 1_000));
}
