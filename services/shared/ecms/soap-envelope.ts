import type { ObjectSink } from "./binary-object.ts";
import { collectDocument, MAX_VALUE_CHARACTERS, SOAP_NAMESPACE, wordsOf } from "./collect-document.ts";
import type { EcmsFault } from "./faults.ts";
import { type EcmsErrorDetail, NOTIFIERS, type Notifier } from "./message.ts";
import type { DocumentFault, GovernmentDocument } from "./read-government-document.ts";
import { readXml, type XmlElement, type XmlFault } from "./xml-gate.ts";

/** A SOAP message of the exchange, request or response, before anybody asks what it is for. */
export interface ReadEnvelope {
  /** First child of Body; "" where Body is empty. */
  readonly operation: string;
  /** Children of Body, and letters and notifiers in the first of them: a request has one of each at most. */
  readonly operations: number;
  readonly contents: number;
  /** The first child of the operation that is itself a letter, a notifier or a list; "" for none. */
  readonly child: string;
  /** Whether anything stands in the operation. */
  readonly hasContent: boolean;
  readonly messageId: string;
  readonly to: string;
  /** wsa without www, or `to` in lower case. */
  readonly oldAddressing: boolean;
  readonly document: GovernmentDocument | null;
  /** Why there is none. */
  readonly documentFault: DocumentFault;
  readonly notifier: Notifier | null;
  /**
   * Texts of the operation by their place below it or below its `child`, names in lower case ("processid",
   * "senderdepartment/code"): the first of each that says something; at most 200.
   */
  readonly values: ReadonlyMap<string, string>;
  readonly errors: readonly EcmsErrorDetail[];
  readonly outbound: readonly { processId: string; letterId: string; processStatus: string }[];
  readonly time: string | null;
}

const OLD_ADDRESSING = /^https?:\/\/w3\.org\/2005\/08\/addressing/u;
const MAX_VALUES = 200;
const MAX_PLACE_CHARACTERS = 100;
const MAX_ERRORS = 20;
const MAX_OUTBOUND = 1_000;

/**
 * Streams a SOAP message. Only the first child of Body is looked into.
 * @returns a fault for what is no SOAP message; what is wrong with a letter in it stands in `documentFault`
 */
export async function readEnvelope(
  source: AsyncIterable<Buffer>,
  sink: ObjectSink | "digest",
): Promise<ReadEnvelope | { readonly fault: EcmsFault }> {
  const collector = collectDocument(sink);
  const body = watchBody();
  const path: string[] = [];
  const header = { messageid: "", to: "" };
  let oldAddressing = false;
  let notSoap = false;
  let operations = 0;
  /** A letter that is in no operation: whoever reads the stored octets for one must not meet another. */
  let hasStray = false;
  let operation = "";
  let text = "";
  const inOperation = (): boolean => operations === 1 && path.length >= 3 && path[1] === "Body";

  const events = {
    open(element: XmlElement): boolean {
      path.push(element.name);
      text = "";
      if (path.length === 1) notSoap = element.name !== "Envelope" || !isOfSoap(element);
      if (path[1] === "Header" && path.length === 3 && isAddressing(element)) {
        oldAddressing ||= element.name === "to" || OLD_ADDRESSING.test(element.namespace ?? "");
      }
      if (path[1] === "Body" && path.length === 3 && ++operations === 1) operation = element.name;
      if (!inOperation()) hasStray ||= element.name === "CorrespondenceLetter";
      if (notSoap || !inOperation()) return false;
      body.open(element.name);
      return collector.open(element);
    },
    text(piece: string): void {
      if (text.length < MAX_VALUE_CHARACTERS) text += piece.slice(0, MAX_VALUE_CHARACTERS);
      if (inOperation()) collector.text(piece);
    },
    raw(piece: string): void {
      collector.raw(piece);
    },
    close(): void {
      const value = wordsOf(text);
      text = "";
      if (!notSoap && inOperation()) {
        body.close(value);
        collector.close();
      } else if (path[1] === "Header" && path.length === 3 && value !== "") {
        const name = path[2]?.toLowerCase();
        if (name === "messageid" || name === "to") header[name] ||= value.slice(0, 1_000).toWellFormed();
      }
      path.pop();
    },
  };
  let fault: XmlFault | null;
  try {
    fault = await readXml(source, events, () => collector.settled());
  } catch (error) {
    await collector.finish("not-well-formed");
    throw error;
  }
  const found = await collector.finish(fault);
  if (fault !== null) return { fault };
  if (notSoap) return { fault: "not-soap" };
  if (operation === "") return { fault: "no-operation" };
  const document = "fault" in found || hasStray ? null : found;
  return {
    operation,
    operations,
    messageId: header.messageid,
    to: header.to,
    oldAddressing,
    document,
    documentFault: "fault" in found ? found.fault : hasStray ? "several-documents" : "not-a-document",
    ...body.found(operation),
  };
}

