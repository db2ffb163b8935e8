import { test } from "vitest";
import { PASSWORD, peopleScene } from "./testing/people-scene.ts";

const MINUTE_MS = 60_000;

test("a person signs in by password, is known by the cookie, and signs out", async (context) => {
  const { expect } = context;
  const { addPerson, browser, query } = await peopleScene(context);
  await addPerson("somying", [{ right: "registry-clerk" }]);
  const one = browser();
  const signedIn = await one.post("/session", { id: " Somying ", password: PASSWORD });
  expect(signedIn.status).toBe(200);
  expect(signedIn.body).toMatchObject({
    person: { id: "somying", name: "ทดสอบ somying" },
    need: null,
    appointments: [{ right: "registry-clerk", agencyId: "agency-a", unit: null, level: null }],
    secondFactor: { isSetUp: false, shownAt: null, isRecent: false },
  });
  const [cookie = ""] = signedIn.setCookies;
  expect(cookie).toMatch(/^saraban=sss_[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict$/i);
  expect((await one.ask("/session")).body).toMatchObject({ person: { id: "somying" } });
  // 256 random bits, of which only the hash stands in the database.
  const token = one.cookies.get("saraban") as string;
  expect(JSON.stringify(await query("select * from saraban.session"))).not.toContain(token.slice(4, 30));
  expect((await one.ask("/session", { method: "DELETE" })).status).toBe(204);
  expect(one.cookies.size).toBe(0);
  one.cookies.set("saraban", token);
  expect(await one.ask("/session")).toMatchObject({ status: 401, body: { code: "session-over" } });
  expect((await browser().ask("/session")).body).toMatchObject({ status: 401, code: "not-signed-in" });
  const events = await query(
    "select action, actor, outcome, door, address from saraban.audit_event order by seq",
  );
  expect(events).toMatchObject([
    { action: "sign-in", actor: "person:somying", outcome: "allowed", door: "json", address: "127.0.0.1" },
    { action: "sign-out", actor: "person:somying", outcome: "allowed" },
  ]);
});

test("whatever is wrong with a sign-in, it is told in the same words, after the same work", async (context) => {
  const { expect } = context;
  const { addPerson, browser, people, query, clock } = await peopleScene(context);
  for (const id of ["right", "locked", "gone", "expired", "without"]) await addPerson(id);
  await query("update saraban.person set active = false where id = 'gone'");
  await query(
    "update saraban.person_password set must_change = true, expires_at = now() - interval '1 s' where person_id = 'expired'",
  );
  await query("delete from saraban.person_password where person_id = 'without'");
  const one = browser();
  for (let times = 0; times < 5; times += 1) await one.post("/session", { id: "locked", password: "wrong" });
  const refusals = [
    { id: "nobody", password: PASSWORD },
    { id: "right", password: `${PASSWORD}!` },
    { id: "locked", password: PASSWORD },
    { id: "gone", password: PASSWORD },
    { id: "expired", password: PASSWORD },
    { id: "without", password: PASSWORD },
    { id: "right", password: "ก".repeat(2_000) },
    { id: PASSWORD, password: "right" },
    { id: "\u0000", password: "\ud800" },
  ];
  const told = new Set<string>();
  for (const asked of refusals) {
    const before = people.hasher.made();
    const statementsBefore = await statements(query);
    const { status, headers, text, setCookies } = await browser().post("/session", asked);
    const fields = [...headers].filter(([name]) => name !== "date").join("\n");
    told.add(`${status}\n${fields}\n${setCookies}\n${text}`);
    expect({ ...asked, hashes: people.hasher.made() - before }).toEqual({ ...asked, hashes: 1 });
    // One event each, about the account where there is one.
    expect((await statements(query)) - statementsBefore).toBe(1);
    clock.pass(1);
  }
  expect([...told]).toHaveLength(1);
  expect([...told][0]).toContain("wrong-sign-in");
  const events = await query<{ rule: string; subject_id: string | null }>(
    "select rule, subject_id from saraban.audit_event where outcome = 'failed' order by seq offset 5",
  );
  expect(events.map(({ rule, subject_id: id }) => `${rule} ${id}`)).toEqual([
    "unknown null",
    "wrong-password right",
    "locked locked",
    "inactive gone",
    "expired expired",
    "no-password without",
    "wrong-password right",
    "unknown null",
    "unknown null",
  ]);
  // A password in the name's field stands nowhere.
  const rows = JSON.stringify([
    await query("select * from saraban.audit_event"),
    await query("select * from saraban.sign_in_guard"),
  ]);
  expect(rows).not.toContain(PASSWORD);
});

async function statements(query: <Row extends object>(text: string) => Promise<Row[]>): Promise<number> {
  const [row] = await query<{ n: number }>("select count(*)::int as n from saraban.audit_event");
  return row?.n ?? 0;
}

test("after five wrong passwords an account is locked for 1, 2, 4 … minutes up to an hour, and an administrator unlocks it", async (context) => {
  const { expect } = context;
  const { addPerson, browser, clock, signedIn, query } = await peopleScene(context);
  await addPerson("victim");
  const guess = async (password: string) =>
    (await browser().post("/session", { id: "victim", password })).status;
  for (let times = 0; times < 5; times += 1) expect(await guess("wrong")).toBe(401);
  const locks = [1, 2, 4, 8, 16, 32, 60, 60];
  for (const minutes of locks) {
    // While it is locked the right password is a wrong one, and trying on does not make it longer.
    clock.pass(minutes * MINUTE_MS - 5_000);
    expect(await guess(PASSWORD)).toBe(401);
    clock.pass(5_001);
    expect(await guess("wrong")).toBe(401);
  }
  const rules = await query<{ rule: string }>("select rule from saraban.audit_event order by seq offset 5");
  expect(rules.map(({ rule }) => rule)).toEqual(locks.flatMap(() => ["locked", "wrong-password"]));
  await addPerson("admin-2", [{ right: "administrator", agencyId: null }]);
  const admin = await signedIn("admin-2");
  expect((await admin.ask("/people/victim")).body.lockedUntil).not.toBeNull();
  expect((await admin.post("/people/victim/unlock")).body).toEqual({ unlocked: true });
  expect(await guess(PASSWORD)).toBe(200);
  // A success forgets what was before it.
  for (let times = 0; times < 4; times += 1) await guess("wrong");
  expect(await guess(PASSWORD)).toBe(200);
});

test("a hundred guesses at once are no more than five; two hashes run at a time, and too many are told to come again", async (context) => {
  const { expect } = context;
  const { addPerson, browser, people, query } = await peopleScene(context);
  await addPerson("victim");
  const before = people.hasher.made();
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, at) =>
      browser().post("/session", { id: "victim", password: `wrong ${at}` }),
    ),
  );
  const statuses = new Set(answers.map(({ status }) => status));
  expect([...statuses].sort()).toEqual([401, 503]);
  for (const { headers } of answers.filter(({ status }) => status === 503))
    expect(headers.get("retry-after")).toMatch(/^\d+$/);
  // 2 and 32 at the most, in this burst; the others were turned away unhashed.
  const hashed = people.hasher.made() - before;
  expect(hashed).toBe(answers.filter(({ status }) => status === 401).length);
  const rules = await query<{ rule: string; n: number }>(
    "select rule, count(*)::int as n from saraban.audit_event where outcome = 'failed' group by rule order by rule",
  );
  const wrong = rules.find(({ rule }) => rule === "wrong-password")?.n ?? 0;
  expect(wrong).toBeLessThanOrEqual(5);
  expect((await browser().post("/session", { id: "victim", password: PASSWORD })).status).toBe(401);
});

