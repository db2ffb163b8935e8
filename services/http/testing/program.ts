import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { openDesk } from "./desk.ts";

export const PDF = Buffer.from("%PDF-1.4 a letter of the test");
export const LETTER = {
  number: "นร 0505/1234",
  date: "2026-05-31",
  subject: "ขอเชิญประชุม",
  to: { name: "อธิบดีกรมตัวอย่าง" },
};
export const JSON_LETTER = {
  ...LETTER,
  files: [{ name: "หนังสือ.pdf", mediaType: "application/pdf", role: "main", content: PDF.toString("base64") }],
};

/** A desk with a program of a partner, that talks to it. */
export async function openProgram(context: TestContext) {
  const desk = await openDesk(context);
  const client = await desk.addClient();
  const call = async (
    method: string,
    path: string,
    body?: RequestInit["body"],
    headers: Record<string, string> = {},
    token = client.token,
  ) => {
    const response = await fetch(`${desk.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : null,
    };
  };
  const submit = (letter: unknown, headers: Record<string, string> = {}, token = client.token) =>
    call(
      "POST",
      "/letters",
      typeof letter === "string" ? letter : JSON.stringify(letter),
      { "content-type": "application/json", ...headers },
      token,
    );
  const arrivals = () =>
    desk.query(
      `select i.id, i.door, i.media_type, i.client_id, i.sender_domain, i.recipients, i.sha256, b.content
         from saraban.intake i join saraban.stored_body b using (agency_id, sha256) order by i.arrival_seq`,
    );
  /** Files that the store keeps or still writes. */
  const storedFiles = async () =>
    (await readdir(join(desk.dataDir, "letters"), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);
  return { desk, client, call, submit, arrivals, storedFiles };
}

/** A letter with its files in multipart/form-data. */
export function form(
  letter: object | string,
  files: readonly [string, string, Buffer][],
  type = "application/json",
) {
  const parts = new FormData();
  const text = typeof letter === "string" ? letter : JSON.stringify(letter);
  parts.append("letter", new Blob([text], { type }));
  for (const [role, name, octets] of files) {
    parts.append(role, new Blob([new Uint8Array(octets)], { type: "application/pdf" }), name);
  }
  return parts;
}

const RAM = "urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1";
const RSM = "urn:th:gov:egif:data:standard:GovernmentDocument:1.0";

/** A GovernmentDocument of the partner for agency-a. */
export function xmlLetter({
  secret = "001",
  subject = "ขอเชิญ &amp; ประชุม",
  main = PDF.toString("base64"),
  sender = "0101200000",
  before = "",
} = {}): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${before}
<rsm:GovernmentDocument xmlns:rsm="${RSM}" xmlns:ram="${RAM}"><ram:CorrespondenceLetter ID="Letter">
<ram:ID>นร 0505/77</ram:ID><ram:CorrespondenceDate>2026-05-31</ram:CorrespondenceDate><ram:Subject>${subject}</ram:Subject>
<ram:SecretCode>${secret}</ram:SecretCode><ram:SpeedCode>001</ram:SpeedCode>
<ram:SenderParty><ram:GivenName>ก</ram:GivenName><ram:FamilyName>ข</ram:FamilyName><ram:JobTitle>เลขาธิการ</ram:JobTitle><ram:MinistryOrganization><ram:ID>01</ram:ID></ram:MinistryOrganization><ram:DepartmentOrganization><ram:ID>${sender}</ram:ID></ram:DepartmentOrganization></ram:SenderParty>
<ram:ReceiverParty><ram:DepartmentOrganization><ram:ID>0199900000</ram:ID></ram:DepartmentOrganization></ram:ReceiverParty>
<ram:Attachment>-</ram:Attachment><ram:SendDate>2026-05-31T09:00:00</ram:SendDate><ram:Description/>
<ram:MainLetterBinaryObject mimeCode="application/pdf">${main}</ram:MainLetterBinaryObject>
</ram:CorrespondenceLetter></rsm:GovernmentDocument>`;
}
