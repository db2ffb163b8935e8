import { describe, expect, it } from "vitest";
import { faultsOfLetter, isoDateOf } from "./faults.ts";
import { readSoapRequest } from "./soap-request.ts";

/** One letter in the ways in which senders write it, and in those by which someone would have it mistaken for another. */
const OCTETS = Buffer.from("%PDF-1.4 หนังสือทดสอบ >>>???".repeat(20));
const BASE64 = OCTETS.toString("base64");
const SOAP = "http://schemas.xmlsoap.org/soap/envelope/";
const RAM = "urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1";
const RSM = "urn:th:gov:egif:data:standard:GovernmentDocument:1.0";
const party = (name: string, id: string) =>
  `<ram:${name}><ram:JobTitle>ผู้อำนวยการ</ram:JobTitle><ram:DepartmentOrganization><ram:ID>${id}</ram:ID></ram:DepartmentOrganization></ram:${name}>`;
const DOCUMENT =
  `<rsm:GovernmentDocument xmlns:ram="${RAM}" xmlns:rsm="${RSM}"><ram:CorrespondenceLetter ID="Letter"><ram:ID>นร ๑๒๐๐/๖๑</ram:ID>` +
  "<ram:CorrespondenceDate>2020-04-20</ram:CorrespondenceDate><ram:Subject>ขอเชิญประชุม</ram:Subject><ram:SecretCode>001</ram:SecretCode>" +
  `<ram:SpeedCode>001</ram:SpeedCode>${party("SenderParty", "0101200000")}${party("ReceiverParty", "0199900000")}` +
  `<ram:MainLetterBinaryObject mimeCode="application/pdf">${BASE64}</ram:MainLetterBinaryObject></ram:CorrespondenceLetter></rsm:GovernmentDocument>`;
const REQUEST = "CorrespondenceLetterOutboundRequest";
const envelope = (body: string, header = "") =>
  `<SOAP-ENV:Envelope xmlns:SOAP-ENV="${SOAP}"><SOAP-ENV:Header>${header}</SOAP-ENV:Header><SOAP-ENV:Body>${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>`;
const letter = (document = DOCUMENT) => envelope(`<${REQUEST}>${document}</${REQUEST}>`);
const notifier = (type: string) => `<${type}><LetterID>ก 1/2</LetterID></${type}>`;

const said = (declaration: string) => `<?xml version="1.0" encoding="${declaration}"?>${letter()}`;
const asThai = (text: string) =>
  Buffer.from(
    [...text].map((each) =>
      (each.codePointAt(0) ?? 0) < 128 ? each.charCodeAt(0) : each.charCodeAt(0) - 0xd60,
    ),
  );
const asUtf16 = (text: string) => Buffer.from(text, "utf16le");
const bare = (text: string) =>
  text.replaceAll(/(<\/?)[\w-]+:/g, "$1").replaceAll(/ xmlns:[\w-]+="[^"]*"/g, "");
const inBase64 = (base64: string) => letter(DOCUMENT.replace(BASE64, base64));
const secret = (elements: string) =>
  letter(DOCUMENT.replace("<ram:SecretCode>001</ram:SecretCode>", elements));

async function* slices(octets: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < octets.length; at += 500) yield octets.subarray(at, at + 500);
}

function read(xml: string | Buffer) {
  return readSoapRequest(slices(Buffer.from(xml as string)), null);
}

const SAME: readonly (readonly [string, string | Buffer])[] = [
  ["UTF-8 that says it is UTF-16", said("utf-16")],
  ["UTF-8 that says it is TIS-620", said("TIS-620")],
  ["UTF-8 with its mark that says it is windows-874", `\ufeff${said("windows-874")}`],
  ["UTF-16 without a mark", asUtf16(said("utf-16"))],
  ["UTF-16, big end first, without a mark", asUtf16(said("UTF-16BE")).swap16()],
  ["UTF-16 with a mark", asUtf16(`\ufeff${said("utf-16")}`)],
  ...["TIS-620", "tis620-2533", "x-windows-874", "MS874", "ISO-8859-11", "windows-1252", "utf-8"].map(
    (name): [string, Buffer] => [`Thai octets that say ${name}`, asThai(said(name))],
  ),
  ["a line end before the declaration", `\r\n${said("UTF-8")}`],
  ["no prefix and no namespace", bare(letter())],
  ["all of it in the namespace of SOAP", bare(letter()).replace("<Envelope", `<Envelope xmlns="${SOAP}"`)],
  ["comments and instructions around base64", inBase64(`<!-- > -->${BASE64}<?x y?>`)],
  [
    "base64 as several CDATA",
    inBase64(`\n<![CDATA[${BASE64.slice(0, 41)}]]><![CDATA[${BASE64.slice(41)}]]>`),
  ],
  [
    "base64 with references",
    inBase64(BASE64.replaceAll("+", "&#43;").replaceAll("/", "&#x2F;").replaceAll("=", "&#061;")),
  ],
  ["base64 in lines", inBase64(BASE64.replaceAll(/.{76}/g, "$&&#xD;\n\t"))],
  ["mimeCode written otherwise", letter(DOCUMENT.replace("mimeCode=", "ram:MimeCode="))],
];

