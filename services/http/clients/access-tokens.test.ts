import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT, UnsecuredJWT } from "jose";
import { expect, onTestFinished, test } from "vitest";
import { openLog } from "../../shared/runtime/log.ts";
import { openAccessTokens, type TokenGrant, type TokenSettings } from "./access-tokens.ts";

const GRANT: TokenGrant = { clientId: "dopa", mark: "0123456789abcdef", scopes: ["submit", "receipts"] };
const SECONDS = 600;

async function scene() {
  const folder = join(await mkdtemp(join(tmpdir(), "saraban-tokens-")), "keys", "tokens");
  onTestFinished(() => rm(join(folder, "../.."), { recursive: true }));
  const clock = { ms: Date.parse("2026-06-01T02:00:00Z") };
  const open = (more: Partial<TokenSettings> = {}) =>
    openAccessTokens({
      folder,
      issuer: "https://saraban.agency-a.example.go.th",
      seconds: SECONDS,
      nowMs: () => clock.ms,
      log: openLog("silent", "test"),
      ...more,
    });
  return { folder, clock, open };
}

test("a token says what it was given for until its time is over", async () => {
  const { clock, open } = await scene();
  const tokens = open();
  const token = await tokens.issue(GRANT);
  expect(await tokens.read(token)).toEqual(GRANT);
  clock.ms += SECONDS * 1000;
  expect(await tokens.read(token)).toEqual(GRANT); // within what two hosts' clocks may differ by
  clock.ms += 6_000;
  expect(await tokens.read(token)).toBeNull();
});

test("processes that begin at once share one key, which is for this user alone", async () => {
  const { folder, open } = await scene();
  const processes = Array.from({ length: 8 }, () => open());
  const issued = await Promise.all(processes.map((tokens) => tokens.issue(GRANT)));
  for (const tokens of processes) for (const token of issued) expect(await tokens.read(token)).toEqual(GRANT);
  expect(await readdir(folder)).toEqual(["access-tokens.jwk"]);
  const modes = await Promise.all([folder, join(folder, "access-tokens.jwk")].map((path) => stat(path)));
  expect(modes.map(({ mode }) => mode & 0o777)).toEqual([0o700, 0o600]);
});

test("a key that another process has made anew is found", async () => {
  const { folder, clock, open } = await scene();
  const old = open();
  const before = await old.issue(GRANT);
  expect(await old.read(before)).toEqual(GRANT);
  await rm(join(folder, "access-tokens.jwk"));
  const after = await open().issue(GRANT);
  clock.ms += 10_000;
  expect(await old.read(after)).toEqual(GRANT);
  expect(await old.read(before)).toBeNull();
});

test("what was not given by us is no token, whatever it says", async () => {
  const { open } = await scene();
  const tokens = open();
  const good = await tokens.issue(GRANT);
  const [header = "", payload = "", signature = ""] = good.split(".");
  const { privateKey } = generateKeyPairSync("ed25519");
  const { kid } = JSON.parse(Buffer.from(header, "base64url").toString());
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  const more = Buffer.from(JSON.stringify({ ...claims, scope: "read-inbound" })).toString("base64url");
  const signed = (typ: string, key: typeof privateKey | Buffer, alg: string) =>
    new SignJWT(claims).setProtectedHeader({ alg, typ, kid }).sign(key);
  const forged = [
    "",
    "a.b.c",
    `${header}.${more}.${signature}`,
    `${header}.${payload}.`,
    new UnsecuredJWT(claims).encode(),
    await signed("at+jwt", privateKey, "EdDSA"),
    // The public half taken for a shared secret.
    await signed("at+jwt", Buffer.from(kid), "HS256"),
    `${good}${"a".repeat(3_000)}`,
  ];
  for (const token of forged) expect(await tokens.read(token), token).toBeNull();
  const elsewhere = open({ issuer: "https://saraban.agency-b.example.go.th" });
  expect(await elsewhere.read(good)).toBeNull();
});

test("a key that cannot be read is no client's fault", async () => {
  const { folder, open } = await scene();
  const token = await open().issue(GRANT);
  await writeFile(join(folder, "access-tokens.jwk"), "{");
  await expect(open().read(token)).rejects.toThrow(SyntaxError);
});
