import { Writable } from "node:stream";
import { test } from "vitest";
import { openLog } from "../../shared/runtime/log.ts";
import { askReadiness } from "../readiness.ts";
import { countOpenGlass } from "./glass-store.ts";
import { peopleScene } from "./testing/people-scene.ts";

/** A queue that answers and has nothing to do: of no matter here. */
const IDLE_QUEUE = { needsRelay: false, ask: async () => "0 jobs", close: async () => {} };

const MINUTE_MS = 60_000;
const REASON = "หนังสือถูกลงผิดเล่ม ต้องตรวจข้อมูล";

test("an administrator sees letters for a reason, when a second person agrees, until it ends by itself; everybody hears of it", async (context) => {
  const { expect } = context;
  const said: string[] = [];
  const log = openLog(
    "warn",
    "test",
    new Writable({
      write(chunk, _encoding, done) {
        said.push(String(chunk));
        done();
      },
    }),
  );
  const scene = await peopleScene(context, {}, log);
  const { addPerson, signedIn, clock, query, url, database, accessDatabase } = scene;
  await addPerson("root", [{ right: "administrator", agencyId: null }]);
  await addPerson("other-admin", [{ right: "administrator", agencyId: "agency-b" }]);
  await addPerson("head", [{ right: "registry-head" }]);
  await addPerson("clerk", [{ right: "registry-clerk" }]);
  const [root, head, clerk, otherAdmin] = [
    await signedIn("root"),
    await signedIn("head"),
    await signedIn("clerk"),
    await signedIn("other-admin"),
  ];
  expect((await root.ask("/lines")).body.code).toBe("not-appointed");
  expect((await root.post("/break-glass", { agencyId: "agency-a", reason: "สั้น" })).status).toBe(400);
  const asked = await root.post("/break-glass", { agencyId: "agency-a", reason: REASON });
  expect(asked).toMatchObject({ status: 201, body: { askedBy: "root", agreedBy: null, untilAt: null } });
  const { id } = asked.body;
  // It opens nothing yet; not by the asker's own word, nor by whoever has no say.
  expect((await root.ask("/lines")).body.code).toBe("not-appointed");
  expect((await root.post(`/break-glass/${id}/agree`)).body.code).toBe("not-appointed");
  expect((await clerk.post(`/break-glass/${id}/agree`)).body.code).toBe("not-appointed");
  expect((await otherAdmin.post(`/break-glass/${id}/agree`)).body.code).toBe("not-found");
  const metric = async () =>
    /^saraban_break_glass_open (\d+)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1];
  expect(await metric()).toBe("0");
  const agreed = await head.post(`/break-glass/${id}/agree`, { minutes: 20 });
  expect(agreed.body).toMatchObject({ agreedBy: "head" });
  expect((await head.post(`/break-glass/${id}/agree`, { minutes: 20 })).body.code).toBe("has-ended");
  expect((await root.ask("/lines")).status).toBe(200);
  expect((await root.ask("/outbound?agency=agency-a")).status).toBe(200);
  expect((await root.ask("/outbound?agency=agency-b")).status).toBe(404);
  // Looking alone, which is no officer's look into the mailbox: no act, no print, no file.
  expect((await root.ask("/tray?agency=agency-a")).status).toBe(200);
  expect(await query("select 1 from saraban.tray_opening")).toEqual([]);
  const file = `/outbound/${id}/files/1`;
  expect((await root.ask(file)).body.code).toBe("not-appointed");
  expect((await root.post("/prints", {})).body.code).toBe("not-appointed");
  const act = { id: crypto.randomUUID(), agencyId: "agency-a", act: "reserve", book: "outbound.ordinary" };
  expect((await root.post("/acts", act)).body.code).toBe("not-appointed");
  expect(await query("select 1 from saraban.act")).toEqual([]);
  expect(await metric()).toBe("1");
  const open = () => countOpenGlass(accessDatabase, clock.now().at);
  const ready = await askReadiness(database, IDLE_QUEUE, clock.now().clock, null, [], open);
  expect(ready.checks["breakGlass"]).toMatchObject({
    ok: false,
    needed: false,
    detail: expect.stringContaining("1 open"),
  });
  expect(JSON.stringify(ready)).not.toMatch(/root|head|agency-a/);
  expect(said.join("")).toMatch(/BREAK-GLASS IS OPEN/);
  clock.pass(20 * MINUTE_MS);
  expect((await root.ask("/lines")).body.code).toBe("not-appointed");
  expect(
    (await askReadiness(database, IDLE_QUEUE, clock.now().clock, null, [], open)).checks["breakGlass"],
  ).toBeUndefined();
  expect((await root.ask("/break-glass")).body.breakGlass).toMatchObject([{ id, reason: REASON }]);
  expect((await clerk.ask("/break-glass")).body.code).toBe("not-appointed");
  const events = await query<{ what: string }>(
    "select action || ' ' || actor || ' ' || outcome as what from saraban.audit_event where agency_id = 'agency-a' order by seq",
  );
  expect(events.map(({ what }) => what)).toEqual([
    "break-glass-ask person:root allowed",
    "break-glass-agree person:head allowed",
    "search person:root allowed",
    "list person:root allowed",
    "list person:root allowed",
    "list person:root allowed",
    "register person:root denied",
  ]);
});

test("it is ended before its time, goes with the administrator's appointment, and what was asked long ago is not agreed to", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn, clock, query } = await peopleScene(context);
  await addPerson("root", [{ right: "administrator", agencyId: null }]);
  await addPerson("second", [{ right: "administrator", agencyId: null }]);
  let [root, second] = [await signedIn("root"), await signedIn("second")];
  const ask = async () =>
    (await root.post("/break-glass", { agencyId: "agency-a", reason: REASON })).body.id as string;
  const first = await ask();
  await second.post(`/break-glass/${first}/agree`);
  expect((await root.ask("/lines")).status).toBe(200);
  expect((await second.post(`/break-glass/${first}/end`)).status).toBe(200);
  expect((await root.ask("/lines")).status).toBe(403);
  const next = await ask();
  await second.post(`/break-glass/${next}/agree`);
  await query(
    "update saraban.appointment set ended_at = now(), ended_by = 'operator:test', end_reason = 'x' where person_id = 'root'",
  );
  expect((await root.ask("/lines")).status).toBe(403);
  await addPerson("third", [{ right: "administrator", agencyId: null }]);
  root = await signedIn("third");
  const old = await ask();
  clock.pass(8 * 60 * MINUTE_MS + 1);
  second = await signedIn("second");
  expect((await second.post(`/break-glass/${old}/agree`)).body.code).toBe("has-ended");
});
