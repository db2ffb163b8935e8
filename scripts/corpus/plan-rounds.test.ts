import { expect, it } from "vitest";
import type { CorpusMail, ExpectedAttachment } from "./expected.ts";
import { planRounds } from "./plan-rounds.ts";

interface Given {
  readonly number?: string;
  readonly after?: readonly string[];
  readonly head?: string;
  readonly attachments?: readonly ExpectedAttachment[];
}

function mail(file: string, { number, after = [], head = "", attachments = [] }: Given = {}): CorpusMail {
  const rest = { date: null, subject: null, from: null, to: null, urgency: null, secrecy: null };
  return {
    octets: Buffer.from(`${head}\r\n\r\n${file}`),
    expected: {
      file,
      envelope: { from: "saraban@opdc.example.go.th", to: ["saraban@agency-a.example.go.th"] },
      outcome: "register",
      acknowledge: true,
      registrations: 1,
      letter: number === undefined ? null : { number, ...rest },
      attachments,
      after,
    },
  };
}
const files = (...mails: CorpusMail[]): string[][] =>
  planRounds(mails).map((round) =>
    round.map(({ mail, setup }) => mail.expected.file + (setup ? " (setup)" : "")),
  );

it("puts a file behind those that it names, which go in again where another needs them", () => {
  const copy = mail("copy", { number: "นร 1/1", after: ["first"] });
  const first = mail("first", { number: "นร 1/1" });
  const other = mail("other-copy", { number: "นร 1/1", after: ["first"] });
  const third = mail("third", { number: "นร 1/1", after: ["copy"] });
  expect(files(copy, first, mail("alone"), other, third)).toEqual([
    ["first", "copy", "alone", "third"],
    ["first (setup)", "other-copy"],
  ]);
});

it("puts files that could be taken for each other on different databases", () => {
  const pdf = { filename: "a.pdf", mimeType: "application/pdf", size: 1, sha256: "aa" };
  const zip = { filename: "a.zip", mimeType: "application/zip", size: 1, sha256: "bb", contains: [pdf] };
  const logo = { ...pdf, sha256: "cc", inline: true };
  expect(
    files(
      mail("one", { number: "นร 1/1", attachments: [pdf, logo] }),
      mail("same-number", { number: "นร 1/1" }),
      mail("same-file", { attachments: [zip] }),
      mail("alone", { number: "นร 1/2", head: "X: 1\r\nMessage-ID: <m@x>", attachments: [logo] }),
      mail("same-id", { head: "message-id:\r\n <m@x>" }),
    ),
  ).toEqual([
    ["one", "alone"],
    ["same-number", "same-file", "same-id"],
  ]);
});
