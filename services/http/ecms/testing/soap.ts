import { createHash } from "node:crypto";
import type { EcmsDialect } from "../../../shared/letter/directory.ts";

export interface TestObject {
  readonly mimeCode: string;
  readonly octets: Buffer;
}

export interface TestLetter {
  readonly id?: string;
  readonly date?: string;
  readonly subject?: string;
  readonly secretCode?: string;
  readonly speedCode?: string;
  readonly sender?: string;
  readonly receiver?: string;
  readonly main?: TestObject;
  readonly attachments?: readonly TestObject[];
}

/** Text of a Thai clerk's letter; nobody's. */
export const MAIN: TestObject = { mimeCode: "text/plain", octets: Buffer.from("หนังสือทดสอบ เพื่อโปรดทราบ") };

/** An envelope as a client of either dialect writes it. */
export function envelope(body: string, dialect: EcmsDialect = "2.0"): string {
  const [uri, to] =
    dialect === "1.0"
      ? ["http://w3.org/2005/08/addressing", "to"]
      : ["http://www.w3.org/2005/08/addressing", "To"];
  return (
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Header>' +
    `<wsa:MessageID xmlns:wsa="${uri}">1</wsa:MessageID><wsa:${to} xmlns:wsa="${uri}"></wsa:${to}></SOAP-ENV:Header>` +
    `<SOAP-ENV:Body>${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>`
  );
}

export function letter(facts: TestLetter = {}, dialect: EcmsDialect = "2.0"): string {
  const { id = "นร ๑๒๐๐/๖๑", date = "2020-04-20", subject = "ขอเชิญประชุม", secretCode = "001" } = facts;
  const {
    speedCode = "001",
    sender = "0101200000",
    receiver = "0199900000",
    main = MAIN,
    attachments = [],
  } = facts;
  const party = (name: string, title: string, code: string): string =>
    `<ram:${name}><ram:GivenName></ram:GivenName><ram:FamilyName></ram:FamilyName><ram:JobTitle>${title}</ram:JobTitle>` +
    `<ram:MinistryOrganization><ram:ID>${code}</ram:ID></ram:MinistryOrganization>` +
    `<ram:DepartmentOrganization><ram:ID>${code}</ram:ID></ram:DepartmentOrganization></ram:${name}>`;
  const object = (name: string, { mimeCode, octets }: TestObject): string =>
    `<ram:${name} mimeCode="${mimeCode}">${octets.toString("base64")}</ram:${name}>`;
  return envelope(
    '<CorrespondenceLetterOutboundRequest><rsm:GovernmentDocument xmlns:ram="urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1" xmlns:rsm="urn:th:gov:egif:data:standard:GovernmentDocument:1.0">' +
      `<ram:CorrespondenceLetter ID="Letter"><ram:ID>${id}</ram:ID><ram:CorrespondenceDate>${date}</ram:CorrespondenceDate>` +
      `<ram:Subject>${subject}</ram:Subject><ram:SecretCode>${secretCode}</ram:SecretCode><ram:SpeedCode>${speedCode}</ram:SpeedCode>` +
      `${party("SenderParty", "เลขาธิการ", sender)}${party("ReceiverParty", "ผู้อำนวยการ", receiver)}` +
      "<ram:Attachment>-</ram:Attachment><ram:SendDate>2020-04-20T09:30:00</ram:SendDate><ram:Description></ram:Description>" +
      `${object("MainLetterBinaryObject", main)}${attachments.map((one) => object("AttachmentBinaryObject", one)).join("")}` +
      "</ram:CorrespondenceLetter></rsm:GovernmentDocument></CorrespondenceLetterOutboundRequest>",
    dialect,
  );
}

export function notifier(
  type: string,
  children: Readonly<Record<string, string>>,
  dialect: EcmsDialect = "2.0",
): string {
  const elements = Object.entries(children).map(([name, value]) => `<${name}>${value}</${name}>`);
  return envelope(
    `<CorrespondenceLetterOutboundRequest><${type}>${elements.join("")}</${type}></CorrespondenceLetterOutboundRequest>`,
    dialect,
  );
}

export function keyed(
  operation: string,
  { id = "นร ๑๒๐๐/๖๑", date = "2020-04-20", sender = "0101200000", receiver = "0199900000" }: TestLetter = {},
  wanted = "",
): string {
  const key =
    `<LetterID>${id}</LetterID><CorrespondenceDate>${date}</CorrespondenceDate>` +
    `<SenderDepartment><Code>${sender}</Code></SenderDepartment><AcceptDepartment><Code>${receiver}</Code></AcceptDepartment>`;
  return envelope(`<${operation}>${wanted === "" ? key : `<${wanted}>${key}</${wanted}>`}</${operation}>`);
}

/** The text of the first element with this name as it stands there, as an old client takes it; null for none. */
export function textOf(xml: string, name: string): string | null {
  const start = xml.indexOf(`<${name}>`);
  return start < 0 ? null : xml.slice(start + name.length + 2, xml.indexOf(`</${name}>`, start));
}

/** SHA-256 of each binary object of an answer, in its order. */
export function objectsIn(
  xml: string,
): { readonly role: string; readonly mimeCode: string; readonly sha256: string }[] {
  const objects = [];
  // By position: a pattern over fifty megabytes of base64 would be too deep for the engine.
  for (const { 0: tag, 1: role = "", 2: mimeCode = "", index } of xml.matchAll(OBJECT)) {
    const start = index + tag.length;
    const octets = Buffer.from(xml.slice(start, xml.indexOf("<", start)), "base64");
    if (octets.length > 0) objects.push({ role, mimeCode, sha256: sha256Of(octets) });
  }
  return objects;
}

const OBJECT = /<ram:(Main|Attachment)[A-Za-z]{0,10}BinaryObject mimeCode="([^"]{0,200})">/gu;

export function sha256Of(octets: Buffer): string {
  return createHash("sha256").update(octets).digest("hex");
}
