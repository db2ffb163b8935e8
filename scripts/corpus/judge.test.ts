import { expect, it } from "vitest";
import type { SunkMessage } from "../../services/shared/testing/smtp-sink.ts";
import type { Delivery } from "../smtp-sender.ts";
import type { CorpusMail, ExpectedMail } from "./expected.ts";
import { judge } from "./judge.ts";
import type { Answer, ArrivalFacts, ReadingRow, Treatment } from "./treatment.ts";

const octets = Buffer.from("Subject: x\r\n\r\n.line\r\n");
const pdf = { filename: "ก.pdf", mimeType: "application/pdf", size: 3, sha256: "aa".repeat(32) };
const letter = {
  number: "นร 1/1",
  date: "2020-01-01",
  subject: "การทำงาน",
  from: "สำนักงาน ก.พ.ร.",
  to: null,
  urgency: "normal",
  secrecy: "normal",
};
const expected: ExpectedMail = {
  file: "a.eml",
  envelope: { from: "saraban@opdc.example.go.th", to: ["saraban@agency-a.example.go.th"] },
  outcome: "register",
  acknowledge: true,
  registrations: 1,
  letter,
  where: ["subject"],
  attachments: [pdf],
};
const reading: ReadingRow = {
  number: "นร 1/1",
  letter_date: "2020-01-01",
  // Decomposed SARA AM, and a stray space.
  subject: "การท\u0e4d\u0e32 งาน",
  letter_from: "สำนักงาน ก.พ.ร. กองกลาง",
  letter_to: "whoever",
  urgency: "normal",
  secrecy: "normal",
  sources: { number: { source: "subject" } },
  attachments: [
    { name: "ก.pdf", contentType: "application/pdf", sizeBytes: 3, sha256: pdf.sha256, inline: false },
  ],
  report: null,
};
const arrival: ArrivalFacts = {
  intakeId: "1",
  agencyId: "agency-a",
  stored: octets,
  outcome: "registered",
  reason: "letter",
  registerNumber: 7,
  earlierNumber: null,
  reading,
  notices: [{ kind: "acknowledgement", state: "delivered", messageId: "<ack.1@x>" }],
};
const delivery = { kind: "accepted", ids: ["1"], refusedRecipients: [] } as unknown as Delivery;

function answer({ number = 7, head = "Auto-Submitted: auto-replied", text = "" } = {}): Answer {
  const message = {
    octets: Buffer.from(`${head}\r\n\r\nbody`),
    headers: new Map([["message-id", "<ack.1@x>"]]),
    mailFrom: "",
    recipients: ["saraban@opdc.example.go.th"],
  } as unknown as SunkMessage;
  return {
    message,
    read: { subject: "", text, attachmentName: null, attachments: [], json: { register: { number } } },
  };
}

const good: Treatment = { delivery, arrivals: [arrival], answers: [answer()], log: "{}" };

function differences(mail: Partial<ExpectedMail> = {}, treated: Partial<Treatment> = {}): readonly string[] {
  const given: CorpusMail = { expected: { ...expected, ...mail }, octets };
  return judge(given, { ...good, ...treated }).differences;
}
const with_ = (facts: Partial<ArrivalFacts>): Partial<Treatment> => ({
  arrivals: [{ ...arrival, ...facts }],
});
const read = (facts: Partial<ReadingRow>): Partial<Treatment> => with_({ reading: { ...reading, ...facts } });

it("finds a file right of which everything is as it should be", () => {
  expect(differences()).toEqual([]);
});

it.each<[string, Partial<ExpectedMail>, Partial<Treatment>, RegExp]>([
  [
    "another outcome",
    {},
    with_({ outcome: "triage", reason: "no-number", registerNumber: null }),
    /triage \(no-number\), not register/,
  ],
  ["a number too many", { outcome: "triage", registrations: 0 }, {}, /1 registrations, not 0/],
  ["octets that changed", {}, with_({ stored: Buffer.from("Subject: x\r\n\r\nline\r\n") }), /stored octets/],
  ["a second message", { messages: 1 }, { arrivals: [arrival, arrival] }, /2 arrivals, not 1/],
  ["no acknowledgement", {}, { answers: [] }, /0 acknowledgements, not 1/],
  ["an acknowledgement with another number", {}, { answers: [answer({ number: 8 })] }, /says 8, the book 7/],
  ["an acknowledgement where none is due", { acknowledge: false }, {}, /where none is due/],
  ["another number", {}, read({ number: "นร 1/2" }), /number "นร 1\/2", not "นร 1\/1"/],
  ["a subject that was not found", {}, read({ subject: null }), /subject not found/],
  ["an invented date", { letter: { ...letter, date: null } }, {}, /date "2020-01-01", where there is none/],
  ["an invented number", { letter: null }, {}, /number "นร 1\/1", where there is none/],
  ["a missing attachment", {}, read({ attachments: [] }), /"ก.pdf" is not listed/],
  ["an attachment that is not there", { attachments: [] }, {}, /"ก.pdf" is listed, but not there/],
  [
    "a damaged attachment",
    { attachments: [{ ...pdf, sha256: null, size: null }] },
    {},
    /SHA-256 "a+", not null/,
  ],
  [
    "a member that is not listed",
    { attachments: [{ ...pdf, contains: [pdf] }] },
    {},
    /"ก.pdf": attachment "ก.pdf" is not listed/,
  ],
  ["a report that is not recorded", { relatesTo: "<out@x>" }, {}, /what it says of <out@x> is not recorded/],
  [
    "a report on another message",
    { relatesTo: "<out@x>", delivery: { action: "failed" } },
    read({ report: { relatesTo: "<other@x>", action: "failed" } }),
    /relatesTo "<other@x>", not "<out@x>"/,
  ],
  [
    "an injected header",
    { mustNotContain: ["X-Injected"] },
    { answers: [answer({ head: "X-Injected: 1" })] },
    /header or recipients hold "X-Injected"/,
  ],
  ["a log that tells", { mustNotContain: ["secret"] }, { log: "… secret …" }, /the log holds/],
])("tells %s", (_what, mail, treated, words) => {
  expect(differences(mail, treated).join("\n")).toMatch(words);
});

it("follows an outcome that is acceptable too, with its own registrations and answers", () => {
  const triage = with_({
    outcome: "triage",
    registerNumber: null,
    notices: [],
    reading: { ...reading, subject: null },
  });
  expect(differences({ alsoAcceptable: ["triage"] }, { ...triage, answers: [] })).toEqual([]);
});

it("of a refused letter compares the marking alone, and lets no word of it out", () => {
  const secret = {
    outcome: "refuse",
    acknowledge: false,
    registrations: 0,
    letter: { ...letter, secrecy: "secret" },
  } as const;
  const bare = { number: null, letter_date: null, subject: null, attachments: [], secrecy: "secret" };
  const refusal = { kind: "refusal", state: "delivered", messageId: "<refusal.1@x>" };
  const refused = with_({
    outcome: "refused",
    registerNumber: null,
    notices: [refusal],
    reading: { ...reading, ...bare },
  });
  expect(differences(secret, { ...refused, answers: [] })).toEqual([]);
  expect(differences(secret, { ...refused, answers: [answer({ text: "เรื่อง การทำงาน" })] }).join()).toMatch(
    /repeats/,
  );
  expect(differences(secret, { ...refused, answers: [], log: "การ ทำงาน" }).join()).toMatch(
    /the log repeats/,
  );
});
