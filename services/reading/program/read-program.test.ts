import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { writeDocument } from "../../shared/ecms/write-document.ts";
import {
  documentOfFacts,
  type GovernmentDocumentFacts,
  NO_PARTY,
  writeGovernmentDocument,
} from "../../shared/ecms/write-government-document.ts";
import { inboxLetter, letterRequest, notifierRequest } from "../../shared/ecms/write-soap.ts";
import { openArrivedFile } from "../../shared/letter/arrival/open-arrived-file.ts";
import { seededRandom } from "../../shared/testing/seeded-random.ts";
import { openPdfReader } from "../pdf/read-pdf.ts";
import { readMessage } from "../read-message.ts";
import type { KnownSenders } from "../reading.ts";
import { makePdf } from "../testing/make-pdf.ts";
import { programSender } from "./program-sender.ts";
import { readProgram } from "./read-program.ts";

const known: KnownSenders = new Map([["opdc.example.go.th", { name: "สำนักงาน ก.พ.ร.", codeLetters: "นร" }]]);
const readPdf = openPdfReader({ processes: 1, timeoutMs: 20_000, memoryMb: 512 });
afterAll(() => readPdf.close());

const random = seededRandom(2026);
/** Everything that a parser of lines could bend: line ends of each kind, boundaries, NUL, the end without a line end. */
const NASTY = Buffer.concat([
  Buffer.from("\r\n--b\r\rx\n\n\0--b-- \r\n-\r\n--\r\n.\r\n"),
  Buffer.from(Array.from({ length: 20_000 }, () => Math.floor(random() * 256))),
  Buffer.from("\r"),
]);
const PDF = makePdf([
  {
    drawn: [
      { text: "ที่ นร 1200/61", x: 70, y: 100 },
      { text: "เรื่อง ขอส่งแบบสำรวจ", x: 70, y: 220 },
      { text: "เรียน ผู้อำนวยการหน่วยงานทดสอบ ก", x: 70, y: 250 },
    ],
  },
]);
const FILES = [
  { name: 'หนังสือ "61".pdf', mediaType: "application/pdf", role: "main", octets: PDF },
  { name: "ข้อมูล.dat", mediaType: "application/octet-stream", role: "enclosure", octets: NASTY },
] as const;
const STATED = {
  number: "นร ๑๒๐๐/๖๑",
  date: "2020-04-20",
  subject: "ขอส่งแบบสำรวจ",
  urgency: "urgent",
  to: { name: "ผู้อำนวยการหน่วยงานทดสอบ ก" },
  references: [{ number: "ทก ๐๑๐๑/๑๒", date: "2020-04-10" }],
  enclosures: ["ข้อมูล ๑ ชุด"],
};

type Arrived = { mediaType: string | null; door: "api" | "ecms"; octets: Buffer };

function json(stated: object = STATED): Arrived {
  const files = FILES.map(({ octets, ...file }) => ({ ...file, content: octets.toString("base64") }));
  const octets = Buffer.from(JSON.stringify({ ...stated, files }));
  return { mediaType: "application/json; charset=utf-8", door: "api", octets };
}

async function form(stated: object | string = STATED): Promise<Arrived> {
  const body = new FormData();
  const text = typeof stated === "string" ? stated : JSON.stringify(stated);
  body.append("letter", new Blob([text], { type: "application/json" }));
  for (const { role, octets, name, mediaType } of FILES)
    body.append(role, new Blob([new Uint8Array(octets)], { type: mediaType }), name);
  const request = new Request("http://host/", { method: "POST", body });
  return {
    mediaType: request.headers.get("content-type") ?? "",
    door: "api",
    octets: Buffer.from(await request.arrayBuffer()),
  };
}

const FACTS: GovernmentDocumentFacts = {
  number: STATED.number,
  date: STATED.date,
  subject: STATED.subject,
  urgency: "urgent",
  sender: { ...NO_PARTY, departmentId: "0101200000" },
  receiver: { ...NO_PARTY, jobTitle: STATED.to.name, departmentId: "0199900000" },
  references: [{ number: "ทก ๐๑๐๑/๑๒", date: "2020-04-10", subject: null }],
  enclosures: STATED.enclosures,
  sentAt: new Date("2020-04-20T02:30:00Z"),
  description: null,
};
const document = documentOfFacts(
  FACTS,
  FILES.map(({ role, mediaType, octets }) => ({
    role: role === "main" ? "main" : "attachment",
    mimeCode: mediaType,
    open: () => Readable.from([octets.subarray(0, 700), octets.subarray(700)]),
  })),
);

