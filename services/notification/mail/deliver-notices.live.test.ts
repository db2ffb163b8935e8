import { sql } from "kysely";
import { type TestContext, test } from "vitest";
import { handOn } from "../../shared/letter/outbox.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import { roomDatabase } from "../../shared/testing/arrivals.ts";
import { openSmtpSink, type SinkAnswer, type SunkMessage } from "../../shared/testing/smtp-sink.ts";
import { deliveryScene } from "../testing/delivery-scene.ts";
import { mxScene } from "../testing/mx-scene.ts";
import { retryDelayMs } from "./deliver-notices.ts";
import { openSmarthost } from "./smarthost.ts";

const SENDER = "saraban@opdc.example.go.th";
/** Messages for a dead server, and as many for a good one: many more than places and workers. */
const EACH = 40;
const TAKE: SinkAnswer = { kind: "take" };
const LATER: SinkAnswer = { kind: "refuse", code: 451, text: "4.3.0 later" };

type Answering = (message: SunkMessage) => SinkAnswer | Promise<SinkAnswer>;

async function withSmarthost(context: TestContext, answer: Answering = () => TAKE, giveUpAfterHours = 120) {
  const sink = await openSmtpSink({ onMessage: answer });
  const transport = openSmarthost(sink.url, 4, "mail.agency-a.example.go.th");
  context.onTestFinished(async () => {
    transport.close();
    await sink.close();
  });
  return { sink, ...(await deliveryScene(context, transport, giveUpAfterHours)) };
}

/** Evidence id and Message-ID of a message, which a second one of the same must have as well. */
async function identity(message: SunkMessage): Promise<string> {
  return `${message.headers.get("message-id")} ${(await message.read()).text.trim()}`;
}

test("a server that says 4xx for an hour gets each message once, afterwards; the others are not held up", async (context) => {
  const { expect } = context;
  let answer: SinkAnswer = LATER;
  const busy = (message: SunkMessage) => (message.recipients[0] === SENDER ? answer : TAKE);
  const { due, work, passToNext, sink, notices, attempts, outbox } = await withSmarthost(context, busy);
  await due([
    ...Array.from({ length: 10 }, () => SENDER),
    ...Array.from({ length: 10 }, () => "saraban@moc.example.go.th"),
  ]);
  await work();
  expect(sink.received).toHaveLength(10);
  let tries = 1;
  for (let passedMs = 0; passedMs < 3_600_000; tries++) {
    passedMs += (await passToNext()) ?? 0;
    if (passedMs < 3_600_000) await work();
    else break;
  }
  expect(sink.received).toHaveLength(10);
  // At once, then after 30 s, 1, 2, 4, 8, 16 and (63 minutes) 32 minutes more.
  expect(tries).toBe(7);
  answer = TAKE;
  await work();
  expect(sink.received).toHaveLength(20);
  expect(new Set(sink.received.map(({ headers }) => headers.get("message-id"))).size).toBe(20);
  expect((await notices()).every(({ state }) => state === "delivered")).toBe(true);
  expect((await attempts()).filter(({ result }) => result === "accepted")).toHaveLength(20);
  expect(await outbox()).toEqual([]);
});

test("a server that says 5xx gets each message once, and the clerk sees its words at once", async (context) => {
  const { expect } = context;
  const no: SinkAnswer = { kind: "refuse", code: 550, text: "5.7.1 not wanted" };
  const seen: string[] = [];
  const { due, work, pass, notices, attempts, outbox, settled } = await withSmarthost(context, (message) => {
    seen.push(message.headers.get("message-id") ?? "");
    return no;
  });
  await due([SENDER, SENDER, SENDER]);
  await work();
  await pass(10 * 60 * 60_000);
  await work();
  expect(new Set(seen).size).toBe(3);
  expect(seen).toHaveLength(3);
  for (const notice of await notices())
    expect(notice).toMatchObject({ state: "failed", reason: expect.stringContaining("5.7.1 not wanted") });
  expect(await attempts()).toHaveLength(3);
  expect(settled.map((line) => line.split(" ")[1])).toEqual(["permanent", "permanent", "permanent"]);
  expect(await outbox()).toEqual([]);
});

test("a server that drops the line after the message gets it again: the same Message-ID, the same evidence id", async (context) => {
  const { expect } = context;
  let answer: SinkAnswer = { kind: "hang-up" };
  const { due, work, pass, sink, attempts, notices } = await withSmarthost(context, () => answer);
  await due(Array.from({ length: 5 }, (_, place) => `saraban@p${place}.example.go.th`));
  await work();
  answer = TAKE;
  await pass(31_000);
  await work();
  await pass(3_600_000);
  await work();
  expect(sink.received).toHaveLength(10);
  const identities = await Promise.all(sink.received.map(identity));
  expect(new Set(identities).size).toBe(5);
  expect((await attempts()).map(({ result }) => result).toSorted()).toEqual([
    ...Array.from({ length: 5 }, () => "accepted"),
    ...Array.from({ length: 5 }, () => "unknown"),
  ]);
  expect((await notices()).every(({ state }) => state === "delivered")).toBe(true);
});

