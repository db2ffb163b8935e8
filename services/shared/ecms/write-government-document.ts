import type { Urgency } from "../letter/letter.ts";
import { speedCodeOf } from "./codes.ts";
import { element, wireTime } from "./wire-text.ts";
import { partyElement, referenceElement, type WireDocument, type WireObject } from "./write-document.ts";

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
    element("ram:ID", facts.number),
    element("ram:CorrespondenceDate", facts.date),
    element("ram:Subject", facts.subject),
    element("ram:SecretCode", NOT_SECRET),
    element("ram:SpeedCode", speedCodeOf(facts.urgency)),
    party("SenderParty", facts.sender),
    party("ReceiverParty", facts.receiver),
    ...facts.references.map(({ number, date, subject }) => referenceElement(number, date, subject)),
    element("ram:Attachment", facts.enclosures.length === 0 ? "-" : listed(facts.enclosures)),
    element("ram:SendDate", facts.sentAt === null ? null : wireTime(facts.sentAt)),
    element("ram:Description", facts.description),
    '<ram:MainLetterBinaryObject mimeCode="text/plain"></ram:MainLetterBinaryObject>',
  ];
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<rsm:GovernmentDocument ${NAMESPACES}>\n<ram:CorrespondenceLetter ID="Letter">\n` +
    `${letter.join("\n")}\n</ram:CorrespondenceLetter>\n</rsm:GovernmentDocument>\n`
  );
}

function party(name: string, given: DocumentParty): string {
  const { departmentId } = given;
  return partyElement(`ram:${name}`, given, departmentId, departmentId?.slice(0, 2) ?? null);
}

/** Numbered, so that a reader can tell one from the next although the element holds one line. */
function listed(items: readonly string[]): string {
  return items.length === 1 ? (items[0] ?? "") : items.map((item, at) => `${at + 1}. ${item}`).join(" ");
}

/** The same letter with its files, as it goes over the wire (write-document.ts). */
export function documentOfFacts(
  facts: GovernmentDocumentFacts,
  objects: readonly WireObject[],
): WireDocument {
  return {
    id: facts.number,
    correspondenceDate: facts.date,
    subject: facts.subject,
    secretCode: NOT_SECRET,
    speedCode: speedCodeOf(facts.urgency),
    sender: facts.sender,
    receiver: facts.receiver,
    references: facts.references.map(({ number, date, subject }) => ({ id: number, date, subject })),
    attachmentText: facts.enclosures.length === 0 ? null : listed(facts.enclosures),
    sendDate: facts.sentAt === null ? null : wireTime(facts.sentAt),
    description: facts.description,
    objects,
  };
}
