import { expect, it } from "vitest";
import { type DemoMail, needsOnlyText, planRounds } from "./expected.ts";

function mail(
  file: string,
  letter: { number: string; date: string | null } | null,
  after: string[] = [],
): DemoMail {
  const facts = letter && { ...letter, subject: null, from: null, to: null, urgency: null, secrecy: null };
  return {
    octets: Buffer.from(file),
    expected: {
      file,
      kind: "letter",
      envelope: { from: "saraban@opdc.example.go.th", to: ["saraban@agency-a.example.go.th"] },
      outcome: "register",
      acknowledge: true,
      registrations: 1,
      letter: facts,
      where: [],
      after,
      why: "",
    },
  };
}
const files = (rounds: DemoMail[][]): string[][] =>
  rounds.map((round) => round.map(({ expected }) => expected.file));

it("puts files that name each other on one database, in their order", () => {
  const letter = { number: "นร 1/1", date: "2020-01-01" };
  expect(
    files(planRounds([mail("copy", letter, ["first"]), mail("first", letter), mail("other", null)])),
  ).toEqual([["first", "copy", "other"]]);
});

it("puts files that resemble each other without saying so on different databases", () => {
  const rounds = planRounds([
    mail("one", { number: "นร 1/1", date: "2020-01-01" }),
    mail("same", { number: "นร 1/1", date: "2020-01-01" }),
    mail("undated", { number: "นร 1/1", date: null }),
    mail("next-year", { number: "นร 1/1", date: "2021-01-01" }),
  ]);
  expect(files(rounds)).toEqual([["one", "next-year"], ["same"], ["undated"]]);
});

it("tells which messages need no more than their subject and text body", () => {
  const where = (...places: string[]) => needsOnlyText({ ...mail("m", null).expected, where: places });
  expect([where(), where("subject"), where("subject", "body", "pdf"), where("body")]).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect([where("subject", "pdf"), where("pdf"), where("filename"), where("xml")]).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
