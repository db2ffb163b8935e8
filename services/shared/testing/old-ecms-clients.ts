import { elementsByName, innerText, type LiteralElement, literalXml } from "./literal-xml.ts";
import type { ProgramClient } from "./program-client.ts";

/*
 * Two clients of the exchange as they are in use, by what is known of how they write and read. Neither can be changed, so what
 * they take literally (prefixes, positions, the first element of a name) is taken literally here.
 */

export interface OldLetter {
  readonly number: string;
  /** yyyy-MM-dd, C.E. */
  readonly date: string;
  readonly subject: string;
  /** Ten digits each. */
  readonly sender: string;
  readonly receiver: string;
  readonly pdf: Buffer;
}

/** What a client makes of an answer. */
export interface OldAnswer {
  /** "": nothing was done, or nothing waits. */
  readonly processId: string;
  readonly error: { readonly code: string; readonly description: string } | null;
  readonly xml: LiteralElement;
}

export interface OldNotifier {
  readonly type: string;
  readonly letterId: string;
  readonly acceptId: string;
  readonly date: string;
  readonly subject: string;
  readonly acceptDate: string;
  /** As the client takes it: the first Code of the answer. */
  readonly department: string;
}

/** What waits in the queue. */
export type OldItem = { readonly processId: string } & (
  | { readonly notifier: OldNotifier; readonly letter?: never }
  | { readonly letter: OldReceived; readonly notifier?: never }
);

export interface OldReceived extends OldLetter {
  readonly mimeCode: string;
}

export interface OldClient {
  readonly year: 2012 | 2020;
  /** Number of an office as it stands on its wire. */
  department(tenDigits: string): string;
  send(letter: OldLetter): Promise<OldAnswer>;
  /** Null: nothing waits. */
  poll(): Promise<OldItem | null>;
  removeItem(processId: string): Promise<OldAnswer>;
  notify(type: string, letter: OldLetter, acceptId?: string): Promise<OldAnswer>;
  deleteDocument(letter: OldLetter): Promise<OldAnswer>;
  askAgain(what: string, letter: OldLetter): Promise<OldItem | null>;
}

const DIALECTS = {
  2012: { wsa: "http://w3.org/2005/08/addressing", to: "wsa:to", messageId: "", bodyId: "", digits: 5 },
  2020: {
    wsa: "http://www.w3.org/2005/08/addressing",
    to: "wsa:To",
    messageId: "ข้อความที่ 1042",
    bodyId: ' ID="Body"',
    digits: 10,
  },
} as const;
const DECLARATION = { 2012: '<?xml version="1.0" encoding="UTF-8" standalone="no"?>', 2020: "" } as const;
const NOTIFIERS = [
  "ReceiveLetterNotifier",
  "RejectLetterNotifier",
  "InvalidLetterNotifier",
  "InvalidAcceptIDNotifier",
];

/** @param program speaks HTTP for it */
export function oldClient(year: 2012 | 2020, program: Pick<ProgramClient, "soap">): OldClient {
  const { wsa, to, messageId, bodyId, digits } = DIALECTS[year];
  const department = (tenDigits: string): string => tenDigits.slice(0, digits);

  const post = async (body: string, withId = false): Promise<OldAnswer> => {
    const { status, text } = await program.soap(
      `${DECLARATION[year]}<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Header>` +
        `<wsa:MessageID xmlns:wsa="${wsa}">${messageId}</wsa:MessageID>` +
        `<${to} xmlns:wsa="${wsa}">http://ecms.example.go.th/ecms-ws01/service2</${to}></SOAP-ENV:Header>` +
        `<SOAP-ENV:Body${withId ? bodyId : ""}>${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>`,
      year === 2012 ? "text/xml" : "text/xml; encoding='utf-8'",
    );
    // Whatever is not 200 ends in an exception that nobody reads.
    if (status !== 200) throw new Error(`the client of ${year} gave up at ${status}: ${text.slice(0, 500)}`);
    const xml = literalXml(text);
    return { processId: innerText(elementsByName(xml, "ProcessID")[0]), error: errorIn(xml), xml };
  };
  const codes = ({ sender, receiver }: OldLetter): string =>
    `<SenderDepartment><Code>${department(sender)}</Code></SenderDepartment>` +
    `<AcceptDepartment><Code>${department(receiver)}</Code></AcceptDepartment>`;
  const key = (letter: OldLetter): string =>
    `<LetterID>${letter.number}</LetterID><CorrespondenceDate>${letter.date}</CorrespondenceDate>${codes(letter)}`;

  return {
    year,
    department,
    send: (letter) =>
      post(
        `<CorrespondenceLetterOutboundRequest>${documentOf(year, letter, department)}</CorrespondenceLetterOutboundRequest>`,
        true,
      ),
    poll: async () =>
      itemIn(year, await post(`<CorrespondenceLetterInboundRequest${year === 2020 ? " " : ""}/>`)),
    removeItem: (processId) =>
      post(
        `<CorrespondenceLetterDeleteRequest><ProcessID>${processId}</ProcessID></CorrespondenceLetterDeleteRequest>`,
      ),
    notify: (type, { number, date, subject }, acceptId) =>
      post(
        `<CorrespondenceLetterOutboundRequest><${type}><LetterID>${number}</LetterID>` +
          (acceptId === undefined ? "" : `<AcceptID>${acceptId}</AcceptID>`) +
          `<CorrespondenceDate>${date}</CorrespondenceDate><Subject>${subject}</Subject></${type}></CorrespondenceLetterOutboundRequest>`,
      ),
    deleteDocument: (letter) =>
      post(
        `<CorrespondenceDeleteGovernmentDocumentRequest>${key(letter)}</CorrespondenceDeleteGovernmentDocumentRequest>`,
      ),
    askAgain: async (what, letter) =>
      itemIn(
        year,
        await post(
          `<CorrespondenceLetterInboundSpecialRequest><${what}>${key(letter)}</${what}></CorrespondenceLetterInboundSpecialRequest>`,
          true,
        ),
      ),
  };
}

