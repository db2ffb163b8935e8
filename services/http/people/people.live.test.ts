import { test } from "vitest";
import { newToken } from "../clerk-store.ts";
import { PASSWORD, peopleScene } from "./testing/people-scene.ts";

const ORDER = { orderNumber: "คำสั่งที่ 12/2569", orderDate: "2026-10-01" };
const NEXT = "กระติกน้ำร้อน สามใบเถา";

test("an administrator adds a person, who signs in with a one-time password and has to change it first", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn, browser, clock, admin: pool } = await peopleScene(context);
  await addPerson("root", [{ right: "administrator", agencyId: null }]);
  const admin = await signedIn("root");
  const added = await admin.post("/people", {
    id: "somchai",
    name: "สมชาย  ใจดี",
    email: "somchai@agency-a.example.go.th",
  });
  expect(added).toMatchObject({
    status: 201,
    body: { person: { id: "somchai", active: true, mustChangePassword: true } },
  });
  expect(added.headers.get("location")).toBe("/api/v1/people/somchai");
  const { oneTimePassword: password } = added.body;
  expect(password).toMatch(/^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/);
  expect((await admin.post("/people", { id: "somchai", name: "x" })).body.code).toBe("person-id-in-use");
  // One id is never a person's and a clerk's token's.
  const [clerk] = (await pool.query("select id from saraban.clerk")).rows;
  expect((await admin.post("/people", { id: clerk.id, name: "x" })).body.code).toBe("person-id-in-use");
  const appointed = await admin.post("/people/somchai/appointments", {
    right: "registry-clerk",
    agencyId: "agency-a",
    ...ORDER,
  });
  expect(appointed.status).toBe(201);
  const page = browser();
  const signIn = await page.post("/session", { id: "somchai", password });
  expect(signIn.body).toMatchObject({ need: "password-change" });
  expect((await page.ask("/tray?agency=agency-a")).body.code).toBe("password-change-needed");
  expect((await page.ask("/sessions")).body.code).toBe("password-change-needed");
  expect((await page.post("/me/totp")).body.code).toBe("password-change-needed");
  expect((await page.post("/me/password", { password, newPassword: NEXT })).body.need).toBeNull();
  expect((await page.ask("/tray?agency=agency-a")).status).toBe(200);
  // Another one ends what is open, and holds for a day.
  const other = (await admin.post("/people/somchai/one-time-password")).body;
  expect((await page.ask("/session")).status).toBe(401);
  expect((await browser().post("/session", { id: "somchai", password: NEXT })).status).toBe(401);
  clock.pass(24 * 3_600_000);
  expect((await browser().post("/session", { id: "somchai", password: other.oneTimePassword })).status).toBe(
    401,
  );
});

test("who is made inactive is out at once, and so is whose appointment ends", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn, query } = await peopleScene(context);
  await addPerson("root", [{ right: "administrator", agencyId: null }]);
  await addPerson("somchai", [{ right: "registry-clerk" }]);
  const [admin, page] = [await signedIn("root"), await signedIn("somchai")];
  const { body } = await admin.ask("/people/somchai");
  const [appointment] = body.appointments;
  expect(appointment).toMatchObject({
    right: "registry-clerk",
    inForce: true,
    orderNumber: "1/2569",
    orderDate: "2026-01-05",
  });
  expect((await page.ask("/tray?agency=agency-a")).status).toBe(200);
  expect((await admin.post(`/appointments/${appointment.id}/end`, { reason: "ย้าย" })).status).toBe(200);
  expect((await page.ask("/tray?agency=agency-a")).body.code).toBe("not-appointed");
  expect((await admin.post(`/appointments/${appointment.id}/end`, { reason: "ย้าย" })).body.code).toBe(
    "has-ended",
  );
  expect((await admin.ask("/people/somchai")).body.appointments).toMatchObject([
    { inForce: false, endReason: "ย้าย" },
  ]);
  const gone = await admin.ask("/people/somchai", {
    method: "PATCH",
    body: JSON.stringify({ active: false }),
    headers: { "content-type": "application/json" },
  });
  expect(gone.body).toMatchObject({ id: "somchai", active: false });
  expect((await page.ask("/session")).status).toBe(401);
  // Nor does a session that was left open by whatever way open anything.
  await query("update saraban.session set ended_at = null, end_reason = null where person_id = 'somchai'");
  expect((await page.ask("/session")).status).toBe(401);
  await query(
    "update saraban.session set ended_at = now(), end_reason = 'person-ended' where person_id = 'somchai'",
  );
  const [session] = await query("select end_reason from saraban.session where person_id = 'somchai'");
  expect(session).toEqual({ end_reason: "person-ended" });
  const events = await query<{ action: string }>(
    "select action from saraban.audit_event where actor = 'person:root' order by seq",
  );
  expect(events.map(({ action }) => action)).toEqual(["sign-in", "end-appointment", "disable-person"]);
});

