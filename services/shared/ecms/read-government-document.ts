import type { PartContent } from "../mime/part-content.ts";
import type { BinaryObject, ObjectSink } from "./binary-object.ts";
import { collectDocument } from "./collect-document.ts";
import type { DocumentSignature } from "./document-signature.ts";
import { readXml, type XmlFault } from "./xml-gate.ts";

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
  readonly signature: DocumentSignature;
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

/** Whether a file may be one: it is XML, and says the name of the document in its first 4,100 octets. */
export function looksLikeGovernmentDocument({ head }: PartContent): boolean {
  const start = head.toString("latin1").replaceAll("\0", "");
  return /^(?:ï»¿|ÿþ|þÿ)?\s{0,100}</u.test(start) && start.includes("GovernmentDocument");
}

/**
 * Streams: of a large document one slice is held.
 *
 * @param source a file of a letter, or the octets as they come; not read further than to the first fault
 * @param sink takes the binary objects; "digest": they are only measured; null: passed over, and `objects` is empty
 * @returns a fault for what is not such a document; never throws for what is in it, only what the source throws
 */
export async function readGovernmentDocument(
  source: PartContent | AsyncIterable<Buffer>,
  sink: ObjectSink | "digest" | null,
): Promise<GovernmentDocument | { readonly fault: DocumentFault }> {
  const collector = collectDocument(sink);
  let fault: XmlFault | null;
  try {
    fault = await readXml(source, collector, () => collector.settled());
  } catch (error) {
    await collector.finish("not-well-formed");
    throw error;
  }
  return collector.finish(fault);
}
