import { fastify } from "fastify";
import { test } from "vitest";
import { newSessionToken } from "../../shared/access/proofs/session-token.ts";
import { sendProblem } from "../problem.ts";
import { admitPeople, findSignedIn, signedInOf } from "./people-access.ts";
import { takeCookies } from "./session-cookie.ts";
import { PASSWORD, peopleScene } from "./testing/people-scene.ts";

const MINUTE_MS = 60_000;
const TLS = { "x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https" };

test("a token that somebody else has put into the browser opens nothing, before and after the sign-in", async (context) => {
  const { expect } = context;
  const { addPerson, browser, signedIn, query } = await peopleScene(context);
  await addPerson("victim");
  await addPerson("attacker");
  // One that nobody has given out.
  const planted = browser();
  const made = newSessionToken();
  planted.cookies.set("saraban", made);
  expect((await planted.post("/session", { id: "victim", password: PASSWORD })).status).toBe(200);
  expect(planted.cookies.get("saraban")).not.toBe(made);
  const holder = browser();
  holder.cookies.set("saraban", made);
  expect((await holder.ask("/session")).status).toBe(401);
  // One of the attacker's own session, which ends when the victim signs in over it.
  const attacker = await signedIn("attacker");
  const shared = attacker.cookies.get("saraban") as string;
  const victim = browser();
  victim.cookies.set("saraban", shared);
  expect((await victim.post("/session", { id: "victim", password: PASSWORD })).body.person.id).toBe("victim");
  expect((await attacker.ask("/session")).body).toMatchObject({ code: "session-over" });
  const ended = await query("select person_id, end_reason from saraban.session where ended_at is not null");
  expect(ended).toEqual([{ person_id: "attacker", end_reason: "replaced" }]);
});

test("a session is over when nobody uses it for half an hour, and ten hours after the sign-in", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn, clock, query } = await peopleScene(context);
  await addPerson("somying");
  const idle = await signedIn("somying");
  const used = await signedIn("somying");
  for (let minutes = 0; minutes < 9 * 60; minutes += 25) {
    clock.pass(25 * MINUTE_MS);
    expect((await used.ask("/session")).status).toBe(200);
  }
  expect((await idle.ask("/session")).status).toBe(401);
  expect((await used.ask("/sessions")).body.sessions).toMatchObject([{ isThis: true }]);
  clock.pass(25 * MINUTE_MS);
  expect((await used.ask("/session")).status).toBe(200);
  clock.pass(29 * MINUTE_MS);
  expect((await used.ask("/session")).status).toBe(401);
  // Marked at the next sign-in.
  await signedIn("somying");
  const reasons = await query(
    "select end_reason as r, count(*)::int as n from saraban.session group by 1 order by 1",
  );
  expect(reasons).toEqual([
    { r: "idle", n: 2 },
    { r: null, n: 1 },
  ]);
});

test("sessions are listed, and one or all others ended; what is ended opens nothing at once", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn } = await peopleScene(context);
  await addPerson("somying", [{ right: "registry-clerk" }]);
  await addPerson("other");
  const [one, two, three] = [
    await signedIn("somying", { "user-agent": "Telephone" }),
    await signedIn("somying"),
    await signedIn("somying"),
  ];
  const foreign = await signedIn("other");
  const { body } = await two.ask("/sessions");
  expect(body.sessions).toHaveLength(3);
  expect(body.sessions.filter(({ isThis }: { isThis: boolean }) => isThis)).toHaveLength(1);
  const phone = body.sessions.find(({ userAgent }: { userAgent: string }) => userAgent === "Telephone");
  // Not another person's.
  expect((await foreign.ask(`/sessions/${phone.id}`, { method: "DELETE" })).status).toBe(404);
  expect((await one.ask("/tray?agency=agency-a")).status).toBe(200);
  expect((await two.ask(`/sessions/${phone.id}`, { method: "DELETE" })).status).toBe(204);
  expect((await one.ask("/tray?agency=agency-a")).body).toMatchObject({ status: 401, code: "session-over" });
  expect((await two.ask("/sessions", { method: "DELETE" })).body).toEqual({ ended: 1 });
  expect((await three.ask("/session")).status).toBe(401);
  expect((await two.ask("/session")).status).toBe(200);
  expect((await foreign.ask("/session")).status).toBe(200);
});