/** By position: the first two children of the first ErrorDetail, whatever they are called. Looked for before anything else. */
function errorIn(xml: LiteralElement): OldAnswer["error"] {
  const [detail] = elementsByName(xml, "ErrorDetail");
  if (detail === undefined) return null;
  return { code: innerText(detail.children[0]), description: innerText(detail.children[1]) };
}

function itemIn(year: 2012 | 2020, { processId, error, xml }: OldAnswer): OldItem | null {
  if (error !== null)
    throw new Error(`the client of ${year} was refused: ${error.code} ${error.description}`);
  if (processId === "") return null;
  const first = (name: string): string => innerText(elementsByName(xml, name)[0]);
  if (elementsByName(xml, "rsm:GovernmentDocument").length > 0) return { processId, letter: letterIn(xml) };
  // The client of 2020 takes whatever has an AcceptID for an acceptance.
  const type =
    elementsByName(xml, "AcceptID").length > 0 && elementsByName(xml, "InvalidAcceptIDNotifier").length === 0
      ? "AcceptLetterNotifier"
      : NOTIFIERS.find((name) => elementsByName(xml, name).length > 0);
  if (type === undefined) throw new Error(`the client of ${year} found nothing that it knows`);
  return {
    processId,
    notifier: {
      type,
      letterId: first("LetterID"),
      acceptId: first("AcceptID"),
      date: first("CorrespondenceDate"),
      subject: first("Subject"),
      acceptDate: first("AcceptDate"),
      department: first("Code"),
    },
  };
}

/** Of the five first ram:ID: number, the sender's ministry and department, the receiver's. */
function letterIn(xml: LiteralElement): OldReceived {
  const ids = elementsByName(xml, "ram:ID").map(innerText);
  const [main] = elementsByName(xml, "ram:MainLetterBinaryObject");
  return {
    number: ids[0] ?? "",
    date: innerText(elementsByName(xml, "ram:CorrespondenceDate")[0]),
    subject: innerText(elementsByName(xml, "ram:Subject")[0]),
    sender: ids[2] ?? "",
    receiver: ids[4] ?? "",
    pdf: Buffer.from(innerText(main), "base64"),
    mimeCode: main?.attributes["mimeCode"] ?? "",
  };
}

function documentOf(
  year: 2012 | 2020,
  { number, date, subject, sender, receiver, pdf }: OldLetter,
  department: (tenDigits: string) => string,
): string {
  const isOld = year === 2012;
  const party = (name: string, ministry: string, office: string): string =>
    `<ram:${name}><ram:GivenName>สมชาย</ram:GivenName><ram:FamilyName>ทดสอบ</ram:FamilyName><ram:JobTitle>ผู้อำนวยการ</ram:JobTitle>` +
    `<ram:MinistryOrganization><ram:ID>${ministry}</ram:ID></ram:MinistryOrganization>` +
    `<ram:DepartmentOrganization><ram:ID>${office}</ram:ID></ram:DepartmentOrganization></ram:${name}>`;
  return (
    '<rsm:GovernmentDocument xmlns:ram="urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1" ' +
    'xmlns:rsm="urn:th:gov:egif:data:standard:GovernmentDocument:1.0"><ram:CorrespondenceLetter ID="Letter">' +
    `<ram:ID>${number}</ram:ID><ram:CorrespondenceDate>${date}</ram:CorrespondenceDate><ram:Subject>${subject}</ram:Subject>` +
    "<ram:SecretCode>001</ram:SecretCode><ram:SpeedCode>001</ram:SpeedCode>" +
    party("SenderParty", sender.slice(0, 2), department(sender)) +
    // The client of 2012 writes the receiver's department where its ministry belongs.
    party("ReceiverParty", isOld ? department(receiver) : receiver.slice(0, 2), department(receiver)) +
    (isOld
      ? ""
      : "<ram:ReferenceCorrespondence><ram:ID></ram:ID><ram:CorrespondenceDate></ram:CorrespondenceDate><ram:Subject></ram:Subject></ram:ReferenceCorrespondence>") +
    `<ram:Attachment>${isOld ? "" : "-"}</ram:Attachment><ram:SendDate>${date}${isOld ? "" : "T09:30:00"}</ram:SendDate>` +
    "<ram:Description></ram:Description>" +
    `<ram:MainLetterBinaryObject mimeCode="application/pdf">${pdf.toString("base64")}</ram:MainLetterBinaryObject>` +
    (isOld ? "" : '<ram:AttachmentBinaryObject mimeCode=""></ram:AttachmentBinaryObject>') +
    "</ram:CorrespondenceLetter>" +
    (isOld
      ? "<ram:GovernmentSignature><ram:TypeCode>DSIG</ram:TypeCode><ram:SignerParty><ram:GivenName>สมชาย</ram:GivenName><ram:FamilyName>ทดสอบ</ram:FamilyName>" +
        `<ram:Title>ผู้อำนวยการ</ram:Title><ram:MinistryCode>${sender.slice(0, 2)}</ram:MinistryCode><ram:DepartmentCode>${department(sender)}</ram:DepartmentCode>` +
        "</ram:SignerParty></ram:GovernmentSignature>"
      : "") +
    "</rsm:GovernmentDocument>"
  );
}
