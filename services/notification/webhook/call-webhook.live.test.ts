import { createPublicKey, verify } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, type TestContext, test } from "vitest";
import { jwks } from "../../shared/letter/evidence/public-key.ts";
import { readOwnKeys } from "../../shared/letter/evidence/public-key-store.ts";
import { systemClock } from "../../shared/letter/stamp.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { openLog } from "../../shared/runtime/log.ts";
import { adminQueries, roomDatabase } from "../../shared/testing/arrivals.ts";
import { databaseForTest } from "../../shared/testing/database.ts";
import { openIssuer } from "../receipts/issue-evidence.ts";
import { openWebhookCaller } from "./call-webhook.ts";
import { promiseWebhookCalls } from "./promise-calls.ts";
import { addWebhook } from "./webhook-store.ts";

const acting = { actor: "worker:notification", agencies: ["agency-a"] } as const;

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly says: string;
}

/** A program of an agency: answers each call as it is told to. */
async function openReceiver(context: TestContext, answer: (got: Got, response: ServerResponse) => void) {
  const got: Got[] = [];
  const busy = { now: 0, most: 0 };
  const server = createServer(async (request, response) => {
    busy.most = Math.max(busy.most, ++busy.now);
    response.on("close", () => busy.now--);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const one = { headers: request.headers, body, says: JSON.parse(body).data.says as string };
    got.push(one);
    answer(one, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return { url, got, busy, says: () => got.map(({ says }) => says) };
}

async function scene(context: TestContext, hooks: Readonly<Record<string, string>>) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const database = roomDatabase(context, address, "saraban_notification", 8);
  const dataDir = await mkdtemp(join(tmpdir(), "saraban-webhook-"));
  context.onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const pool = {
    query: async (text: string, values: unknown[]) => ({ rows: await query(text, values), rowCount: 1 }),
  };
  for (const [id, url] of Object.entries(hooks))
    await addWebhook(pool as never, { id, agencyId: "agency-a", url });
  let aheadMs = 0;
  const now = () => {
    const { at, clock } = systemClock()();
    return { at: new Date(at.getTime() + aheadMs), clock };
  };
  const log = openLog("silent", "test");
  const issuer = openIssuer({ dataDir, publicUrl: "", log });
  const caller = openWebhookCaller(
    { database, now, issuer, giveUpAfterHours: 120, log },
    { find: async () => [], allowPrivate: false, timeoutMs: 700 },
  );
  const call = (id: string) => caller.call({ outboxId: 1, agencyId: "agency-a", subjectId: id, workKey: id });
  const due = () =>
    query<{ id: string }>(
      "select subject_id as id from saraban.outbox where job = 'call-webhook' and next_send_at <= now() order by id",
    );
  return {
    query,
    database,
    due,
    call,
    stop: () => caller.stop(),
    tell: (letterKey: string, ...says: string[]) =>
      inTransaction(database, acting, async (transaction) => {
        for (const words of says)
          await promiseWebhookCalls(
            transaction,
            "agency-a",
            letterKey,
            { type: "test.said", data: { says: words } },
            now(),
          );
      }),
    /** What the relay and the workers do: all that is due, at once, again and again until nothing is. */
    async work(): Promise<void> {
      for (let jobs = await due(); jobs.length > 0; jobs = await due()) {
        await Promise.all(jobs.map(({ id }) => call(id)));
      }
    },
    /** Lets the time pass, for us and in the outbox. */
    async wait(seconds: number): Promise<void> {
      aheadMs += seconds * 1000;
      await query("update saraban.outbox set next_send_at = next_send_at - make_interval(secs => $1)", [
        seconds,
      ]);
    },
    states: async () =>
      (
        await query<{ state: string; says: string }>(
          "select state, event #>> '{data,says}' as says from saraban.webhook_call order by seq",
        )
      ).map(({ state, says }) => `${says} ${state}`),
    attempts: () =>
      query<{ result: string; status: number | null; reply: string; says: string }>(
        `select a.result, a.status, a.reply, c.event #>> '{data,says}' as says
           from saraban.webhook_attempt a join saraban.webhook_call c on c.id = a.call_id order by a.id`,
      ),
  };
}

test("a call carries the event, and a signature that the published keys prove", async (context) => {
  const { expect } = context;
  const receiver = await openReceiver(context, (_, response) => response.writeHead(204).end());
  const { database, query, tell, work, states } = await scene(context, { registers: receiver.url });
  await tell(newId(), "หนังสือ");
  await work();
  const [got] = receiver.got;
  if (!got) throw new Error("nothing came");
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature } = got.headers;
  expect(JSON.parse(got.body)).toEqual({
    type: "test.said",
    timestamp: expect.any(String),
    data: { says: "หนังสือ" },
  });
  expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(30);
  expect(await query("select id from saraban.webhook_call")).toEqual([{ id }]);

  const { keys } = jwks(await inTransaction(database, acting, readOwnKeys));
  const key = keys.find(({ kid }) => kid === got.headers["saraban-key-id"]);
  if (!key) throw new Error("no such key is published");
  const [version, base64 = ""] = String(signature).split(",");
  const publicKey = createPublicKey({ key: { ...key }, format: "jwk" });
  const proves = (text: string) => verify(null, Buffer.from(text), publicKey, Buffer.from(base64, "base64"));
  expect(version).toBe("v1a");
  expect(proves(`${id}.${timestamp}.${got.body}`)).toBe(true);
  expect(proves(`${id}.${Number(timestamp) + 1}.${got.body}`)).toBe(false);
  expect(await states()).toEqual(["หนังสือ delivered"]);
  expect(await query("select from saraban.outbox")).toHaveLength(0);
});

test("calls about one letter are made in order; another letter does not wait for them", async (context) => {
  const { expect } = context;
  const answers = new Map([
    ["a1", [503, 429, 200]],
    ["a2", [410]],
  ]);
  const receiver = await openReceiver(context, ({ says }, response) =>
    response.writeHead(answers.get(says)?.shift() ?? 200).end(`ตอบ ${says}`),
  );
  const { tell, work, wait, states, attempts, due } = await scene(context, { registers: receiver.url });
  const letter = newId();
  await tell(letter, "a1", "a2", "a3");
  await tell(newId(), "b1");
  await work();
  expect(receiver.says().sort()).toEqual(["a1", "b1"]);
  expect(await states()).toEqual(["a1 due", "a2 due", "a3 due", "b1 delivered"]);
  await wait(4);
  expect(await due()).toHaveLength(0);
  await wait(2);
  await work();
  await wait(21);
  await work();
  expect(receiver.says().filter((says) => says !== "b1")).toEqual(["a1", "a1", "a1", "a2", "a3"]);
  expect(new Set(receiver.got.map(({ headers }) => headers["webhook-id"])).size).toBe(4);
  expect(await states()).toEqual(["a1 delivered", "a2 failed", "a3 delivered", "b1 delivered"]);
  expect((await attempts()).filter(({ says }) => says === "a1" || says === "a2")).toMatchObject([
    { result: "transient", status: 503, reply: "503 ตอบ a1" },
    { result: "transient", status: 429 },
    { result: "accepted", status: 200 },
    { result: "permanent", status: 410 },
  ]);
});

test("a server that never answers is left alone, and holds up no other", async (context) => {
  const { expect } = context;
  const slow = await openReceiver(context, () => {});
  const quick = await openReceiver(context, (_, response) => response.end());
  const { tell, work, wait, states, attempts } = await scene(context, { slow: slow.url, swift: quick.url });
  for (let letter = 0; letter < 6; letter++) await tell(newId(), `${letter}`);
  await work();
  // Two were under way there until their time was over; the other four were put off, the swift ones done meanwhile.
  expect(slow.got).toHaveLength(2);
  expect(quick.got).toHaveLength(6);
  expect(slow.busy.most).toBe(2);
  expect((await states()).filter((state) => state.endsWith("delivered"))).toHaveLength(6);
  expect((await attempts()).filter(({ result }) => result !== "accepted")).toMatchObject([
    { result: "unknown", status: null, reply: "no answer within 0.7 s" },
    { result: "unknown", status: null, reply: "no answer within 0.7 s" },
  ]);
  // After five days what was never answered has failed, tried or not.
  await wait(121 * 3600);
  await work();
  expect((await states()).filter((state) => state.endsWith("failed"))).toHaveLength(6);
});

test("an answer is what its status says: no redirect is followed, no endless text is read", async (context) => {
  const { expect } = context;
  const receiver = await openReceiver(context, ({ says }, response) => {
    if (says === "endless") {
      response.writeHead(200);
      const more = () => void (response.destroyed || response.write("x".repeat(1_000), more));
      more();
    } else if (says === "broken") response.destroy();
    else response.writeHead(Number(says), { location: "/elsewhere" }).end("\u001b[31m\n\u202e");
  });
  const { tell, work, attempts } = await scene(context, { registers: receiver.url });
  const words = ["200", "201", "302", "307", "400", "404", "408", "409", "425", "500", "endless", "broken"];
  for (const says of words) {
    await tell(newId(), says);
    await work();
  }
  const found = await attempts();
  expect(Object.fromEntries(found.map(({ says, result }) => [says, result]))).toEqual({
    "200": "accepted",
    "201": "accepted",
    "302": "transient",
    "307": "transient",
    "400": "permanent",
    "404": "permanent",
    "408": "transient",
    "409": "permanent",
    "425": "transient",
    "500": "transient",
    endless: "accepted",
    broken: "unknown",
  });
  expect(receiver.got).toHaveLength(words.length);
  for (const { reply } of found) {
    expect(reply.length).toBeLessThanOrEqual(300);
    expect(reply).not.toMatch(/[\u001b\n\u202e]/);
  }
});

test("a webhook that was removed, or leads where none may, is not called", async (context) => {
  const { expect } = context;
  const receiver = await openReceiver(context, (_, response) => response.end());
  const { query, tell, work, states } = await scene(context, { registers: receiver.url });
  await tell(newId(), "a1");
  await query("update saraban.webhook set active = false");
  await tell(newId(), "a2");
  await work();
  expect(receiver.got).toHaveLength(0);
  expect(await states()).toEqual(["a1 failed"]);

  await query("update saraban.webhook set active = true");
  await tell(newId(), "a3");
  await query("update saraban.webhook set url = replace(url, '127.0.0.1', '0.0.0.0')");
  await work();
  expect(receiver.got).toHaveLength(0);
  expect(await states()).toEqual(["a1 failed", "a3 failed"]);
});

test("a call that is broken off when the service stops is made again", async (context) => {
  const { expect } = context;
  let stop = () => {};
  const receiver = await openReceiver(context, () => stop());
  const { tell, states, attempts, ...service } = await scene(context, { registers: receiver.url });
  stop = service.stop;
  await tell(newId(), "a1");
  const [job] = await service.due();
  await service.call(job?.id ?? "");
  expect(receiver.got).toHaveLength(1);
  expect(await attempts()).toEqual([]);
  expect(await states()).toEqual(["a1 due"]);
  expect(await service.due()).toEqual([job]);
});
