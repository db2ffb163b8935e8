import { test } from "vitest";
import { newId } from "../shared/runtime/ids.ts";
import { waitOf } from "./act-door.ts";
import { openDesk } from "./testing/desk.ts";

const reserve = (id = newId()) => ({ id, agencyId: "agency-a", act: "reserve", book: "outbound.ordinary" });
const LINE = ["agency-a.outbound.ordinary", 2026, 7] as const;

test("an act is written down once with its work, however often it is sent; the id is good for nothing else", async (context) => {
  const { expect } = context;
  const { post, ask, query, addClerk } = await openDesk(context);
  const act = reserve();
  const first = await post(act);
  expect(first).toMatchObject({
    status: 202,
    body: { id: act.id, result: null, line: null, madeByName: "สมหญิง ทดสอบ" },
  });
  expect(first.headers.get("location")).toBe(`/api/v1/acts/${act.id}`);
  expect(first.headers.get("preference-applied")).toBe("wait=0");
  expect((await post(act)).body).toEqual(first.body);
  expect((await ask(`/acts/${act.id}`)).body).toEqual(first.body);
  expect(await post({ ...act, reason: "อย่างอื่น" })).toMatchObject({
    status: 409,
    body: { code: "id-in-use" },
  });
  const colleague = await addClerk("agency-a");
  expect((await post(act, { token: colleague })).status).toBe(409);
  const stranger = await addClerk("agency-b");
  expect((await post({ ...act, agencyId: "agency-b" }, { token: stranger })).status).toBe(409);
  expect((await ask(`/acts/${act.id}`, { token: stranger })).status).toBe(404);
  expect(await query("select made_by like 'person:clerk-%' as by, book_id from saraban.act")).toEqual([
    { by: true, book_id: "agency-a.outbound.ordinary" },
  ]);
  expect(await query("select job, subject_id, agency_id from saraban.outbox")).toEqual([
    { job: "do-act", subject_id: act.id, agency_id: "agency-a" },
  ]);
});

test("two clients send the same act at the same moment: one act, two equal answers", async (context) => {
  const { expect } = context;
  const { post, query } = await openDesk(context);
  const act = reserve();
  const answers = await Promise.all(Array.from({ length: 4 }, () => post(act)));
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  expect(await query("select id from saraban.act")).toHaveLength(1);
  expect(await query("select id from saraban.outbox")).toHaveLength(1);
});

test("who waits is answered when the registry has decided: 201 with the line, or 422 with the reason", async (context) => {
  const { expect } = context;
  const { post, ask, query, decide } = await openDesk(context);
  const [done, refused, late] = [reserve(), reserve(), reserve()];
  const waiting = [done, refused].map((act) => post(act, { headers: { prefer: "respond-async, wait=20" } }));
  await expect.poll(() => query("select id from saraban.act"), { timeout: 60_000 }).toHaveLength(2);
  await decide(refused.id, "only-outbound-numbers-are-reserved");
  await decide(done.id, "", LINE);
  const [good, bad] = await Promise.all(waiting);
  const line = { bookId: LINE[0], year: 2026, yearBuddhist: 2569, number: 7 };
  expect(good).toMatchObject({ status: 201, body: { id: done.id, result: "done", line } });
  expect(good?.headers.get("location")).toBe(`/api/v1/acts/${done.id}`);
  expect(bad).toMatchObject({
    status: 422,
    body: {
      code: "only-outbound-numbers-are-reserved",
      id: refused.id,
      titleThai: expect.stringContaining("จองเลข"),
    },
  });
  expect((await ask(`/acts/${refused.id}`)).body).toMatchObject({
    result: "refused",
    refusal: "only-outbound-numbers-are-reserved",
    titleThai: expect.stringContaining("จองเลข"),
  });
  // Decided before anybody waited: the look after subscribing finds it, no word from the database is needed.
  await post(late);
  await decide(late.id, "", LINE);
  const startedMs = performance.now();
  expect(await post(late, { headers: { prefer: "wait=20" } })).toMatchObject({ status: 201, body: { line } });
  expect(performance.now() - startedMs).toBeLessThan(19_000);
});

