import { beforeAll, expect, test } from "vitest";
import { NO_PARTY, writeGovernmentDocument } from "../../shared/ecms/write-government-document.ts";
import { seededRandom } from "../../shared/testing/seeded-random.ts";
import { type DocumentSchema, openDocumentSchema } from "./document-schema.ts";
import { headOfDocument, readXmlLetter } from "./read-xml-letter.ts";

const PLACE = "/GovernmentDocument/CorrespondenceLetter";
let schema: DocumentSchema;
beforeAll(async () => {
  schema = await openDocumentSchema("government-document.xsd");
});

const LETTER = writeGovernmentDocument({
  number: "นร 0505/1",
  date: "2026-05-31",
  subject: "ขอเชิญ <ประชุม> & หารือ",
  urgency: "urgent",
  sender: { ...NO_PARTY, departmentId: "0101200000" },
  receiver: { ...NO_PARTY, departmentId: "0199900000" },
  references: [{ number: "กค 1/2", date: null, subject: null }],
  enclosures: ["หนึ่ง", "สอง"],
  sentAt: new Date("2026-05-31T02:00:00Z"),
  description: null,
});

async function* inPieces(octets: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
}

const read = (xml: string, size = 1_000, filesFollow = true) =>
  readXmlLetter(inPieces(Buffer.from(xml), size), schema, filesFollow);

test("what this office itself writes is a letter, with any prefixes and in any pieces", async () => {
  const whole = await read(LETTER);
  if ("faults" in whole) throw new Error(JSON.stringify(whole.faults));
  expect(whole.document).toMatchObject({ id: "นร 0505/1", subject: "ขอเชิญ <ประชุม> & หารือ" });
  expect(headOfDocument(whole.document)).toMatchObject({
    secrecy: "normal",
    from: { organisationId: "0101200000" },
    to: { organisationId: "0199900000" },
  });
  expect(await read(LETTER.replaceAll("ram:", "x:").replaceAll(":ram=", ":x="), 7)).toEqual(whole);
  // Where no files follow, the letter itself has to be in it.
  expect(await read(LETTER, 1_000, false)).toMatchObject({
    faults: [{ pointer: `${PLACE}/MainLetterBinaryObject` }],
  });
});

test.each([
  ["a letter without a subject", /<ram:Subject>.*<.ram:Subject>/, "", `${PLACE}/SecretCode`],
  [
    "a subject of spaces",
    /<ram:Subject>.*<\/ram:Subject>/,
    "<ram:Subject> </ram:Subject>",
    `${PLACE}/Subject`,
  ],
  ["a day that is none", "2026-05-31<", "2026-02-30<", `${PLACE}/CorrespondenceDate`],
  ["a code that is none", ">002<", ">009<", `${PLACE}/SpeedCode`],
  ["an office without a number", "0101200000", "01012x", `${PLACE}/SenderParty/DepartmentOrganization/ID`],
  ["another namespace", "ReusableAggregateBusinessInformationEntity:1", "Other:1", "/GovernmentDocument/*"],
  ["an element of nobody", "<ram:SecretCode>", "<ram:More/><ram:SecretCode>", `${PLACE}/More`],
])("%s is told with its place", async (_, from, to, pointer) => {
  const changed = LETTER.replace(from, to);
  expect(changed).not.toBe(LETTER);
  const answer = await read(changed);
  expect(answer).toHaveProperty("faults");
  if ("faults" in answer) expect(answer.faults.map((fault) => fault.pointer)).toContain(pointer);
});

test("what is spoilt, too deep or too long is refused or read, and never throws or hangs", async () => {
  const random = seededRandom(3);
  const place = () => Math.floor(random() * LETTER.length);
  const pieces = [
    "<",
    ">",
    "&",
    '"',
    "]]>",
    "<![CDATA[",
    "<!--",
    "<?x ",
    "xmlns=''",
    "\0",
    "\ud800",
    " ID='a'",
  ];
  for (let round = 0; round < 300; round++) {
    const at = place();
    const piece = pieces[Math.floor(random() * pieces.length)] ?? "";
    const cut = round % 3 === 0 ? 0 : Math.floor(random() * 30);
    await read(LETTER.slice(0, at) + piece + LETTER.slice(at + cut), 1 + Math.floor(random() * 500));
  }
  const within = (text: string) => LETTER.replace("<ram:Description>", `<ram:Description>${text}`);
  for (const text of [
    "<a>".repeat(10_000),
    "<a/>".repeat(30_000),
    "<a>".repeat(40) + "</a>".repeat(40),
    "ก".repeat(2_000_000),
  ]) {
    expect(await read(within(text), 65_536)).toHaveProperty("faults");
  }
  // Beside the document nothing is looked at twice: attributes that would break out of the rewriting do not.
  const quoted = LETTER.replace('mimeCode="text/plain"', "mimeCode='\"&gt;&lt;x&gt;&#10;'");
  expect(await read(quoted)).toHaveProperty("document");
});

test("what is wrong is said without the letter's words, in bounds, and soon", async () => {
  const spoilt = LETTER.replace("2026-05-31<", "ลับ 'is not ' ลับ<").replace(">002<", ">hush<");
  const answer = await read(spoilt);
  if (!("faults" in answer)) throw new Error("taken");
  expect(answer.faults.map(({ pointer }) => pointer)).toEqual([
    `${PLACE}/CorrespondenceDate`,
    `${PLACE}/SpeedCode`,
  ]);
  expect(JSON.stringify(answer.faults)).not.toMatch(/ลับ|hush/);
  const attributes = Array.from({ length: 150 }, (_, at) => ` a${at}=""`).join("");
  const some = await read(LETTER.replace("<ram:Subject>", `<ram:Subject${attributes}>`));
  expect("faults" in some && some.faults).toHaveLength(20);
  // The validator would write down each of them, for seconds, while nobody else is served.
  const many = await read(LETTER.replaceAll(/<ram:([A-Z][A-Za-z]+)>/g, `<ram:$1${attributes}>`), 65_536);
  expect(many).toMatchObject({ faults: [{ en: expect.stringContaining("too large") }] });
});
