import { test } from "vitest";
import { resolveRecipients } from "./resolve-recipients.ts";
import type { KnownOffice } from "./sending-store.ts";

const MAILBOX = "saraban@opdc.example.go.th";
const NUMBER = "0101200000";
const office = (known: Partial<KnownOffice>): ReadonlyMap<string, KnownOffice> =>
  new Map([
    [
      "opdc.example.go.th",
      {
        domain: "opdc.example.go.th",
        name: "ก.พ.ร.",
        mailbox: null,
        organisationId: null,
        hasNode: false,
        fetchesHere: false,
        ...known,
      },
    ],
  ]);
const NODE = { organisationId: NUMBER, hasNode: true };
const MAIL = { mailbox: MAILBOX };
const PROGRAM = { organisationId: NUMBER, fetchesHere: true };

test.for([
  ["a mailbox alone", MAIL, "own-node", undefined, MAILBOX],
  [
    "a number besides, and only our own node reaches it",
    { ...MAIL, organisationId: NUMBER },
    "own-node",
    undefined,
    MAILBOX,
  ],
  [
    "a number and no mailbox, through our own node",
    { organisationId: NUMBER },
    "own-node",
    undefined,
    NUMBER,
  ],
  ["a number and no mailbox, and no node of ours", { organisationId: NUMBER }, "partners", undefined, null],
  ["a program of its own that fetches here, and no mailbox", PROGRAM, "partners", undefined, NUMBER],
  ["such a program, and a mailbox", { ...MAIL, ...PROGRAM }, "partners", undefined, MAILBOX],
  ["such a program, and e-CMS is asked for", { ...MAIL, ...PROGRAM }, "partners", "ecms", NUMBER],
  ["such a program, but we have no number there", PROGRAM, "none", undefined, null],
  ["a node of its own goes before its mailbox", { ...MAIL, ...NODE }, "partners", undefined, NUMBER],
  ["a node, but we have no number there", { ...MAIL, ...NODE }, "none", undefined, MAILBOX],
  ["mail, because that is asked for", { ...MAIL, ...NODE }, "partners", "mail", MAILBOX],
  ["e-CMS, because that is asked for", { ...MAIL, organisationId: NUMBER }, "own-node", "ecms", NUMBER],
  ["e-CMS is asked for, and it has none", MAIL, "own-node", "ecms", null],
  ["mail is asked for, and it has none", NODE, "partners", "mail", null],
] as const)("%s", ([, known, ecms, channel, address], { expect }) => {
  const facts = { partner: "opdc.example.go.th", ...(channel === undefined ? {} : { channel }) };
  const found = resolveRecipients([facts], office(known), { domain: "agency-a.example.go.th", ecms });
  if (address === null) return expect(found).toBe("a-recipient-cannot-be-reached");
  expect(found).toMatchObject([
    { address, channel: address === NUMBER ? "ecms" : "mail", domain: "opdc.example.go.th" },
  ]);
});
