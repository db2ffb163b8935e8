import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { makeCertificate } from "../testing/certificates.ts";
import { freePort } from "../testing/free-port.ts";
import { openFileKeys } from "./file-key-provider.ts";
import { KeyFault, type KeyProvider } from "./key-provider.ts";
import { withFilesBefore } from "./open-key-provider.ts";
import { startTransitServer, type TransitServer } from "./testing/transit-server.ts";
import { openVaultKeys, type VaultKeyOptions } from "./vault-key-provider.ts";

const place = { agencyId: "agency-a", level: "secret" } as const;
const letter = { ...place, subject: "0197f1c2-3a00-7000-8000-000000000001" };
const NAME = "saraban-agency-a.secret";

let dir: string;
let tokenFile: string;
let server: TransitServer;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "closed-vault-"));
  tokenFile = join(dir, "token");
  server = await startTransitServer({});
  server.makeKey(NAME);
  await writeFile(tokenFile, `${server.token}\n`, { mode: 0o600 });
});
afterEach(async () => {
  await server.stop();
  await rm(dir, { recursive: true });
});

function keysAt(given: Partial<VaultKeyOptions> = {}): KeyProvider {
  const provider = openVaultKeys({
    url: server.url,
    tokenFile,
    namespace: "",
    caFile: "",
    timeoutMs: 2_000,
    retryDelayMs: 5,
    keyPrefix: "saraban-",
    usedBy: async () => "12 letters",
    ...given,
  });
  onTestFinished(provider.close);
  return provider;
}

async function faultOf(work: Promise<unknown>): Promise<KeyFault> {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  if (error instanceof KeyFault) return error;
  throw new Error(`not a KeyFault: ${String(error)}`);
}

describe("a transit engine", () => {
  test("makes, wraps, opens and wraps anew, with the letter as context", async () => {
    const provider = keysAt();
    const { key, wrapped } = await provider.newDataKey(letter);
    expect(key).toHaveLength(32);
    expect(wrapped).toMatch(/^vault:v1:/);
    expect(await provider.unwrap(letter, wrapped)).toEqual(key);
    expect(Buffer.from(String(server.last.body["context"]), "base64").toString()).toBe(
      `saraban closed key 1\nagency-a\nsecret\n${letter.subject}\n`,
    );
    const own = randomBytes(32);
    expect(await provider.unwrap(letter, await provider.wrap(letter, own))).toEqual(own);
    expect(await provider.rotate(place)).toBe(2);
    const again = await provider.rewrap(letter, wrapped);
    expect(again).toMatch(/^vault:v2:/);
    expect(await provider.unwrap(letter, again)).toEqual(key);
    expect(await provider.unwrap(letter, wrapped)).toEqual(key);
    expect(
      (await provider.versions(place)).map(({ version, newest, prefix }) => [version, newest, prefix]),
    ).toEqual([
      [1, false, "vault:v1:"],
      [2, true, "vault:v2:"],
    ]);
    expect(server.asked).toEqual([
      `POST transit/datakey/plaintext/${NAME}`,
      `POST transit/decrypt/${NAME}`,
      `POST transit/encrypt/${NAME}`,
      `POST transit/decrypt/${NAME}`,
      `POST transit/keys/${NAME}/rotate`,
      `GET transit/keys/${NAME}`,
      `POST transit/rewrap/${NAME}`,
      `POST transit/decrypt/${NAME}`,
      `POST transit/decrypt/${NAME}`,
      `GET transit/keys/${NAME}`,
    ]);
    expect(await provider.trouble()).toBeNull();
  });

  test("its URL may end with the mount, begin with the API's version, or name the server alone", async () => {
    const { origin } = new URL(server.url);
    for (const url of [origin, `${origin}/`, `${origin}/transit/`, `${origin}/v1/transit`, `${origin}/v1`])
      expect([url, (await keysAt({ url }).newDataKey(letter)).key.length]).toEqual([url, 32]);
  });

  test("a wrapped key opens for its own letter alone", async () => {
    const provider = keysAt();
    const { wrapped } = await provider.newDataKey(letter);
    expect((await faultOf(provider.unwrap({ ...letter, subject: "another" }, wrapped))).fault).toBe(
      "damaged",
    );
  });

  test("a key without derivation serves too", async () => {
    server.makeKey(NAME, { derived: false });
    const provider = keysAt();
    const { key, wrapped } = await provider.newDataKey(letter);
    expect(await provider.unwrap(letter, wrapped)).toEqual(key);
  });

  test("under TLS, from the CA that settings name, in a namespace, at another mount", async () => {
    const tls = await makeCertificate(dir, "vault", { host: "localhost" });
    const namespace = "ministry/saraban";
    const secure = await startTransitServer({ tls, namespace, mount: "kms" });
    onTestFinished(secure.stop);
    secure.makeKey(NAME);
    await writeFile(tokenFile, secure.token);
    const given = { url: secure.url, caFile: tls.certFile, namespace };
    expect((await keysAt(given).newDataKey(letter)).wrapped).toMatch(/^vault:v1:/);
    expect(secure.asked).toEqual([`POST kms/datakey/plaintext/${NAME}`]);
    expect((await faultOf(keysAt({ ...given, namespace: "" }).newDataKey(letter))).fault).toBe("denied");
    secure.asked.length = 0;
    // Without that CA nobody is spoken to, least of all with a token.
    const fault = await faultOf(keysAt({ ...given, caFile: "" }).newDataKey(letter));
    expect([fault.fault, fault.message]).toEqual([
      "unreachable",
      expect.stringMatching(/SELF_SIGNED|self-signed/),
    ]);
    expect(secure.asked).toEqual([]);
  });

  test("the token is read at each call: one that was renewed is in force at once", async () => {
    const provider = keysAt();
    await writeFile(tokenFile, "hvs.old");
    expect((await faultOf(provider.newDataKey(letter))).fault).toBe("denied");
    await writeFile(tokenFile, server.token);
    expect((await provider.newDataKey(letter)).key).toHaveLength(32);
  });
});