/** Old clients name the namespace's prefix without declaring it, or declare another one than they use. */
function isOfSoap({ namespace }: XmlElement): boolean {
  return namespace === null || namespace === "" || SOAP_NAMESPACE.test(namespace);
}

function isAddressing({ name }: XmlElement): boolean {
  return /^(?:to|messageid)$/iu.test(name);
}

/** Watches what stands in an operation, whatever it is. */
function watchBody() {
  const path: string[] = [];
  const values = new Map<string, string>();
  const errors: { code: string; description: string; children: number }[] = [];
  const outbound: Record<"processid" | "letterid" | "processstatus", string>[] = [];
  let child = "";
  let contents = 0;
  let hasContent = false;
  let time: string | null = null;
  return {
    open(name: string): void {
      path.push(name.toLowerCase());
      hasContent ||= path.length > 1;
      const isGroup = name === "GovernmentDocument" || notifierOf(name) !== null;
      if (path.length === 2 && isGroup) contents++;
      if (path.length === 2 && child === "" && isGroup) child = name;
      if (path.at(-1) === "errordetail" && errors.length < MAX_ERRORS) {
        errors.push({ code: "", description: "", children: 0 });
      }
      if (path.at(-1) === "outbound" && outbound.length < MAX_OUTBOUND) {
        outbound.push({ processid: "", letterid: "", processstatus: "" });
      }
      const error = errors.at(-1);
      if (path.at(-2) === "errordetail" && error !== undefined) error.children++;
    },
    close(value: string): void {
      const name = path.at(-1) ?? "";
      const parent = path.at(-2);
      const error = errors.at(-1);
      if (parent === "errordetail" && error !== undefined) {
        // Read as old clients do, by position.
        if (error.children === 1) error.code = value.slice(0, 100).toWellFormed();
        if (error.children === 2) error.description = value.slice(0, 1_000).toWellFormed();
      }
      const row = outbound.at(-1);
      if (parent === "outbound" && row !== undefined && name in row) row[name as keyof typeof row] ||= value;
      if (name === "ecmstime" && value !== "") time ??= value.slice(0, 100).toWellFormed();
      const inChild = path[1] === child.toLowerCase() && child !== "";
      const place = path.slice(inChild ? 2 : 1).join("/");
      const isKept = value !== "" && place !== "" && place.length <= MAX_PLACE_CHARACTERS;
      if (isKept && values.size < MAX_VALUES && !values.has(place)) values.set(place, value);
      path.pop();
    },
    found(operation: string) {
      const told = errors.map(({ code, description }) => ({ code, description }));
      if (operation === "Fault") {
        const text = (name: string): string => values.get(name)?.slice(0, 1_000).toWellFormed() ?? "";
        told.push({
          code: text("faultcode") || text("code/value") || "Fault",
          description: text("faultstring") || text("reason/text"),
        });
      }
      return {
        child,
        contents,
        hasContent,
        notifier: notifierIn(child, values),
        values,
        errors: told,
        outbound: outbound.map(({ processid, letterid, processstatus }) => ({
          processId: processid,
          letterId: letterid,
          processStatus: processstatus,
        })),
        time,
      };
    },
  };
}

/** One client writes InvalidAcceptIdNotifier. */
function notifierOf(name: string): Notifier["type"] | null {
  return NOTIFIERS.find((each) => each.toLowerCase() === name.toLowerCase()) ?? null;
}

const ACCEPT_IDS: ReadonlySet<Notifier["type"]> = new Set([
  "AcceptLetterNotifier",
  "InvalidAcceptIDNotifier",
]);

function notifierIn(child: string, values: ReadonlyMap<string, string>): Notifier | null {
  const type = notifierOf(child);
  if (type === null) return null;
  return {
    type,
    letterId: values.get("letterid") ?? null,
    // With the other kinds it would be taken for an acceptance by who reads on.
    acceptId: ACCEPT_IDS.has(type) ? (values.get("acceptid") ?? null) : null,
    correspondenceDate: values.get("correspondencedate") ?? null,
    subject: values.get("subject") ?? null,
    acceptDate: values.get("acceptdate") ?? null,
    acceptDepartment: values.get("acceptdepartment/code") ?? null,
  };
}
