import fc from "fast-check";
import { expect, it } from "vitest";
import { safeName } from "./safe-name.ts";

it.each([
  ["../../etc/passwd", ["pdf"], "passwd.pdf"],
  ["..\\..\\windows\\system32\\hosts", [], "hosts"],
  ["C:\\CON.pdf", ["pdf"], "_CON.pdf"],
  ["aux.tar.gz", [], "_aux.tar.gz"],
  ["LPT1 .txt", [], "_LPT1.txt"],
  ["รายงาน\u202Efdp.exe", ["exe"], "รายงานfdp.exe.bin"],
  ["a/b\r\nc.pdf", ["pdf"], "bc.pdf"],
  [".htaccess", [], "htaccess"],
  ["name.pdf. . ", ["pdf"], "name.pdf"],
  ["e\u0301.txt", [], "é.txt"],
  ["photo.jpeg", ["jpg", "jpeg"], "photo.jpeg"],
  ["run.pdf", ["exe"], "run.pdf.exe.bin"],
  ["page.HTA", [], "page.HTA.bin"],
  ["\u200B\u0000", ["pdf"], "attachment.pdf"],
  [null, [], "attachment"],
  ["a:b<c>.pdf", ["pdf"], "a_b_c_.pdf"],
])("saves %j (%j) as %j", (name, typical, expected) => {
  expect(safeName(name, typical, new Map())).toBe(expected);
});

it("keeps the extension of a long name, and two files of one name apart", () => {
  const taken = new Map<string, number>();
  const first = safeName(`${"ก".repeat(300)}.pdf`, ["pdf"], taken);
  const second = safeName(`${"ก".repeat(300)}.PDF`, ["pdf"], taken);
  expect(first).toMatch(/^ก{50,65}\.pdf$/);
  expect(second).toMatch(/^ก{50,65} \(2\)\.PDF$/);
});

it("is safe whatever it is given, and never the same twice", () => {
  const taken = new Map<string, number>();
  const seen = new Set<string>();
  const part = fc.constantFrom(
    "..",
    "/",
    "\\",
    ".",
    " ",
    "con",
    "COM1",
    "\u202E",
    "\0",
    "ก",
    "é",
    ".pdf",
    ".exe",
    ":",
    "-",
  );
  const names = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(part).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(names, fc.constantFrom([], ["pdf"], ["exe"]), (name, typical) => {
      const given = safeName(name, typical, taken);
      expect(seen).not.toContain(given.toLowerCase());
      seen.add(given.toLowerCase());
      expect(given).not.toMatch(
        /[/\\:*?"<>|\p{Cc}\p{Cf}\p{Cs}]|^[.\s-]|[.\s]$|^(?:con|com1)(?:\.|$)|\.exe$/iu,
      );
      expect(given.length).toBeGreaterThan(0);
      expect(given.length).toBeLessThanOrEqual(120);
      expect(Buffer.byteLength(given)).toBeLessThanOrEqual(200);
    }),
    { numRuns: 500, seed: 20_261_121 },
  );
});
