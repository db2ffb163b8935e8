import { createHash } from "node:crypto";
import type { ExpectedObject } from "./ecms-expected.ts";

/** What came back for one request. */
export interface SoapAnswer {
  readonly status: number;
  readonly text: string;
}

/** The prefixes that old clients compare as text; all other elements have none. */
const PREFIXES: ReadonlySet<string> = new Set(["SOAP-ENV", "wsa", "rsm", "ram", "ds"]);
const LETTER_ORDER = [
  "ram:ID",
  "ram:CorrespondenceDate",
  "ram:Subject",
  "ram:SecretCode",
  "ram:SpeedCode",
  "ram:SenderParty",
  "ram:ReceiverParty",
  "ram:ReferenceCorrespondence",
  "ram:Attachment",
  "ram:SendDate",
  "ram:Description",
  "ram:MainLetterBinaryObject",
  "ram:AttachmentBinaryObject",
];
const PARTY_ORDER = [
  "ram:GivenName",
  "ram:FamilyName",
  "ram:JobTitle",
  "ram:MinistryOrganization",
  "ram:DepartmentOrganization",
];
const MAY_REPEAT: ReadonlySet<string> = new Set([
  "ram:ReferenceCorrespondence",
  "ram:AttachmentBinaryObject",
]);

export function isRefusal({ status, text }: SoapAnswer): boolean {
  return status !== 200 || text.includes("<ErrorDetail>");
}

/** The text of the first element of this name, taken as old clients take it; null for none. */
export function textOf(xml: string, name: string): string | null {
  const start = xml.search(new RegExp(`<${name}(?: [^>]*)?>`, "u"));
  if (start < 0) return null;
  const from = xml.indexOf(">", start) + 1;
  const end = xml.indexOf(`</${name}>`, from);
  return end < 0 ? null : xml.slice(from, end);
}

/** What no answer may be, whatever was asked. */
export function envelopeFaults({ text }: SoapAnswer): string[] {
  const faults: string[] = [];
  if (
    !/^(?:<\?xml version="1\.0" encoding="UTF-8"\?>)?<SOAP-ENV:Envelope xmlns:SOAP-ENV="http:\/\/schemas\.xmlsoap\.org\/soap\/envelope\/"[ >]/u.test(
      text,
    )
  )
    faults.push("the answer does not begin with SOAP-ENV:Envelope");
  if (!text.includes("<SOAP-ENV:Body>")) faults.push("the answer has no <SOAP-ENV:Body>");
  if (!text.endsWith("</SOAP-ENV:Body></SOAP-ENV:Envelope>"))
    faults.push("the answer does not end with its envelope");
  if (/>\s+</u.test(text)) faults.push("there is white space between elements");
  const prefixes = new Set([...text.matchAll(/<\/?([A-Za-z][\w.-]*):/gu)].map(([, prefix = ""]) => prefix));
  for (const prefix of prefixes)
    if (!PREFIXES.has(prefix)) faults.push(`prefix ${prefix} is none that clients know`);
  return faults;
}

/** Of a refusal: code first, description second, nothing between them. */
export function refusalFaults({ text }: SoapAnswer): string[] {
  return /<ErrorDetail><ErrorCode>[^<]+<\/ErrorCode><ErrorDescription>[^<]+<\/ErrorDescription><\/ErrorDetail>/u.test(
    text,
  )
    ? []
    : ["there is no ErrorDetail with ErrorCode first and ErrorDescription second"];
}

/** Of a success: the response's name, a ProcessID that is not empty, and the time behind it. */
export function processFaults({ text }: SoapAnswer, response: string, isEmptyAllowed = false): string[] {
  const id = isEmptyAllowed ? "[^<]*" : "[^<]+";
  const pattern = new RegExp(`<SOAP-ENV:Body><${response}><ProcessID>(${id})</ProcessID>`, "u");
  const found = pattern.exec(text);
  if (found === null) return [`there is no ${response} with a ProcessID as its first element`];
  if (found[1] === "") return [];
  return textOf(text, "ProcessTime") ? [] : ["there is no ProcessTime"];
}

