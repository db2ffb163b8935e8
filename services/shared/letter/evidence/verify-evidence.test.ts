import { createHmac, generateKeyPairSync } from "node:crypto";
import { CompactSign, compactVerify, importJWK } from "jose";
import { expect, test } from "vitest";
import { ALL_EVIDENCE, EVIDENCE_EXAMPLES } from "../../testing/evidence-examples.ts";
import { canonicalForm } from "./canonical-form.ts";
import type { Evidence } from "./evidence.ts";
import { jwks, type PublicKey, readJwks } from "./public-key.ts";
import { newSigningKey, publicHalf, type SigningKey, signEvidence } from "./sign-evidence.ts";
import { EVIDENCE_TYP, verifyEvidence } from "./verify-evidence.ts";

const key = await newSigningKey();
const other = await newSigningKey();

function publicKey({ kid, privateKey }: SigningKey, changes: Partial<PublicKey> = {}): PublicKey {
  return { kid, jwk: publicHalf(privateKey), holder: null, retiredAt: null, revokedAt: null, ...changes };
}

/** Signs whatever it is given, under any header. */
function signAnything(payload: string | Uint8Array, header: object = {}): Promise<string> {
  const all = { alg: "EdDSA", kid: key.kid, typ: EVIDENCE_TYP, ...header };
  return new CompactSign(Buffer.from(payload as string)).setProtectedHeader(all).sign(key.privateKey);
}

const base64url = (text: string) => Buffer.from(text).toString("base64url");
const registered = EVIDENCE_EXAMPLES.registered;
const stateOf = (jws: string, keys = [publicKey(key)]) => verifyEvidence(jws, keys).state;

test("a receipt of each type is genuine, and reads as it was signed; jose says so too", async () => {
  for (const evidence of ALL_EVIDENCE) {
    const jws = await signEvidence(evidence, key);
    expect(verifyEvidence(jws, [publicKey(other), publicKey(key)])).toEqual({
      state: "genuine",
      evidence,
      kid: key.kid,
      holder: null,
    });
    const read = await compactVerify(jws, await importJWK({ ...publicKey(key).jwk }, "EdDSA"));
    expect(JSON.parse(Buffer.from(read.payload).toString())).toEqual(evidence);
  }
});

/** Every place in a document where something else could stand. */
function* placesOf(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value === "object" && value !== null)
    for (const [name, inner] of Object.entries(value)) yield* placesOf(inner, [...path, name]);
  if (path.length > 0) yield path;
}

function changedAt(evidence: Evidence, path: readonly string[], change: (old: unknown) => unknown): object {
  const copy = structuredClone(evidence) as unknown as Record<string, unknown>;
  const holder = path.slice(0, -1).reduce((node, name) => node[name] as Record<string, unknown>, copy);
  const last = path.at(-1) as string;
  const changed = change(holder[last]);
  if (changed === undefined) delete holder[last];
  else holder[last] = changed;
  return copy;
}

/** Another value of the same kind, as somebody would put it who wants to say something else. */
function another(old: unknown): unknown {
  if (typeof old === "number") return old + 1;
  if (typeof old === "string")
    return old.replace(/[0-9a-zก-ฮ](?!.*[0-9a-zก-ฮ])/, (last) => (last === "1" ? "2" : "1"));
  return old === null ? "1" : null;
}

test("a receipt that was changed in any field, or lacks it, is not genuine", async () => {
  let places = 0;
  for (const evidence of ALL_EVIDENCE) {
    const [header, , signature] = (await signEvidence(evidence, key)).split(".");
    for (const path of placesOf(evidence)) {
      for (const change of [another, () => undefined, () => ({}), () => ""]) {
        const changed = changedAt(evidence, path, change);
        if (canonicalForm(changed) === canonicalForm(evidence)) continue;
        const jws = `${header}.${base64url(canonicalForm(changed))}.${signature}`;
        expect(stateOf(jws), `${evidence.type} ${path.join(".")}`).toBe("tampered");
        places++;
      }
    }
  }
  expect(places).toBeGreaterThan(1_000);
});

test("every single octet of a JWS counts", async () => {
  const jws = await signEvidence(registered, key);
  for (let at = 0; at < jws.length; at++) {
    const next = jws[at] === "A" ? "B" : "A";
    const state = stateOf(jws.slice(0, at) + next + jws.slice(at + 1));
    expect(["tampered", "not-a-receipt", "unknown-key"], `${at}`).toContain(state);
  }
  // Four bits of the last letter belong to no octet: other libraries read 16 letters as the same.
  const last = jws.slice(-1);
  const spare = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"].filter(
    (one) => one !== last,
  );
  for (const letter of [...spare, "=", "\n", `${last}A`, `${last}=`, `${last}\n`, `${last}.`, ""])
    expect(stateOf(jws.slice(0, -1) + letter), JSON.stringify(letter)).not.toBe("genuine");
});