async function xml(text: AsyncIterable<string>, door: "api" | "ecms", mediaType: string): Promise<Arrived> {
  return { mediaType, door, octets: await octetsOf(text) };
}

async function octetsOf(pieces: AsyncIterable<Buffer | string>): Promise<Buffer> {
  const held: Buffer[] = [];
  for await (const piece of pieces) held.push(Buffer.from(piece as string));
  return Buffer.concat(held);
}

const bare = () => xml(writeDocument(document, "2.0"), "api", "application/xml");
const soap = (dialect: "1.0" | "2.0") =>
  xml(letterRequest({ messageId: "1", to: "http://node/", dialect }, document), "ecms", "text/xml");

/** As another installation of this service sends it: the facts stand in an XML file beside the letter's own. */
function mail(): Arrived {
  const part = (type: string, name: string, octets: Buffer) =>
    `--b\r\nContent-Type: ${type}\r\nContent-Disposition: attachment; filename*=utf-8''${encodeURIComponent(name)}\r\n` +
    `Content-Transfer-Encoding: base64\r\n\r\n${octets.toString("base64")}\r\n`;
  const text =
    "From: <saraban@opdc.example.go.th>\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
    `${FILES.map(({ mediaType, name, octets }) => part(mediaType, name, octets)).join("")}` +
    `${part("application/xml; charset=utf-8", "a.xml", Buffer.from(writeGovernmentDocument(FACTS)))}--b--\r\n`;
  return { mediaType: null, door: "api", octets: Buffer.from(text) };
}

function read({ octets, mediaType, door }: Arrived, senderDomain: string | null = "opdc.example.go.th") {
  const sha256 = createHash("sha256").update(octets).digest("hex");
  return readProgram(
    octets,
    { mediaType, door, senderDomain, sha256, sizeBytes: octets.length },
    known,
    readPdf,
  );
}

const ways = [
  ["JSON", async () => json()],
  ["a form", () => form()],
  ["XML", bare],
  ["SOAP of 2020", () => soap("2.0")],
  ["SOAP of 2012", () => soap("1.0")],
  [
    "a node's answer",
    () => xml(inboxLetter({ processId: "1", at: new Date(0) }, document, "2.0"), "ecms", "text/xml"),
  ],
] as const;

