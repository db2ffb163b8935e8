import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("200 MB are sealed and opened in little memory, whatever their size", async () => {
  const script = new URL("./testing/seal-much.ts", import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [script, "200"]);
  const { isSame, sizeBytes, grownMb, cpuMs } = JSON.parse(stdout);
  expect([isSame, sizeBytes]).toEqual([true, 200 * 1024 * 1024]);
  // Chunks wait for the garbage collector; the content does not.
  expect(grownMb).toBeLessThan(60);
  // Sealing, opening and one SHA-256 of each octet: 200 MB take about half a second on the machine this was written on.
  expect(cpuMs).toBeLessThan(20_000);
});
