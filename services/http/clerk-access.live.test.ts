import { test } from "vitest";
import { newToken, removeClerk, replaceToken } from "./clerk-store.ts";
import { openDesk } from "./testing/desk.ts";

test("without a token that is in force nobody comes in, and is told how", async (context) => {
  const { expect } = context;
  const { ask, url } = await openDesk(context);
  const bare = await fetch(`${url}/api/v1/tray?agency=agency-a`);
  expect(bare.status).toBe(401);
  expect(bare.headers.get("www-authenticate")).toBe('Bearer realm="saraban"');
  expect(bare.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
  expect(bare.headers.get("cache-control")).toBe("no-store");
  expect(await bare.json()).toMatchObject({
    status: 401,
    code: "no-token",
    titleThai: expect.stringMatching(/[ก-๙]/),
  });
  for (const token of [newToken(), "sct_short", "x"]) {
    const wrong = await ask("/tray?agency=agency-a", { token });
    expect(wrong).toMatchObject({ status: 401, body: { code: "wrong-token" } });
    expect(wrong.headers.get("www-authenticate")).toBe('Bearer realm="saraban", error="invalid_token"');
  }
  const basic = await ask("/tray?agency=agency-a", { headers: { authorization: "Basic eDp5" } });
  expect(basic).toMatchObject({ status: 401, body: { code: "no-token" } });
  // Nobody who is not let in can have us read a body.
  const posted = await ask("/acts", {
    method: "POST",
    token: newToken(),
    body: "{not json",
    headers: { "content-type": "application/json" },
  });
  expect(posted.status).toBe(401);
});

test("a token opens until it is replaced or its clerk removed; the database holds its hash alone", async (context) => {
  const { expect } = context;
  const { ask, admin, query, token } = await openDesk(context);
  expect((await ask("/tray?agency=agency-a")).status).toBe(200);
  const [clerk] = await query<{ id: string }>("select id from saraban.clerk");
  const second = newToken();
  expect(await replaceToken(admin, clerk?.id as string, second)).toBe(true);
  expect((await ask("/tray?agency=agency-a")).status).toBe(401);
  expect((await ask("/tray?agency=agency-a", { token: second })).status).toBe(200);
  const rows = JSON.stringify(await query("select * from saraban.clerk"));
  for (const secret of [token, second]) expect(rows).not.toContain(secret.slice(4, 20));
  expect(await removeClerk(admin, clerk?.id as string)).toBe(true);
  expect((await ask("/tray?agency=agency-a", { token: second })).status).toBe(401);
  expect(await replaceToken(admin, clerk?.id as string, newToken())).toBe(false);
});

test("after ten wrong tokens an address is told to wait; a clerk behind the same address is not", async (context) => {
  const { expect } = context;
  const { ask } = await openDesk(context);
  const statuses: number[] = [];
  for (let times = 0; times < 11; times += 1) {
    statuses.push((await ask("/acts/x", { token: newToken() })).status);
  }
  expect(statuses).toEqual([...Array(10).fill(401), 429]);
  const limited = await ask("/acts/x", { token: newToken() });
  expect(limited.body).toMatchObject({ status: 429, code: "too-many-wrong-tokens" });
  expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
  expect((await ask("/tray?agency=agency-a")).status).toBe(200);
});

test("another agency's things are told in the same words as things that do not exist", async (context) => {
  const { expect } = context;
  const { ask, addClerk } = await openDesk(context);
  const foreign = await ask("/tray?agency=agency-b");
  expect(foreign).toMatchObject({ status: 404, body: { code: "not-found" } });
  expect((await ask("/tray?agency=agency-z")).body).toEqual(foreign.body);
  expect((await ask("/nothing")).body).toEqual(foreign.body);
  const both = await addClerk("agency-a", "agency-b");
  expect((await ask("/tray?agency=agency-b", { token: both })).status).toBe(200);
});

test("what operators ask needs no token; what cannot be understood is told as a problem", async (context) => {
  const { expect } = context;
  const { ask, url } = await openDesk(context);
  for (const path of ["/healthz", "/readyz", "/metrics", "/api/v1/time"]) {
    expect((await fetch(url + path)).status, path).toBe(200);
  }
  const json = { "content-type": "application/json" };
  const post = (body: string, headers: Record<string, string> = json) =>
    ask("/acts", { method: "POST", body, headers });
  expect(await post("{not json")).toMatchObject({ status: 400, body: { code: "not-understood" } });
  expect(await post('{"__proto__": {"x": 1}}')).toMatchObject({ status: 400 });
  expect(await post("x", { "content-type": "text/plain" })).toMatchObject({
    status: 415,
    body: { code: "not-json" },
  });
  expect(await post(`"${"x".repeat(2_200_000)}"`)).toMatchObject({
    status: 413,
    body: { code: "too-large" },
  });
  expect(await ask("/tray?limit=0&colour=red&after=x")).toMatchObject({
    status: 400,
    body: { errors: ["agency", "limit", "after", "colour"].map((parameter) => ({ parameter })) },
  });
  expect(await ask("/tray?agency=agency-a&agency=agency-a")).toMatchObject({ status: 400 });
});
