import { setTimeout as pause } from "node:timers/promises";
import { inject, type TestContext, test } from "vitest";
import { inTransaction } from "../runtime/database.ts";
import { openEars } from "../runtime/ears.ts";
import { newId } from "../runtime/ids.ts";
import { openLog } from "../runtime/log.ts";
import { letReadLettersWait, roomDatabase } from "../testing/arrivals.ts";
import { databaseForTest } from "../testing/database.ts";
import { outboxHomeForTest } from "../testing/queue-homes.ts";
import { workScene } from "../testing/work-scene.ts";
import { flow, type JobData, type JobName, queueOf } from "./flow.ts";
import { putOff } from "./outbox.ts";
import { performJobs } from "./perform-jobs.ts";

/** An outbox with work for reading, and as many processes as the test opens. */
async function scene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const given = workScene(context, address);
  return {
    ...given,
    address,
    process: (leaseSeconds = 60) => outboxHomeForTest(context, address, leaseSeconds),
    reading: roomDatabase(context, address, "saraban_reading"),
    /** Cuts all connections on which work is taken or words are heard. */
    cutTakers: () =>
      given.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
        and (application_name = 'saraban_queue' or query like 'listen %')`),
  };
}

test("work is done once by whoever takes it, and leaves no row", async (context) => {
  const { addWork, work, process, until } = await scene(context);
  const [one, two] = await Promise.all([work(process(), 1), work(process(), 1)]);
  const ids = await addWork(300);
  await until((rows) => rows.length === 0);
  context.expect([...one.seen, ...two.seen].sort()).toEqual(ids.sort());
  // Both have taken of it: neither takes more than it has places for.
  context.expect(Math.min(one.seen.length, two.seen.length)).toBeGreaterThan(0);
});

test("what becomes due wakes its worker at once", async (context) => {
  const { addWork, work, process, until, query } = await scene(context);
  const arrivedMs = new Map<string, number>();
  const handler = async ({ subjectId }: JobData): Promise<undefined> => {
    arrivedMs.set(subjectId, performance.now());
  };
  await work(process(), 1, handler);
  await addWork(1);
  await until((rows) => rows.length === 0);
  const delaysMs: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    // Also of what was put off far into the future and is asked for now.
    const isLater = round % 2 === 1;
    if (isLater)
      await query(`insert into saraban.outbox (job, agency_id, subject_id, work_key, next_send_at)
        values ('read-letter', 'agency-a', gen_random_uuid(), 'x', now() + interval '1 day')`);
    const startedMs = performance.now();
    if (isLater) await query("update saraban.outbox set next_send_at = now()");
    else await addWork(1);
    await until((rows) => rows.length === 0);
    delaysMs.push(([...arrivedMs.values()].at(-1) as number) - startedMs);
  }
  // Found by looking, every half second, it would take half of that each time.
  context.expect(delaysMs.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(1_000);
});

test("a process that dies between taking and doing: when its time is over, another one does it", async (context) => {
  const { addWork, work, process, until, openWork } = await scene(context);
  const { expect } = context;
  const dying = process(1);
  // Its taker says no more that it is at it, as if it had been killed.
  const { promise, resolve: endTest } = Promise.withResolvers<undefined>();
  const { seen } = await work(dying, 1, () => promise);
  context.onTestFinished(() => endTest(undefined));
  const [id] = await addWork(1);
  await expect.poll(() => seen).toEqual([id]);
  await dying.close();
  const takenUntil = (await openWork())[0]?.taken_until?.getTime() as number;
  let begunAtMs = 0;
  const { done } = await work(process(), 1, async () => {
    begunAtMs = Date.now();
  });
  expect(await done).toEqual([id]);
  expect(begunAtMs).toBeGreaterThanOrEqual(takenUntil - 50);
  await until((rows) => rows.length === 0);
}, 20_000);

test("work that takes longer than its time stays with its process", async (context) => {
  const { addWork, work, process, until } = await scene(context);
  const slow = await work(process(1), 1, () => pause(3_500, undefined));
  const [id] = await addWork(1);
  await context.expect.poll(() => slow.seen).toEqual([id]);
  const other = await work(process(1), 1);
  await until((rows) => rows.length === 0);
  context.expect([slow.seen, other.seen]).toEqual([[id], []]);
}, 20_000);

test("the connections on which work is taken and heard of are cut: work under way goes on, new work is done", async (context) => {
  const { addWork, work, process, until, cutTakers } = await scene(context);
  const { promise, resolve: goOn } = Promise.withResolvers<undefined>();
  const { seen, done } = await work(process(), 3, () => promise);
  const [first] = await addWork(1);
  await context.expect.poll(() => seen).toEqual([first]);
  context.expect(await cutTakers()).toHaveLength(2);
  const [second] = await addWork(1);
  goOn(undefined);
  await until((rows) => rows.length === 0);
  const [third] = await addWork(1);
  context.expect(await done).toEqual([first, second, third]);
  await until((rows) => rows.length === 0);
}, 20_000);

test("what is put off is done when its time has come, and at once when there is news", async (context) => {
  const { addWork, work, process, until, query, reading } = await scene(context);
  const { expect } = context;
  const delaysMs = [700, 3_600_000];
  const calledAtMs: number[] = [];
  const { done } = await work(process(), 3, async ({ subjectId }) => {
    calledAtMs.push(performance.now());
    const delayMs = delaysMs.shift();
    if (delayMs === undefined) return undefined;
    await inTransaction(reading, { actor: "worker:reading", agencies: ["agency-a"] }, (transaction) =>
      putOff(transaction, "read-letter", subjectId, delayMs, "not now"),
    );
    return "open";
  });
  await addWork(1);
  await until(() => calledAtMs.length === 2);
  expect((calledAtMs[1] as number) - (calledAtMs[0] as number)).toBeGreaterThan(650);
  await until(([row]) => Number(row?.next_send_at) > Date.now() + 3_000_000);
  await query("update saraban.outbox set next_send_at = least(next_send_at, now())");
  await done;
  await until((rows) => rows.length === 0);
});

test("news for work under way gives it to no second process; its own does it once more if it is open still", async (context) => {
  const { addWork, work, process, until, query, openWork } = await scene(context);
  const { expect } = context;
  const { promise, resolve: goOn } = Promise.withResolvers<void>();
  const own = await work(process(), 2, async () => {
    if (own.seen.length > 1) return undefined;
    await promise;
    await query("update saraban.outbox set taken_until = null"); // as putOff does
    return "open";
  });
  const [id] = await addWork(1);
  await expect.poll(() => own.seen).toEqual([id]);
  const other = await work(process(), 1);
  await query("update saraban.outbox set next_send_at = now()");
  await pause(800);
  expect([own.seen, other.seen]).toEqual([[id], []]);
  expect(await openWork()).toMatchObject([{ sends: 1 }]);
  await other.close();
  goOn();
  expect(await own.done).toEqual([id, id]);
  await until((rows) => rows.length === 0);
});

test("a job that fails is tried again later, set aside at last, and tried again on request", async (context) => {
  const { addWork, work, process, until, query } = await scene(context);
  let broken = true;
  const { done } = await work(
    process(),
    3,
    async () => {
      if (broken) throw new Error("the disk is away");
    },
    { maxFailures: 2 },
  );
  const [id] = await addWork(1);
  await until(([row]) => row?.failures === 2);
  context
    .expect(
      await query("select last_error, failed_at is not null as failed, taken_until from saraban.outbox"),
    )
    .toEqual([{ last_error: "Error: the disk is away", failed: true, taken_until: null }]);
  broken = false;
  await query("update saraban.outbox set failed_at = null, next_send_at = now()");
  context.expect(await done).toEqual([id, id, id]);
  await until((rows) => rows.length === 0);
});

test("one that stops waits for what is under way; what it has not begun is others' at once", async (context) => {
  const { process, query, openWork, address } = await scene(context);
  const { expect } = context;
  const { promise, resolve: goOn } = Promise.withResolvers<void>();
  const drained: string[] = [];
  const registry = (home: ReturnType<typeof process>, wait: Promise<void>) =>
    performJobs({
      room: "registry",
      home,
      database: roomDatabase(context, address, "saraban_registry"),
      concurrency: 1,
      maxFailures: 3,
      log: openLog("silent", "test"),
      handlers: {
        "register-letter": async ({ workKey }) => {
          drained.push(workKey);
          await wait;
          await query("delete from saraban.outbox where work_key = $1", [workKey]);
        },
        "do-act": async () => {},
        "record-recall": async () => {},
      },
    });
  // Two books, of which one at a time is drained; the first has two letters, for which one drain is enough.
  await letReadLettersWait(query, [{}, { agencyId: "agency-b" }, {}]);
  const worker = await registry(process(), promise);
  await expect.poll(() => drained).toHaveLength(1);
  let isClosed = false;
  const closing = worker.close().then(() => {
    isClosed = true;
  });
  const left = (await openWork()).filter((row) => row.work_key !== drained[0]);
  await expect
    .poll(async () => (await openWork()).filter(({ taken_until }) => taken_until === null))
    .toHaveLength(left.length);
  const other = await registry(process(), Promise.resolve());
  context.onTestFinished(() => other.close());
  await expect.poll(() => new Set(drained).size).toBe(2);
  expect(isClosed).toBe(false);
  goOn();
  await closing;
  await expect.poll(openWork).toEqual([]);
  expect(drained).toHaveLength(2);
});

test("each job waits in the queue that the flow table names, and wakes it when it is due, and nobody else", async (context) => {
  const { query, address } = await scene(context);
  const { expect } = context;
  const names = Object.keys(flow) as JobName[];
  const words: (string | null)[] = [];
  const ears = openEars(address, "saraban_queue", openLog("silent", "test"));
  context.onTestFinished(() => ears.stop());
  ears.listen("saraban_outbox", (word) => void words.push(word));
  await expect.poll(() => words).toEqual([null]);
  const insert = (jobs: readonly string[], at: string) =>
    query(
      `insert into saraban.outbox (job, agency_id, subject_id, work_key, arrival_seq, next_send_at)
         select job, 'agency-a', $2, 'x', case when job = 'register-letter' then 1 end, ${at} from unnest($1::text[]) job`,
      [jobs, newId()],
    );
  const heard = async (): Promise<(string | null)[]> => {
    await query("select pg_notify('saraban_outbox', 'end')");
    await expect.poll(() => words.at(-1)).toBe("end");
    return words.splice(0).slice(0, -1);
  };
  await heard();
  for (const name of names) {
    await insert([name], "now()");
    expect(await heard(), name).toEqual([queueOf(name)]);
  }
  expect(await query("select job, queue from saraban.outbox order by id")).toEqual(
    names.map((job) => ({ job, queue: queueOf(job) })),
  );
  await insert(["read-letter", "do-act", "record-recall"], "now()");
  expect((await heard()).map((word) => word?.split(",").sort())).toEqual([["reading", "registry"]]);
  await insert(["read-letter"], "now() + interval '1 second'");
  await query("update saraban.outbox set taken_until = now() + interval '1 hour', sends = sends + 1");
  await query("update saraban.outbox set next_send_at = now() + interval '1 hour' where job = 'read-letter'");
  await query("update saraban.outbox set failed_at = now() where job = 'do-act'");
  await query("update saraban.outbox set next_send_at = now() where job = 'do-act'");
  expect(await heard(), "later, taken, put off or set aside").toEqual([]);
  await query("update saraban.outbox set next_send_at = now() where job in ('read-letter', 'notify-sender')");
  expect((await heard()).sort()).toEqual(["notification", "reading"]);
});
