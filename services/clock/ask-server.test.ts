import { expect, onTestFinished, test } from "vitest";
import { type Answer, askOverUdp } from "./ask-server.ts";
import { judgeAnswer } from "./judge-answer.ts";
import { hostClocks, watchSystemClock } from "./local-time.ts";
import { type Oddity, startOddServer } from "./testing/odd-server.ts";

const { signal } = new AbortController();

async function askOdd(oddity: Oddity, timeoutMs = 250): Promise<Answer> {
  const server = await startOddServer(oddity);
  onTestFinished(() => server.stop());
  return askOverUdp()({ address: "127.0.0.1", port: server.port, timeoutMs, signal });
}

function offsetMs(answer: Answer): number {
  if (answer.kind !== "answer") throw new Error(answer.reason);
  const verdict = judgeAnswer(answer, watchSystemClock(hostClocks).settle().minusMonotonicNs);
  if (verdict.kind !== "sample") throw new Error(JSON.stringify(verdict));
  return verdict.sample.offsetMs;
}

test("a server that is an hour ahead is an hour ahead", async () => {
  // The odd server knows the system clock to a millisecond; the rest is a busy machine.
  const offset = offsetMs(await askOdd({ offsetMs: 3_600_000 }, 5_000));
  expect(Math.abs(offset - 3_600_000)).toBeLessThan(500);
});

test("an answer with another origin timestamp is no answer", async () => {
  expect(await askOdd({ wrongOrigin: true })).toEqual({ kind: "silent", reason: "no answer", strangers: 1 });
});

test("forged packets before the right one are passed over", async () => {
  const offset = offsetMs(await askOdd({ forgeries: 20 }, 5_000));
  expect(Math.abs(offset)).toBeLessThan(500);
});

test("who is flooded with forged packets stops listening", async () => {
  expect(await askOdd({ forgeries: 2_000, wrongOrigin: true }, 5_000)).toMatchObject({
    kind: "silent",
    reason: expect.stringContaining("flooded") as string,
  });
});

test("an answer from another port is not heard", async () => {
  expect(await askOdd({ fromElsewhere: true })).toMatchObject({ kind: "silent", strangers: 0 });
});

test("an earlier answer does not answer a later question", async () => {
  const server = await startOddServer({ replay: true });
  onTestFinished(() => server.stop());
  const asked = { address: "127.0.0.1", port: server.port, timeoutMs: 250, signal };
  const ask = askOverUdp();
  expect((await ask({ ...asked, timeoutMs: 5_000 })).kind).toBe("answer");
  expect(await ask(asked)).toEqual({ kind: "silent", reason: "no answer", strangers: 1 });
});

test("a second copy of the answer meets nobody", async () => {
  const server = await startOddServer({ copies: 3 });
  onTestFinished(() => server.stop());
  const ask = askOverUdp();
  for (let round = 0; round < 3; round++) {
    const answer = await ask({ address: "127.0.0.1", port: server.port, timeoutMs: 5_000, signal });
    expect(answer.kind).toBe("answer");
  }
});

test.each([
  ["silence", { silent: true }],
  ["a lost packet", { loss: 1 }],
  ["a packet too short", { bytes: Buffer.alloc(47) }],
  ["a packet too long", { bytes: Buffer.alloc(1_025) }],
  ["an empty packet", { bytes: Buffer.alloc(0) }],
] as const)("%s ends with the time-out", async (_name, oddity) => {
  expect(await askOdd(oddity)).toMatchObject({ kind: "silent", reason: "no answer" });
});

test("a port where nobody listens is told at once", async () => {
  const server = await startOddServer();
  await server.stop();
  const asked = { address: "127.0.0.1", port: server.port, timeoutMs: 20_000, signal };
  expect(await askOverUdp()(asked)).toMatchObject({ kind: "silent", reason: "ECONNREFUSED" });
});

test("the question is dropped when the clock is stopped", async () => {
  const stopping = new AbortController();
  const asked = askOverUdp()({ address: "127.0.0.1", port: 9, timeoutMs: 20_000, signal: stopping.signal });
  stopping.abort();
  expect((await asked).kind).toBe("silent");
});
