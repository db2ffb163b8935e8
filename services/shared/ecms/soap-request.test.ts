import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EcmsFault, faultsOfLetter } from "./faults.ts";
import type { SoapRequest } from "./message.ts";
import { readSoapRequest } from "./soap-request.ts";
import { readSoapResponse } from "./soap-response.ts";

async function* slices(octets: Buffer, size = 1_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
}

function read(xml: string | Buffer): Promise<SoapRequest | { fault: EcmsFault }> {
  return readSoapRequest(slices(Buffer.from(xml)), null);
}

const SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
const envelope = (body: string, header = "") =>
  `<e:Envelope xmlns:e="${SOAP}"><e:Header>${header}</e:Header><e:Body>${body}</e:Body></e:Envelope>`;

describe("a SOAP request", () => {
  it.each([
    ["http://w3.org/2005/08/addressing", "to", "1.0"],
    ["http://w3.org/2005/08/addressing", "To", "1.0"],
    ["http://www.w3.org/2005/08/addressing", "to", "1.0"],
    ["http://www.w3.org/2005/08/addressing", "To", "2.0"],
  ])("addressed by %s %s is of dialect %3$s", async (namespace, to, dialect) => {
    const header = `<w:MessageID xmlns:w="${namespace}"> ๑ </w:MessageID><w:${to} xmlns:w="${namespace}">http://n/</w:${to}>`;
    expect(await read(envelope("<TimeCheckRequest/>", header))).toMatchObject({
      operation: "TimeCheckRequest",
      dialect,
      messageId: "๑",
      to: "http://n/",
    });
  });

  it("is read with ProcessID in any case and with prefixes nobody declared", async () => {
    const body =
      "<x:CorrespondenceLetterDeleteRequest><x:processID> 7 </x:processID></x:CorrespondenceLetterDeleteRequest>";
    const bare = `<SOAP-ENV:Envelope><SOAP-ENV:Body>${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>`;
    expect(await read(bare)).toMatchObject({ processId: "7", dialect: "2.0" });
  });

  it.each([
    ["not-soap", "<html><body>hello</body></html>"],
    ["not-soap", `<Envelope xmlns="urn:other"><Body><TimeCheckRequest/></Body></Envelope>`],
    ["no-operation", envelope("")],
    ["unknown-operation", envelope("<DropAllLettersRequest/>")],
    ["no-letter", envelope("<CorrespondenceLetterOutboundRequest/>")],
    [
      "not-a-document",
      envelope(
        "<CorrespondenceLetterOutboundRequest><GovernmentDocument/></CorrespondenceLetterOutboundRequest>",
      ),
    ],
    ["not-well-formed", envelope("<TimeCheckRequest/>").slice(0, -5)],
    ["not-well-formed", ""],
    ["doctype", `<!DOCTYPE a>${envelope("<TimeCheckRequest/>")}`],
    ["too-deep", envelope("<a>".repeat(40))],
  ])("is refused as %s", async (fault, xml) => {
    expect(await read(xml)).toEqual({ fault });
  });

  it("holds no letter that stands in its header, or behind its first operation", async () => {
    const letter = `<GovernmentDocument><CorrespondenceLetter><ID>1</ID></CorrespondenceLetter></GovernmentDocument>`;
    const bare = "<CorrespondenceLetterOutboundRequest/>";
    expect(await read(envelope(bare, letter))).toEqual({ fault: "no-letter" });
    expect(await read(envelope(`${bare}<x>${letter}</x>`))).toEqual({ fault: "several-documents" });
  });
});

describe("a node's answer", () => {
  const answer = (xml: string) => readSoapResponse(slices(Buffer.from(xml)), null);

  it("is read with its refusals, by position", async () => {
    const errors = [{ code: "E1", description: "ผิด & ช้า" }];
    const detail = "<ErrorDetail><x>E1</x><y>ผิด &amp; ช้า</y><z>more</z></ErrorDetail>";
    expect(await answer(envelope(`<AnyResponse>${detail}</AnyResponse>`))).toMatchObject({ errors });
    expect(await answer(envelope(detail))).toMatchObject({ operation: "ErrorDetail", errors });
    const fault = "<e:Fault><faultcode>e:Server</faultcode><faultstring>no</faultstring></e:Fault>";
    expect(await answer(envelope(fault))).toMatchObject({
      errors: [{ code: "e:Server", description: "no" }],
    });
  });

  it("is read where nothing waits, and where a notifier does", async () => {
    const name = "CorrespondenceLetterInboundResponse";
    expect(await answer(envelope(`<${name}><ProcessID/></${name}>`))).toMatchObject({
      operation: name,
      processId: null,
      errors: [],
    });
    const notifier =
      "<AcceptLetterNotifier><LetterID>ก 1/2</LetterID><AcceptID>3</AcceptID><CorrespondenceDate>2020-01-02</CorrespondenceDate>" +
      "<Subject>ก</Subject><AcceptDate>2020-01-03T10:00:00</AcceptDate><AcceptDepartment><Code>01999</Code></AcceptDepartment></AcceptLetterNotifier>";
    expect(
      await answer(
        envelope(`<${name}><processID>9</processID><ProcessTime>t</ProcessTime>${notifier}</${name}>`),
      ),
    ).toMatchObject({
      processId: "9",
      processTime: "t",
      notifier: {
        type: "AcceptLetterNotifier",
        letterId: "ก 1/2",
        acceptId: "3",
        correspondenceDate: "2020-01-02",
        subject: "ก",
        acceptDate: "2020-01-03T10:00:00",
        acceptDepartment: "01999",
      },
    });
  });
});

