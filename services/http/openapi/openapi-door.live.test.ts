import { expect, test } from "vitest";
import { openAnswerCheck } from "../../../scripts/drill/api-answers.ts";
import { newSessionToken } from "../../shared/access/proofs/session-token.ts";
import { countOpenGlass } from "../people/glass-store.ts";
import { openDesk } from "../testing/desk.ts";
import { documentPath, openapiDocument } from "./document.ts";
import { SIGN_IN } from "./examples.ts";
import { knownRoutes } from "./known-routes.ts";
import { allOperations } from "./operations.ts";

const ECMS = "/ecms-ws01/service2";

test("every route of the server stands in the document, every operation is a route, and both let the same callers in", async (context) => {
  const { server } = await openDesk(context);
  const routes = knownRoutes(server).filter(({ method }) => method !== "HEAD");
  const named = (method: string, path: string) => `${method} ${documentPath(path)}`;
  const opened = routes.map(({ method, url }) => named(String(method), url));
  const operations = allOperations(ECMS);
  expect(operations.map(({ method, path }) => named(method.toUpperCase(), path)).sort()).toEqual(
    opened.sort(),
  );
  const { paths } = openapiDocument(ECMS) as { paths: Record<string, object> };
  const told = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(told.sort()).toEqual(opened);

  const inside = routes.filter(({ url }) =>
    operations.some(({ path, access }) => path === url && access !== "public"),
  );
  for (const { method, url, config } of inside) {
    const { access } =
      operations.find((one) => one.path === url && one.method.toUpperCase() === method) ?? {};
    const { scopes = [], programsOnly = false } = typeof access === "object" ? access : {};
    expect({
      url,
      method,
      scopes: [...(config?.scopes ?? [])].sort(),
      programsOnly: config?.programsOnly ?? false,
    }).toEqual({
      url,
      method,
      scopes: [...scopes].sort(),
      programsOnly,
    });
  }
});

test("the document and its page are served to everybody, from this host alone", async (context) => {
  const { url } = await openDesk(context);
  const first = await fetch(`${url}/openapi.json`);
  expect(first.status).toBe(200);
  expect(await first.json()).toEqual(JSON.parse(JSON.stringify(openapiDocument(ECMS))));
  const again = await fetch(`${url}/api/v1/openapi.json`, {
    headers: { "if-none-match": first.headers.get("etag") ?? "" },
  });
  expect(again.status).toBe(304);

  const page = await fetch(`${url}/api/docs`);
  const policy = page.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  const text = await page.text();
  for (const { id } of allOperations(ECMS)) expect(text).toContain(`id="op-${id}"`);
  expect(text).not.toMatch(/<script>|<style|style=|\son[a-z]+=|(?:src|href)="https?:/);
  // What the page is made of lies beside it.
  for (const [, part = ""] of text.matchAll(/(?:src|href)="(docs\/[^"]+)"/g)) {
    const answer = await fetch(new URL(part, `${url}/api/docs`));
    expect({ part, status: answer.status, sniff: answer.headers.get("x-content-type-options") }).toEqual({
      part,
      status: 200,
      sniff: "nosniff",
    });
  }
  // Each link within the page leads somewhere.
  const ids = new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id));
  for (const [, target] of text.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
});

