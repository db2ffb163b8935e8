import { secrecyOfCode } from "../../shared/ecms/codes.ts";
import { collectDocument } from "../../shared/ecms/collect-document.ts";
import { type EcmsFault, errorDetailOf, faultsOfLetter } from "../../shared/ecms/faults.ts";
import type { GovernmentDocument } from "../../shared/ecms/read-government-document.ts";
import { readXml } from "../../shared/ecms/xml-gate.ts";
import type { Fault } from "../problem.ts";
import type { DocumentSchema } from "./document-schema.ts";
import type { LetterHead } from "./judge-sender.ts";
import { writeSkeleton } from "./xml-skeleton.ts";

/**
 * Reads a GovernmentDocument as it streams by, and checks it: by the gate (no DTD, bounded in all), by the XSD without its
 * binary objects, and these by themselves.
 * @param filesFollow whether the letter's files come apart from it, so that its main object may be empty
 * @returns what is wrong with it, in the place of a letter; throws only what the source throws
 */
export async function readXmlLetter(
  octets: AsyncIterable<Buffer>,
  schema: DocumentSchema,
  filesFollow: boolean,
): Promise<{ readonly document: GovernmentDocument } | { readonly faults: readonly Fault[] }> {
  const collector = collectDocument("digest");
  const { events, written } = writeSkeleton(collector);
  const xmlFault = await readXml(octets, events, () => collector.settled());
  const document = await collector.finish(xmlFault);
  if ("fault" in document && document.fault !== "not-a-document") {
    return { faults: [faultOf("", document.fault)] };
  }
  const skeleton = written();
  if (skeleton === null) return { faults: [faultOf("", "too-large")] };
  const faults = [...schema(skeleton)];
  if (faults.length > 0 || "fault" in document) {
    return { faults: faults.length > 0 ? faults : [faultOf("", "not-a-document")] };
  }
  const lacks = faultsOfLetter(document).map((fault) => faultOf("", fault));
  const mains = document.objects.filter(({ role }) => role === "main").length;
  if (mains === 0 && !filesFollow) {
    lacks.push({
      pointer: "/GovernmentDocument/CorrespondenceLetter/MainLetterBinaryObject",
      en: "is empty: the letter itself is needed",
      th: "ว่างเปล่า ต้องมีแฟ้มหนังสือ",
    });
  }
  return lacks.length > 0 ? { faults: lacks } : { document };
}

/** What a document says of its class and its offices. */
export function headOfDocument({ secretCode, sender, receiver }: GovernmentDocument): LetterHead {
  const place = "/GovernmentDocument/CorrespondenceLetter";
  return {
    secrecy: secretCode === null ? null : secrecyOfCode(secretCode),
    from: { organisationId: sender.departmentId, domain: null, pointer: `${place}/SenderParty` },
    to: { organisationId: receiver.departmentId, domain: null, pointer: `${place}/ReceiverParty` },
  };
}

function faultOf(pointer: string, fault: EcmsFault): Fault {
  // "ไม่มีชื่อเรื่อง (no subject)": the words of the other door, Thai first.
  const [, th = "", en = ""] = /^(.*) \((.*)\)$/.exec(errorDetailOf(fault).description) ?? [];
  return { pointer, en, th };
}
