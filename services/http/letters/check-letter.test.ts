import { expect, test } from "vitest";
import { openLetterCheck } from "./check-letter.ts";

const check = openLetterCheck();

/** Faults of a letter whose file has this content. */
function faultsOf(content: string): readonly string[] {
  const file = { role: "main", name: "letter.pdf", mediaType: "application/pdf", content };
  const found = check({ number: "นร 0505/1", date: "2026-05-31", subject: "เรื่อง", files: [file] }, "json");
  return "faults" in found ? found.faults.map(({ pointer, en }) => `${pointer} ${en}`) : [];
}

test("a file in base64 is looked at to its last letter, however long it is", () => {
  const octets = Buffer.alloc(100_000, "หนังสือ");
  const right = octets.toString("base64");
  const wrongAt = (at: number, letter: string) => right.slice(0, at) + letter + right.slice(at + 1);
  expect([right, "QQ==", octets.subarray(0, 24 * 1024).toString("base64")].flatMap(faultsOf)).toEqual([]);
  const wrong = [
    ...[
      0,
      8_191,
      8_192,
      50_000,
      65_535,
      65_536,
      65_537,
      right.length - 5,
      right.length - 4,
      right.length - 1,
    ].flatMap((at) => ["-", "ก", " ", "\n"].map((letter) => wrongAt(at, letter))),
    wrongAt(8_191, "="),
    wrongAt(50_000, "="),
    wrongAt(65_535, "="),
    wrongAt(right.length - 5, "="),
    "=QQQ",
    "Q=Q=",
    "====",
    `${right}${right}`,
    right.slice(0, -1),
  ];
  for (const content of wrong) expect(faultsOf(content)).toEqual(["/files/0/content is not base64"]);
});
