import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import {
  envelopeFaults,
  letterFaults,
  notifierFaults,
  processFaults,
  refusalFaults,
  type SoapAnswer,
} from "./ecms-answer.ts";

const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body>';
const FOOT = "</SOAP-ENV:Body></SOAP-ENV:Envelope>";
const answer = (content: string): SoapAnswer => ({ status: 200, text: `${HEAD}${content}${FOOT}` });

const MAIN = Buffer.from("text");
const PARTY =
  "<ram:GivenName></ram:GivenName><ram:FamilyName></ram:FamilyName><ram:JobTitle></ram:JobTitle><ram:MinistryOrganization><ram:ID>01</ram:ID></ram:MinistryOrganization><ram:DepartmentOrganization><ram:ID>0101200000</ram:ID></ram:DepartmentOrganization>";
const LETTER =
  "<CorrespondenceLetterOutboundResponse><ProcessID>1</ProcessID><ProcessTime>2026-11-21T09:00:00</ProcessTime>" +
  '<rsm:GovernmentDocument xmlns:ram="r" xmlns:rsm="s"><ram:CorrespondenceLetter ID="Letter"><ram:ID>ทก 1</ram:ID>' +
  "<ram:CorrespondenceDate>2026-11-20</ram:CorrespondenceDate><ram:Subject>ก</ram:Subject><ram:SecretCode>001</ram:SecretCode><ram:SpeedCode>001</ram:SpeedCode>" +
  `<ram:SenderParty>${PARTY}</ram:SenderParty><ram:ReceiverParty>${PARTY}</ram:ReceiverParty>` +
  "<ram:Attachment>-</ram:Attachment><ram:SendDate></ram:SendDate><ram:Description>-</ram:Description>" +
  `<ram:MainLetterBinaryObject mimeCode="text/plain">${MAIN.toString("base64")}</ram:MainLetterBinaryObject>` +
  '<ram:AttachmentBinaryObject mimeCode=""></ram:AttachmentBinaryObject></ram:CorrespondenceLetter></rsm:GovernmentDocument></CorrespondenceLetterOutboundResponse>';
const WANTED = {
  numberRaw: "ทก 1",
  date: "2026-11-20",
  senderDepartment: "0101200000",
  receiverDepartment: "0101200000",
  objects: [
    {
      role: "main",
      mimeType: "text/plain",
      size: MAIN.length,
      sha256: createHash("sha256").update(MAIN).digest("hex"),
    },
  ],
} as const;

const faultsOf = (text: string): string[] => [
  ...envelopeFaults({ status: 200, text }),
  ...processFaults({ status: 200, text }, "CorrespondenceLetterOutboundResponse"),
  ...letterFaults({ status: 200, text }, WANTED),
];

it("finds no fault in an answer as old clients read it", () => {
  expect(faultsOf(answer(LETTER).text)).toEqual([]);
});

it.each<[string, (text: string) => string]>([
  ["white space between elements", (text) => text.replace("><ram:ID>", ">\n<ram:ID>")],
  ["another prefix", (text) => text.replaceAll("rsm:", "ns1:")],
  ["another prefix of SOAP", (text) => text.replaceAll("SOAP-ENV", "soap")],
  ["an empty ProcessID", (text) => text.replace("<ProcessID>1<", "<ProcessID><")],
  ["something before the ProcessID", (text) => text.replace("<ProcessID>", "<A/><ProcessID>")],
  [
    "elements out of order",
    (text) =>
      text.replace(/(<ram:Subject>.*?<\/ram:Subject>)(<ram:SecretCode>.*?<\/ram:SecretCode>)/u, "$2$1"),
  ],
  ["an element that is not there", (text) => text.replace("<ram:SendDate></ram:SendDate>", "")],
  ["another number", (text) => text.replace("ทก 1", "ทก 2")],
  ["another object", (text) => text.replace(MAIN.toString("base64"), "AAAA")],
  [
    "a party out of order",
    (text) =>
      text.replace(
        "<ram:FamilyName></ram:FamilyName><ram:JobTitle></ram:JobTitle>",
        "<ram:JobTitle></ram:JobTitle><ram:FamilyName></ram:FamilyName>",
      ),
  ],
])("finds %s", (_what, change) => {
  expect(faultsOf(change(answer(LETTER).text))).not.toEqual([]);
});

it("reads errors and notifiers by position", () => {
  const error = "<ErrorDetail><ErrorCode>1</ErrorCode><ErrorDescription>ก</ErrorDescription></ErrorDetail>";
  expect(refusalFaults(answer(`<A>${error}</A>`))).toEqual([]);
  expect(refusalFaults(answer(error.replace("><", "> <")))).not.toEqual([]);
  const notifier = {
    type: "RejectLetterNotifier",
    letterId: "ทก 1",
    correspondenceDate: "2026-11-20",
    subject: "ก & ข",
  };
  const good =
    "<RejectLetterNotifier><LetterID>ทก 1</LetterID><CorrespondenceDate>2026-11-20</CorrespondenceDate><Subject>ก &amp; ข</Subject><AcceptDate>2026-11-21T09:00:00</AcceptDate><AcceptDepartment><Code>0199900000</Code></AcceptDepartment></RejectLetterNotifier>";
  expect(notifierFaults(answer(good), notifier)).toEqual([]);
  expect(notifierFaults(answer(`<Code>1</Code>${good}`), notifier)).not.toEqual([]);
  expect(notifierFaults(answer(good.replace("<Corr", "<AcceptID></AcceptID><Corr")), notifier)).not.toEqual(
    [],
  );
});
