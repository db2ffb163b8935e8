import type { EcmsDialect } from "../letter/directory.ts";
import type { ObjectSink } from "./binary-object.ts";
import type { EcmsFault } from "./faults.ts";
import {
  type DocumentKey,
  ECMS_REQUESTS,
  type EcmsRequest,
  NOTIFIERS,
  type NotifierType,
  type SoapRequest,
} from "./message.ts";
import type { GovernmentDocument } from "./read-government-document.ts";
import { type ReadEnvelope, readEnvelope } from "./soap-envelope.ts";

const LETTER_REQUEST: EcmsRequest = "CorrespondenceLetterOutboundRequest";
const SPECIAL_REQUEST: EcmsRequest = "CorrespondenceLetterInboundSpecialRequest";

/**
 * Reads a request of a client, of either dialect, as liberally as the real ones need: any prefix, declared or not; both
 * addressing namespaces, To and to; ProcessID and processID; base64 streamed, so that of a large letter one slice is held.
 *
 * @param source the body; left (and destroyed, if a stream) at the first fault
 * @param sink takes the binary objects; null: they are measured, digested and checked, and not kept
 * @returns a fault for what cannot be understood. What a letter lacks is told by faultsOfLetter (faults.ts). Throws only
 *   what the source throws
 */
export async function readSoapRequest(
  source: AsyncIterable<Buffer>,
  sink: ObjectSink | null,
): Promise<SoapRequest | { readonly fault: EcmsFault }> {
  const read = await readEnvelope(source, sink ?? "digest");
  if ("fault" in read) return read;
  const operation = ECMS_REQUESTS.find((each) => each === read.operation);
  if (operation === undefined) return { fault: "unknown-operation" };
  // What comes second would be answered for, and lost.
  if (read.operations > 1 || read.contents > 1) return { fault: "several-documents" };
  const { document, notifier } = read;
  if (operation === LETTER_REQUEST && document === null && notifier === null) {
    return {
      fault: read.documentFault === "not-a-document" && !read.hasContent ? "no-letter" : read.documentFault,
    };
  }
  return {
    operation,
    messageId: read.messageId,
    to: read.to,
    dialect: dialectOf(read, document),
    document: operation === LETTER_REQUEST ? document : null,
    notifier: operation === LETTER_REQUEST ? notifier : null,
    processId: read.values.get("processid") ?? null,
    key: keyOf(read.values),
    wanted: operation === SPECIAL_REQUEST ? wantedOf(read.child) : null,
  };
}

/** The addressing namespace without www, or `to`, are those of about 2012; so are five digits where a letter has them. */
function dialectOf({ oldAddressing }: ReadEnvelope, document: GovernmentDocument | null): EcmsDialect {
  const departments = [document?.sender.departmentId, document?.receiver.departmentId];
  return oldAddressing || departments.some((id) => id != null && /^[0-9]{5}$/.test(id)) ? "1.0" : "2.0";
}

function keyOf(values: ReadonlyMap<string, string>): DocumentKey | null {
  const letterId = values.get("letterid");
  const correspondenceDate = values.get("correspondencedate");
  const senderDepartment = values.get("senderdepartment/code");
  const acceptDepartment = values.get("acceptdepartment/code");
  return letterId && correspondenceDate && senderDepartment && acceptDepartment
    ? { letterId, correspondenceDate, senderDepartment, acceptDepartment }
    : null;
}

function wantedOf(child: string): "GovernmentDocument" | NotifierType | null {
  if (child === "GovernmentDocument") return child;
  return NOTIFIERS.find((each) => each.toLowerCase() === child.toLowerCase()) ?? null;
}