test("an administrator sees and ends another person's sessions", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn } = await peopleScene(context);
  await addPerson("root", [{ right: "administrator", agencyId: null }]);
  await addPerson("somchai");
  const admin = await signedIn("root");
  const [one, two] = [await signedIn("somchai"), await signedIn("somchai")];
  const { body } = await admin.ask("/people/somchai/sessions");
  expect(body.sessions).toHaveLength(2);
  expect(JSON.stringify(body)).not.toContain("sss_");
  const only = body.sessions[0].id;
  expect((await admin.ask(`/people/somchai/sessions?session=${only}`, { method: "DELETE" })).body).toEqual({
    ended: 1,
  });
  const open = [(await one.ask("/session")).status, (await two.ask("/session")).status];
  expect(open.sort()).toEqual([200, 401]);
  expect((await admin.ask("/people/somchai/sessions", { method: "DELETE" })).body).toEqual({ ended: 1 });
  expect((await admin.ask("/session")).status).toBe(200);
});

test("people are written down by administrators alone: each for his agency, nobody for himself; what is denied is recorded", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn, query, setUpTotp } = await peopleScene(context);
  await addPerson("root", [{ right: "administrator", agencyId: null }]);
  await addPerson("admin-a", [{ right: "administrator" }]);
  await addPerson("clerk-a", [{ right: "registry-clerk" }]);
  await addPerson("clerk-b", [{ right: "registry-clerk", agencyId: "agency-b" }]);
  await addPerson("both", [{ right: "drafter" }, { right: "drafter", agencyId: "agency-b" }]);
  const [root, adminA, clerk] = [
    await signedIn("root"),
    await signedIn("admin-a"),
    await signedIn("clerk-a"),
  ];
  const appointment = (right: string, agencyId: string | null, more = {}) => ({
    right,
    agencyId,
    ...ORDER,
    ...more,
  });
  for (const answer of [
    await clerk.ask("/people"),
    await clerk.ask("/people/clerk-a"),
    await clerk.ask("/people/nobody-there"),
    await clerk.post("/people", { id: "x", name: "x" }),
    await clerk.post("/people/clerk-a/appointments", appointment("administrator", null)),
    await clerk.post("/people/root/one-time-password"),
    await clerk.post("/break-glass", { agencyId: "agency-a", reason: "อยากรู้อยากเห็นมาก" }),
    // Not for oneself.
    await root.post("/people/root/appointments", appointment("registry-head", "agency-a")),
    await adminA.post("/people/admin-a/appointments", appointment("registry-clerk", "agency-a")),
  ])
    expect(answer).toMatchObject({ status: 403, body: { code: "not-appointed" } });
  for (const answer of [
    await root.post("/people/root/one-time-password"),
    await root.ask("/people/root", {
      method: "PATCH",
      body: '{"active":false}',
      headers: { "content-type": "application/json" },
    }),
  ])
    expect(answer.body.code).toBe("not-to-oneself");
  // Of another agency not even that there is such a person.
  for (const answer of [
    await adminA.ask("/people/clerk-b"),
    await adminA.ask("/people/nobody-there"),
    await adminA.post("/people/clerk-b/one-time-password"),
    await adminA.post("/people/both/one-time-password"),
    await adminA.post("/people/root/one-time-password"),
    await adminA.post("/people/clerk-a/appointments", appointment("registry-clerk", "agency-b")),
    await adminA.post("/people/clerk-a/appointments", appointment("administrator", null)),
    await root.post("/people/clerk-a/appointments", appointment("registry-clerk", "agency-z")),
  ])
    expect(answer).toMatchObject({ status: 404, body: { code: "not-found" } });
  const ids = async (page: typeof root) =>
    (await page.ask("/people")).body.people.map(({ id }: { id: string }) => id);
  expect(await ids(root)).toEqual(["admin-a", "both", "clerk-a", "clerk-b", "root"]);
  expect(await ids(adminA)).toEqual(["admin-a", "both", "clerk-a"]);
  const page = await root.ask("/people?limit=2&after=both");
  expect(page.body).toMatchObject({ people: [{ id: "clerk-a" }, { id: "clerk-b" }], next: "clerk-b" });
  // A classified right is given by who has just shown a second factor.
  const registrar = appointment("classified-registrar", "agency-a", { level: "secret" });
  expect((await root.post("/people/clerk-a/appointments", registrar)).body.code).toBe(
    "second-factor-set-up-needed",
  );
  await setUpTotp(root);
  expect((await root.post("/people/clerk-a/appointments", registrar)).status).toBe(201);
  const denied = await query<{ action: string; rule: string }>(
    "select action, rule from saraban.audit_event where outcome = 'denied' and actor = 'person:clerk-a' order by seq",
  );
  expect(denied.map(({ action }) => action)).toEqual([
    "list-people",
    "list-people",
    "list-people",
    "manage-people",
    "appoint",
    "manage-people",
    "break-glass-ask",
  ]);
});

