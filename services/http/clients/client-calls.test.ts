import { expect, test, vi } from "vitest";
import { openLog } from "../../shared/runtime/log.ts";
import { type ClientCall, openClientCalls } from "./client-calls.ts";

const CALL: ClientCall = {
  clientId: "dopa",
  agencyId: "agency-a",
  door: "api",
  operation: "POST /api/v1/letters",
  status: 201,
  remoteAddress: "192.0.2.1",
  subjectId: null,
  tookMs: 3,
  calledAt: new Date(0),
};
const named = (index: number): ClientCall => ({ ...CALL, operation: `call ${index}` });
const silent = openLog("silent", "test");

test("calls are written in their order, many at a time, and the last ones at the end", async () => {
  const batches: (readonly ClientCall[])[] = [];
  const calls = openClientCalls(async (batch) => void batches.push(batch), silent);
  const all = Array.from({ length: 1_203 }, (_, index) => named(index));
  for (const call of all) calls.add(call);
  await calls.stop();
  expect(batches.flat()).toEqual(all);
  expect(batches.map(({ length }) => length)).toEqual([500, 500, 203]);
});

test("while the database is away they wait; one that it never takes is told and left out, and no other", async () => {
  const written: string[] = [];
  const faults: unknown[] = [new Error("no connection")];
  const write = vi.fn(async (batch: readonly ClientCall[]) => {
    const fault = faults.shift();
    if (fault !== undefined) throw fault;
    if (batch.some(({ operation }) => operation === "call 7"))
      throw Object.assign(new Error("nul"), { code: "22P05" });
    written.push(...batch.map(({ operation }) => operation));
  });
  const calls = openClientCalls(write, silent);
  for (let index = 0; index < 500; index += 1) calls.add(named(index)); // the 500th has them written: no connection
  await vi.waitUntil(() => faults.length === 0);
  calls.add(named(500));
  await calls.stop();
  expect(written).toEqual(
    Array.from({ length: 501 }, (_, index) => `call ${index}`).filter((call) => call !== "call 7"),
  );
});
