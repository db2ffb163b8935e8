import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { errorDetailOf } from "./faults.ts";
import type { Notifier } from "./message.ts";
import { readSoapRequest } from "./soap-request.ts";
import { readSoapResponse } from "./soap-response.ts";
import { type WireDocument, writeDocument } from "./write-document.ts";
import {
  codeList,
  documentDeleted,
  documentDeleteRequest,
  inboxEmpty,
  inboxLetter,
  inboxNotifier,
  letterRequest,
  messageIdAt,
  ministryList,
  notifierRequest,
  notifierTaken,
  organizationList,
  outboundStatus,
  refusal,
  soapFault,
  timeAnswer,
} from "./write-soap.ts";

async function text(pieces: AsyncIterable<string>): Promise<string> {
  let whole = "";
  for await (const piece of pieces) whole += piece;
  return whole;
}
const source = (xml: string) => Readable.from([Buffer.from(xml)]);

const FILE = Buffer.from(Array.from({ length: 100_001 }, (_, index) => index % 251));
const LETTER: WireDocument = {
  id: "นร ๑/๒",
  correspondenceDate: "2020-04-20",
  subject: 'A & "B" <ก>\u0000\n ข',
  secretCode: "001",
  speedCode: "004",
  sender: { givenName: "ก", familyName: "ข", jobTitle: "ค", departmentId: "1100800000" },
  receiver: { givenName: null, familyName: null, jobTitle: "ง", departmentId: "01999" },
  references: [],
  attachmentText: null,
  sendDate: "2020-04-20T09:30:00",
  description: null,
  // In pieces that no three octets fit into.
  objects: [
    {
      role: "main",
      mimeCode: "application/pdf",
      open: () => Readable.from([FILE.subarray(0, 1), FILE.subarray(1, 50_000), FILE.subarray(50_000)]),
    },
  ],
};
const NAMESPACES =
  'xmlns:ram="urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1" xmlns:rsm="urn:th:gov:egif:data:standard:GovernmentDocument:1.0"';
const PROCESS = { processId: "p-1", at: new Date("2020-04-20T02:30:00Z") };
const NOTIFIER: Notifier = {
  type: "AcceptLetterNotifier",
  letterId: "นร ๑/๒",
  acceptId: "12/2563",
  correspondenceDate: "2020-04-20",
  subject: "ก",
  acceptDate: "2020-04-21T10:00:00",
  acceptDepartment: "0199900000",
};
const ANSWER =
  '<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body>';
const END = "</SOAP-ENV:Body></SOAP-ENV:Envelope>";