/** The letter in an answer: its elements in the one order, its values and objects those of the letter that was sent. */
export function letterFaults(
  { text }: SoapAnswer,
  wanted: {
    readonly numberRaw: string;
    readonly date: string | null;
    readonly senderDepartment: string;
    readonly receiverDepartment: string;
    readonly objects: readonly ExpectedObject[];
  },
): string[] {
  const document = /<rsm:GovernmentDocument [^>]*>(.*)<\/rsm:GovernmentDocument>/su.exec(text)?.[1];
  if (document === undefined) return ["the answer has no rsm:GovernmentDocument"];
  const letter = /^<ram:CorrespondenceLetter ID="Letter">(.*)<\/ram:CorrespondenceLetter>/su.exec(
    document,
  )?.[1];
  if (letter === undefined)
    return ['the document does not begin with <ram:CorrespondenceLetter ID="Letter">'];
  const faults = orderFaults(letter, LETTER_ORDER, "the letter");
  for (const name of ["ram:SenderParty", "ram:ReceiverParty"])
    faults.push(...orderFaults(textOf(letter, name) ?? "", PARTY_ORDER, name));
  const tell = (what: string, got: string | null, should: string | null): void => {
    if (got !== should) faults.push(`${what} "${got}", not "${should}"`);
  };
  tell("ram:ID", unescaped(textOf(letter, "ram:ID")), wanted.numberRaw);
  tell("ram:CorrespondenceDate", textOf(letter, "ram:CorrespondenceDate"), wanted.date);
  tell("department of the sender", departmentIn(letter, "ram:SenderParty"), wanted.senderDepartment);
  tell("department of the receiver", departmentIn(letter, "ram:ReceiverParty"), wanted.receiverDepartment);
  const got = objectsIn(letter);
  const main = wanted.objects.filter(({ role }) => role === "main");
  const order = [...main, ...wanted.objects.filter(({ role }) => role === "attachment")];
  const shown = (objects: readonly ExpectedObject[]): string =>
    objects
      .map(({ role, mimeType, size, sha256 }) => `${role} ${mimeType} ${size} ${sha256.slice(0, 8)}`)
      .join(", ");
  if (shown(got) !== shown(order)) faults.push(`objects ${shown(got) || "none"}, not ${shown(order)}`);
  return faults;
}

/** A notifier as a node delivers it: fixed order, one Code in the whole answer, and an AcceptID only where it is one's own. */
export function notifierFaults(
  { text }: SoapAnswer,
  wanted: {
    readonly type: string;
    readonly letterId: string;
    readonly correspondenceDate: string;
    readonly subject: string;
    readonly acceptId?: string;
  },
): string[] {
  const { type, letterId, acceptId, correspondenceDate, subject } = wanted;
  const body = textOf(text, type);
  if (body === null) return [`the answer has no ${type}`];
  const faults: string[] = [];
  const should =
    `<LetterID>${escaped(letterId)}</LetterID>${acceptId === undefined ? "" : `<AcceptID>${escaped(acceptId)}</AcceptID>`}` +
    `<CorrespondenceDate>${correspondenceDate}</CorrespondenceDate><Subject>${escaped(subject)}</Subject><AcceptDate>`;
  if (!body.startsWith(should)) faults.push(`${type} does not begin with ${should}`);
  if (
    !/<AcceptDate>[^<]+<\/AcceptDate><AcceptDepartment><Code>[0-9]+<\/Code><\/AcceptDepartment>$/u.test(body)
  )
    faults.push(`${type} does not end with AcceptDate and AcceptDepartment/Code`);
  if ((text.match(/<Code>/gu) ?? []).length !== 1) faults.push("there is not exactly one Code in the answer");
  if (acceptId === undefined && text.includes("<AcceptID>"))
    faults.push("an AcceptID in what is no acceptance");
  return faults;
}

export function objectsIn(letter: string): ExpectedObject[] {
  const objects: ExpectedObject[] = [];
  // By position: a pattern over megabytes of base64 would be too deep for the engine.
  for (const { 0: tag, 1: name, 2: mimeType = "", index } of letter.matchAll(OBJECT)) {
    const start = index + tag.length;
    const octets = Buffer.from(letter.slice(start, letter.indexOf("<", start)), "base64");
    if (octets.length === 0) continue;
    const sha256 = createHash("sha256").update(octets).digest("hex");
    objects.push({ role: name === "Main" ? "main" : "attachment", mimeType, size: octets.length, sha256 });
  }
  return objects;
}

const OBJECT = /<ram:(Main|Attachment)(?:Letter)?BinaryObject mimeCode="([^"]{0,200})">/gu;

function departmentIn(letter: string, party: string): string | null {
  return textOf(textOf(textOf(letter, party) ?? "", "ram:DepartmentOrganization") ?? "", "ram:ID");
}

/** Direct children, each once, in this order; some may repeat. */
function orderFaults(xml: string, order: readonly string[], where: string): string[] {
  const names = childrenOf(xml);
  const should = order.flatMap((name) => {
    const times = names.filter((each) => each === name).length;
    return Array<string>(MAY_REPEAT.has(name) ? times : 1).fill(name);
  });
  return names.join() === should.join() ? [] : [`elements of ${where} are ${names.join(" ")}`];
}

function childrenOf(xml: string): string[] {
  const names: string[] = [];
  let depth = 0;
  for (const [tag, closing, name = ""] of xml.matchAll(/<(\/?)([\w:.-]+)[^>]*>/gu)) {
    if (closing) depth -= 1;
    else {
      if (depth === 0) names.push(name);
      if (!tag.endsWith("/>")) depth += 1;
    }
  }
  return names;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function unescaped(text: string | null): string | null {
  return (
    text
      ?.replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&quot;", '"')
      .replaceAll("&amp;", "&") ?? null
  );
}