test("a server that takes its time gets each message once", async (context) => {
  const { expect } = context;
  let under = 0;
  let most = 0;
  const slowly = async (): Promise<SinkAnswer> => {
    most = Math.max(most, ++under);
    await new Promise((resolve) => setTimeout(resolve, 150));
    under--;
    return TAKE;
  };
  const { due, work, sink, notices } = await withSmarthost(context, slowly);
  await due(Array.from({ length: 20 }, () => SENDER));
  await work(8);
  expect(most).toBeLessThanOrEqual(4);
  while ((await notices()).some(({ state }) => state === "due")) await work(8);
  expect(new Set(sink.received.map(({ headers }) => headers.get("message-id"))).size).toBe(20);
  expect(sink.received).toHaveLength(20);
});

test("waits grow from 30 seconds to 4 hours, some 30 tries in five days; then it is given up", async (context) => {
  const { expect } = context;
  const waits: number[] = [];
  for (let sum = 0; sum < 120 * 3_600_000; sum += waits.at(-1) ?? 0) waits.push(retryDelayMs(waits.length));
  expect(waits.slice(0, 3)).toEqual([30_000, 60_000, 120_000]);
  expect(Math.max(...waits)).toBe(4 * 3_600_000);
  expect(waits.length).toBe(38);

  const { due, work, passToNext, attempts, notices } = await withSmarthost(context, () => LATER, 120);
  await due([SENDER]);
  let hours = 0;
  for (let passedMs: number | null = 0; passedMs !== null; passedMs = await passToNext()) {
    hours += passedMs / 3_600_000;
    await work();
  }
  expect(hours).toBeGreaterThan(120);
  expect(hours).toBeLessThan(124);
  expect((await notices())[0]).toMatchObject({
    state: "failed",
    reason: expect.stringContaining("4.3.0 later"),
  });
  expect(await attempts()).toHaveLength(39);
});

test("one dead server for half of the messages holds up nobody, and what waits for it costs it no try", async (context) => {
  const { expect } = context;
  const zone = {
    "MX good.example.go.th": { mail: ["mx.good.example.go.th"] },
    "A mx.good.example.go.th": { addresses: ["127.0.0.1"] },
    "MX dead.example.go.th": { mail: ["mx.dead.example.go.th"] },
    "A mx.dead.example.go.th": { addresses: ["127.0.0.2"] },
  };
  // The dead one never ends a try within this test: whoever waits for it would be seen.
  const { transport, sink, oddServer } = await mxScene(context, zone, {
    setupTimeoutMs: 600_000,
    limits: { atOnce: 2 },
  });
  const good = await sink("127.0.0.1");
  const dead = await oddServer("127.0.0.2", () => {});
  const { due, work, attempts, outbox } = await deliveryScene(context, transport);
  await due(
    Array.from(
      { length: 2 * EACH },
      (_, place) => `saraban@${place % 2 === 0 ? "dead" : "good"}.example.go.th`,
    ),
  );
  const startedMs = performance.now();
  let working = true;
  const worked = (async () => {
    while (working) {
      await work(8);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  const accepted = async () => (await attempts()).filter(({ result }) => result === "accepted").length;
  while ((await accepted()) < EACH) await new Promise((resolve) => setTimeout(resolve, 50));
  const seconds = (performance.now() - startedMs) / 1000;
  process.stdout.write(
    `${EACH} of ${2 * EACH} messages beside a dead server went out in ${seconds.toFixed(1)} s\n`,
  );
  expect(dead.connections()).toBe(2);
  working = false;
  transport.close();
  await worked;
  expect(good.received).toHaveLength(EACH);
  // The two that were under way when it ended have a try; the others are as they were.
  expect((await attempts()).filter(({ result }) => result !== "accepted")).toHaveLength(2);
  expect(await outbox()).toHaveLength(EACH);
}, 240_000);

test("what a destination that is away keeps waiting is given up in time though it was never tried", async (context) => {
  const { expect } = context;
  const { transport } = await mxScene(context, { "A away.example.go.th": { addresses: ["127.0.0.9"] } });
  const { due, run, pass, notices, attempts, outbox, settled } = await deliveryScene(context, transport, 48);
  const [first = "", second = ""] = await due(["a@away.example.go.th", "b@away.example.go.th"]);
  await run(first);
  await run(second);
  expect((await attempts()).map(({ result, channel }) => `${channel} ${result}`)).toEqual(["mx transient"]);
  expect((await outbox()).map(({ last_error }) => last_error)).toContainEqual(
    expect.stringContaining("does not answer"),
  );
  await pass(49 * 3_600_000);
  await run(second);
  expect((await attempts()).length).toBe(1);
  expect((await notices())[1]).toMatchObject({
    state: "failed",
    reason: expect.stringContaining("does not answer"),
  });
  expect(settled).toHaveLength(1);
});

test("news that is handed on while a message is being sent is never lost, whoever commits first", async (context) => {
  const { expect } = context;
  for (const commits of ["before the run ends", "after it wants to end"] as const) {
    const sending = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const { due, run, work, notices, sink, address, query } = await withSmarthost(context, async () => {
      sending.resolve();
      await go.promise;
      return TAKE;
    });
    const [id = ""] = await due([SENDER]);
    const running = run(id);
    await sending.promise;
    // The registry's transaction: its news can be seen by others only when it has committed.
    const registry = roomDatabase(context, address, "saraban_registry");
    const handedOn = Promise.withResolvers<void>();
    const commit = Promise.withResolvers<void>();
    const acting = { actor: "worker:registry", agencies: ["agency-a"] } as const;
    const telling = inTransaction(registry, acting, async (transaction) => {
      await sql`insert into outcome (intake_id, agency_id, outcome, reason, decided_at, clock, decided_by)
        values (${id}, 'agency-a', 'registered', 'letter', now(), '{}', 'rule:test')`.execute(transaction);
      await handOn(transaction, "registry", [{ job: "notify-sender", agencyId: "agency-a", subjectId: id }]);
      handedOn.resolve();
      await commit.promise;
    });
    await handedOn.promise;
    if (commits === "before the run ends") {
      commit.resolve();
      await telling;
      go.resolve();
    } else {
      go.resolve();
      // Until the run waits for the registry, or has ended without it.
      const waits = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
      const ended = running.then(() => true);
      while (
        (await query(waits)).length === 0 &&
        !(await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20, false))]))
      );
      commit.resolve();
      await telling;
    }
    await running;
    await work();
    expect(
      (await notices()).map(({ kind, state }) => `${kind} ${state}`),
      commits,
    ).toEqual(["acknowledgement delivered", "correction delivered"]);
    expect(sink.received).toHaveLength(2);
    expect(await query("select 1 from saraban.outbox")).toEqual([]);
  }
});