describe("what is written", () => {
  it.each(["1.0", "2.0"] as const)(
    "as a letter of dialect %s is as its clients write it",
    async (dialect) => {
      const isOld = dialect === "1.0";
      const party = (name: string, [given, family, title]: string[], ministry: string, five: string) =>
        `<ram:${name}><ram:GivenName>${given}</ram:GivenName><ram:FamilyName>${family}</ram:FamilyName><ram:JobTitle>${title}</ram:JobTitle>` +
        `<ram:MinistryOrganization><ram:ID>${ministry}</ram:ID></ram:MinistryOrganization><ram:DepartmentOrganization><ram:ID>${five}${isOld ? "" : "00000"}</ram:ID></ram:DepartmentOrganization></ram:${name}>`;
      const head = isOld
        ? '<wsa:MessageID xmlns:wsa="http://w3.org/2005/08/addressing">m</wsa:MessageID><wsa:to xmlns:wsa="http://w3.org/2005/08/addressing">http://n/</wsa:to></SOAP-ENV:Header><SOAP-ENV:Body>'
        : '<wsa:MessageID xmlns:wsa="http://www.w3.org/2005/08/addressing">m</wsa:MessageID><wsa:To xmlns:wsa="http://www.w3.org/2005/08/addressing">http://n/</wsa:To></SOAP-ENV:Header><SOAP-ENV:Body ID="Body">';
      const nothing = isOld ? "" : "-";
      const signer =
        "<ram:GovernmentSignature><ram:TypeCode>DSIG</ram:TypeCode><ram:SignerParty><ram:GivenName>ก</ram:GivenName><ram:FamilyName>ข</ram:FamilyName><ram:Title>ค</ram:Title><ram:MinistryCode>11</ram:MinistryCode><ram:DepartmentCode>11008</ram:DepartmentCode></ram:SignerParty></ram:GovernmentSignature>";
      const written = await text(letterRequest({ messageId: "m", to: "http://n/", dialect }, LETTER));
      expect(written).toBe(
        `<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Header>${head}` +
          `<CorrespondenceLetterOutboundRequest><rsm:GovernmentDocument ${NAMESPACES}><ram:CorrespondenceLetter ID="Letter"><ram:ID>นร ๑/๒</ram:ID>` +
          "<ram:CorrespondenceDate>2020-04-20</ram:CorrespondenceDate><ram:Subject>A &amp; &quot;B&quot; &lt;ก&gt; ข</ram:Subject>" +
          "<ram:SecretCode>001</ram:SecretCode><ram:SpeedCode>004</ram:SpeedCode>" +
          party("SenderParty", ["ก", "ข", "ค"], "11", "11008") +
          party("ReceiverParty", ["", "", "ง"], "01", "01999") +
          (isOld
            ? ""
            : "<ram:ReferenceCorrespondence><ram:ID></ram:ID><ram:CorrespondenceDate></ram:CorrespondenceDate><ram:Subject></ram:Subject></ram:ReferenceCorrespondence>") +
          `<ram:Attachment>${nothing}</ram:Attachment><ram:SendDate>2020-04-20T09:30:00</ram:SendDate><ram:Description>${nothing}</ram:Description>` +
          `<ram:MainLetterBinaryObject mimeCode="application/pdf">${FILE.toString("base64")}</ram:MainLetterBinaryObject>` +
          (isOld ? "" : '<ram:AttachmentBinaryObject mimeCode=""></ram:AttachmentBinaryObject>') +
          `</ram:CorrespondenceLetter>${isOld ? signer : ""}</rsm:GovernmentDocument></CorrespondenceLetterOutboundRequest>${END}`,
      );
      const read = await readSoapRequest(source(written), null);
      expect(read).toMatchObject({ dialect, messageId: "m", to: "http://n/" });
      expect(read).toMatchObject({
        document: { id: LETTER.id, references: [], objects: [{ role: "main", sizeBytes: FILE.length }] },
      });
    },
  );

  it("has a main object even where there is no file", async () => {
    const written = await text(writeDocument({ ...LETTER, objects: [] }, "1.0"));
    expect(written).toContain(
      '<ram:MainLetterBinaryObject mimeCode="text/plain"></ram:MainLetterBinaryObject>',
    );
  });

  it("as an answer has its process before what it is about, and one Code in a notifier", async () => {
    const process = "<ProcessID>p-1</ProcessID><ProcessTime>2020-04-20T09:30:00</ProcessTime>";
    const told =
      "<AcceptLetterNotifier><LetterID>นร ๑/๒</LetterID><AcceptID>12/2563</AcceptID><CorrespondenceDate>2020-04-20</CorrespondenceDate><Subject>ก</Subject>" +
      "<AcceptDate>2020-04-21T10:00:00</AcceptDate><AcceptDepartment><Code>0199900000</Code></AcceptDepartment></AcceptLetterNotifier>";
    expect(notifierTaken(PROCESS, NOTIFIER)).toBe(
      `${ANSWER}<CorrespondenceLetterOutboundResponse>${process}${told}</CorrespondenceLetterOutboundResponse>${END}`,
    );
    const name = "CorrespondenceLetterInboundResponse";
    expect(
      inboxNotifier(PROCESS, { ...NOTIFIER, type: "RejectLetterNotifier", acceptId: null }),
    ).not.toContain("AcceptID");
    expect(inboxEmpty()).toBe(`${ANSWER}<${name}><ProcessID></ProcessID></${name}>${END}`);
    const letter = await text(inboxLetter(PROCESS, LETTER, "2.0"));
    expect(letter).toContain(`${ANSWER}<${name}>${process}<rsm:GovernmentDocument ${NAMESPACES}>`);
    expect(await readSoapResponse(source(letter), null)).toMatchObject({
      operation: name,
      processId: "p-1",
      document: { objects: [{ sizeBytes: FILE.length }] },
    });
    expect(await readSoapResponse(source(documentDeleted(PROCESS, "x")), null)).toMatchObject({
      processId: "p-1",
    });
    const waiting = [{ processId: "1", letterId: "ก 1", processStatus: "w" }];
    expect(await readSoapResponse(source(outboundStatus(waiting)), null)).toMatchObject({
      outbound: waiting,
    });
    expect(await readSoapResponse(source(timeAnswer(PROCESS.at)), null)).toMatchObject({
      time: "2020-04-20T09:30:00",
    });
  });

  it("as a refusal has code and description and nothing between them", async () => {
    const error = errorDetailOf("duplicate");
    const detail = `<ErrorDetail><ErrorCode>${error.code}</ErrorCode><ErrorDescription>${error.description}</ErrorDescription></ErrorDetail>`;
    expect(refusal("CorrespondenceLetterOutboundRequest", [error])).toBe(
      `${ANSWER}<CorrespondenceLetterOutboundResponse>${detail}</CorrespondenceLetterOutboundResponse>${END}`,
    );
    expect(refusal("GetSpeedCodes", [error])).toContain(`<SpeedCodesResponse>${detail}`);
    const fault = soapFault("Server", error);
    expect(fault).toContain(`<SOAP-ENV:Fault><faultcode>SOAP-ENV:Server</faultcode>`);
    expect(fault).toContain(`<detail>${detail}</detail>`);
    expect(await readSoapResponse(source(fault), null)).toMatchObject({
      errors: [error, { code: "SOAP-ENV:Server" }],
    });
  });

  it("as a list is as each generation of readers expects it", () => {
    expect(codeList("SpeedCodes", [{ value: "001", description: "ปกติ" }])).toBe(
      `${ANSWER}<SpeedCodes><Code><Value>001</Value><Description>ปกติ</Description></Code></SpeedCodes>${END}`,
    );
    expect(ministryList([{ id: "01", nameThai: "ก" }])).toContain(
      "<MinistryOrganizationList><MinistryOrganization><Th-Name>ก</Th-Name><MinistryID>01</MinistryID></MinistryOrganization></MinistryOrganizationList>",
    );
    const office = { nameEnglish: "E", nameThai: "ท", url: "http://n/", organisationId: "1100800000" };
    expect(organizationList([office], "2.0")).toContain(
      "<OrganizationList><OrganizationInfo><En-Name>E</En-Name><Th-Name>ท</Th-Name><ECMS-URL>http://n/</ECMS-URL><OrganizationID>1100800000</OrganizationID></OrganizationInfo></OrganizationList>",
    );
    expect(organizationList([office], "1.0")).toContain(
      "<OrganizationList><name>E</name><name>ท</name><ECMS-URL>http://n/</ECMS-URL><OrganizationID>11008</OrganizationID></OrganizationList>",
    );
  });

  it("as a request is read again", async () => {
    const addressed = {
      messageId: messageIdAt(new Date("2020-04-20T02:30:00.123Z")),
      to: "http://n/",
      dialect: "1.0",
    } as const;
    expect(addressed.messageId).toBe("mid://20200420.093000123@noname");
    const key = {
      letterId: "นร ๑/๒",
      correspondenceDate: "2020-04-20",
      senderDepartment: "0199900000",
      acceptDepartment: "1100800001",
    };
    const short = { ...key, senderDepartment: "01999" };
    const read = (xml: string) => readSoapRequest(source(xml), null);
    expect(await read(documentDeleteRequest(addressed, key))).toMatchObject({ key: short, dialect: "1.0" });
    expect(await read(notifierRequest(addressed, NOTIFIER))).toMatchObject({
      notifier: { ...NOTIFIER, acceptDate: null, acceptDepartment: null },
    });
  });
});