test("what is wrong with a person or an appointment is told at once, all of it", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn } = await peopleScene(context);
  await addPerson("root", [{ right: "administrator", agencyId: null }]);
  await addPerson("somchai");
  const admin = await signedIn("root");
  const pointers = async (path: string, body: unknown) => {
    const answer = await admin.post(path, body);
    expect({ path, status: answer.status }).toEqual({ path, status: 400 });
    return answer.body.errors.map(({ pointer }: { pointer: string }) => pointer);
  };
  expect(await pointers("/people", { id: "Big One", email: "x", colour: 1 })).toEqual([
    "#/id",
    "#/name",
    "#/email",
    "#/colour",
  ]);
  expect(await pointers("/people", { id: "x", name: " ", oidcIssuer: "https://id.example" })).toEqual([
    "#/name",
    "#/oidcSubject",
  ]);
  expect(await pointers("/people", [])).toEqual(["#"]);
  const at = "/people/somchai/appointments";
  expect(await pointers(at, {})).toEqual(["#/right", "#/orderNumber", "#/orderDate"]);
  expect(await pointers(at, { ...ORDER, right: "registry-clerk", level: "secret", unit: "ก ข" })).toEqual([
    "#/agencyId",
    "#/unit",
    "#/unit",
    "#/level",
  ]);
  expect(
    await pointers(at, {
      ...ORDER,
      orderDate: "2026-02-30",
      right: "auditor",
      from: "2026-05-02",
      until: "2026-05-02",
    }),
  ).toEqual(["#/orderDate", "#/until"]);
  expect(await pointers(at, { ...ORDER, right: "classified-registrar", agencyId: "agency-a" })).toEqual([
    "#/level",
  ]);
});

test("a person who is appointed works at the doors of clerks like one with a token, each right for its agency", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn, query, post, token } = await peopleScene(context);
  await addPerson("clerk", [{ right: "registry-clerk" }]);
  await addPerson("mixed", [{ right: "registry-head" }, { right: "approver", agencyId: "agency-b" }]);
  await addPerson("of-a-unit", [{ right: "registry-clerk", unit: "กองคลัง" }]);
  await addPerson("drafter", [{ right: "drafter" }]);
  await addPerson("auditor", [{ right: "auditor", agencyId: null }]);
  await addPerson("root", [{ right: "administrator", agencyId: null }]);
  const clerk = await signedIn("clerk");
  expect((await clerk.ask("/tray?agency=agency-a")).status).toBe(200);
  expect((await clerk.ask("/tray?agency=agency-b")).body.code).toBe("not-found");
  const openings = await query("select opened_by from saraban.tray_opening");
  expect(openings).toEqual([{ opened_by: "person:clerk" }]);
  const act = { agencyId: "agency-a", act: "enter", book: "inbound.ordinary", facts: { subject: "กระดาษ" } };
  const entered = await clerk.post(
    "/acts",
    { id: "0199c2f5-0c31-7b22-9e10-6d7e8f9a0b1c", ...act },
    { headers: { prefer: "wait=0" } },
  );
  expect(entered).toMatchObject({ status: 202, body: { madeBy: "person:clerk" } });
  const approve = (agencyId: string) => ({
    id: crypto.randomUUID(),
    agencyId,
    act: "approve",
    letterId: crypto.randomUUID(),
    details: { version: 1 },
  });
  const mixed = await signedIn("mixed");
  const sign = (agencyId: string) =>
    mixed.post("/acts", approve(agencyId), { headers: { prefer: "wait=0" } });
  expect((await sign("agency-a")).body.code).toBe("right-needed");
  expect((await sign("agency-b")).status).toBe(202);
  // An administrator reads no letters; who is appointed for a unit sees that of it alone.
  expect((await (await signedIn("root")).ask("/lines")).body).toMatchObject({
    status: 403,
    code: "not-appointed",
  });
  const unit = await signedIn("of-a-unit");
  expect((await unit.ask("/lines")).body.lines).toEqual([]);
  expect((await unit.post("/acts", { ...act, id: crypto.randomUUID() })).status).not.toBe(201);
  // What each right is for, and no more.
  const drafter = await signedIn("drafter");
  expect((await drafter.post("/acts", { ...act, id: crypto.randomUUID() })).body.code).toBe("not-appointed");
  expect((await drafter.ask("/tray?agency=agency-a")).status).toBe(200);
  expect(await query("select opened_by from saraban.tray_opening")).toEqual(openings);
  expect((await (await signedIn("auditor")).ask("/lines")).body.code).toBe("not-appointed");
  const denied = await query(
    "select actor, action, agency_id as agency, rule from saraban.audit_event where outcome = 'denied' order by seq",
  );
  expect(denied).toEqual([
    { actor: "person:mixed", action: "approve", agency: "agency-a", rule: "no-right" },
    { actor: "person:root", action: "search", agency: null, rule: "no-right" },
    { actor: "person:drafter", action: "register", agency: "agency-a", rule: "no-right" },
    { actor: "person:auditor", action: "search", agency: null, rule: "no-right" },
  ]);
  // Tokens go on as before.
  expect((await post(approve("agency-a"), { token })).body.code).toBe("right-needed");
  expect(newToken()).toMatch(/^sct_/);
  expect(PASSWORD.length).toBeGreaterThan(12);
});
