import fc from "fast-check";
import { expect, test } from "vitest";
import { cpuTimeMs } from "../../shared/testing/cpu-time.ts";
import { recipientFinder } from "../find-recipient.ts";
import { envelopeOfPulled, HEAD_BYTES } from "./imap-envelope.ts";

const to = {
  agencyId: "agency-a",
  address: "saraban@agency-a.example.go.th",
  tls: true,
  findRecipient: recipientFinder([
    { agencyId: "agency-a", domain: "agency-a.example.go.th", mailbox: "saraban" },
    { agencyId: "agency-b", domain: "agency-b.example.go.th", mailbox: "saraban" },
  ]),
};
const envelope = (...lines: string[]) =>
  envelopeOfPulled(Buffer.from(`${lines.join("\r\n")}\r\n\r\nFrom: body@x.example\r\n`), to);
const sender = (...lines: string[]) => envelope(...lines).mailFrom;
const units = (...lines: string[]) =>
  envelope(...lines).recipients.map(({ address, unit }) => [address, unit]);

test("the sender is the topmost Return-Path, <> the null sender; without one it is From's address", () => {
  expect(sender("Return-Path: <a@x.example>", "Return-Path: <b@x.example>", "From: c@x.example")).toBe(
    "a@x.example",
  );
  expect(sender("Return-Path: <>", "From: c@x.example")).toBe("");
  expect(sender("Return-path:\r\n\t< >", "From: c@x.example")).toBe("");
  expect(sender('From: "Somebody, a@b" <c@x.example> (d@x.example)')).toBe("c@x.example");
  expect(sender("From: =?utf-8?B?4LiB?=\r\n <c@x.example>")).toBe("c@x.example");
  expect(sender("Return-Path: nobody", "From: c@x.example")).toBe("c@x.example");
});

test("a message that names no sender at all is not taken for an automatic one", () => {
  expect(sender("Subject: x")).toBe("unknown@sender.invalid");
  expect(sender("From: somebody")).toBe("unknown@sender.invalid");
  expect(envelopeOfPulled(Buffer.alloc(0), to).mailFrom).toBe("unknown@sender.invalid");
});

test("what is in the body is no field", () => {
  expect(sender("Subject: x", "", "Return-Path: <b@x.example>")).toBe("unknown@sender.invalid");
});

test("recipients come from the best field that names a mailbox of the agency, with its unit; else it is the agency's own", () => {
  expect(
    units("Delivered-To: saraban_finance@agency-a.example.go.th", "To: saraban@agency-a.example.go.th"),
  ).toEqual([["saraban_finance@agency-a.example.go.th", "finance"]]);
  expect(
    units(
      "Delivered-To: mailbox-17@hosting.example",
      "To: <saraban_it@agency-a.example.go.th>, x@y.example",
      "Cc: saraban@agency-a.example.go.th",
    ),
  ).toEqual([["saraban_it@agency-a.example.go.th", "it"]]);
  for (const field of [
    "To: someone@else.example",
    "Delivered-To: saraban@agency-b.example.go.th",
    "Subject: x",
  ])
    expect(units(field), field).toEqual([["saraban@agency-a.example.go.th", null]]);
});

test("any octets give an envelope of the agency, quickly", () => {
  const text = fc.stringMatching(/^[\s\S]{0,200}$/);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 2_000 }),
        text.map((words) => Buffer.from(`From: ${words}`)),
      ),
      (octets) => {
        const { recipients, mailFrom } = envelopeOfPulled(Buffer.from(octets), to);
        expect(recipients.every(({ agencyId }) => agencyId === "agency-a")).toBe(true);
        expect(recipients.length).toBeGreaterThan(0);
        expect(mailFrom.length).toBeLessThanOrEqual(320);
      },
    ),
    { seed: 1, numRuns: 300 },
  );
  const begun = cpuTimeMs();
  for (const filling of ['"', "(", "<", "a@", ",", "\\", " ", "\r\n ", ":", "a:\r\n", '"\\'])
    envelopeOfPulled(Buffer.from(`From: ${filling.repeat(HEAD_BYTES)}`), to);
  expect(cpuTimeMs() - begun).toBeLessThan(2_000);
});

test("quotations without an end take no longer than others, and no address is taken out of one that has an end", () => {
  const field = `To: "${'\\"'.repeat(8_000)}\r\n`;
  const started = cpuTimeMs();
  const head = `${field.repeat(3)}From: "c\\"d@e, <g@h>" (i@j) <f@opdc.example.go.th>\r\n\r\n`;
  expect(envelopeOfPulled(Buffer.from(head), to).mailFrom).toBe("f@opdc.example.go.th");
  expect(cpuTimeMs() - started).toBeLessThan(300);
});
