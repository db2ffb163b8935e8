import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { parseForm } from "../../shared/mime/parse-form.ts";
import { seededRandom } from "../../shared/testing/seeded-random.ts";
import { fingerprintOf, readMultipartLetter } from "./read-multipart-letter.ts";

const TYPE = "multipart/form-data; boundary=b0";

function written(boundary = "b0"): Buffer {
  const part = (head: string, octets: Buffer) => [
    Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`),
    octets,
    Buffer.from("\r\n"),
  ];
  const named = (name: string, file: string) =>
    `Content-Disposition: form-data; name="${name}"; filename="${file}"\r\nContent-Type: application/pdf`;
  return Buffer.concat([
    ...part(
      'Content-Disposition: form-data; name="letter"\r\nContent-Type: application/json',
      Buffer.from('{"number":"นร 1/1"}'),
    ),
    // Octets that look like a delimiter, and line ends of all kinds, are a file's own.
    ...part(named("main", "หนังสือ.pdf"), Buffer.from("%PDF\r\n--b\r\n-\n\r--bo\r\n\0\xff", "latin1")),
    ...part(named("enclosure", "../etc/a b.pdf"), Buffer.alloc(3_000, "x--b0")),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
}

async function* inPieces(octets: Buffer, size: () => number): AsyncGenerator<Buffer> {
  for (let at = 0; at < octets.length; ) {
    const next = at + size();
    yield octets.subarray(at, next);
    at = next;
  }
}

test("a letter and its files are read alike, however their octets come in pieces, and whatever the boundary", async () => {
  const whole = await readMultipartLetter(
    inPieces(written(), () => 1e9),
    TYPE,
  );
  expect(whole).toMatchObject({
    letterType: "application/json",
    letter: Buffer.from('{"number":"นร 1/1"}'),
    files: [
      { role: "main", name: "หนังสือ.pdf", mediaType: "application/pdf", sizeBytes: 22 },
      { role: "enclosure", name: "a b.pdf", sizeBytes: 3_000 },
    ],
  });
  const random = seededRandom(7);
  for (let round = 0; round < 40; round++) {
    const largest = 1 + Math.floor(random() * 40);
    const read = await readMultipartLetter(
      inPieces(written(), () => 1 + Math.floor(random() * largest)),
      TYPE,
    );
    expect(read).toEqual(whole);
  }
  const other = await readMultipartLetter(
    inPieces(written("b1"), () => 99),
    "multipart/form-data; boundary=b1",
  );
  if ("faults" in whole || "faults" in other) throw new Error("refused");
  expect(fingerprintOf(other)).toBe(fingerprintOf(whole));
  const changed = { ...whole, files: whole.files.map((file) => ({ ...file, name: `${file.name}x` })) };
  expect(fingerprintOf(changed)).not.toBe(fingerprintOf(whole));
});

test("what is cut off or spoilt is refused or read, and never throws, hangs or grows", async () => {
  const random = seededRandom(11);
  const good = written();
  for (let round = 0; round < 400; round++) {
    const octets = Buffer.from(good);
    const spoilt = round % 2 === 0 ? octets.subarray(0, Math.floor(random() * octets.length)) : octets;
    if (round % 2 === 1) {
      for (let at = 0; at < 5; at++)
        spoilt[Math.floor(random() * spoilt.length)] = Math.floor(random() * 256);
    }
    const read = await readMultipartLetter(
      inPieces(spoilt, () => 1 + Math.floor(random() * 2_000)),
      TYPE,
    );
    // Cut off anywhere before the end of its last delimiter, it is not whole.
    if (round % 2 === 0 && spoilt.length < good.length - 4) expect(read).toHaveProperty("faults");
  }
  const many = Buffer.concat(
    Array.from({ length: 5_000 }, (_, at) =>
      Buffer.from(`--b0\r\nContent-Disposition: form-data; name="main"; filename="${at}"\r\n\r\nx\r\n`),
    ),
  );
  const read = await readMultipartLetter(
    inPieces(many, () => 65_536),
    TYPE,
  );
  expect(read).toHaveProperty("faults");
  const longHead = Buffer.concat([
    Buffer.from("--b0\r\nX: "),
    Buffer.alloc(1_000_000, "a"),
    Buffer.from("\r\n\r\n"),
  ]);
  expect(
    await readMultipartLetter(
      inPieces(longHead, () => 65_536),
      TYPE,
    ),
  ).toHaveProperty("faults");
  expect(
    await readMultipartLetter(
      inPieces(good, () => 99),
      "multipart/form-data",
    ),
  ).toHaveProperty("faults");
});

test.each([
  [
    "of two names",
    TYPE,
    'form-data; name="enclosure"; name="letter"',
    'form-data; name="letter"; name="main"',
  ],
  [
    "of a part that is none",
    TYPE,
    "form-data; name=letter",
    "form-data; name=main",
    "attachment; name=letter",
  ],
  ["of two boundaries", `${TYPE}; boundary=b1`, "form-data; name=letter", "form-data; name=main"],
])(
  "%s the reader of stored letters takes the same one as the door",
  async (_, type, first, second, before = "") => {
    const part = (disposition: string, octets: string) =>
      `--b0\r\nContent-Disposition: ${disposition}\r\nContent-Type: application/json\r\n\r\n${octets}\r\n`;
    const within =
      '--b1\r\nContent-Disposition: form-data; name=letter\r\n\r\n{"secrecy":"secret"}\r\n--b1--\r\n\n--b0\n\nx';
    const body = Buffer.from(
      `${before === "" ? "" : part(before, '{"secrecy":"secret"}')}${part(first, '{"number":"1"}')}${part(`${second}; filename=a`, within)}--b0--\r\n`,
    );
    const door = await readMultipartLetter(
      inPieces(body, () => 50),
      type,
    );
    if ("faults" in door) throw new Error(JSON.stringify(door.faults));
    expect(door.letter.toString()).toBe('{"number":"1"}');
    const drained = {
      keep: async (content: AsyncIterable<Buffer>) => {
        for await (const _ of content);
        return null;
      },
    };
    const { parts, problems } = await parseForm(
      inPieces(body, () => 70),
      type,
      drained,
    );
    expect([...problems]).toEqual([]);
    expect(parts.map(({ field, part: { sha256, sizeBytes } }) => [field, sizeBytes, sha256])).toEqual([
      ["letter", 14, createHash("sha256").update(door.letter).digest("hex")],
      ...door.files.map(({ role, sizeBytes, sha256 }) => [role, sizeBytes, sha256]),
    ]);
  },
);

test("a form whose part cannot be kept is broken, and nobody waits for it", async () => {
  const failing = { keep: () => Promise.reject(new Error("no room")) };
  const { problems } = await parseForm(
    inPieces(written(), () => 500),
    TYPE,
    failing,
  );
  expect([...problems]).toEqual(["unreadable-structure"]);
});
