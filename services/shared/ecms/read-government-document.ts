import type { ContentKeeper, PartContent } from "../mime/part-content.ts";
import { type BinaryObject, type OpenObject, openObject } from "./binary-object.ts";
import { readXml, type XmlElement, type XmlFault } from "./xml-gate.ts";

/**
 * The GovernmentDocument of the e-CMS exchange, as it comes attached to a mail or inside a SOAP request: of either dialect,
 * with any prefix or none. Values are as on the wire, white space trimmed, entities that were escaped twice read; where an
 * element is repeated the first that says something counts, and one that says nothing ("", "-") is null.
 */
export interface GovernmentDocument {
  readonly id: string | null;
  /** yyyy-MM-dd, C.E. */
  readonly correspondenceDate: string | null;
  readonly subject: string | null;
  /** 001 to 004. */
  readonly secretCode: string | null;
  readonly speedCode: string | null;
  readonly sender: Party;
  readonly receiver: Party;
  readonly references: readonly { id: string | null; date: string | null; subject: string | null }[];
  /** สิ่งที่ส่งมาด้วย in words. */
  readonly attachmentText: string | null;
  readonly sendDate: string | null;
  readonly description: string | null;
  /** In the order of the wire, empty ones left out. */
  readonly objects: readonly BinaryObject[];
}

export interface Party {
  /** False where the element is missing: such a document can be routed nowhere. */
  readonly stated: boolean;
  readonly givenName: string | null;
  readonly familyName: string | null;
  readonly jobTitle: string | null;
  readonly ministryId: string | null;
  /** 10 digits, or 5 in the older dialect. */
  readonly departmentId: string | null;
}

export type DocumentFault = XmlFault | "not-a-document" | "several-documents" | "too-many-objects";

const DOCUMENT_NAMESPACE = "urn:th:gov:egif:data:standard:GovernmentDocument:";
const ENTITY_NAMESPACE = "urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:";
const MAX_OBJECTS = 100;
const MAX_REFERENCES = 100;
const MAX_VALUE_CHARACTERS = 8_000;

/** Whether a file may be one: it is XML, and says the name of the document in its first 4,100 octets. */
export function looksLikeGovernmentDocument({ head }: PartContent): boolean {
  const start = head.toString("latin1").replaceAll("\0", "");
  return /^(?:ï»¿|ÿþ|þÿ)?\s{0,100}</u.test(start) && start.includes("GovernmentDocument");
}

/**
 * @param keeper takes the binary objects; without it they are passed over, and `objects` is empty.
 * @returns a fault for what is not such a document; never throws for what is in it.
 */
export async function readGovernmentDocument(
  content: PartContent,
  keeper: ContentKeeper | null,
): Promise<GovernmentDocument | { readonly fault: DocumentFault }> {
  const path: string[] = [];
  const letter: Partial<Record<string, string>> = {};
  const references: Partial<Record<string, string>>[] = [];
  const objects: OpenObject[] = [];
  let letters = 0;
  let text = "";
  let object: OpenObject | null = null;
  let fault: DocumentFault | null = null;

  const within = (): string | null => {
    const at = path.lastIndexOf("CorrespondenceLetter");
    return at > 0 && path[at - 1] === "GovernmentDocument" ? path.slice(at + 1).join("/") : null;
  };
  const xmlFault = await readXml(
    content,
    {
      open(element) {
        path.push(isOfDocument(element) ? element.name : `?${path.length}`);
        text = "";
        // Base64 has no elements in it.
        object?.write("*");
        const place = within();
        if (place === "") letters++;
        if (place === "ReferenceCorrespondence" && references.length < MAX_REFERENCES) references.push({});
        if (place !== "MainLetterBinaryObject" && place !== "AttachmentBinaryObject") return false;
        if (objects.length >= MAX_OBJECTS) fault = "too-many-objects";
        else if (keeper !== null && letters === 1) {
          object = openObject(
            place === "MainLetterBinaryObject" ? "main" : "attachment",
            element.attributes.get("mimeCode") ?? "",
            keeper,
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
        object?.end();
        object = null;
        if (place === null || value === null || letters > 1) return;
        const [head, ...rest] = place.split("/");
        if (head === "ReferenceCorrespondence") {
          const reference = references.at(-1);
          if (reference !== undefined) reference[rest.join("/")] ??= value;
        } else letter[place] ??= value;
      },
    },
    async () => object?.settled(),
  );
  // Its stream would otherwise be waited for for ever.
  (object as OpenObject | null)?.end();
  const kept = await Promise.all(objects.map((each) => each.kept()));
  const refused =
    xmlFault ?? fault ?? (letters === 0 ? "not-a-document" : letters > 1 ? "several-documents" : null);
  if (refused !== null) return { fault: refused };
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
    objects: kept.filter(({ sizeBytes, intact }) => sizeBytes > 0 || !intact),
  };
}

function isOfDocument({ name, namespace, prefix }: XmlElement): boolean {
  // Old senders write the usual prefixes without declaring them, or no prefix at all.
  if (namespace === null) return prefix === "rsm" || prefix === "ram";
  if (namespace === "") return true;
  return namespace.startsWith(name === "GovernmentDocument" ? DOCUMENT_NAMESPACE : ENTITY_NAMESPACE);
}

/** One old client escapes twice: A&amp;amp;B is meant as A&B. */
function stated(text: string): string | null {
  const value = text
    .replace(/&(lt|gt|quot|apos|amp);/gu, (_, name: string) => UNESCAPED[name] ?? "")
    .replace(/\s+/gu, " ")
    .trim()
    .slice(0, MAX_VALUE_CHARACTERS)
    .toWellFormed();
  return /^[-–—.]?$/u.test(value) ? null : value;
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