test("another key's signature, an unknown key, a retired and a revoked one", async () => {
  const jws = await signEvidence(registered, key);
  const [header, payload] = jws.split(".");
  const [, , foreign] = (await signEvidence(registered, { ...other, kid: key.kid })).split(".");
  expect(stateOf(`${header}.${payload}.${foreign}`)).toBe("tampered");
  expect(verifyEvidence(jws, [publicKey(other)])).toEqual({
    state: "unknown-key",
    claims: registered,
    kid: key.kid,
  });
  const retired = publicKey(key, { retiredAt: new Date() });
  expect(stateOf(jws, [publicKey(other), retired])).toBe("genuine");
  const revokedAt = new Date("2026-12-01T00:00:00Z");
  const revoked = publicKey(key, { revokedAt });
  expect(verifyEvidence(jws, [revoked])).toMatchObject({ state: "revoked-key", revokedAt, kid: key.kid });
  // The same key under two partners' domains: revoked once is revoked.
  expect(stateOf(jws, [publicKey(key), revoked])).toBe("revoked-key");
});

test("a partner's key speaks for the agencies of its own domain only", async () => {
  const jws = await signEvidence(registered, key);
  const holders = {
    "agency-a.example.go.th": "genuine",
    "example.go.th": "genuine",
    "b.example.go.th": "unknown-key",
  };
  for (const [holder, state] of Object.entries(holders))
    expect(stateOf(jws, [publicKey(key, { holder })]), holder).toBe(state);
  expect(stateOf(jws, [publicKey(key, { holder: "a.example.go.th" })])).toBe("unknown-key");
});

test("no other algorithm, type or header is taken", async () => {
  const payload = canonicalForm(registered);
  expect(stateOf(await signAnything(payload))).toBe("genuine");
  const headers = [
    `{"alg":"none","kid":"${key.kid}","typ":"${EVIDENCE_TYP}"}`,
    `{"alg":"HS256","kid":"${key.kid}","typ":"${EVIDENCE_TYP}"}`,
    `{"kid":"${key.kid}","alg":"EdDSA","typ":"${EVIDENCE_TYP}"}`,
    `{"alg":"EdDSA","kid":"${key.kid}","kid":"${key.kid}","typ":"${EVIDENCE_TYP}"}`,
    `{"alg":"EdDSA", "kid":"${key.kid}","typ":"${EVIDENCE_TYP}"}`,
  ];
  for (const header of headers) {
    const signed = `${base64url(header)}.${base64url(payload)}`;
    // The trick that HS256 is known for: the public key taken for a shared secret.
    const mac = createHmac("sha256", Buffer.from(publicKey(key).jwk.x, "base64url"))
      .update(signed)
      .digest("base64url");
    for (const signature of ["", mac, "A".repeat(86)])
      expect(stateOf(`${signed}.${signature}`), header).toBe("not-a-receipt");
  }
  const extras = [
    { typ: "saraban-recall+jws" },
    { typ: "JWT" },
    { alg: "Ed25519" },
    { jwk: publicKey(key).jwk },
    { cty: "json" },
    { b64: true, crit: ["b64"] },
  ];
  for (const extra of extras)
    expect(stateOf(await signAnything(payload, extra)), JSON.stringify(extra)).toBe("not-a-receipt");
});

test("what our own key has signed is no receipt unless it is one, in canonical form", async () => {
  const text = canonicalForm(registered);
  const payloads: Record<string, string | Uint8Array> = {
    "white space": ` ${text}`,
    "other order": JSON.stringify(registered),
    "a member twice": text.replace('"channel":"smtp"', '"channel":"imap","channel":"smtp"'),
    "another spelling of a number": text.replace('"sizeBytes":48213', '"sizeBytes":48213.0'),
    "an escape that is not needed": text.replace("smtp", "\\u0073mtp"),
    "a byte order mark": `\ufeff${text}`,
    "a member more": text.replace("{", '{"__proto__":{},'),
    "no UTF-8": Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from([0xff])]),
    "deep nesting": "[".repeat(20_000),
    NUL: text.replace('"messageId":"', '"messageId":"\\u0000'),
    "the year 0": text.replace(/"date":"\d{4}/, '"date":"0000'),
    "another document": "{}",
    nothing: "",
  };
  for (const [name, payload] of Object.entries(payloads)) {
    expect(payload, name).not.toBe(text);
    expect(stateOf(await signAnything(payload)), name).toBe("not-a-receipt");
  }
  expect(stateOf(await signAnything("x".repeat(64 * 1024)))).toBe("not-a-receipt");
});

test("a published key set holds retired keys, keeps revoked ones apart, and reads back", async () => {
  const revokedAt = new Date("2026-12-01T00:00:00Z");
  const rows = [publicKey(key, { retiredAt: new Date() }), publicKey(other, { revokedAt })];
  const set = jwks(rows);
  expect(JSON.stringify(set)).not.toContain('"d"');
  expect(readJwks(JSON.parse(JSON.stringify(set)), "x.example.go.th")).toEqual([
    publicKey(key, { holder: "x.example.go.th" }),
    publicKey(other, { holder: "x.example.go.th", revokedAt }),
  ]);
  const { privateKey: rsa } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const odd = [
    null,
    1,
    {},
    rsa.export({ format: "jwk" }),
    { ...set.keys[0], x: "short" },
    { ...set.keys[0], kid: 'a"b' },
  ];
  expect(readJwks({ keys: [...odd, ...set.keys] }, null)).toEqual([publicKey(key)]);
  for (const none of [null, 1, "x", {}, { keys: {} }]) expect(readJwks(none, null)).toBeNull();
  // 32 octets that are no key: nothing is thrown.
  const jws = await signEvidence(registered, key);
  expect(stateOf(jws, [{ ...publicKey(key), jwk: { kty: "OKP", crv: "Ed25519", x: "_".repeat(43) } }])).toBe(
    "tampered",
  );
});