describe("what goes wrong, in words", () => {
  test("a wrong token: asked once, and told what to do", async () => {
    await writeFile(tokenFile, "hvs.wrong");
    const fault = await faultOf(keysAt().newDataKey(letter));
    expect(fault.fault).toBe("denied");
    expect(fault.message).toMatch(/127\.0\.0\.1:\d+.*token.*policy.*HTTP 403: permission denied/s);
    expect(fault.message).not.toContain("hvs.wrong");
    expect(server.asked).toHaveLength(1);
  });

  test("sealed: asked once", async () => {
    server.sealed = true;
    const provider = keysAt();
    const fault = await faultOf(provider.newDataKey(letter));
    expect([fault.fault, fault.message]).toEqual([
      "sealed",
      expect.stringContaining("vault operator unseal"),
    ]);
    expect(server.asked).toHaveLength(1);
    expect(await provider.trouble()).toContain("sealed");
  });

  test("no such key: never made by us; which one, what is sealed under it, what to do", async () => {
    server.removeKey(NAME);
    const provider = keysAt();
    for (const work of [
      provider.newDataKey(letter),
      provider.unwrap(letter, "vault:v1:AAAA"),
      provider.wrap(letter, randomBytes(32)),
      provider.rewrap(letter, "vault:v1:AAAA"),
    ]) {
      const fault = await faultOf(work);
      expect(fault).toMatchObject({ fault: "lost", place: { agencyId: "agency-a", level: "secret" } });
      expect(fault.message).toMatch(/agency-a, secret.*saraban-agency-a\.secret.*12 letters/s);
    }
    expect(await provider.versions(place)).toEqual([]);
    expect((await faultOf(provider.rotate(place))).fault).toBe("lost");
  });

  test("a version that is gone, or not allowed any more", async () => {
    const provider = keysAt();
    const { wrapped } = await provider.newDataKey(letter);
    await provider.rotate(place);
    server.setMinDecryption(NAME, 2);
    expect(await faultOf(provider.unwrap(letter, wrapped))).toMatchObject({ fault: "lost", version: 1 });
    expect((await provider.versions(place)).map(({ version }) => version)).toEqual([2]);
    server.setMinDecryption(NAME, 1);
    server.removeVersion(NAME, 1);
    expect((await faultOf(provider.unwrap(letter, wrapped))).message).toMatch(/version 1.*12 letters/s);
  });

  test("a wrapped key that was changed, or is none", async () => {
    const provider = keysAt();
    const { wrapped } = await provider.newDataKey(letter);
    const changed = `${wrapped.slice(0, -6)}AAAA${wrapped.slice(-2)}`;
    expect((await faultOf(provider.unwrap(letter, changed))).fault).toBe("damaged");
    for (const other of ["", "vault:v1:", "file:v1:0000000000000000:AAAA", "vault:v1:../x"])
      expect((await faultOf(provider.unwrap(letter, other))).fault).toBe("lost");
  });

  test("an engine that is not mounted there", async () => {
    const fault = await faultOf(keysAt({ url: server.url.replace(/transit$/, "other") }).newDataKey(letter));
    expect([fault.fault, fault.message]).toEqual(["unfit", expect.stringContaining("closed.keys")]);
  });

  test("slow: given up in time, three times, and the server is named", async () => {
    server.delayMs = 5_000;
    const began = performance.now();
    const fault = await faultOf(keysAt({ timeoutMs: 150 }).newDataKey(letter));
    expect(performance.now() - began).toBeLessThan(3_000);
    expect([fault.fault, fault.message]).toEqual([
      "unreachable",
      expect.stringContaining("no answer within 0.15 s"),
    ]);
    expect(server.asked).toHaveLength(3);
  });

  test("not there at all", async () => {
    const provider = keysAt({ url: `http://127.0.0.1:${await freePort()}` });
    const fault = await faultOf(provider.newDataKey(letter));
    expect([fault.fault, fault.message]).toEqual(["unreachable", expect.stringContaining("ECONNREFUSED")]);
    expect(await provider.trouble()).toContain("does not answer");
  });

  test("a server that stumbles is asked again, three times in all", async () => {
    for (const stumble of [429, 500, 502, 503, 412, "cut"] as const) {
      server.next.push(stumble, stumble);
      expect((await keysAt().newDataKey(letter)).key).toHaveLength(32);
    }
    server.asked.length = 0;
    server.next.push(500, 502, 503, 500);
    expect((await faultOf(keysAt().newDataKey(letter))).fault).toBe("unreachable");
    expect(server.asked).toHaveLength(3);
  });

  test("but a rotation is asked for once: twice would be two versions", async () => {
    server.next.push("cut");
    expect((await faultOf(keysAt().rotate(place))).fault).toBe("unreachable");
    expect(server.asked).toHaveLength(1);
  });

  test("answers that are none: a page, a flood, nothing", async () => {
    for (const [answer, fault] of [
      ["garbage", "unreachable"],
      ["huge", "unreachable"],
      ["empty", "unfit"],
    ] as const) {
      server.next.length = 0;
      server.next.push(answer, answer, answer);
      expect([answer, (await faultOf(keysAt().newDataKey(letter))).fault]).toEqual([answer, fault]);
    }
    server.next.length = 0;
    server.next.push(307);
    expect((await faultOf(keysAt().newDataKey(letter))).message).toContain("sends us to another server");
  });

  test("a token that anybody may read, or none", async () => {
    await chmod(tokenFile, 0o644);
    const open = await faultOf(keysAt().newDataKey(letter));
    expect([open.fault, open.message]).toEqual(["unfit", expect.stringContaining("chmod 600")]);
    for (const path of ["", join(dir, "nothing")])
      expect((await faultOf(keysAt({ tokenFile: path }).newDataKey(letter))).fault).toBe("unfit");
    await writeFile(tokenFile, "two words\r\nx: y", { mode: 0o600 });
    await chmod(tokenFile, 0o600);
    expect((await faultOf(keysAt().newDataKey(letter))).fault).toBe("unfit");
    expect(server.asked).toEqual([]);
  });

  test("a CA that cannot be read is told at the start", () => {
    expect(() => keysAt({ url: "https://localhost:1", caFile: join(dir, "nothing") })).toThrow(
      /caFile.*ENOENT/,
    );
  });
});

test("an office moves from key files to a key server by wrapping anew", async () => {
  const files = openFileKeys({ folder: join(dir, "keys/closed"), usedBy: async () => null });
  const before = await files.newDataKey(letter);
  const both = withFilesBefore(keysAt(), files);
  expect(await both.unwrap(letter, before.wrapped)).toEqual(before.key);
  expect((await both.newDataKey(letter)).wrapped).toMatch(/^vault:v1:/);
  const moved = await both.rewrap(letter, before.wrapped);
  expect(moved).toMatch(/^vault:v1:/);
  expect(await keysAt().unwrap(letter, moved)).toEqual(before.key);
  expect((await both.versions(place)).map(({ prefix, newest }) => [prefix.slice(0, 8), newest])).toEqual([
    ["file:v1:", false],
    ["vault:v1", true],
  ]);
  expect(await both.trouble()).toBeNull();
});