test("code lists are for everybody and may be kept; the directory is for clerks and its scope, searched and turned page by page", async (context) => {
  const { url, ask, addClient } = await openDesk(context);
  const codes = await fetch(`${url}/api/v1/codes`);
  expect(codes.headers.get("cache-control")).toBe("public, max-age=300");
  const lists = (await codes.json()) as { urgency: unknown[] };
  expect(lists.urgency).toContainEqual({
    value: "urgent",
    nameThai: "ด่วน",
    nameEnglish: "urgent",
    ecms: "002",
  });
  const one = await fetch(`${url}/api/v1/codes/urgency`, { headers: { "if-none-match": '"other"' } });
  expect(await one.json()).toEqual(lists.urgency);
  const same = await fetch(`${url}/api/v1/codes/urgency`, {
    headers: { "if-none-match": one.headers.get("etag") ?? "" },
  });
  expect([same.status, await same.text()]).toEqual([304, ""]);
  expect((await fetch(`${url}/api/v1/codes/constructor`)).status).toBe(404);

  const { token } = await addClient({ scopes: ["directory"] });
  const domains: string[] = [];
  for (let next: string | null = ""; next !== null; ) {
    const { status, body } = await ask(`/directory?limit=4${next === "" ? "" : `&after=${next}`}`, { token });
    expect(status).toBe(200);
    domains.push(...body.offices.map(({ domain }: { domain: string }) => domain));
    next = body.next;
  }
  expect(domains).toEqual([...new Set(domains)].sort());
  expect(domains).toEqual(expect.arrayContaining(["agency-a.example.go.th", "opdc.example.go.th"]));
  const found = await ask("/directory?q=opdc.example.go.th", { token });
  expect(found.body.offices).toMatchObject([{ domain: "opdc.example.go.th", agencyId: null }]);
  const [{ nameThai = "", organisationId = null } = {}] = found.body.offices;
  const byName = await ask(`/directory?q=${encodeURIComponent(nameThai)}`, { token });
  expect(byName.body.offices).toContainEqual(found.body.offices[0]);
  if (organisationId !== null) {
    const byNumber = await ask(`/directory?q=${organisationId}`, { token });
    expect(byNumber.body.offices).toEqual(found.body.offices);
  }
  expect((await ask("/directory?q=%00")).status).toBe(400);
  expect((await ask("/directory")).status).toBe(200);
  expect((await ask("/directory", { token: (await addClient({ scopes: ["submit"] })).token })).status).toBe(
    403,
  );
});

test("without its database each door says so as the document tells, and when to come again", async (context) => {
  const { url, token, database, accessDatabase, addClient, people } = await openDesk(context);
  const { secret, id } = await addClient();
  const check = await openAnswerCheck(openapiDocument(ECMS));
  await database.destroy();
  // What has never been connected cannot be ended either.
  await countOpenGlass(accessDatabase, new Date());
  await accessDatabase.destroy();
  // As a browser has it; whose session it is would stand in the database.
  const session = {
    cookie: `saraban=${newSessionToken()}`,
    "x-csrf-token": people.key.markOf("csrf", "0199c2f4-5b7e-7c31-9d7a-1f2e3d4c5b6a"),
  };
  const needNoDatabase =
    /^(?:listCodes|getCodeList|getTime|isAlive|isReady|getDocument|getDocumentHere|openDocs|getDocs.*|openEcms|openVerify.*|sendVerifyForm|startOidc|returnFromOidc)$/;
  for (const operation of allOperations(ECMS)) {
    const { method, path, id: name } = operation;
    const address = path
      .replace(":list", "urgency")
      .replaceAll(/:[a-zA-Z]+/g, "0199c2f4-5b7e-7c31-9d7a-1f2e3d4c5b6a");
    const byBasic = name === "callEcms" || name === "getAccessToken";
    const authorization = byBasic
      ? `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`
      : `Bearer ${token}`;
    const type = name === "getAccessToken" ? "application/x-www-form-urlencoded" : "application/json";
    const body =
      name === "getAccessToken"
        ? "grant_type=client_credentials"
        : name === "signIn"
          ? JSON.stringify(SIGN_IN)
          : '{"code":"0199c2f4-5b7e-7c31-9d7a-1f2e3d4c5b6a"}';
    const who: Record<string, string> = operation.access === "people" ? session : { authorization };
    const sent = method === "post" ? { body, headers: { ...who, "content-type": type } } : { headers: who };
    const response = await fetch(`${url}${address}`, { method: method.toUpperCase(), ...sent });
    const octets = Buffer.from(await response.arrayBuffer());
    const fault = check(operation, { status: response.status, headers: response.headers, octets }, true);
    expect({ name, fault }).toEqual({ name, fault: null });
    if (needNoDatabase.test(name)) continue;
    expect({ name, status: response.status }).toEqual({ name, status: 503 });
  }
});
