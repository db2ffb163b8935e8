import type { XmlElement, XmlEvents } from "../../shared/ecms/xml-gate.ts";
import { xmlText } from "../send-answer.ts";

/** What is written again of a document beside its binary objects: a letter's facts are some kilobytes. */
const LONGEST_SKELETON = 1024 * 1024;
/** In all; some name a code list or a type. The validator has a message for each that has no place, and takes long for it. */
const MOST_ATTRIBUTES = 2_000;

/**
 * Passes the events of a document on to `events`, and writes the document again without what stands in its binary objects:
 * so small that a validator can hold it, however large they are.
 * @returns the events to be told; `written` is null for one that is too long even so, or has too many attributes
 */
export function writeSkeleton(events: XmlEvents): {
  readonly events: XmlEvents;
  readonly written: () => string | null;
} {
  const pieces: string[] = [];
  const names: string[] = [];
  let length = 0;
  let attributes = 0;
  const put = (piece: string): void => {
    length += piece.length;
    if (length <= LONGEST_SKELETON) pieces.push(piece);
  };
  return {
    events: {
      open(element) {
        const name = nameOf(element);
        names.push(name);
        attributes += element.attributes.size;
        put(openingTag(name, element));
        return events.open(element);
      },
      text(text) {
        put(xmlText(text));
        events.text(text);
      },
      raw(piece) {
        events.raw(piece);
      },
      close() {
        put(`</${names.pop() ?? ""}>`);
        events.close();
      },
    },
    written: () => (length > LONGEST_SKELETON || attributes > MOST_ATTRIBUTES ? null : pieces.join("")),
  };
}

/** A prefix of a letter's own namespaces makes the validator name elements in its paths. */
const PREFIXES: Readonly<Record<string, string>> = {
  "urn:th:gov:egif:data:standard:GovernmentDocument:1.0": "rsm",
  "urn:th:gov:egif:data:standard:ReusableAggregateBusinessInformationEntity:1": "ram",
};

/** Each element says its own namespace: what prefix it had makes no difference. */
function openingTag(name: string, { namespace, attributes }: XmlElement): string {
  const own = [...attributes].filter(([key]) => !key.includes(":") && key !== "xmlns");
  const written = own.map(([key, value]) => ` ${key}="${attributeText(value)}"`).join("");
  const colon = name.indexOf(":");
  const declared = colon < 0 ? "xmlns" : `xmlns:${name.slice(0, colon)}`;
  return `<${name} ${declared}="${attributeText(namespace ?? "")}"${written}>`;
}

function nameOf({ name, namespace }: XmlElement): string {
  const prefix = PREFIXES[namespace ?? ""];
  return prefix === undefined ? name : `${prefix}:${name}`;
}

function attributeText(text: string): string {
  return xmlText(text)
    .replaceAll('"', "&quot;")
    .replaceAll(/[\t\n]/g, " ");
}
