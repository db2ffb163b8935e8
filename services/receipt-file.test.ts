import { expect, test } from "vitest";
import { checkOffline, evidenceText, verdictOn } from "./receipt-file.ts";
import { canonicalForm } from "./shared/letter/evidence/canonical-form.ts";
import { jwks, type PublicKey, readJwks } from "./shared/letter/evidence/public-key.ts";
import { newSigningKey, publicHalf, signEvidence } from "./shared/letter/evidence/sign-evidence.ts";
import { EVIDENCE_EXAMPLES } from "./shared/testing/evidence-examples.ts";

const evidence = EVIDENCE_EXAMPLES.registered;
const key = await newSigningKey();
const jws = await signEvidence(evidence, key);
const published = (changes: Partial<PublicKey> = {}): PublicKey[] => {
  const row = {
    kid: key.kid,
    jwk: publicHalf(key.privateKey),
    holder: null,
    retiredAt: null,
    revokedAt: null,
  };
  // As another office has it: out of the file that we publish.
  return readJwks(JSON.parse(JSON.stringify(jwks([{ ...row, ...changes }]))), null) ?? [];
};
const verdict = (text: string, keys = published()) => verdictOn(checkOffline(Buffer.from(text), keys));

test("a file is judged by a published key set alone: 0 authentic, 1 not, 2 cannot tell", () => {
  const [header, , signature] = jws.split(".");
  const changed = canonicalForm({ ...evidence, receivedAt: "2026-11-20T01:30:00.000Z" });
  const forged = `${header}.${Buffer.from(changed).toString("base64url")}.${signature}`;
  expect(verdict(`> ${jws}\n`)).toMatchObject({ state: "genuine", exitCode: 0, evidence });
  expect(verdict(jws, published({ retiredAt: new Date() }))).toMatchObject({ state: "genuine", exitCode: 0 });
  expect(verdict(forged)).toMatchObject({ state: "tampered", exitCode: 1, evidence: null });
  expect(verdict(jws, [])).toMatchObject({ state: "unknown-key", exitCode: 2, evidence });
  expect(verdict(jws, published({ revokedAt: new Date() }))).toMatchObject({
    state: "revoked-key",
    exitCode: 1,
  });
  expect(verdict("no receipt")).toMatchObject({ state: "not-a-receipt", exitCode: 1, evidence: null });
});

test("what a stranger has written into a receipt gives a terminal no orders", async () => {
  const hostile = { ...evidence, agency: { ...evidence.agency, nameThai: "\u001b[2J\u202e\nแท้: ลายมือชื่อ" } };
  expect(evidenceText(hostile)).not.toMatch(/[\u001b\u202e]/);
  expect(evidenceText(hostile).split("\n")).toHaveLength(evidenceText(evidence).split("\n").length);
});
