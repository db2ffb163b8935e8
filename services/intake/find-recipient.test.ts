import { expect, test } from "vitest";
import { cameToReturnPathsOnly, isReturnPath } from "../shared/letter/return-path.ts";
import { recipientFinder } from "./find-recipient.ts";

const find = recipientFinder([
  { agencyId: "agency-a", domain: "agency-a.example.go.th", mailbox: "saraban" },
]);

test("the central mailbox and its units exist, in any case", () => {
  expect(find("saraban@agency-a.example.go.th")).toMatchObject({ agencyId: "agency-a", unit: null });
  expect(find("SARABAN@Agency-A.Example.GO.TH")).toMatchObject({ agencyId: "agency-a", unit: null });
  expect(find("Saraban_Finance@agency-a.example.go.th")).toMatchObject({
    agencyId: "agency-a",
    unit: "finance",
  });
  expect(find("saraban_06560115@agency-a.example.go.th")).toMatchObject({ unit: "06560115" });
  expect(find("saraban_การคลัง@agency-a.example.go.th")).toMatchObject({ unit: "การคลัง" });
});

test("the return paths of what we send exist, in any case; no other address with a plus does", () => {
  const token = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklm";
  expect(find(`saraban+${token}@agency-a.example.go.th`)).toMatchObject({ agencyId: "agency-a", unit: null });
  expect(find(`SARABAN+${token.toUpperCase()}@AGENCY-A.example.go.th`)).toMatchObject({
    agencyId: "agency-a",
  });
  for (const address of [
    `director+${token}@agency-a.example.go.th`,
    `saraban+${token}a@agency-a.example.go.th`,
    `saraban+${token.slice(1)}1@agency-a.example.go.th`,
    "saraban+finance@agency-a.example.go.th",
  ]) {
    expect(find(address), address).toBe("unknown-mailbox");
    expect(isReturnPath(address)).toBe(address.startsWith("director"));
  }
  expect(cameToReturnPathsOnly([`saraban+${token}@agency-a.example.go.th`])).toBe(true);
  expect(
    cameToReturnPathsOnly([`saraban+${token}@agency-a.example.go.th`, "saraban@agency-a.example.go.th"]),
  ).toBe(false);
});

test("nothing else does, and nothing is relayed", () => {
  for (const address of [
    "director@agency-a.example.go.th",
    "sarabanx@agency-a.example.go.th",
    "saraban_@agency-a.example.go.th",
    "saraban_a b@agency-a.example.go.th",
    "saraban_a/../b@agency-a.example.go.th",
    `saraban_${"x".repeat(65)}@agency-a.example.go.th`,
    "@agency-a.example.go.th",
  ]) {
    expect(find(address), address).toBe("unknown-mailbox");
  }
  for (const address of [
    "saraban@opdc.example.go.th",
    "saraban@sub.agency-a.example.go.th",
    "saraban",
    "postmaster",
    "",
    "saraban@agency-a.example.go.th@opdc.example.go.th",
    "saraban%opdc.example.go.th",
  ]) {
    expect(find(address), address).toBe("not-served");
  }
});
