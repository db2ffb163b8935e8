import { type BinaryObject, type ObjectSink, type OpenObject, openObject } from "./binary-object.ts";
import { nothingSigned, watchSignature } from "./document-signature.ts";
import type { DocumentFault, GovernmentDocument, Party } from "./read-government-document.ts";
import type { XmlElement, XmlEvents, XmlFault } from "./xml-gate.ts";

export interface DocumentCollector extends XmlEvents {
  /** To be awaited after each slice of the XML, so that what the objects were given is written away. */
  settled(): Promise<void>;
  /** @param xmlFault what the gate said of the XML as a whole */
  finish(xmlFault: XmlFault | null): Promise<GovernmentDocument | { readonly fault: DocumentFault }>;
}

const DOCUMENT_NAMESPACE = "urn:th:gov:egif:data:standard:GovernmentDocument:";
const ENTITY_NAMESPACE = "urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:";
export const SOAP_NAMESPACE =
  /^http:\/\/(?:schemas\.xmlsoap\.org\/soap\/envelope\/?|www\.w3\.org\/2003\/05\/soap-envelope)$/u;
const MAX_OBJECTS = 100;
const MAX_REFERENCES = 100;
export const MAX_VALUE_CHARACTERS = 8_000;
const OF_PARTY = [
  "GivenName",
  "FamilyName",
  "JobTitle",
  "MinistryOrganization/ID",
  "DepartmentOrganization/ID",
];
/** The places whose texts are kept: a stranger may write twenty thousand others. */
const PLACES: ReadonlySet<string> = new Set([
  ...["ID", "CorrespondenceDate", "Subject", "SpeedCode", "Attachment", "SendDate", "Description"],
  ...["SenderParty", "ReceiverParty"].flatMap((party) => OF_PARTY.map((place) => `${party}/${place}`)),
]);
const OF_REFERENCE: ReadonlySet<string> = new Set(["ID", "CorrespondenceDate", "Subject"]);

/**
 * Takes a GovernmentDocument out of the events of an XML document, wherever in it it stands.
 * @param sink takes the binary objects; "digest": they are only measured and checked; null: they are passed over
 */
export function collectDocument(sink: ObjectSink | "digest" | null): DocumentCollector {
  const path: string[] = [];
  const letter: Partial<Record<string, string>> = {};
  const references: Partial<Record<string, string>>[] = [];
  const objects: OpenObject[] = [];
  const signature = watchSignature();
  let letters = 0;
  let text = "";
  let object: OpenObject | null = null;
  let fault: DocumentFault | null = null;

  const within = (): string | null => {
    const at = path.lastIndexOf("CorrespondenceLetter");
    return at > 0 && path[at - 1] === "GovernmentDocument" ? path.slice(at + 1).join("/") : null;
  };
  return {
    open(element) {
      // Of a class no way of writing it is passed over.
      const isClass = /^secretcode$/iu.test(element.name);
      path.push(isClass ? "SecretCode" : isOfDocument(element) ? element.name : `?${path.length}`);
      text = "";
      // Base64 has no elements in it.
      object?.write("*");
      signature.open(element);
      const place = within();
      if (place === "") letters++;
      if (place === "ReferenceCorrespondence" && references.length < MAX_REFERENCES) references.push({});
      if (place !== "MainLetterBinaryObject" && place !== "AttachmentBinaryObject") return false;
      if (objects.length >= MAX_OBJECTS) fault = "too-many-objects";
      else if (sink !== null && letters === 1) {
        object = openObject(
          place === "MainLetterBinaryObject" ? "main" : "attachment",
          mimeCodeIn(element),
          sink === "digest" ? null : sink,
        );
        objects.push(object);
      }
      return true;
    },
    text(piece) {
      if (text.length < MAX_VALUE_CHARACTERS) text += piece.slice(0, MAX_VALUE_CHARACTERS);
    },
    raw(piece) {
      object?.write(piece);
    },
    close() {
      const place = within();
      const value = stated(text);
      text = "";
      path.pop();
      signature.close();
      object?.end();
      object = null;
      if (place === null || value === null || letters > 1) return;
      const [head, ...rest] = place.split("/");
      if (head === "ReferenceCorrespondence") {
        const reference = references.at(-1);
        const name = rest.join("/");
        if (reference !== undefined && OF_REFERENCE.has(name)) reference[name] ??= value;
      } else if (place.includes("SecretCode")) letter["SecretCode"] = graverCode(letter["SecretCode"], value);
      else if (PLACES.has(place)) letter[place] ??= value;
    },
    async settled() {
      await object?.settled();
    },
    async finish(xmlFault) {
      // Its stream would otherwise be waited for for ever.
      object?.end();
      const kept = await Promise.all(
        objects.map(async (each, index) => ({ place: index + 1, ...(await each.kept()) })),
      );
      const refused =
        xmlFault ?? fault ?? (letters === 0 ? "not-a-document" : letters > 1 ? "several-documents" : null);
      if (refused !== null) return { fault: refused };
      return { ...documentOf(letter, references, kept), signature: signature.found() ?? nothingSigned };
    },
  };
}