describe("a letter by program", () => {
  it.each(ways)("as %s says the same", async (way, made) => {
    const arrived = await made();
    const { reading } = await read(arrived);
    const stated = way === "JSON" || way === "a form" ? "api" : "xml";
    expect(reading).toMatchObject({
      kind: "letter",
      fromAddress: "saraban@opdc.example.go.th",
      facts: {
        number: "นร 1200/61",
        numberPrinted: "นร ๑๒๐๐/๖๑",
        date: "2020-04-20",
        subject: "ขอส่งแบบสำรวจ",
        from: "สำนักงาน ก.พ.ร.",
        to: "ผู้อำนวยการหน่วยงานทดสอบ ก",
        urgency: "urgent",
        secrecy: "normal",
      },
      sources: { number: { source: stated, confidence: 0.99 }, from: { source: "directory" } },
      citations: [{ number: "ทก 0101/12", date: "2020-04-10" }],
      enclosures: ["ข้อมูล ๑ ชุด"],
      conflicts: [],
      problems: [],
    });
    expect(reading.attachments.map(({ sha256, role, name }) => ({ sha256, role, name }))).toEqual(
      FILES.map(({ octets, role, name }) => ({
        sha256: createHash("sha256").update(octets).digest("hex"),
        role,
        name: stated === "api" ? name : null,
      })),
    );
    const byMail = await readMessage(mail().octets, known, readPdf);
    expect(reading.letterDigest).toBe(byMail.letterDigest);
  });

  it.each([...ways, ["mail", async () => mail()] as const])(
    "as %s gives its files again, octet for octet",
    async (way, made) => {
      const { octets, mediaType } = await made();
      const first = way === "a form" ? 2 : 1;
      for (const [index, { octets: wanted }] of FILES.entries()) {
        const raw = Readable.from([octets.subarray(0, 5_000), octets.subarray(5_000)], { objectMode: false });
        const { content } = await openArrivedFile(raw, mediaType, String(first + index));
        expect((await octetsOf(content)).equals(wanted)).toBe(true);
      }
      await expect(openArrivedFile(Readable.from([octets]), mediaType, "99>1")).rejects.toThrow("no file");
    },
  );

  it("whose pages say another number is an officer's", async () => {
    const { reading } = await read(json({ ...STATED, number: "นร 1200/99" }));
    expect(reading.facts.number).toBe("นร 1200/99");
    expect(reading.problems).toContain("conflicting-facts");
    expect(reading.conflicts).toMatchObject([
      { field: "number", values: [{ source: "api" }, { value: "นร 1200/61", source: "pdf" }] },
    ]);
  });

  it("that is marked, or marked with no known word, is never taken for ปกติ", async () => {
    expect((await read(json({ ...STATED, secrecy: "secret" }))).reading.facts.secrecy).toBe("secret");
    expect((await read(json({ ...STATED, secrecy: "x" }))).reading.problems).toContain("sensitivity-header");
  });

  it("of an office that nobody knows has the name that it gives itself", async () => {
    const { reading } = await read(json({ ...STATED, from: { name: "สำนักงานอื่น" } }), null);
    expect(reading).toMatchObject({ fromAddress: null, facts: { from: "สำนักงานอื่น" } });
  });

  it("that says the same in the name of another office is another one", async () => {
    const digest = async (domain: string | null) => (await read(json(), domain)).reading.contentDigest;
    const own = await digest("opdc.example.go.th");
    expect(await digest("opdc.example.go.th")).toBe(own);
    expect(await digest("other.example.go.th")).not.toBe(own);
  });

  it("in a form without its facts, or with two of them, is an officer's with its files", async () => {
    const { reading } = await read(await form("{"));
    expect(reading).toMatchObject({ kind: "unreadable", problems: ["unreadable-structure"] });
    const { mediaType, octets } = await form();
    const twice = Buffer.from(octets.toString("latin1").replace('name="main"', 'name="letter"'), "latin1");
    expect((await read({ mediaType, door: "api", octets: twice })).reading.kind).toBe("unreadable");
  });

  it("may be a notifier", async () => {
    const notifier = {
      type: "AcceptLetterNotifier",
      letterId: "ทก ๐๑๐๑/๔๕",
      acceptId: "5521/2565",
      correspondenceDate: "2022-07-21",
      subject: "ก",
    } as const;
    const text = notifierRequest({ messageId: "", to: "", dialect: "1.0" }, notifier);
    const { reading } = await read({ mediaType: "text/xml", door: "ecms", octets: Buffer.from(text) });
    expect(reading).toMatchObject({
      kind: "notifier",
      facts: { number: null },
      report: {
        letter: "ทก 0101/45",
        receiveNumber: "5521/2565",
        notifier: { ...notifier, acceptDate: null, acceptDepartment: null },
      },
    });
  });

  it("has its signature noted, and proved by nothing", async () => {
    const signed = (algorithm: string) =>
      `<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:SignatureMethod Algorithm="${algorithm}"/>` +
      `<ds:Reference URI="#Letter"><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/></ds:Reference></ds:SignedInfo></ds:Signature>`;
    const { octets } = await soap("1.0");
    for (const [algorithm, weak] of [
      ["http://www.w3.org/2000/09/xmldsig#rsa-sha1", true],
      ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", false],
    ] as const) {
      const text = octets.toString().replace("</ram:GovernmentSignature>", `${signed(algorithm)}$&`);
      const { signature } = await read({ mediaType: "text/xml", door: "ecms", octets: Buffer.from(text) });
      expect(signature).toMatchObject({ present: true, signatureMethod: algorithm, weak });
      const { standing, detail } = programSender(
        { senderDomain: null, clientId: null, door: "ecms" },
        signature && { ...signature, check: "holds" },
        new Date(0),
      );
      expect(standing).toBe("unproved");
      expect(detail.signature).toMatchObject({ proved: false, check: "holds", weak });
    }
  });

  it("is read whatever its octets are", async () => {
    const samples = await Promise.all(ways.map(([, made]) => made()));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(samples.length - 1),
        fc.nat(samples.length - 1),
        fc.nat(30_000),
        fc.uint8Array({ maxLength: 5 }),
        async (which, typed, at, bytes) => {
          const { octets } = samples[which] as Arrived;
          const { mediaType, door } = samples[typed] as Arrived;
          const place = at % octets.length;
          const changed = Buffer.concat([
            octets.subarray(0, place),
            bytes,
            octets.subarray(place + bytes.length),
          ]);
          await read({ mediaType, door, octets: changed });
        },
      ),
      { seed: 1, numRuns: 60 },
    );
  });
});
