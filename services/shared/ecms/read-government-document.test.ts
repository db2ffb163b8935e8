import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type ContentKeeper, openContentKeeper } from "../mime/part-content.ts";
import {
  type GovernmentDocument,
  looksLikeGovernmentDocument,
  readGovernmentDocument,
} from "./read-government-document.ts";

const RAM = "urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1";
const RSM = "urn:th:gov:egif:data:standard:GovernmentDocument:1.0";
const PDF = Buffer.from("%PDF-1.4 a letter");

const keepers: ContentKeeper[] = [];
function keeper(): ContentKeeper {
  const made = openContentKeeper();
  keepers.push(made);
  return made;
}
afterEach(async () => {
  for (const each of keepers.splice(0)) await each.dispose();
});

async function read(xml: string | Buffer): Promise<GovernmentDocument | { fault: string }> {
  const content = await keeper().keepOctets(Buffer.from(xml));
  if (content === null) throw new Error("too large to be kept");
  return readGovernmentDocument(content, keeper());
}

type Form = { rsm?: string; ram?: string; declared?: string; extra?: string; code?: string };

function letter({ rsm = "rsm:", ram = "ram:", declared, extra = "", code = "001" }: Form = {}): string {
  const names = declared ?? `xmlns:rsm="${RSM}" xmlns:ram="${RAM}"`;
  const party = (title: string, department: string) =>
    `<${ram}GivenName></${ram}GivenName><${ram}JobTitle>${title}</${ram}JobTitle><${ram}MinistryOrganization><${ram}ID>01</${ram}ID></${ram}MinistryOrganization><${ram}DepartmentOrganization><${ram}ID>${department}</${ram}ID></${ram}DepartmentOrganization>`;
  return `<${rsm}GovernmentDocument ${names}><${ram}CorrespondenceLetter ID="Letter"><${ram}ID>นร ๑๒๐๐/๖๑</${ram}ID>
<${ram}CorrespondenceDate>2020-04-20</${ram}CorrespondenceDate><${ram}Subject>การเชื่อม A&amp;amp;B</${ram}Subject>
<${ram}SecretCode>${code}</${ram}SecretCode><${ram}SpeedCode>004</${ram}SpeedCode>
<${ram}SenderParty>${party("เลขาธิการ", "0101200000")}</${ram}SenderParty><${ram}ReceiverParty>${party("ผู้อำนวยการ", "01999")}</${ram}ReceiverParty>
<${ram}ReferenceCorrespondence><${ram}ID></${ram}ID><${ram}CorrespondenceDate></${ram}CorrespondenceDate><${ram}Subject></${ram}Subject></${ram}ReferenceCorrespondence>
<${ram}ReferenceCorrespondence><${ram}ID>ทก ๐๑๐๑/๑๒</${ram}ID><${ram}CorrespondenceDate>2020-04-10</${ram}CorrespondenceDate><${ram}Subject>ขอหารือ</${ram}Subject></${ram}ReferenceCorrespondence>
<${ram}Attachment>-</${ram}Attachment><${ram}SendDate>2020-04-20T09:30:00</${ram}SendDate>
<${ram}MainLetterBinaryObject mimeCode="application/pdf">${PDF.toString("base64")}</${ram}MainLetterBinaryObject>
<${ram}AttachmentBinaryObject mimeCode=""></${ram}AttachmentBinaryObject>${extra}</${ram}CorrespondenceLetter></${rsm}GovernmentDocument>`;
}

function soap(document: string): string {
  return `<?xml version="1.0" encoding="UTF-8" standalone="no"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Header><wsa:To xmlns:wsa="http://w3.org/2005/08/addressing"></wsa:To></SOAP-ENV:Header><SOAP-ENV:Body ID="Body"><CorrespondenceLetterOutboundRequest>${document}</CorrespondenceLetterOutboundRequest></SOAP-ENV:Body></SOAP-ENV:Envelope>`;
}

