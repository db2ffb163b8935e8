import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "vitest";
import { jwks } from "../../shared/letter/evidence/public-key.ts";
import { newSigningKey, publicHalf } from "../../shared/letter/evidence/sign-evidence.ts";
import { keepPartnerKeys } from "./fetch-partner-keys.ts";
import { letterScene, OPDC } from "./testing/letter-scene.ts";
import { sentTo, stated } from "./testing/statements.ts";

test("keys that a partner publishes are fetched when a receipt needs them, and what is published no more is not believed", async (context) => {
  const { expect } = context;
  const scene = await letterScene(context);
  const [one] = await sentTo(scene, [OPDC]);
  if (!one) throw new Error("a recipient");
  const key = await newSigningKey();
  const published = {
    kid: key.kid,
    jwk: publicHalf(key.privateKey),
    holder: null,
    retiredAt: null,
    revokedAt: null,
  };
  let body = JSON.stringify(jwks([published]));
  let status = 200;
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    if (request.url !== "/.well-known/jwks.json") response.writeHead(404).end();
    else
      response
        .writeHead(status, status === 302 ? { location: "/.well-known/jwks.json?again" } : {})
        .end(body);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks.json`;
  await scene.query("update saraban.partner set keys_url = $1 where domain = $2", [url, OPDC.domain]);
  const open = () => {
    const partnerKeys = keepPartnerKeys({ ...scene.parts, everyMs: 0 });
    Object.assign(scene.parts, { partnerKeys });
    return partnerKeys;
  };
  open();
  await scene.answer(one.path, { evidence: await stated("arrived", OPDC, one.messageId, key) });
  expect((await scene.events(one.id)).at(-1)).toMatchObject({ what: "arrived", proof: "signature" });
  expect(asked).toBe(1);
  // Receipts by keys that nobody knows do not make us ask again and again.
  const stranger = await newSigningKey();
  // By then a new key of the partner's would stand in what it publishes.
  scene.wait(11 * 60);
  for (let times = 0; times < 3; times++)
    await scene.answer(one.path, { evidence: await stated("registered", OPDC, one.messageId, stranger) });
  expect(asked).toBe(1);
  expect((await scene.events(one.id)).at(-1)).toMatchObject({
    proof: "claim",
    details: { reason: "unknown-key" },
  });

  const active = async () =>
    (await scene.query<{ kid: string }>("select kid from saraban.partner_key where active order by kid")).map(
      ({ kid }) => kid,
    );
  // What cannot be fetched, or is no key set, changes nothing.
  for (const [answered, said] of [
    [404, ""],
    [302, ""],
    [200, "not json"],
    [200, "{}"],
    [200, `{"keys":[],"padding":"${"x".repeat(70_000)}"}`],
  ] as const) {
    [status, body] = [answered, said];
    expect(await open().refresh(OPDC.domain), `${answered} ${said.slice(0, 10)}`).toBe(false);
    expect(await active()).toEqual([key.kid]);
  }
  [status, body] = [200, JSON.stringify(jwks([{ ...published, revokedAt: new Date() }]))];
  expect(await open().refresh(`unit.${OPDC.domain}`)).toBe(true);
  expect(await active()).toEqual([]);
  for (const closed of [
    "http://192.0.2.1/jwks.json",
    "https://10.0.0.1/jwks.json",
    "https://[::ffff:169.254.169.254]/x",
    "ftp://127.0.0.1/x",
  ]) {
    await scene.query("update saraban.partner set keys_url = $1 where domain = $2", [closed, OPDC.domain]);
    expect(await open().refresh(OPDC.domain), closed).toBe(false);
  }
  await scene.query("update saraban.partner set keys_url = $1 where domain = $2", [url, OPDC.domain]);
  body = JSON.stringify(jwks([published]));
  const request = once(server, "request");
  const regularly = keepPartnerKeys({ ...scene.parts, everyMs: 3_600_000 });
  await request;
  await regularly.stop();
  expect(await active()).toEqual([key.kid]);
});
