import type { EcmsDialect } from "../letter/directory.ts";
import type { Code } from "./codes.ts";
import type { DocumentKey, EcmsErrorDetail, EcmsRequest, Notifier } from "./message.ts";
import { element, wireTime } from "./wire-text.ts";
import { departmentOf, type WireDocument, writeDocument } from "./write-document.ts";

/*
 * Every message of the exchange, byte for byte as old clients read them: they compare prefixes as text, and some take
 * children by position. So the prefixes are literal, the order is fixed, and there is no white space between elements.
 */

const SOAP_NAMESPACE = "http://schemas.xmlsoap.org/soap/envelope/";
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';
const ADDRESSING: Readonly<Record<EcmsDialect, string>> = {
  "1.0": "http://w3.org/2005/08/addressing",
  "2.0": "http://www.w3.org/2005/08/addressing",
};
/** Of every body written here. */
export const SOAP_MEDIA_TYPE = "text/xml; charset=utf-8";

/** Under which what was asked stands, and since when. */
export interface Process {
  readonly processId: string;
  readonly at: Date;
}

// ---------------------------------------------------------------------------------------------- answers of a node

const ANSWER_HEAD = `${DECLARATION}<SOAP-ENV:Envelope xmlns:SOAP-ENV="${SOAP_NAMESPACE}" xmlns:env="${SOAP_NAMESPACE}"><SOAP-ENV:Body>`;
const FOOT = "</SOAP-ENV:Body></SOAP-ENV:Envelope>";

function answer(name: string, content: string): string {
  return `${ANSWER_HEAD}<${name}>${content}</${name}>${FOOT}`;
}

function processElements({ processId, at }: Process): string {
  return element("ProcessID", processId) + element("ProcessTime", wireTime(at));
}

async function* answerWithDocument(
  name: string,
  process: Process,
  document: WireDocument,
  dialect: EcmsDialect,
): AsyncGenerator<string> {
  yield `${ANSWER_HEAD}<${name}>${processElements(process)}`;
  yield* writeDocument(document, dialect);
  yield `</${name}>${FOOT}`;
}

/** A letter was taken in: its echo. Old clients look at ProcessID alone, so the objects may be left out. */
export function letterTaken(
  process: Process,
  document: WireDocument,
  dialect: EcmsDialect,
): AsyncIterable<string> {
  return answerWithDocument("CorrespondenceLetterOutboundResponse", process, document, dialect);
}

/** A classified letter was taken in: of it nothing leaves here again, not even to who has just sent it. */
export function closedLetterTaken(process: Process): string {
  return answer("CorrespondenceLetterOutboundResponse", processElements(process));
}

/** A notifier was taken in: the same, with the date and office that this node adds. */
export function notifierTaken(process: Process, notifier: Notifier): string {
  return answer("CorrespondenceLetterOutboundResponse", processElements(process) + notifierElement(notifier));
}

/** The oldest waiting item is a letter. */
export function inboxLetter(
  process: Process,
  document: WireDocument,
  dialect: EcmsDialect,
): AsyncIterable<string> {
  return answerWithDocument("CorrespondenceLetterInboundResponse", process, document, dialect);
}

/** The oldest waiting item is a notifier. `acceptDepartment` as the client's dialect writes it. */
export function inboxNotifier(process: Process, notifier: Notifier): string {
  return answer("CorrespondenceLetterInboundResponse", processElements(process) + notifierElement(notifier));
}

/** Nothing waits: clients look for an empty ProcessID. */
export function inboxEmpty(): string {
  return answer("CorrespondenceLetterInboundResponse", element("ProcessID", ""));
}

/** A lost letter or notifier, asked for again by its key. */
export function lostLetter(
  process: Process,
  document: WireDocument,
  dialect: EcmsDialect,
): AsyncIterable<string> {
  return answerWithDocument("CorrespondenceLetterInboundSpecialResponse", process, document, dialect);
}

export function lostNotifier(process: Process, notifier: Notifier): string {
  return answer(
    "CorrespondenceLetterInboundSpecialResponse",
    processElements(process) + notifierElement(notifier),
  );
}

/** An item was deleted from the queue. */
export function itemDeleted(process: Process): string {
  return answer("CorrespondenceLetterDeleteResponse", processElements(process));
}

