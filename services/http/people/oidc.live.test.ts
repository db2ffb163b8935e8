import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "vitest";
import type { PeopleSettings } from "./open-people.ts";
import { startOpenIdProvider } from "./testing/openid-provider.ts";
import { peopleScene } from "./testing/people-scene.ts";

async function oidcScene(context: TestContext, more: Partial<PeopleSettings["access"]["oidc"]> = {}) {
  const provider = await startOpenIdProvider();
  context.onTestFinished(() => provider.stop());
  const dir = await mkdtemp(join(tmpdir(), "saraban-oidc-"));
  context.onTestFinished(() => rm(dir, { recursive: true }));
  const clientSecretFile = join(dir, "secret");
  await writeFile(clientSecretFile, `${provider.clientSecret}\n`);
  const { issuer, clientId } = provider;
  const oidc = {
    issuer,
    clientId,
    clientSecretFile,
    claim: "sub",
    bindByEmail: false,
    secondFactorValues: "",
    ...more,
  };
  const scene = await peopleScene(context, { oidc });
  await provider.expect(`${scene.url}/api/v1/oidc/return`);
  const bind = (id: string, subject: string) =>
    scene.query("update saraban.person set oidc_issuer = $2, oidc_subject = $3 where id = $1", [
      id,
      issuer,
      subject,
    ]);
  /** A browser goes there, signs in as `account`, and comes back. */
  const signIn = async (account: string | null, browser = scene.browser(), returnTo = "") => {
    provider.account = account;
    const start = await browser.ask(
      `/oidc/start${returnTo === "" ? "" : `?returnTo=${encodeURIComponent(returnTo)}`}`,
    );
    const back = await provider.walk(start.headers.get("location") ?? "");
    const path = back.slice(`${scene.url}/api/v1`.length);
    return { browser, start, path, answer: await browser.ask(path) };
  };
  return { ...scene, provider, bind, signIn };
}

test("a person who is bound to a subject of the provider signs in there, and goes on where he was", async (context) => {
  const { expect } = context;
  const { addPerson, bind, signIn, provider, url, query } = await oidcScene(context);
  await addPerson("somying", [{ right: "registry-clerk" }]);
  await bind("somying", "subject-1");
  const { browser, start, answer } = await signIn("subject-1", undefined, "/desk/tray");
  const asked = new URL(start.headers.get("location") ?? "");
  expect(asked.origin).toBe(provider.issuer);
  expect(Object.fromEntries(asked.searchParams)).toMatchObject({
    response_type: "code",
    client_id: "saraban",
    redirect_uri: `${url}/api/v1/oidc/return`,
    code_challenge_method: "S256",
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    nonce: expect.stringMatching(/^[\w-]{43}$/),
    state: expect.stringMatching(/^[\w-]{43}$/),
  });
  expect(start.setCookies[0]).toMatch(/^saraban-oidc=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/i);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("refresh")).toBe("0;url=/desk/tray");
  expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(answer.text).toContain('href="/desk/tray"');
  expect([...browser.cookies.keys()]).toEqual(["saraban"]);
  const who = await browser.ask("/session");
  expect(who.body).toMatchObject({ person: { id: "somying" }, secondFactor: { shownAt: null } });
  expect((await browser.ask("/tray?agency=agency-a")).status).toBe(200);
  const events = await query("select actor, detail from saraban.audit_event");
  expect(events).toMatchObject([{ actor: "person:somying", detail: { by: "oidc", secondFactor: false } }]);
  expect(await query("select 1 from saraban.oidc_login")).toEqual([]);
});

test("nobody gets an account by the provider's word; who gave up, is unknown or inactive stays outside, in the same words", async (context) => {
  const { expect } = context;
  const { addPerson, bind, signIn, provider, query } = await oidcScene(context);
  await addPerson("gone");
  await bind("gone", "subject-gone");
  await query("update saraban.person set active = false where id = 'gone'");
  await addPerson("mailed", [], { email: "one@agency-a.example.go.th" });
  provider.accounts.set("subject-mail", { email: "one@agency-a.example.go.th", email_verified: true });
  const told = new Set<string>();
  for (const account of ["subject-nobody", "subject-gone", "subject-mail", null]) {
    const { answer, browser } = await signIn(account);
    expect({ account, status: answer.status }).toEqual({ account, status: 401 });
    told.add(answer.text);
    expect(browser.cookies.size).toBe(0);
  }
  expect(told.size).toBe(1);
  expect(await query("select 1 from saraban.session")).toEqual([]);
  expect(await query("select id from saraban.person where oidc_subject = 'subject-mail'")).toEqual([]);
});