test("what is handed on while the row is being ended waits for that, and adds a row", async (context) => {
  const { expect } = context;
  const { due, query, address, database, outbox } = await withSmarthost(context);
  const [id = ""] = await due([SENDER]);
  const taken = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const ending = inTransaction(
    database,
    { actor: "worker:notification", agencies: ["agency-a"] },
    async (transaction) => {
      await transaction.deleteFrom("outbox").where("subject_id", "=", id).execute();
      taken.resolve();
      await end.promise;
    },
  );
  await taken.promise;
  const registry = roomDatabase(context, address, "saraban_registry");
  const telling = inTransaction(
    registry,
    { actor: "worker:registry", agencies: ["agency-a"] },
    (transaction) =>
      handOn(transaction, "registry", [{ job: "notify-sender", agencyId: "agency-a", subjectId: id }]),
  );
  const waits = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  while ((await query(waits)).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  end.resolve();
  await Promise.all([ending, telling]);
  expect(await outbox()).toHaveLength(1);
});

test("what is owed is looked up once more only when there may be news", async (context) => {
  const { expect } = context;
  const { due, run, sink, delivery, outbox, query } = await withSmarthost(context);
  const [quiet = "", other = ""] = await due([SENDER, SENDER]);
  const looksAt = async (id: string, meanwhile: () => Promise<unknown>): Promise<number> => {
    let looks = 0;
    const usual = delivery(id);
    await run(id, {
      promise(transaction, stamp) {
        looks++;
        return usual.promise(transaction, stamp);
      },
      async compose(notice, returnPath) {
        await meanwhile();
        return usual.compose(notice, returnPath);
      },
    });
    return looks;
  };
  expect(await looksAt(quiet, async () => {})).toBe(1);
  expect(await looksAt(other, () => query("update saraban.outbox set next_send_at = now()"))).toBe(2);
  expect(sink.received).toHaveLength(2);
  expect(await outbox()).toEqual([]);
});

test("an answer is kept though what is owed besides cannot be promised: nothing is sent again for that", async (context) => {
  const { expect } = context;
  const { due, run, work, sink, delivery, notices, attempts, outbox, query } = await withSmarthost(context);
  const [id = ""] = await due([SENDER]);
  let promised = 0;
  const usual = delivery(id);
  const failing = run(id, {
    async compose(notice, returnPath) {
      // News are handed on meanwhile: what is owed is looked up once more.
      await query("update saraban.outbox set next_send_at = least(next_send_at, now())");
      return usual.compose(notice, returnPath);
    },
    promise: (transaction, stamp) => {
      if (++promised > 1) throw new Error("the key is away");
      return usual.promise(transaction, stamp);
    },
  });
  await expect(failing).rejects.toThrow("the key is away");
  expect(await attempts()).toMatchObject([{ result: "accepted" }]);
  expect(await notices()).toMatchObject([{ state: "delivered" }]);
  expect(await outbox()).toHaveLength(1);
  await work();
  expect(sink.received).toHaveLength(1);
  expect(await outbox()).toEqual([]);
});
