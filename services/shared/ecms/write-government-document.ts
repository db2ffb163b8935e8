import { BANGKOK_OFFSET_MS } from "../letter/bangkok-day.ts";
import type { Urgency } from "../letter/letter.ts";

/** What a GovernmentDocument says of a letter, in the words of the wire; null leaves an element empty. */
export interface GovernmentDocumentFacts {
  /** ที่, as printed. */
  readonly number: string | null;
  /** ลงวันที่, ISO, C.E. */
  readonly date: string | null;
  readonly subject: string | null;
  readonly urgency: Urgency;
  readonly sender: DocumentParty;
  readonly receiver: DocumentParty;
  /** อ้างถึง */
  readonly references: readonly {
    readonly number: string | null;
    readonly date: string | null;
    readonly subject: string | null;
  }[];
  /** สิ่งที่ส่งมาด้วย, one for each. */
  readonly enclosures: readonly string[];
  readonly sentAt: Date | null;
  readonly description: string | null;
}

export interface DocumentParty {
  readonly givenName: string | null;
  readonly familyName: string | null;
  /** An office, where no person is named. */
  readonly jobTitle: string | null;
  /** Its first two digits are the ministry's. */
  readonly departmentId: string | null;
}

export const NO_PARTY: DocumentParty = Object.freeze({
  givenName: null,
  familyName: null,
  jobTitle: null,
  departmentId: null,
});

const SPEED_CODES: Readonly<Record<Urgency, string>> = {
  normal: "001",
  urgent: "002",
  "very-urgent": "003",
  "most-urgent": "004",
};
/** No other class goes by this system. */
const NOT_SECRET = "001";

const NAMESPACES =
  'xmlns:rsm="urn:th:gov:egif:data:standard:GovernmentDocument:1.0" ' +
  'xmlns:ram="urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1"';

/**
 * The letter's facts as a TH e-GIF GovernmentDocument, elements in the one order that the e-CMS clients write, with the
 * prefixes that older ones compare as text. The files go beside it, not in it: a main object without octets is what
 * senders write who have none. White space in texts is single spaces; what XML cannot hold is left out.
 */
export function writeGovernmentDocument(facts: GovernmentDocumentFacts): string {
  const letter = [
    ram("ID", facts.number),
    ram("CorrespondenceDate", facts.date),
    ram("Subject", facts.subject),
    ram("SecretCode", NOT_SECRET),
    ram("SpeedCode", SPEED_CODES[facts.urgency]),
    party("SenderParty", facts.sender),
    party("ReceiverParty", facts.receiver),
    ...facts.references.map(
      ({ number, date, subject }) =>
        `<ram:ReferenceCorrespondence>${ram("ID", number)}${ram("CorrespondenceDate", date)}${ram("Subject", subject)}</ram:ReferenceCorrespondence>`,
    ),
    ram("Attachment", facts.enclosures.length === 0 ? "-" : listed(facts.enclosures)),
    ram("SendDate", facts.sentAt === null ? null : bangkokTime(facts.sentAt)),
    ram("Description", facts.description),
    '<ram:MainLetterBinaryObject mimeCode="text/plain"></ram:MainLetterBinaryObject>',
  ];
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<rsm:GovernmentDocument ${NAMESPACES}>\n<ram:CorrespondenceLetter ID="Letter">\n` +
    `${letter.join("\n")}\n</ram:CorrespondenceLetter>\n</rsm:GovernmentDocument>\n`
  );
}

function party(name: string, { givenName, familyName, jobTitle, departmentId }: DocumentParty): string {
  const ministryId = departmentId === null ? null : departmentId.slice(0, 2);
  return (
    `<ram:${name}>${ram("GivenName", givenName)}${ram("FamilyName", familyName)}${ram("JobTitle", jobTitle)}` +
    `<ram:MinistryOrganization>${ram("ID", ministryId)}</ram:MinistryOrganization>` +
    `<ram:DepartmentOrganization>${ram("ID", departmentId)}</ram:DepartmentOrganization></ram:${name}>`
  );
}

function ram(name: string, value: string | null): string {
  return `<ram:${name}>${textOf(value ?? "")}</ram:${name}>`;
}

/** Numbered, so that a reader can tell one from the next although the element holds one line. */
function listed(items: readonly string[]): string {
  return items.length === 1 ? (items[0] ?? "") : items.map((item, at) => `${at + 1}. ${item}`).join(" ");
}

/** Characters that XML 1.0 allows in no form. */
const NOT_IN_XML = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;
const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function textOf(text: string): string {
  return text
    .toWellFormed()
    .replace(NOT_IN_XML, "")
    .replace(/\s+/gu, " ")
    .trim()
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? "");
}

/** yyyy-MM-ddTHH:mm:ss, local time without a zone. */
function bangkokTime(at: Date): string {
  return new Date(at.getTime() + BANGKOK_OFFSET_MS).toISOString().slice(0, 19);
}