test("an answer counts once, in the browser that asked for it, for ten minutes, and not when anybody has changed it", async (context) => {
  const { expect } = context;
  const { addPerson, bind, signIn, browser, provider, url, clock } = await oidcScene(context);
  await addPerson("somying");
  await bind("somying", "subject-1");
  const refused = { status: 401, body: { code: "wrong-oidc-sign-in" } };
  const first = await signIn("subject-1");
  // Once more, with the same cookie put back.
  const replay = browser();
  for (const [, name = "", value = ""] of first.start.setCookies.map(
    (line) => /^([^=]+)=([^;]*)/.exec(line) ?? [],
  ))
    replay.cookies.set(name, value);
  expect(await replay.ask(first.path)).toMatchObject(refused);
  // An attacker's answer in the victim's browser (login CSRF), and in one that has begun a sign-in of its own.
  provider.account = "subject-1";
  const attacker = browser();
  const begun = await attacker.ask("/oidc/start");
  const back = (await provider.walk(begun.headers.get("location") ?? "")).slice(`${url}/api/v1`.length);
  expect(await browser().ask(back)).toMatchObject(refused);
  const victim = browser();
  await victim.ask("/oidc/start");
  expect(await victim.ask(back)).toMatchObject(refused);
  // Another code than the provider has given for this.
  const changed = new URL(`http://x${back}`);
  changed.searchParams.set("code", "somebody-elses");
  expect(await attacker.ask(`${changed.pathname}${changed.search}`)).toMatchObject(refused);
  const late = browser();
  const start = await late.ask("/oidc/start");
  const path = (await provider.walk(start.headers.get("location") ?? "")).slice(`${url}/api/v1`.length);
  clock.pass(10 * 60_000 + 1);
  expect(await late.ask(path)).toMatchObject(refused);
});

test("where it is set, the one person of a verified mail address is bound at the first sign-in", async (context) => {
  const { expect } = context;
  const { addPerson, signIn, provider, query } = await oidcScene(context, { bindByEmail: true });
  await addPerson("somying", [], { email: "Somying@agency-a.example.go.th" });
  await addPerson("twin-1", [], { email: "twin@agency-a.example.go.th" });
  await addPerson("twin-2", [], { email: "twin@agency-a.example.go.th" });
  const mail = "somying@agency-a.example.go.th";
  provider.accounts.set("unverified", { email: mail, email_verified: false });
  provider.accounts.set("verified", { email: mail, email_verified: true });
  provider.accounts.set("twin", { email: "twin@agency-a.example.go.th", email_verified: true });
  provider.accounts.set("late", { email: mail, email_verified: true });
  expect((await signIn("unverified")).answer.status).toBe(401);
  expect((await signIn("twin")).answer.status).toBe(401);
  const { browser, answer } = await signIn("verified");
  expect(answer.status).toBe(200);
  expect((await browser.ask("/session")).body.person.id).toBe("somying");
  // Who is bound is not bound anew by another account with the same address.
  expect((await signIn("late")).answer.status).toBe(401);
  expect(await query("select oidc_subject from saraban.person where id = 'somying'")).toEqual([
    { oidc_subject: "verified" },
  ]);
  const events = await query("select rule from saraban.audit_event where action = 'bind-person'");
  expect(events).toEqual([{ rule: "verified-email" }]);
});

test("the provider's second factor counts where its values are set, else ours is asked for; other claims can name the person", async (context) => {
  const { expect } = context;
  const { addPerson, bind, signIn, provider, signedIn, setUpTotp } = await oidcScene(context, {
    secondFactorValues: "mfa, otp",
    claim: "email",
  });
  await addPerson("somying");
  await bind("somying", "somying@agency-a.example.go.th");
  const { code } = await setUpTotp(await signedIn("somying"));
  provider.accounts.set("one", { email: "somying@agency-a.example.go.th", amr: ["pwd"] });
  const weak = await signIn("one");
  expect((await weak.browser.ask("/session")).body.need).toBe("second-factor");
  await weak.browser.ask("/session"); // its token against other sites
  expect((await weak.browser.post("/session/second-factor", { code: code() })).body.need).toBeNull();
  provider.accounts.set("one", { email: "somying@agency-a.example.go.th", amr: ["pwd", "mfa"] });
  const strong = await signIn("one");
  expect((await strong.browser.ask("/session")).body).toMatchObject({
    need: null,
    secondFactor: { isRecent: true },
  });
});

test("nobody is sent to another host after the sign-in; without a provider, or while it is away, the doors say so", async (context) => {
  const { expect } = context;
  const { addPerson, bind, signIn, provider, browser } = await oidcScene(context);
  await addPerson("somying");
  await bind("somying", "subject-1");
  for (const path of [
    "//evil.example/",
    "/\\evil.example",
    "https://evil.example/",
    "/a;url=https://evil.example",
    "/a\nb",
    `/${"a".repeat(600)}`,
  ]) {
    const { answer } = await signIn("subject-1", undefined, path);
    expect({ path, to: answer.headers.get("refresh") }).toEqual({ path, to: "0;url=/" });
  }
  await provider.stop();
  // What the provider says of itself is known by now: the browser finds out.
  expect((await browser().ask("/oidc/start")).status).toBe(302);
  const without = await peopleScene(context);
  expect((await without.browser().ask("/oidc/start")).body.code).toBe("not-found");
  const away = await peopleScene(context, {
    oidc: {
      issuer: provider.issuer,
      clientId: "saraban",
      clientSecretFile: "",
      claim: "sub",
      bindByEmail: false,
      secondFactorValues: "",
    },
  });
  expect((await away.browser().ask("/oidc/start")).body).toMatchObject({ status: 503, code: "not-now" });
});