/** A document was deleted, so that it may be sent again. */
export function documentDeleted(process: Process, letterId: string): string {
  return answer(
    "CorrespondenceDeleteGovernmentDocumentResponse",
    element("ProcessID", process.processId) +
      element("LetterID", letterId) +
      element("ProcessTime", wireTime(process.at)),
  );
}

export function ministryList(
  ministries: readonly { readonly id: string; readonly nameThai: string }[],
): string {
  const rows = ministries.map(
    ({ id, nameThai }) =>
      `<MinistryOrganization>${element("Th-Name", nameThai)}${element("MinistryID", id)}</MinistryOrganization>`,
  );
  return answer("MinistryOrganizationList", rows.join(""));
}

export interface ListedOrganization {
  readonly nameEnglish: string;
  readonly nameThai: string;
  /** "" for an office without a node of its own. */
  readonly url: string;
  /** Ten digits. */
  readonly organisationId: string;
}

/** The specification has OrganizationInfo in one list; the live reader of about 2012 takes one list for each office. */
export function organizationList(organizations: readonly ListedOrganization[], dialect: EcmsDialect): string {
  const isOld = dialect === "1.0";
  const [row, english, thai] = isOld
    ? ["OrganizationList", "name", "name"]
    : ["OrganizationInfo", "En-Name", "Th-Name"];
  const rows = organizations.map(
    ({ nameEnglish, nameThai, url, organisationId }) =>
      `<${row}>${element(english, nameEnglish)}${element(thai, nameThai)}${element("ECMS-URL", url)}` +
      `${element("OrganizationID", departmentOf(organisationId, isOld))}</${row}>`,
  );
  return answer(isOld ? "GetOrganizationListResponse" : "OrganizationList", rows.join(""));
}

/** SecretCodes and SpeedCodes. */
export function codeList(name: "SecretCodes" | "SpeedCodes", codes: readonly Code[]): string {
  const rows = codes.map(
    ({ value, description }) =>
      `<Code>${element("Value", value)}${element("Description", description)}</Code>`,
  );
  return answer(name, rows.join(""));
}

export function mimeCodeList(
  codes: readonly { readonly extension: string; readonly mimeCode: string }[],
): string {
  const rows = codes.map(
    ({ extension, mimeCode }) =>
      `<Code>${element("File-Extension", extension)}${element("Content-type", mimeCode)}</Code>`,
  );
  return answer("MimeCodes", rows.join(""));
}

/** What still waits to be sent; no Outbound: nothing does. */
export function outboundStatus(
  waiting: readonly {
    readonly processId: string;
    readonly letterId: string;
    readonly processStatus: string;
  }[],
): string {
  const rows = waiting.map(
    ({ processId, letterId, processStatus }) =>
      `<Outbound>${element("ProcessID", processId)}${element("LetterID", letterId)}${element("ProcessStatus", processStatus)}</Outbound>`,
  );
  return answer("OutboundStatusResponse", rows.join(""));
}

/** Neither the wrapper nor the format could be found in any specification: these are ours. */
export function timeAnswer(at: Date): string {
  return answer("TimeCheckResponse", element("ECMSTime", wireTime(at)));
}

/** A refusal, with HTTP 200: code first, description second, nothing between them. */
export function refusal(operation: EcmsRequest, errors: readonly EcmsErrorDetail[]): string {
  return answer(answerTo(operation), errors.map(errorDetail).join(""));
}

/** What could not be understood, or not be stored. Client: the request's fault (HTTP 400); Server: ours (503). */
export function soapFault(who: "Client" | "Server", error: EcmsErrorDetail): string {
  return answer(
    "SOAP-ENV:Fault",
    `${element("faultcode", `SOAP-ENV:${who}`)}${element("faultstring", error.description)}<detail>${errorDetail(error)}</detail>`,
  );
}

function errorDetail({ code, description }: EcmsErrorDetail): string {
  return `<ErrorDetail>${element("ErrorCode", code)}${element("ErrorDescription", description)}</ErrorDetail>`;
}

function answerTo(operation: EcmsRequest): string {
  if (operation.endsWith("Request")) return operation.replace(/Request$/u, "Response");
  return `${operation.replace(/^Get/u, "")}Response`;
}