test("the listener's connection is cut while somebody waits: the result is found when it is back", async (context) => {
  const { expect } = context;
  const { post, query, decide } = await openDesk(context);
  const act = reserve();
  const waiting = post(act, { headers: { prefer: "wait=20" } });
  await expect.poll(() => query("select id from saraban.act"), { timeout: 60_000 }).toHaveLength(1);
  const cut = await query<{ pid: number }>(
    `select pid from pg_stat_activity, pg_terminate_backend(pid) where datname = current_database() and query like 'listen %'`,
  );
  expect(cut).toHaveLength(1);
  await decide(act.id, "", LINE);
  const startedMs = performance.now();
  expect(await waiting).toMatchObject({ status: 201 });
  expect(performance.now() - startedMs).toBeLessThan(19_000);
});

test("a room that stops lets nobody wait on", async (context) => {
  const { expect } = context;
  const { post, query, waiters } = await openDesk(context);
  const waiting = post(reserve(), { headers: { prefer: "wait=30" } });
  await expect.poll(() => query("select id from saraban.act"), { timeout: 60_000 }).toHaveLength(1);
  await waiters.stop();
  expect((await waiting).status).toBe(202);
  expect((await post(reserve(), { headers: { prefer: "wait=30" } })).status).toBe(202);
});

test("what the database does not take is the asker's fault, told without an inner word", async (context) => {
  const { expect } = context;
  const { post, fillTray, query } = await openDesk(context);
  const [, foreign] = await fillTray([{}, { agencyId: "agency-b" }]);
  const register = (intakeId: unknown) => ({ id: newId(), agencyId: "agency-a", act: "register", intakeId });
  const unknown = await post(register(newId()));
  expect(unknown).toMatchObject({ status: 404, body: { code: "not-found" } });
  expect((await post(register(foreign))).body).toEqual(unknown.body);
  expect((await post({ ...register(foreign), agencyId: "agency-b" })).body).toEqual(unknown.body);
  expect((await post({ ...reserve(), agencyId: "agency-z" })).body).toEqual(unknown.body);
  expect(await post({ ...reserve(), book: "inbound.classified" })).toMatchObject({
    status: 422,
    body: { code: "not-an-act", errors: [{ pointer: "#/book", detailThai: expect.stringMatching(/[ก-๙]/) }] },
  });
  expect(await query("select id from saraban.act")).toEqual([]);
});

test("who signs a letter off needs the right; without it the act is not even written down", async (context) => {
  const { expect } = context;
  const { post, query } = await openDesk(context);
  const approve = {
    id: newId(),
    agencyId: "agency-a",
    act: "approve",
    letterId: newId(),
    details: { version: 1 },
  };
  expect(await post(approve)).toMatchObject({
    status: 403,
    body: { code: "right-needed", titleThai: expect.stringContaining("สิทธิ") },
  });
  expect(await query("select from saraban.act")).toEqual([]);
  await query("update saraban.clerk set rights = '{approve}'");
  expect((await post(approve)).status).toBe(202);
  expect(await query("select letter_id, details from saraban.act")).toEqual([
    { letter_id: approve.letterId, details: { version: 1 } },
  ]);
  expect(await post({ ...approve, details: { version: 2 } })).toMatchObject({ body: { code: "id-in-use" } });
  expect(await post({ ...approve, letterId: newId() })).toMatchObject({ body: { code: "id-in-use" } });
});

test("Prefer: wait is read as it is written, at most 30 seconds, and ignored when it cannot be read", ({
  expect,
}) => {
  expect(waitOf("wait=5")).toBe(5);
  expect(waitOf('respond-async; foo="a, b", Wait = "7"')).toBe(7);
  expect(waitOf("wait=100000000")).toBe(30);
  for (const unread of [undefined, "", "wait", "wait=x", "await=5", "wait=5s", "wait=-1"])
    expect(waitOf(unread)).toBe(null);
});
