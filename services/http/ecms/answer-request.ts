import { MIME_CODES, MINISTRIES, SECRET_CODES, SPEED_CODES } from "../../shared/ecms/codes.ts";
import type { EcmsRequest, SoapRequest } from "../../shared/ecms/message.ts";
import {
  codeList,
  documentDeleted,
  inboxEmpty,
  inboxLetter,
  inboxNotifier,
  itemDeleted,
  lostLetter,
  lostNotifier,
  mimeCodeList,
  ministryList,
  organizationList,
  outboundStatus,
  timeAnswer,
} from "../../shared/ecms/write-soap.ts";
import type { Client, Scope } from "../clients/client.ts";
import { INBOX_SCOPES } from "../inbox/inbox-store.ts";
import { deleteLetter } from "./delete-document.ts";
import { documentOfSent } from "./document-of-sent.ts";
import { type EcmsAnswer, refused } from "./ecms-answer.ts";
import type { EcmsCall } from "./ecms-call.ts";
import { findAgain } from "./find-again.ts";
import { letterOfArrival } from "./letter-of-arrival.ts";
import { listOffices } from "./office-store.ts";
import { openOutbound } from "./open-outbound.ts";
import { deleteItem, pollInbox } from "./poll-inbox.ts";
import { inDialect } from "./take-in.ts";

/** Any one of these lets a client use an operation; none: every client may. */
const SCOPES_OF: Readonly<Record<EcmsRequest | "notifier", readonly Scope[]>> = {
  // What is for another office is passed on with send-outbound alone (judge-letter.ts).
  CorrespondenceLetterOutboundRequest: ["submit", "send-outbound"],
  notifier: ["submit", "receipts", "read-inbound"],
  CorrespondenceLetterInboundRequest: INBOX_SCOPES,
  CorrespondenceLetterDeleteRequest: INBOX_SCOPES,
  CorrespondenceDeleteGovernmentDocumentRequest: ["submit", "send-outbound"],
  CorrespondenceLetterInboundSpecialRequest: INBOX_SCOPES,
  OutboundStatusRequest: ["submit", "send-outbound", "read-outbound"],
  GetMinistryOrganizationList: [],
  GetOrganizationList: [],
  GetSecretCodes: [],
  GetSpeedCodes: [],
  GetMimeCodes: [],
  TimeCheckRequest: [],
};

export function mayAsk({ scopes }: Pick<Client, "scopes">, { operation, notifier }: SoapRequest): boolean {
  const needed = SCOPES_OF[notifier === null ? operation : "notifier"];
  return needed.length === 0 || needed.some((scope) => scopes.has(scope));
}

/** Answers everything but what is to be taken in (take-in.ts). @throws when the database does not answer */
export async function answerRequest(call: EcmsCall, request: SoapRequest): Promise<EcmsAnswer> {
  const { operation, dialect } = request;
  const { parts } = call;
  const { at } = parts.now();
  switch (operation) {
    case "CorrespondenceLetterInboundRequest":
      return polled(call, request);
    case "CorrespondenceLetterInboundSpecialRequest":
      return foundAgain(call, request);
    case "CorrespondenceLetterDeleteRequest": {
      const { processId } = request;
      if (processId === null) return refused(operation, "no-process-id");
      if (!(await deleteItem(call, processId))) return refused(operation, "unknown-process");
      return { body: itemDeleted({ processId, at }), operation };
    }
    case "CorrespondenceDeleteGovernmentDocumentRequest": {
      const deleted = await deleteLetter(call, request.key);
      if ("fault" in deleted) return refused(operation, deleted.fault);
      const { processId, subjectId } = deleted;
      return { body: documentDeleted({ processId, at }, request.key?.letterId ?? ""), operation, subjectId };
    }
    case "OutboundStatusRequest": {
      const open = await openOutbound(call);
      return { body: outboundStatus(open), operation };
    }
    case "GetMinistryOrganizationList":
      return { body: ministryList(MINISTRIES), operation };
    case "GetOrganizationList": {
      const offices = (await listOffices(parts.database)).map(({ isOwn, nodeUrl, ...office }) => ({
        ...office,
        url: isOwn ? call.doorUrl : nodeUrl,
      }));
      return { body: organizationList(offices, dialect), operation };
    }
    case "GetSecretCodes":
      return { body: codeList("SecretCodes", SECRET_CODES), operation };
    case "GetSpeedCodes":
      return { body: codeList("SpeedCodes", SPEED_CODES), operation };
    case "GetMimeCodes":
      return { body: mimeCodeList(MIME_CODES), operation };
    case "TimeCheckRequest":
      return { body: timeAnswer(at), operation };
    case "CorrespondenceLetterOutboundRequest":
      return refused(operation, "no-letter");
  }
}

async function polled(call: EcmsCall, { operation, dialect }: SoapRequest): Promise<EcmsAnswer> {
  const { parts, own } = call;
  const item = await pollInbox(call);
  if (item === null) return { body: inboxEmpty(), operation };
  const process = { processId: item.processId, at: parts.now().at };
  if ("notifier" in item)
    return { body: inboxNotifier(process, inDialect(item.notifier, dialect)), operation };
  if ("sent" in item) {
    const document = documentOfSent(call, item.sent);
    return { body: inboxLetter(process, document, dialect), operation, subjectId: item.itemId };
  }
  const { document, close } = await letterOfArrival(call, item.letter, own);
  return { body: inboxLetter(process, document, dialect), close, operation, subjectId: item.letter.intakeId };
}

async function foundAgain(call: EcmsCall, request: SoapRequest): Promise<EcmsAnswer> {
  const { operation, dialect } = request;
  const found = await findAgain(call, request);
  if ("fault" in found) return refused(operation, found.fault);
  const process = { processId: found.processId, at: call.parts.now().at };
  if ("notifier" in found)
    return { body: lostNotifier(process, inDialect(found.notifier, dialect)), operation };
  if ("sent" in found) {
    const document = documentOfSent(call, found.sent);
    return { body: lostLetter(process, document, dialect), operation, subjectId: found.processId };
  }
  const { document, close } = await letterOfArrival(call, found.letter, {
    organisationId: found.acceptDepartment,
  });
  return { body: lostLetter(process, document, dialect), close, operation, subjectId: found.letter.intakeId };
}