/** LetterID, [AcceptID], CorrespondenceDate, Subject, [AcceptDate], [AcceptDepartment/Code]: no empty AcceptID, one Code. */
function notifierElement(notifier: Notifier): string {
  const { type, letterId, acceptId, correspondenceDate, subject, acceptDate, acceptDepartment } = notifier;
  return (
    `<${type}>${element("LetterID", letterId)}` +
    (acceptId === null ? "" : element("AcceptID", acceptId)) +
    element("CorrespondenceDate", correspondenceDate) +
    element("Subject", subject) +
    (acceptDate === null ? "" : element("AcceptDate", acceptDate)) +
    (acceptDepartment === null
      ? ""
      : `<AcceptDepartment>${element("Code", acceptDepartment)}</AcceptDepartment>`) +
    `</${type}>`
  );
}

// ---------------------------------------------------------------------------------------------- requests of a client

/** To whom a request goes, and as what. */
export interface Addressed {
  readonly messageId: string;
  /** Node of the other office for letters and notifiers; the client's own node for everything else. */
  readonly to: string;
  readonly dialect: EcmsDialect;
}

/** mid://yyyyMMdd.HHmmssSSS@noname, as the specification has it. */
export function messageIdAt(at: Date): string {
  const digits = wireTime(at).replace(/[-:]/g, "").replace("T", ".");
  return `mid://${digits}${String(at.getMilliseconds()).padStart(3, "0")}@noname`;
}

function requestHead({ messageId, to, dialect }: Addressed, withId: boolean): string {
  const wsa = `xmlns:wsa="${ADDRESSING[dialect]}"`;
  const To = dialect === "1.0" ? "wsa:to" : "wsa:To";
  const [id, address] = [element("wsa:MessageID", messageId), element(To, to)];
  const declared = (text: string, name: string): string => text.replace(`<${name}>`, `<${name} ${wsa}>`);
  return (
    `${DECLARATION}<SOAP-ENV:Envelope xmlns:SOAP-ENV="${SOAP_NAMESPACE}"><SOAP-ENV:Header>` +
    `${declared(id, "wsa:MessageID")}${declared(address, To)}</SOAP-ENV:Header>` +
    `<SOAP-ENV:Body${withId && dialect === "2.0" ? ' ID="Body"' : ""}>`
  );
}

/** Sends a letter. */
export async function* letterRequest(addressed: Addressed, document: WireDocument): AsyncGenerator<string> {
  yield `${requestHead(addressed, true)}<CorrespondenceLetterOutboundRequest>`;
  yield* writeDocument(document, addressed.dialect);
  yield `</CorrespondenceLetterOutboundRequest>${FOOT}`;
}

/** Sends a notifier; date and office of acceptance are the node's to add. */
export function notifierRequest(
  addressed: Addressed,
  notifier: Omit<Notifier, "acceptDate" | "acceptDepartment">,
): string {
  const bare = notifierElement({ ...notifier, acceptDate: null, acceptDepartment: null });
  return `${requestHead(addressed, false)}<CorrespondenceLetterOutboundRequest>${bare}</CorrespondenceLetterOutboundRequest>${FOOT}`;
}

export function pollRequest(addressed: Addressed): string {
  return `${requestHead(addressed, false)}<CorrespondenceLetterInboundRequest/>${FOOT}`;
}

export function queueDeleteRequest(addressed: Addressed, processId: string): string {
  return `${requestHead(addressed, false)}<CorrespondenceLetterDeleteRequest>${element("ProcessID", processId)}</CorrespondenceLetterDeleteRequest>${FOOT}`;
}

export function documentDeleteRequest(addressed: Addressed, key: DocumentKey): string {
  const name = "CorrespondenceDeleteGovernmentDocumentRequest";
  return `${requestHead(addressed, false)}<${name}>${keyElements(key, addressed.dialect)}</${name}>${FOOT}`;
}

function keyElements(key: DocumentKey, dialect: EcmsDialect): string {
  const code = (id: string): string => element("Code", departmentOf(id, dialect === "1.0"));
  return (
    element("LetterID", key.letterId) +
    element("CorrespondenceDate", key.correspondenceDate) +
    `<SenderDepartment>${code(key.senderDepartment)}</SenderDepartment>` +
    `<AcceptDepartment>${code(key.acceptDepartment)}</AcceptDepartment>`
  );
}