const WHOLE = {
  id: "นร ๑๒๐๐/๖๑",
  correspondenceDate: "2020-04-20",
  subject: "การเชื่อม A&B",
  secretCode: "001",
  speedCode: "004",
  sender: { stated: true, jobTitle: "เลขาธิการ", departmentId: "0101200000" },
  receiver: { stated: true, jobTitle: "ผู้อำนวยการ", departmentId: "01999", givenName: null },
  references: [{ id: "ทก ๐๑๐๑/๑๒", date: "2020-04-10", subject: "ขอหารือ" }],
  attachmentText: null,
  objects: [
    {
      role: "main",
      mimeCode: "application/pdf",
      intact: true,
      sizeBytes: PDF.length,
      sha256: createHash("sha256").update(PDF).digest("hex"),
    },
  ],
};

describe("a GovernmentDocument", () => {
  it.each([
    ["bare", letter()],
    ["in a SOAP request", soap(letter())],
    ["with other prefixes", letter({ rsm: "a:", ram: "b:", declared: `xmlns:a="${RSM}" xmlns:b="${RAM}"` })],
    ["without prefixes", letter({ rsm: "", ram: "", declared: "" })],
    ["with undeclared prefixes", soap(letter({ declared: "" }))],
    ["with a second, empty element of each kind", letter({ extra: "<ram:Subject></ram:Subject><ram:ID/>" })],
    [
      "with its base64 in lines",
      letter().replaceAll(PDF.toString("base64"), PDF.toString("base64").replace(/.{8}/gu, "$&&#13;\n")),
    ],
    [
      "with its base64 in CDATA",
      letter().replaceAll(PDF.toString("base64"), `<![CDATA[${PDF.toString("base64")}]]>`),
    ],
    ["in UTF-8 with a mark", `\uFEFF${letter()}`],
  ])("%s is read", async (_, xml) => {
    expect(await read(xml)).toMatchObject(WHOLE);
  });

  it("is read in TIS-620, named or not, and in UTF-16", async () => {
    const thai = (text: string): Buffer =>
      Buffer.from(
        [...text].map((each) => (each >= "\u0E00" ? each.charCodeAt(0) - 0x0e00 + 0xa0 : each.charCodeAt(0))),
      );
    expect(await read(thai(`<?xml version="1.0" encoding="TIS-620"?>${letter()}`))).toMatchObject(WHOLE);
    expect(await read(thai(letter()))).toMatchObject(WHOLE);
    const utf16 = Buffer.from(`\uFEFF${letter()}`, "utf16le");
    expect(await read(utf16)).toMatchObject(WHOLE);
    const content = await keeper().keepOctets(utf16);
    expect(content !== null && looksLikeGovernmentDocument(content)).toBe(true);
  });

  it.each([
    ["doctype", `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>${letter().replace("การ", "&x;")}`],
    ["not-well-formed", letter().replace("การ", "&x;")],
    ["not-well-formed", letter().slice(0, -40)],
    ["not-well-formed", letter().slice(0, letter().indexOf("JVBE") + 6)],
    ["not-well-formed", `${letter()}<a>`],
    ["not-a-document", letter({ declared: `xmlns:rsm="urn:other" xmlns:ram="${RAM}"` })],
    ["not-a-document", "<a>GovernmentDocument</a>"],
    ["too-deep", "<a>".repeat(40)],
    ["too-many-elements", `<a>${"<b/>".repeat(20_001)}</a>`],
    ["too-many-elements", `<a>${">".repeat(300_000)}</a>`],
    ["too-large", `<a b="${"x".repeat(300_000)}"/>`],
    ["several-documents", `<a>${letter()}${letter()}</a>`],
    [
      "too-many-objects",
      letter({
        extra: '<ram:AttachmentBinaryObject mimeCode="a/b">AAAA</ram:AttachmentBinaryObject>'.repeat(101),
      }),
    ],
    ["unknown-encoding", `<?xml version="1.0" encoding="x-klingon"?>${letter()}`],
  ])("is refused as %s", async (fault, xml) => {
    expect(await read(xml)).toEqual({ fault });
  });

  it("says of base64 that is none that it is damaged", async () => {
    for (const damaged of ["JVBE*Ri0", "JVBER", "JV<x/>BE", "JVBแ", "JVBE-_AA", "AA==AAAA"]) {
      const document = await read(letter().replaceAll(PDF.toString("base64"), damaged));
      expect("objects" in document && document.objects, damaged).toMatchObject([
        { intact: false, content: null },
      ]);
    }
  });

  it("gives what it carries, large objects too", async () => {
    const large = Buffer.alloc(700_001, "%PDF-large ");
    const extra = `<ram:AttachmentBinaryObject mimeCode="Application/PDF">${large.toString("base64")}</ram:AttachmentBinaryObject>`;
    const document = await read(letter({ extra }));
    const [, enclosure] = "objects" in document ? document.objects : [];
    expect(enclosure).toMatchObject({
      role: "attachment",
      mimeCode: "application/pdf",
      sizeBytes: large.length,
      sha256: createHash("sha256").update(large).digest("hex"),
    });
    expect(await enclosure?.content?.read()).toEqual(large);
  });

  it("is read whatever its octets are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(letter().length - 1), fc.uint8Array({ maxLength: 6 }), async (at, octets) => {
        const whole = Buffer.from(soap(letter()));
        const changed = Buffer.concat([whole.subarray(0, at), octets, whole.subarray(at + octets.length)]);
        await read(changed);
      }),
      { seed: 2020, numRuns: 300 },
    );
  });
});