test("over TLS the cookie is __Host- and Secure, and the plain one counts for nothing there; in the clear nobody signs in", async (context) => {
  const { expect } = context;
  const { addPerson, browser, signedIn } = await peopleScene(context);
  await addPerson("somying");
  const safe = browser(TLS);
  const { setCookies, headers } = await safe.post("/session", { id: "somying", password: PASSWORD });
  expect(setCookies).toHaveLength(1);
  expect(setCookies[0]).toMatch(
    /^__Host-saraban=sss_[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/i,
  );
  expect(headers.get("strict-transport-security")).toMatch(/^max-age=\d{7,}$/);
  expect((await safe.ask("/session")).status).toBe(200);
  const token = safe.cookies.get("__Host-saraban") as string;
  // A neighbour under the domain, or somebody on the wire, can put a cookie of this name there; not one of __Host-.
  const tossed = browser(TLS);
  tossed.cookies.set("saraban", token);
  expect((await tossed.ask("/session")).body.code).toBe("not-signed-in");
  const open = browser({ "x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "http" });
  const refused = await open.post("/session", { id: "somying", password: PASSWORD });
  expect(refused).toMatchObject({ status: 403, body: { code: "tls-needed" }, setCookies: [] });
  for (const name of ["saraban", "__Host-saraban"]) open.cookies.set(name, token);
  expect((await open.ask("/session")).status).toBe(401);
  const plain = await signedIn("somying");
  expect([...plain.cookies.keys()]).toEqual(["saraban"]);
});

test("requests of other sites, and requests without the session's token, change nothing", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn, browser, url } = await peopleScene(context);
  await addPerson("somying", [{ right: "registry-clerk" }]);
  const page = await signedIn("somying");
  const other = await signedIn("somying");
  const [cookie = ""] = [...page.cookies].map(([name, value]) => `${name}=${value}`);
  const signOut = (headers: Record<string, string>) =>
    fetch(`${url}/api/v1/sessions`, { method: "DELETE", headers: { cookie, ...headers } });
  const codes: string[] = [];
  const tried: Record<string, string>[] = [
    {},
    { "x-csrf-token": "" },
    { "x-csrf-token": "0".repeat(64) },
    // Of another session, even of the same person.
    { "x-csrf-token": other.csrf },
    { "x-csrf-token": page.csrf, origin: "https://evil.example" },
    { "x-csrf-token": page.csrf, origin: "null" },
    { "x-csrf-token": page.csrf, origin: url.replace("http:", "https:") },
    { "x-csrf-token": page.csrf, "sec-fetch-site": "cross-site" },
    { "x-csrf-token": page.csrf, "sec-fetch-site": "same-site" },
  ];
  for (const headers of tried) {
    const response = await signOut(headers);
    expect(response.status).toBe(403);
    codes.push(((await response.json()) as { code: string }).code);
  }
  expect(codes).toEqual([...Array(4).fill("csrf-token-needed"), ...Array(5).fill("other-site")]);
  expect((await other.ask("/session")).status).toBe(200);
  // The doors of clerks ask for it just so.
  const act = await page.post("/acts", {}, { headers: { "x-csrf-token": "" } });
  expect(act).toMatchObject({ status: 403, body: { code: "csrf-token-needed" } });
  expect((await page.post("/acts", {})).body.code).toBe("not-an-act");
  // Nobody is signed in to another account by a page of another site either.
  const foreign = await browser().post(
    "/session",
    { id: "somying", password: PASSWORD },
    { headers: { origin: "https://evil.example" } },
  );
  expect(foreign.body.code).toBe("other-site");
  const good = { "x-csrf-token": page.csrf, origin: url, "sec-fetch-site": "same-origin" };
  expect((await signOut(good)).status).toBe(200);
  expect((await other.ask("/session")).status).toBe(401);
});

test("a clerk's token and a cookie: the header counts alone, and needs no token against other sites", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn, token, url } = await peopleScene(context);
  await addPerson("nobodys", []);
  const page = await signedIn("nobodys");
  const authorization = `Bearer ${token}`;
  const headers = { authorization, "x-csrf-token": "", origin: "https://elsewhere.example" };
  expect((await page.ask("/tray?agency=agency-a", { headers })).status).toBe(200);
  expect((await page.post("/acts", {}, { headers })).body.code).toBe("not-an-act");
  // And opens no door of people.
  const people = await fetch(`${url}/api/v1/session`, { headers: { authorization } });
  expect(people.status).toBe(401);
  expect(people.headers.get("www-authenticate")).toBe('Session realm="saraban"');
});

test("a form may carry the token against other sites in a field of its own", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn, people } = await peopleScene(context);
  await addPerson("somying");
  const page = await signedIn("somying");
  const server = fastify();
  context.onTestFinished(() => server.close());
  await takeCookies(server);
  admitPeople(server, people);
  server.setErrorHandler((error, _request, reply) =>
    sendProblem(reply, error as Parameters<typeof sendProblem>[1]),
  );
  server.addHook("onRequest", async (request, reply) => void (await findSignedIn(request, reply)));
  server.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  );
  server.post("/form", { config: { csrfInForm: true } }, async (request) => ({
    id: signedInOf(request).actor.id,
  }));
  const send = (payload: string, headers = {}) =>
    server.inject({
      method: "POST",
      url: "/form",
      payload,
      headers: {
        cookie: `saraban=${page.cookies.get("saraban")}`,
        "content-type": "application/x-www-form-urlencoded",
        ...headers,
      },
    });
  for (const payload of ["", "csrf_token=", `csrf_token=${"0".repeat(64)}`, `other=${page.csrf}`])
    expect((await send(payload)).json().code).toBe("csrf-token-needed");
  expect((await send(`csrf_token=${page.csrf}`)).json()).toEqual({ id: "somying" });
  expect((await send(`csrf_token=${page.csrf}`, { origin: "https://evil.example" })).json().code).toBe(
    "other-site",
  );
});
