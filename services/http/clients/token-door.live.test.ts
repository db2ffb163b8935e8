import { type TestContext, test } from "vitest";
import { type Answer, openDesk } from "../testing/desk.ts";
import { revokeClient, rotateSecret, setScopes } from "./client-admin-store.ts";
import { newSecret } from "./client-store.ts";

const CLIENT_CREDENTIALS = { grant_type: "client_credentials" };

async function scene(context: TestContext, settings: Parameters<typeof openDesk>[4] = {}) {
  const desk = await openDesk(context, undefined, undefined, undefined, settings);
  const askToken = async (
    form: Record<string, string> | string,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const response = await fetch(`${desk.url}/oauth/token`, {
      method: "POST",
      body: typeof form === "string" ? form : new URLSearchParams(form),
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  const get = (token: string) => desk.ask("/lines?book=inbound.ordinary", { token });
  return { ...desk, askToken, get };
}

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`,
});
const OWN = {
  senderDomain: "agency-a.example.go.th",
  scopes: ["submit", "read-inbound", "receipts"],
} as const;

test("a token by id and secret, in the header or in the form, for all or some of the scopes", async (context) => {
  const { expect } = context;
  const { addClient, askToken, get } = await scene(context);
  const { id, secret } = await addClient(OWN);
  const first = await askToken(CLIENT_CREDENTIALS, basic(id, secret));
  expect(first).toMatchObject({
    status: 200,
    body: { token_type: "Bearer", expires_in: 600, scope: "submit read-inbound receipts" },
  });
  expect(first.headers.get("cache-control")).toBe("no-store");
  expect((await get(first.body.access_token)).status).toBe(200);
  const form = { ...CLIENT_CREDENTIALS, client_id: id, client_secret: secret, scope: "receipts" };
  const second = await askToken(form);
  expect(second.body).toMatchObject({ scope: "receipts" });
  const refused = await get(second.body.access_token);
  expect(refused).toMatchObject({
    status: 403,
    body: { code: "scope-needed", scopes: ["read-inbound", "read-outbound"] },
  });
  expect(refused.headers.get("www-authenticate")).toContain('error="insufficient_scope"');
});

test("why there is no token is told as RFC 6749 §5.2 has it", async (context) => {
  const { expect } = context;
  const { addClient, askToken } = await scene(context);
  const { id, secret } = await addClient();
  const ours = { client_id: id, client_secret: secret };
  const cases: [Parameters<typeof askToken>, number, string][] = [
    [[{}], 400, "invalid_request"],
    [[CLIENT_CREDENTIALS], 400, "invalid_request"],
    [[{ grant_type: "password", ...ours }], 400, "unsupported_grant_type"],
    [[{ ...CLIENT_CREDENTIALS, ...ours, client_secret: newSecret() }], 401, "invalid_client"],
    [[{ ...CLIENT_CREDENTIALS, ...ours, client_id: "nobody" }], 401, "invalid_client"],
    [[CLIENT_CREDENTIALS, basic(id, "scs_x")], 401, "invalid_client"],
    [[{ ...CLIENT_CREDENTIALS, ...ours, scope: "receipts read-inbound" }], 400, "invalid_scope"],
    [[{ ...CLIENT_CREDENTIALS, ...ours }, basic(id, secret)], 400, "invalid_request"],
    [
      ["grant_type=client_credentials&grant_type=client_credentials", basic(id, secret)],
      400,
      "invalid_request",
    ],
    [[CLIENT_CREDENTIALS, { authorization: "Bearer x" }], 400, "invalid_request"],
    [["{}", { "content-type": "application/json" }], 400, "invalid_request"],
    [["x".repeat(20_000), basic(id, secret)], 400, "invalid_request"],
  ];
  for (const [asked, status, error] of cases) {
    const answer = await askToken(...asked);
    expect({ asked, status: answer.status, error: answer.body.error }).toEqual({ asked, status, error });
    if (status === 401) expect(answer.headers.get("www-authenticate")).toBe('Basic realm="saraban"');
  }
});

test("who is revoked, or whose scope is taken away, hears of it with the next request", async (context) => {
  const { expect } = context;
  const { addClient, admin, askToken, get } = await scene(context);
  const { id, secret } = await addClient(OWN);
  const { body } = await askToken(CLIENT_CREDENTIALS, basic(id, secret));
  await setScopes(admin, id, ["receipts"]);
  expect((await get(body.access_token)).status).toBe(403);
  await setScopes(admin, id, ["read-inbound"]);
  expect((await get(body.access_token)).status).toBe(200);
  expect(await revokeClient(admin, id)).toBe(true);
  expect(await get(body.access_token)).toMatchObject({ status: 401, body: { code: "wrong-token" } });
  expect((await askToken(CLIENT_CREDENTIALS, basic(id, secret))).status).toBe(401);
  expect(await revokeClient(admin, id)).toBe(false);
});

test("a secret is changed without a gap, or at once; its tokens go with it", async (context) => {
  const { expect } = context;
  const { addClient, admin, askToken, get, query } = await scene(context);
  const { id, secret: first } = await addClient(OWN);
  const tokenOf = async (secret: string) =>
    (await askToken(CLIENT_CREDENTIALS, basic(id, secret))).body.access_token;
  const [second, third, fourth] = [newSecret(), newSecret(), newSecret()];
  const until = await rotateSecret(admin, id, second, 3_600);
  expect(Number(until) - Date.now()).toBeGreaterThan(3_000_000);
  const [ofFirst, ofSecond] = [await tokenOf(first), await tokenOf(second)];
  for (const token of [ofFirst, ofSecond]) expect((await get(token)).status).toBe(200);
  // Two at a time: the oldest of three is over.
  await rotateSecret(admin, id, third, 3_600);
  expect((await get(ofFirst)).status).toBe(401);
  expect((await get(ofSecond)).status).toBe(200);
  expect(await rotateSecret(admin, id, fourth, 0)).toBeNull();
  expect((await get(ofSecond)).status).toBe(401);
  expect((await askToken(CLIENT_CREDENTIALS, basic(id, third))).status).toBe(401);
  expect((await get(await tokenOf(fourth))).status).toBe(200);
  // One that has run out opens nothing either.
  await query(
    "update saraban.client_secret set expires_at = now() where client_id = $1 and revoked_at is null",
    [id],
  );
  expect((await askToken(CLIENT_CREDENTIALS, basic(id, fourth))).status).toBe(401);
  expect(await rotateSecret(admin, "nobody", newSecret(), 0)).toBeUndefined();
});

test("each call is written down; who sends too many is told when to come again", async (context) => {
  const { expect } = context;
  const http = {
    proxyNetworks: "127.0.0.0/8",
    publicUrl: "",
    clientCertificateHeader: false,
    tokenMinutes: 10,
    clientRequestsPerMinute: 3,
  };
  const { addClient, askToken, get, clients, query } = await scene(context, { http });
  const { id, secret } = await addClient(OWN);
  const { body } = await askToken(CLIENT_CREDENTIALS, {
    ...basic(id, secret),
    "x-forwarded-for": "192.0.2.7",
  });
  const fine = await get(body.access_token);
  expect(fine.headers.get("ratelimit")).toMatch(/^"requests";r=1;t=\d+$/);
  expect(fine.headers.get("ratelimit-policy")).toBe('"requests";q=3;w=60');
  await get(body.access_token);
  const over = await get(body.access_token);
  expect(over).toMatchObject({ status: 429, body: { code: "client-over-limit" } });
  expect(Number(over.headers.get("retry-after"))).toBeGreaterThan(50);
  expect(await askToken(CLIENT_CREDENTIALS, basic(id, secret))).toMatchObject({
    status: 429,
    body: { error: "slow_down" },
  });
  await clients.calls.stop();
  const rows = await query(
    "select client_id, agency_id, door, operation, status, remote_address from saraban.client_call order by id",
  );
  const call = { client_id: id, agency_id: "agency-a", remote_address: "127.0.0.1" };
  const token = { ...call, door: "token", operation: "POST /oauth/token" };
  const lines = { ...call, door: "api", operation: "GET /api/v1/lines" };
  expect(rows).toEqual([
    { ...token, status: 200, remote_address: "192.0.2.7" },
    { ...lines, status: 200 },
    { ...lines, status: 200 },
    { ...lines, status: 429 },
    { ...token, status: 429 },
  ]);
});