test("many who sign in at once all come in, each to a session of his own", async (context) => {
  const { expect } = context;
  const { addPerson, browser, query } = await peopleScene(context);
  await addPerson("somchai");
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => browser().post("/session", { id: "somchai", password: PASSWORD })),
  );
  // Tries are counted before they are looked at: of those that come at once beyond five some may have to come again.
  const came = answers.filter(({ status }) => status === 200);
  expect(came.length).toBeGreaterThanOrEqual(5);
  expect(new Set(came.map(({ body }) => body.session.id)).size).toBe(came.length);
  const [{ n } = { n: 0 }] = await query<{ n: number }>("select count(*)::int as n from saraban.session");
  expect(n).toBe(came.length);
});

test("an address is locked too, whoever's names it tries, and limited by the minute", async (context) => {
  const { expect } = context;
  const { addPerson, browser } = await peopleScene(context, { freeTriesOfAddress: 6, signInsPerMinute: 12 });
  await addPerson("somchai");
  const from = (address: string) => browser({ "x-forwarded-for": address, "x-forwarded-proto": "https" });
  for (let times = 0; times < 6; times += 1)
    expect((await from("192.0.2.1").post("/session", { id: `guess-${times}`, password: "x" })).status).toBe(
      401,
    );
  expect((await from("192.0.2.1").post("/session", { id: "somchai", password: PASSWORD })).status).toBe(401);
  expect((await from("192.0.2.2").post("/session", { id: "somchai", password: PASSWORD })).status).toBe(200);
  let limited = await from("192.0.2.1").post("/session", { id: "somchai", password: PASSWORD });
  for (let times = 0; times < 12 && limited.status === 401; times += 1)
    limited = await from("192.0.2.1").post("/session", { id: "somchai", password: PASSWORD });
  expect(limited).toMatchObject({ status: 429, body: { code: "too-many-requests" } });
  expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
});

test("a hash of older parameters is made anew at the sign-in", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn, query } = await peopleScene(context);
  await addPerson("somchai");
  const { hash } = await import("@node-rs/argon2");
  const old = await hash(PASSWORD.normalize("NFKC"), {
    memoryCost: 19_456,
    timeCost: 2,
    parallelism: 1,
    algorithm: 2,
  });
  await query("update saraban.person_password set phc = $1", [old]);
  await signedIn("somchai");
  const [row] = await query<{ phc: string }>("select phc from saraban.person_password");
  expect(row?.phc).toMatch(/^\$argon2id\$v=19\$m=32768,t=3,p=1\$/);
  await signedIn("somchai");
});