const corpus = fileURLToPath(new URL("../../../../shared/corpus/", import.meta.url));
const present = existsSync(`${corpus}expected.json`);
if (!present) console.log("soap-request.test: no corpus at ../shared/corpus, skipped");
type Expected = {
  file: string;
  kind: string;
  operation: string;
  dialect: "A" | "B";
  outcome: string;
  messageId?: string;
  wsaTo?: string;
  processId?: string;
  key?: { number: string; date: string; senderDepartment: string; acceptDepartment: string };
  notifier?: object;
  letter: { numberRaw: string; objects: { size: number; sha256: string }[] } | null;
};

describe.skipIf(!present)("the e-CMS requests of the corpus", () => {
  const all = present
    ? (JSON.parse(readFileSync(`${corpus}expected.json`, "utf8")) as { ecms: Expected[] }).ecms
    : [];
  const octetsOf = ({ file }: Expected) => readFileSync(`${corpus}${file}`);
  const readable = all.filter(({ kind, letter }) => kind !== "hostile" || letter !== null);

  it.each(readable)("$file", async (expected) => {
    const { kind, operation, dialect, messageId, wsaTo, processId, key, notifier, letter } = expected;
    const request = await read(octetsOf(expected));
    expect(request).toMatchObject({
      operation: kind === "notifier" ? "CorrespondenceLetterOutboundRequest" : operation,
      dialect: dialect === "A" ? "1.0" : "2.0",
      processId: processId ?? null,
      ...(messageId === undefined ? {} : { messageId }),
      ...(wsaTo === undefined ? {} : { to: wsaTo }),
    });
    if (key !== undefined)
      expect(request).toMatchObject({
        key: {
          letterId: key.number,
          correspondenceDate: key.date,
          senderDepartment: key.senderDepartment,
          acceptDepartment: key.acceptDepartment,
        },
        wanted: kind === "special" ? "GovernmentDocument" : null,
      });
    if (notifier !== undefined) expect(request).toMatchObject({ notifier });
    if (letter === null) return;
    expect(request).toMatchObject({
      document: {
        id: letter.numberRaw,
        objects: letter.objects.map(({ size, sha256 }) => ({ sizeBytes: size, sha256, content: null })),
      },
    });
    if ("document" in request && request.document !== null)
      expect(faultsOfLetter(request.document)).toEqual([]);
  });

  const FAULTS: Record<string, EcmsFault> = {
    "h01-xxe": "doctype",
    "h02-billion": "doctype",
    "h03-two": "too-deep",
    "h04-wrong": "not-a-document",
    "h05-missing": "no-receiver",
    "h07-speed": "unknown-speed-code",
    "h08-base64": "not-base64",
    "h09-truncated": "not-well-formed",
    "h10-not-soap": "not-soap",
    "h11-unknown": "unknown-operation",
  };
  it.each(all.filter((each) => !readable.includes(each)))("$file is refused", async (expected) => {
    const request = await read(octetsOf(expected));
    const faults =
      "fault" in request
        ? [request.fault]
        : request.document === null
          ? []
          : faultsOfLetter(request.document);
    expect(faults).toEqual([Object.entries(FAULTS).find(([name]) => expected.file.includes(name))?.[1]]);
  });

  it("is read whatever its octets are", async () => {
    const samples = readable.map(octetsOf).filter(({ length }) => length < 4_000);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(samples.length - 1),
        fc.nat(4_000),
        fc.uint8Array({ maxLength: 6 }),
        async (which, at, octets) => {
          const whole = samples[which] ?? Buffer.alloc(0);
          const place = at % whole.length;
          const changed = [whole.subarray(0, place), octets, whole.subarray(place + octets.length)];
          await read(Buffer.concat(changed));
          await readSoapResponse(slices(Buffer.concat(changed)), null);
        },
      ),
      { seed: 2563, numRuns: 200 },
    );
  });
});
