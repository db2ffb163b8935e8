import { randomBytes, randomInt } from "node:crypto";
import type { ProgramForm } from "./program-letters.ts";

/** Words that nobody else writes: Latin, Thai, and a number. */
export function newWords() {
  const letters = Array.from({ length: 12 }, () => String.fromCharCode(0x0e01 + randomInt(40))).join("");
  const mark = randomBytes(8).toString("hex").toUpperCase();
  const digits = Array.from({ length: 12 }, () => randomInt(10)).join("");
  return { mark, thai: letters, number: `นร 0505/${digits}`, all: [mark, letters, digits] };
}
export type Words = ReturnType<typeof newWords>;

const RAM = "urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1";
const RSM = "urn:th:gov:egif:data:standard:GovernmentDocument:1.0";
const BOUNDARY = "saraban-closed-letter";

/** A letter whose every place that a sender fills holds one of the words. */
export function letterOf(
  form: ProgramForm,
  words: Words,
  secret: "001" | "002" | "003" | "004" = "003",
  place = "",
) {
  const { mark, thai, number } = words;
  const level = { "001": "normal", "002": "confidential", "003": "secret", "004": "top-secret" }[secret];
  const facts = {
    number: `${number}${place}`,
    date: "2026-05-31",
    subject: `แผน ${mark} ${thai}`,
    secrecy: level,
    from: { name: `สำนัก ${mark}`, person: thai, position: mark },
    to: { name: thai },
    references: [{ number, subject: mark }],
    enclosures: [`บัญชี ${thai}`],
  };
  const main = Buffer.from(`เรียน ${thai}\n${mark}\n${place}`);
  const enclosure = Buffer.concat([Buffer.from(`%PDF-1.4 ${mark} `), Buffer.alloc(80_000, `${thai} `)]);
  if (form === "json") {
    const file = (role: string, name: string, mediaType: string, octets: Buffer) => ({
      role,
      name,
      mediaType,
      content: octets.toString("base64"),
    });
    const files = [
      file("main", `${mark}.txt`, "text/plain", main),
      file("enclosure", `${thai}.pdf`, "application/pdf", enclosure),
    ];
    return { contentType: "application/json", octets: Buffer.from(JSON.stringify({ ...facts, files })) };
  }
  if (form === "multipart") {
    const part = (head: string, octets: Buffer) => [
      Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
      octets,
      Buffer.from("\r\n"),
    ];
    const octets = Buffer.concat([
      ...part('name="letter"\r\nContent-Type: application/json', Buffer.from(JSON.stringify(facts))),
      ...part(`name="main"; filename="${mark}.txt"\r\nContent-Type: text/plain`, main),
      ...part(`name="enclosure"; filename="${thai}.pdf"\r\nContent-Type: application/pdf`, enclosure),
      Buffer.from(`--${BOUNDARY}--\r\n`),
    ]);
    return { contentType: `multipart/form-data; boundary=${BOUNDARY}`, octets };
  }
  const party = (name: string, department: string) =>
    `<ram:${name}><ram:GivenName>${thai}</ram:GivenName><ram:FamilyName>${mark}</ram:FamilyName><ram:JobTitle>${mark}</ram:JobTitle>` +
    `<ram:MinistryOrganization><ram:ID>${department.slice(0, 2)}</ram:ID></ram:MinistryOrganization><ram:DepartmentOrganization><ram:ID>${department}</ram:ID></ram:DepartmentOrganization></ram:${name}>`;
  const document =
    `<rsm:GovernmentDocument xmlns:rsm="${RSM}" xmlns:ram="${RAM}"><ram:CorrespondenceLetter ID="Letter"><ram:ID>${facts.number}</ram:ID>` +
    `<ram:CorrespondenceDate>${facts.date}</ram:CorrespondenceDate><ram:Subject>${facts.subject}</ram:Subject><ram:SecretCode>${secret}</ram:SecretCode><ram:SpeedCode>001</ram:SpeedCode>` +
    `${party("SenderParty", "0101200000")}${party("ReceiverParty", "0199900000")}<ram:Attachment>${thai}</ram:Attachment><ram:SendDate>2026-05-31T09:00:00</ram:SendDate>` +
    `<ram:Description>${mark}</ram:Description><ram:MainLetterBinaryObject mimeCode="text/plain">${main.toString("base64")}</ram:MainLetterBinaryObject>` +
    `<ram:AttachmentBinaryObject mimeCode="application/pdf">${enclosure.toString("base64")}</ram:AttachmentBinaryObject></ram:CorrespondenceLetter></rsm:GovernmentDocument>`;
  if (form === "xml") return { contentType: "application/xml", octets: Buffer.from(document) };
  return {
    contentType: "text/xml; encoding='utf-8'",
    octets: Buffer.from(
      soap(`<CorrespondenceLetterOutboundRequest>${document}</CorrespondenceLetterOutboundRequest>`),
    ),
  };
}

export function soap(body: string): string {
  return `<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Header/><SOAP-ENV:Body>${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>`;
}

/** Text of the first element with this name, as an old client takes it. */
export const textOf = (xml: string, name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