function documentOf(
  letter: Partial<Record<string, string>>,
  references: readonly Partial<Record<string, string>>[],
  objects: readonly BinaryObject[],
): Omit<GovernmentDocument, "signature"> {
  const value = (place: string): string | null => letter[place] ?? null;
  return {
    id: value("ID"),
    correspondenceDate: value("CorrespondenceDate"),
    subject: value("Subject"),
    secretCode: value("SecretCode"),
    speedCode: value("SpeedCode"),
    sender: partyIn(letter, "SenderParty"),
    receiver: partyIn(letter, "ReceiverParty"),
    references: references
      .map((each) => ({
        id: each["ID"] ?? null,
        date: each["CorrespondenceDate"] ?? null,
        subject: each["Subject"] ?? null,
      }))
      .filter(({ id, date, subject }) => id !== null || date !== null || subject !== null),
    attachmentText: value("Attachment"),
    sendDate: value("SendDate"),
    description: value("Description"),
    objects: objects.filter(({ sizeBytes, intact }) => sizeBytes > 0 || !intact),
  };
}

function isOfDocument({ name, namespace, prefix }: XmlElement): boolean {
  // Old senders write the usual prefixes without declaring them, or no prefix at all, be it in an envelope without one.
  if (namespace === null) return prefix === "rsm" || prefix === "ram";
  if (namespace === "" || (prefix === "" && SOAP_NAMESPACE.test(namespace))) return true;
  return namespace.startsWith(name === "GovernmentDocument" ? DOCUMENT_NAMESPACE : ENTITY_NAMESPACE);
}

/** As old senders write it: in any case, with a prefix or without. */
function mimeCodeIn({ attributes }: XmlElement): string {
  const exact = attributes.get("mimeCode");
  if (exact !== undefined) return exact;
  return [...attributes].find(([name]) => /^(?:[^:]{1,40}:)?mimecode$/iu.test(name))?.[1] ?? "";
}

/** Who says two things of a letter's class means the graver; what is no code of three digits is the gravest. */
function graverCode(one: string | undefined, other: string): string {
  return one === undefined || one.padStart(3, "0") < other.padStart(3, "0") ? other : one;
}

/** What an element says: one line, entities that were escaped twice read; null where it says nothing ("", "-"). */
export function stated(text: string): string | null {
  const value = wordsOf(text);
  return /^[-–—.]?$/u.test(value) ? null : value;
}

/** One old client escapes twice: A&amp;amp;B is meant as A&B. */
export function wordsOf(text: string): string {
  return text
    .replace(/&(lt|gt|quot|apos|amp);/gu, (_, name: string) => UNESCAPED[name] ?? "")
    .replace(/\s+/gu, " ")
    .trim()
    .slice(0, MAX_VALUE_CHARACTERS)
    .toWellFormed();
}

const UNESCAPED: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function partyIn(letter: Partial<Record<string, string>>, party: string): Party {
  const value = (place: string): string | null => letter[`${party}/${place}`] ?? null;
  const found = {
    givenName: value("GivenName"),
    familyName: value("FamilyName"),
    jobTitle: value("JobTitle"),
    ministryId: value("MinistryOrganization/ID"),
    departmentId: value("DepartmentOrganization/ID"),
  };
  return { stated: Object.values(found).some((each) => each !== null), ...found };
}
