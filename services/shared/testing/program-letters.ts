import { createHash } from "node:crypto";
import { sampleLetter } from "./sample-letters.ts";
import { samplePdf } from "./sample-pdf.ts";

/** How a program hands a letter in. */
export type ProgramForm = "json" | "xml" | "soap" | "multipart";

/** A letter as a program hands it in: the octets of its request, and what a register should find in them. */
export interface ProgramLetter {
  readonly contentType: string;
  readonly octets: Buffer;
  readonly number: string;
  readonly date: string;
  readonly subject: string;
  /** In whose name it comes; one of config/partners.yaml. */
  readonly domain: string;
  /** The letter itself. */
  readonly pdf: Buffer;
}

export interface ProgramLetterOptions {
  readonly form: ProgramForm;
  /** Same seed, same letters. Letters of different seeds have different numbers. */
  readonly seed: number;
  /** Of the whole request, met within some bytes; none is smaller than some 2 KB. */
  readonly sizeBytes: number;
  /** Sender's domain; by default each letter takes its turn among six. */
  readonly domain?: string;
}

/** Of config/partners.yaml: ten digits, as the wire has them. */
const ORGANISATIONS: Readonly<Record<string, string>> = {
  "opdc.example.go.th": "0101200000",
  "mot.example.go.th": "0800200000",
  "moph.example.go.th": "2100200000",
  "moc.example.go.th": "1300200000",
  "cgd.example.go.th": "0300400000",
  "ocsc.example.go.th": "0101000000",
};
const RECEIVER = "0199900000";
const BOUNDARY = "saraban-sample-letter";
const CONTENT_TYPES: Readonly<Record<ProgramForm, string>> = {
  json: "application/json",
  xml: "application/xml",
  soap: "text/xml; encoding='utf-8'",
  multipart: `multipart/form-data; boundary=${BOUNDARY}`,
};

type Facts = Pick<ProgramLetter, "number" | "date" | "subject" | "domain">;

/** The letter with this index of a seed's series, for agency-a of config/agencies.yaml. */
export function programLetter(index: number, options: ProgramLetterOptions): ProgramLetter {
  const { form, seed, sizeBytes, domain } = options;
  const { number, date, subject, mailFrom } = sampleLetter(index, {
    seed,
    sizeBytes: 0,
    ...(domain === undefined ? {} : { domain }),
  });
  const facts = { number, date, subject, domain: mailFrom.split("@")[1] as string };
  const room = sizeBytes - requestOf(form, facts, Buffer.alloc(0)).length;
  const pdf = samplePdf(form === "multipart" ? room : Math.floor(room / 4) * 3, (length) =>
    createHash("shake256", { outputLength: Math.max(1, length) })
      .update(`${seed}.${index}`)
      .digest()
      .subarray(0, length),
  );
  return { ...facts, contentType: CONTENT_TYPES[form], octets: requestOf(form, facts, pdf), pdf };
}

function requestOf(form: ProgramForm, facts: Facts, pdf: Buffer): Buffer {
  if (form === "json") return Buffer.from(JSON.stringify({ ...statedOf(facts), files: [fileOf(pdf)] }));
  if (form === "multipart") return multipartOf(facts, pdf);
  const document = documentOf(facts, pdf);
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n${form === "xml" ? document : envelopeOf(document)}`,
  );
}

function statedOf({ number, date, subject, domain }: Facts): object {
  return { number, date, subject, from: { domain }, to: { domain: "agency-a.example.go.th" } };
}

function fileOf(pdf: Buffer): object {
  return { role: "main", name: "letter.pdf", mediaType: "application/pdf", content: pdf.toString("base64") };
}

function multipartOf(facts: Facts, pdf: Buffer): Buffer {
  const part = (name: string, type: string, file = ""): string =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\nContent-Type: ${type}\r\n\r\n`;
  return Buffer.concat([
    Buffer.from(`${part("letter", "application/json")}${JSON.stringify(statedOf(facts))}\r\n`),
    Buffer.from(part("main", "application/pdf", '; filename="letter.pdf"')),
    pdf,
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]);
}

/** In the order and with the prefixes of the standard's own sample. */
function documentOf({ number, date, subject, domain }: Facts, pdf: Buffer): string {
  const party = (name: string, organisation: string): string =>
    `<ram:${name}><ram:GivenName>สมชาย</ram:GivenName><ram:FamilyName>ทดสอบ</ram:FamilyName>` +
    "<ram:JobTitle>เจ้าหน้าที่ทดสอบ</ram:JobTitle>" +
    `<ram:MinistryOrganization><ram:ID>${organisation.slice(0, 2)}</ram:ID></ram:MinistryOrganization>` +
    `<ram:DepartmentOrganization><ram:ID>${organisation}</ram:ID></ram:DepartmentOrganization></ram:${name}>`;
  return (
    '<rsm:GovernmentDocument xmlns:ram="urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1" ' +
    'xmlns:rsm="urn:th:gov:egif:data:standard:GovernmentDocument:1.0"><ram:CorrespondenceLetter ID="Letter">' +
    `<ram:ID>${number}</ram:ID><ram:CorrespondenceDate>${date}</ram:CorrespondenceDate><ram:Subject>${subject}</ram:Subject>` +
    "<ram:SecretCode>001</ram:SecretCode><ram:SpeedCode>001</ram:SpeedCode>" +
    party("SenderParty", ORGANISATIONS[domain] ?? "") +
    party("ReceiverParty", RECEIVER) +
    `<ram:Attachment>-</ram:Attachment><ram:SendDate>${date}T09:00:00</ram:SendDate><ram:Description>-</ram:Description>` +
    `<ram:MainLetterBinaryObject mimeCode="application/pdf">${pdf.toString("base64")}</ram:MainLetterBinaryObject>` +
    "</ram:CorrespondenceLetter></rsm:GovernmentDocument>"
  );
}

function envelopeOf(document: string): string {
  const wsa = 'xmlns:wsa="http://www.w3.org/2005/08/addressing"';
  return (
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Header>' +
    `<wsa:MessageID ${wsa}>mid://20260105.090000000@noname</wsa:MessageID><wsa:To ${wsa}></wsa:To></SOAP-ENV:Header>` +
    '<SOAP-ENV:Body ID="Body"><CorrespondenceLetterOutboundRequest>' +
    `${document}</CorrespondenceLetterOutboundRequest></SOAP-ENV:Body></SOAP-ENV:Envelope>`
  );
}
