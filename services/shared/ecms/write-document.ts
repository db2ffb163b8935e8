import type { EcmsDialect } from "../letter/directory.ts";
import type { BinaryObject } from "./binary-object.ts";
import { fiveDigits, ministryOf, tenDigits } from "./codes.ts";
import type { GovernmentDocument, Party } from "./read-government-document.ts";
import { element, wireText } from "./wire-text.ts";

/** A letter as it goes over the wire: one that was read, or made from facts (documentOfFacts), with its files. */
export interface WireDocument
  extends Pick<
    GovernmentDocument,
    | "id"
    | "correspondenceDate"
    | "subject"
    | "secretCode"
    | "speedCode"
    | "references"
    | "attachmentText"
    | "sendDate"
    | "description"
  > {
  readonly sender: WireParty;
  readonly receiver: WireParty;
  /** In the order in which they are to stand there, the main letter first. */
  readonly objects: readonly WireObject[];
}

/** The ministry is derived from the department. */
export type WireParty = Pick<Party, "givenName" | "familyName" | "jobTitle" | "departmentId">;

export interface WireObject extends Pick<BinaryObject, "role" | "mimeCode"> {
  /** Opened when its turn comes. */
  readonly open: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>;
}

/** In the order of the clients, which compare the prefixes as text. */
const DOCUMENT_NAMESPACES =
  'xmlns:ram="urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1" ' +
  'xmlns:rsm="urn:th:gov:egif:data:standard:GovernmentDocument:1.0"';

const EMPTY_REFERENCE = { id: null, date: null, subject: null };
/** Base64 of a piece is whole where its octets are a multiple of three. */
const PIECE_BYTES = 48 * 1024;

/**
 * rsm:GovernmentDocument with its prefixes and order, no white space between elements, objects streamed as base64.
 * 2.0 writes empty elements where there is nothing, and ten digits; 1.0 leaves them out, and names the signer.
 */
export async function* writeDocument(document: WireDocument, dialect: EcmsDialect): AsyncGenerator<string> {
  const isOld = dialect === "1.0";
  yield `<rsm:GovernmentDocument ${DOCUMENT_NAMESPACES}>`;
  yield `<ram:CorrespondenceLetter ID="Letter">${letterElements(document, isOld)}`;
  const main = document.objects.filter(({ role }) => role === "main");
  const attachments = document.objects.filter(({ role }) => role === "attachment");
  // Who has no file sends an empty text.
  if (main.length === 0)
    yield '<ram:MainLetterBinaryObject mimeCode="text/plain"></ram:MainLetterBinaryObject>';
  for (const object of main) yield* binaryObject("ram:MainLetterBinaryObject", object);
  for (const object of attachments) yield* binaryObject("ram:AttachmentBinaryObject", object);
  if (attachments.length === 0 && !isOld) {
    yield '<ram:AttachmentBinaryObject mimeCode=""></ram:AttachmentBinaryObject>';
  }
  yield "</ram:CorrespondenceLetter>";
  if (isOld) yield signerOf(document.sender);
  yield "</rsm:GovernmentDocument>";
}

function letterElements(document: WireDocument, isOld: boolean): string {
  const references = document.references.length === 0 && !isOld ? [EMPTY_REFERENCE] : document.references;
  return [
    element("ram:ID", document.id),
    element("ram:CorrespondenceDate", document.correspondenceDate),
    element("ram:Subject", document.subject),
    element("ram:SecretCode", document.secretCode ?? "001"),
    element("ram:SpeedCode", document.speedCode ?? "001"),
    party("ram:SenderParty", document.sender, isOld),
    party("ram:ReceiverParty", document.receiver, isOld),
    ...references.map(({ id, date, subject }) => referenceElement(id, date, subject)),
    element("ram:Attachment", document.attachmentText ?? (isOld ? "" : "-")),
    element("ram:SendDate", document.sendDate),
    element("ram:Description", document.description ?? (isOld ? "" : "-")),
  ].join("");
}

function party(name: string, given: WireParty, isOld: boolean): string {
  const department = departmentOf(given.departmentId, isOld);
  return partyElement(name, given, department, department === null ? null : ministryOf(department));
}

/** อ้างถึง */
export function referenceElement(id: string | null, date: string | null, subject: string | null): string {
  return `<ram:ReferenceCorrespondence>${element("ram:ID", id)}${element("ram:CorrespondenceDate", date)}${element("ram:Subject", subject)}</ram:ReferenceCorrespondence>`;
}

/** A party with the numbers of its department and ministry as they are to stand there. */
export function partyElement(
  name: string,
  { givenName, familyName, jobTitle }: Omit<WireParty, "departmentId">,
  department: string | null,
  ministry: string | null,
): string {
  return (
    `<${name}>${element("ram:GivenName", givenName)}${element("ram:FamilyName", familyName)}${element("ram:JobTitle", jobTitle)}` +
    `<ram:MinistryOrganization>${element("ram:ID", ministry)}</ram:MinistryOrganization>` +
    `<ram:DepartmentOrganization>${element("ram:ID", department)}</ram:DepartmentOrganization></${name}>`
  );
}

/** As the dialect writes an office; what is no number of the list stays as it is. */
export function departmentOf(id: string | null, isOld: boolean): string | null {
  const ten = tenDigits(id);
  if (ten === null) return id;
  return isOld ? fiveDigits(ten) : ten;
}

/** Nothing is signed here: the element says who signs for the office, as clients of 2012 expect it. */
function signerOf({ givenName, familyName, jobTitle, departmentId }: WireParty): string {
  const department = departmentOf(departmentId, true);
  const ministry = department === null ? null : ministryOf(department);
  return (
    "<ram:GovernmentSignature><ram:TypeCode>DSIG</ram:TypeCode><ram:SignerParty>" +
    element("ram:GivenName", givenName) +
    element("ram:FamilyName", familyName) +
    element("ram:Title", jobTitle) +
    element("ram:MinistryCode", ministry) +
    element("ram:DepartmentCode", department) +
    "</ram:SignerParty></ram:GovernmentSignature>"
  );
}

async function* binaryObject(name: string, { mimeCode, open }: WireObject): AsyncGenerator<string> {
  yield `<${name} mimeCode="${wireText(mimeCode)}">`;
  let held = Buffer.alloc(0);
  for await (const chunk of await open()) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      const octets = Buffer.concat([held, chunk.subarray(at, at + PIECE_BYTES)]);
      const whole = octets.length - (octets.length % 3);
      held = octets.subarray(whole);
      if (whole > 0) yield octets.toString("base64", 0, whole);
    }
  }
  yield `${held.toString("base64")}</${name}>`;
}
