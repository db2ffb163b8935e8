import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { composeReturnPath, parseReturnPath } from "../shared/letter/return-path.ts";
import { signToken, verifyToken } from "./report-token.ts";

const KEY = Buffer.alloc(32, 7);

test("a token names its notice, in an address that any server takes; keys that were replaced still verify", () => {
  fc.assert(
    fc.property(fc.uuid(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (id, secret) => {
      const token = signToken(Buffer.from(secret), "agency-a", id);
      const address = composeReturnPath({ mailbox: "saraban", token, domain: "agency-a.example.go.th" });
      expect(address?.split("@")[0]?.length).toBeLessThanOrEqual(64);
      const parsed = parseReturnPath((address ?? "").toUpperCase());
      expect(parsed).toEqual({ mailbox: "saraban", token, domain: "agency-a.example.go.th" });
      expect(verifyToken([randomBytes(32), Buffer.from(secret)], "agency-a", token)).toBe(id);
    }),
    { numRuns: 200, seed: 5 },
  );
});

test("any change of a token, another agency and another key make it nobody's", () => {
  const id = "0198c0de-0000-7000-8000-000000000001";
  const token = signToken(KEY, "agency-a", id);
  expect(verifyToken([KEY], "agency-b", token)).toBeNull();
  expect(verifyToken([Buffer.alloc(32, 8)], "agency-a", token)).toBeNull();
  expect(verifyToken([], "agency-a", token)).toBeNull();
  for (let at = 0; at < token.length; at++) {
    for (const letter of "abcdefghijklmnopqrstuvwxyz234567") {
      if (letter === token[at]) continue;
      const altered = token.slice(0, at) + letter + token.slice(at + 1);
      expect(verifyToken([KEY], "agency-a", altered), altered).toBeNull();
    }
  }
  for (const other of ["", "0", token.slice(1), `${token}a`, "ก".repeat(45)]) {
    expect(verifyToken([KEY], "agency-a", other), other).toBeNull();
  }
});

test("a mailbox too long for a token beside it has the null reverse-path", () => {
  const token = signToken(KEY, "agency-a", "0198c0de-0000-7000-8000-000000000001");
  expect(composeReturnPath({ mailbox: "s".repeat(18), token, domain: "x.go.th" })).not.toBeNull();
  expect(composeReturnPath({ mailbox: "s".repeat(19), token, domain: "x.go.th" })).toBeNull();
});