/** Mistaken for another letter, or lost without a word. */
const FAULTS: readonly (readonly [string, string, string])[] = [
  [
    "several-documents",
    "two operations",
    envelope(`<TimeCheckRequest/><${REQUEST}>${DOCUMENT}</${REQUEST}>`),
  ],
  [
    "several-documents",
    "two bodies",
    letter().replace("</SOAP-ENV:Body>", "$&<SOAP-ENV:Body><TimeCheckRequest/></SOAP-ENV:Body>"),
  ],
  ["several-documents", "a notifier before it", letter(notifier("ReceiveLetterNotifier") + DOCUMENT)],
  [
    "several-documents",
    "two notifiers",
    letter(notifier("ReceiveLetterNotifier") + notifier("RejectLetterNotifier")),
  ],
  [
    "several-documents",
    "another one in its header",
    envelope(`<${REQUEST}>${DOCUMENT}</${REQUEST}>`, DOCUMENT),
  ],
  ["not-a-document", "entities of another namespace", letter(DOCUMENT.replace(RAM, "urn:example:other"))],
];

describe("a letter on the wire", () => {
  it.each(SAME)("is the same with %s", async (_, xml) => {
    expect(await read(xml)).toMatchObject({
      document: {
        id: "นร ๑๒๐๐/๖๑",
        subject: "ขอเชิญประชุม",
        objects: [{ mimeCode: "application/pdf", sizeBytes: OCTETS.length, intact: true }],
      },
    });
  });

  it.each(FAULTS)("is refused as %s with %s", async (fault, _, xml) => {
    expect(await read(xml)).toEqual({ fault });
  });

  it.each([
    ["004", "<ram:SecretCode>001</ram:SecretCode><ram:SecretCode>004</ram:SecretCode>"],
    ["4", "<ram:SecretCode>4</ram:SecretCode><ram:SecretCode>001</ram:SecretCode>"],
    ["003", '<x:secretCode xmlns:x="urn:other">003</x:secretCode>'],
    ["002", "<ram:SecretCode>001<ram:Code>002</ram:Code></ram:SecretCode>"],
    ["ลับ", "<ram:SecretCode>001</ram:SecretCode><ram:SecretCode>ลับ</ram:SecretCode>"],
  ])("is of class %s, however that is said", async (secretCode, elements) => {
    const request = await read(secret(elements));
    expect(request).toMatchObject({ document: { secretCode } });
    if (secretCode === "ลับ" && "document" in request && request.document !== null)
      expect(faultsOfLetter(request.document)).toEqual(["unknown-secret-code"]);
  });

  it.each([
    ["2020-04-19T17:00:00Z", "2020-04-20"],
    ["2020-04-20T00:00:00.000+07:00", "2020-04-20"],
    ["2020-04-20T23:30:00", "2020-04-20"],
    ["2563-04-20T00:00:00+07:00", "2020-04-20"],
    ["2020-02-31T00:00:00Z", null],
  ])("dated %s is of %s", (written, date) => {
    expect(isoDateOf(written)).toBe(date);
  });
});

describe("what would keep the reader busy, or fill its memory, is refused", () => {
  const start = `<e:Envelope xmlns:e="${SOAP}"><e:Body>`;
  // Each of the children took over all namespaces: half a megabyte kept a processor for minutes.
  const namespaces = Array.from({ length: 15_000 }, (_, at) => `xmlns:n${at.toString(36)}=""`).join(" ");
  const many = `${"x".repeat(1_000)}>`.repeat(400);
  it.each([
    ["too-many-elements", "namespaces", `<a ${namespaces}>${'<b xmlns:z=""/>'.repeat(15_000)}`],
    [
      "too-many-elements",
      "attributes",
      `<a ${Array.from({ length: 300 }, (_, at) => `n${at}=""`).join(" ")}>`,
    ],
    ["too-large", "an attribute", `<a x="${many}`],
    ["too-large", "a text", `<a>${many}`],
    ["too-large", "a comment", `<!--${many}`],
    ["too-large", "a CDATA section", `<a><![CDATA[${many}`],
    [
      "too-large",
      "a comment in base64",
      `<o><GovernmentDocument><CorrespondenceLetter><MainLetterBinaryObject><!--${many}`,
    ],
  ])("as %s: %s", async (fault, _, xml) => {
    expect(await read(start + xml)).toEqual({ fault });
  });
});
