import fc from "fast-check";
import { expect, test } from "vitest";
import { isGovernmentDomain, mayAnswer, type Standing, senderReason, senderRule } from "./sender-rules.ts";

const PARTNER = { isPartner: true, isGovernment: true };
const GOVERNMENT = { isPartner: false, isGovernment: true };
const STRANGER = { isPartner: false, isGovernment: false };
const STANDINGS: readonly Standing[] = ["unchecked", "proved", "unproved", "forged", "undecided"];

test("where an agency says nothing", () => {
  const row = (kind: typeof PARTNER) => STANDINGS.map((standing) => senderRule(standing, kind, {}));
  //                          unchecked   proved      unproved forged  undecided
  expect(row(PARTNER)).toEqual(["register", "register", "tray", "tray", "tray"]);
  expect(row(GOVERNMENT)).toEqual(["tray", "register", "tray", "tray", "tray"]);
  expect(row(STRANGER)).toEqual(["tray", "tray", "tray", "tray", "tray"]);
});

test("an agency chooses, but never for a forged one, nor for a stranger", () => {
  expect(senderRule("unproved", PARTNER, { partnerUnproved: "register" })).toBe("register");
  expect(senderRule("proved", GOVERNMENT, { governmentProved: "tray" })).toBe("tray");
  expect(senderRule("forged", PARTNER, { forged: "refuse" })).toBe("refuse");
  // Government domains are not refused for want of an answer, strangers are.
  const refusing = { unknown: "refuse" } as const;
  expect(senderRule("undecided", GOVERNMENT, refusing)).toBe("tray");
  expect(senderRule("proved", STRANGER, refusing)).toBe("refuse");
  const word = fc.constantFrom("register", "tray", "refuse", "acknowledge", "", null);
  const rules = fc.dictionary(
    fc.constantFrom("partnerProved", "partnerUnproved", "governmentProved", "unknown", "forged"),
    word,
  );
  const kind = fc.record({ isPartner: fc.boolean(), isGovernment: fc.boolean() });
  fc.assert(
    fc.property(kind, rules, (who, anything) => {
      expect(senderRule("forged", who, anything as never)).not.toBe("register");
      expect(senderRule("proved", STRANGER, anything as never)).not.toBe("register");
    }),
    { seed: 5 },
  );
});

test("each reason is one that the tray has words for; a forged one is never answered", () => {
  expect(senderReason("forged", STRANGER)).toBe("forged-sender");
  expect(senderReason("unproved", PARTNER)).toBe("unproved-sender");
  expect(senderReason("undecided", GOVERNMENT)).toBe("sender-undecided");
  expect(senderReason("proved", PARTNER)).toBe("sender-by-clerk");
  expect(senderReason("undecided", STRANGER)).toBe("unknown-sender");
  expect(STANDINGS.filter((standing) => !mayAnswer(standing))).toEqual(["forged"]);
});

test("a government domain ends in a whole label of one", () => {
  const suffixes = ["go.th", "mi.th"];
  for (const domain of ["go.th", "opdc.go.th", "a.example.go.th", "army.mi.th"])
    expect(isGovernmentDomain(domain, suffixes)).toBe(true);
  for (const domain of ["logo.th", "go.th.example.com", "example.com", ""])
    expect(isGovernmentDomain(domain, suffixes)).toBe(false);
});
