import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import { projectDir, readJson } from "../../runtime/settings.ts";
import { findJws } from "./find-jws.ts";
import { RECALL_SCHEMA, type Recall, readRecall, signRecall, verifyRecall } from "./recall.ts";
import { newSigningKey, publicHalf } from "./sign-evidence.ts";
import { verifyEvidence } from "./verify-evidence.ts";

const RECALL: Recall = {
  schema: RECALL_SCHEMA,
  recallId: "01a1ff33-26f7-7b14-b984-0e5170dea86f",
  issuedAt: "2026-05-06T03:00:00.000Z",
  agency: { domain: "opdc.example.go.th", nameThai: "สำนักงานทดสอบ", nameEnglish: "Test Office" },
  letter: { number: "นร 1200/57", date: "2026-05-05", messageIds: ["<1@opdc.example.go.th>"] },
  evidenceId: null,
  reason: "ส่งผิดหน่วยงาน",
  replacedBy: "นร 1200/58",
};

test("a recall is what the schema says, is found in a mail, and proved by its office's key alone", async () => {
  const validate = addFormats
    .default(new Ajv2020({ strict: true }))
    .compile(readJson(join(projectDir, "schemas/recall.schema.json")) as object);
  expect(validate(RECALL), JSON.stringify(validate.errors)).toBe(true);
  const key = await newSigningKey();
  const other = await newSigningKey();
  const keys = [{ kid: key.kid, jwk: publicHalf(key.privateKey) }];
  const jws = await signRecall(RECALL, key);
  expect(findJws(Buffer.from(`เรียน …\n\n${jws.match(/.{1,70}/g)?.join("\r\n")}\n`))).toBe(jws);
  expect(await verifyRecall(jws, keys)).toEqual({ state: "genuine", recall: RECALL, kid: key.kid });
  expect(await verifyRecall(jws, [])).toEqual({ state: "unproved", recall: RECALL, because: "unknown-key" });
  const forged = [{ kid: key.kid, jwk: publicHalf(other.privateKey) }];
  expect(await verifyRecall(jws, forged)).toMatchObject({ state: "unproved", because: "tampered" });
  // Neither is a recall a receipt, though the same key signs both.
  const receiptKeys = keys.map((one) => ({ ...one, holder: null, retiredAt: null, revokedAt: null }));
  expect(verifyEvidence(jws, receiptKeys)).toMatchObject({ state: "not-a-receipt" });
});

test("a changed field is no longer proved; what is no recall is none, whatever it is, and nothing throws", async () => {
  const key = await newSigningKey();
  const keys = [{ kid: key.kid, jwk: publicHalf(key.privateKey) }];
  const [header = "", payload = "", signature = ""] = (await signRecall(RECALL, key)).split(".");
  const encoded = (content: unknown) => Buffer.from(JSON.stringify(content)).toString("base64url");
  for (const change of [
    { letter: { ...RECALL.letter, number: "นร 1200/56" } },
    { agency: { ...RECALL.agency, domain: "mot.example.go.th" } },
    { recallId: "01a1ff33-26f7-7b14-b984-0e5170dea860" },
    { reason: "x" },
    { replacedBy: null },
  ]) {
    const tampered = `${header}.${encoded({ ...RECALL, ...change })}.${signature}`;
    expect(await verifyRecall(tampered, keys)).toMatchObject({ state: "unproved", because: "tampered" });
  }
  const unsigned = `${encoded({ alg: "none", kid: key.kid, typ: "saraban-recall+jws" })}.${payload}.`;
  expect(await verifyRecall(unsigned, keys)).toMatchObject({ state: "unproved" });
  for (const none of [
    "",
    "..",
    "a.b.c",
    "x".repeat(70_000),
    `${encoded({ alg: "EdDSA", kid: key.kid, typ: "saraban-receipt+jws" })}.${payload}.${signature}`,
    ...[
      null,
      [],
      { ...RECALL, schema: "x" },
      { ...RECALL, reason: "a\0b" },
      { ...RECALL, reason: "x".repeat(1001) },
      { ...RECALL, replacedBy: "a\ud800" },
      ...["yesterday", "2026-13-45", "2026-02-30", "0000-01-01"].map((date) => ({
        ...RECALL,
        letter: { ...RECALL.letter, date },
      })),
      { ...RECALL, letter: { ...RECALL.letter, messageIds: [1] } },
    ].map((content) => `${header}.${encoded(content)}.${signature}`),
  ]) {
    expect(readRecall(none), none.slice(0, 40)).toBeNull();
    expect(await verifyRecall(none, keys)).toEqual({ state: "not-a-recall" });
  }
  await expect(signRecall({ ...RECALL, recallId: "x" }, key)).rejects.toThrow("no recall");
});