const corpus = fileURLToPath(new URL("../../../../shared/corpus/", import.meta.url));
const present = existsSync(`${corpus}expected.json`);
if (!present) console.log("read-government-document.test: no corpus at ../shared/corpus, skipped");
type Expected = {
  file: string;
  kind: string;
  operation: string;
  outcome: string;
  letter: {
    numberRaw: string;
    date: string;
    subject: string;
    senderDepartment: string;
    receiverDepartment: string;
    references: { number: string; date: string; subject: string }[];
    objects: { role: string; mimeType: string; size: number; sha256: string }[];
  } | null;
};

describe.skipIf(!present)("the e-CMS letters of the corpus", () => {
  const all = present
    ? (JSON.parse(readFileSync(`${corpus}expected.json`, "utf8")) as { ecms: Expected[] }).ecms
    : [];
  const letters = all.filter(
    ({ kind, letter: told }) => kind === "letter" || (kind === "hostile" && told !== null),
  );
  it.each(letters)("$file", async ({ file, letter: told }) => {
    const document = await read(readFileSync(`${corpus}${file}`));
    expect(document).toMatchObject({
      id: told?.numberRaw,
      correspondenceDate: told?.date,
      subject: told?.subject,
      sender: { departmentId: told?.senderDepartment },
      receiver: { departmentId: told?.receiverDepartment },
      references: told?.references.map(({ number, date, subject }) => ({ id: number, date, subject })),
      objects: told?.objects.map(({ role, mimeType, size, sha256 }) => ({
        role,
        mimeCode: mimeType,
        sizeBytes: size,
        sha256,
      })),
    });
  });

  const FAULTS: Record<string, object> = {
    "h01-xxe": { fault: "doctype" },
    "h02-billion": { fault: "doctype" },
    "h03-two": { fault: "too-deep" },
    "h04-wrong": { fault: "not-a-document" },
    "h05-missing": { receiver: { stated: false } },
    "h07-speed": { speedCode: "009" },
    "h08-base64": { objects: [{ intact: false }] },
    "h09-truncated": { fault: "not-well-formed" },
    "h10-not-soap": { fault: "not-a-document" },
    "h11-unknown": { fault: "not-a-document" },
  };
  it.each(all.filter(({ kind, letter: told }) => kind === "hostile" && told === null))(
    "$file",
    async ({ file }) => {
      const wanted = Object.entries(FAULTS).find(([name]) => file.includes(name))?.[1];
      expect(wanted).toBeDefined();
      expect(await read(readFileSync(`${corpus}${file}`))).toMatchObject(wanted ?? {});
    },
  );
});
