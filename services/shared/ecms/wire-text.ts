import { BANGKOK_OFFSET_MS } from "../letter/bangkok-day.ts";

/** Characters that XML 1.0 allows in no form. */
const NOT_IN_XML = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;
const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** The text without what XML cannot hold. */
export function xmlCharacters(text: string): string {
  return text.toWellFormed().replace(NOT_IN_XML, "");
}

/** A value for the text of an element or an attribute: one line; what XML cannot hold is left out. */
export function wireText(text: string | null): string {
  return xmlCharacters(text ?? "")
    .replace(/\s+/gu, " ")
    .trim()
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? "");
}

/** An element with a text, without attributes or white space. `name` with its prefix, as it is to stand there. */
export function element(name: string, value: string | null): string {
  return `<${name}>${wireText(value)}</${name}>`;
}

/** yyyy-MM-ddTHH:mm:ss, time of Thailand, without a zone. */
export function wireTime(at: Date): string {
  return new Date(at.getTime() + BANGKOK_OFFSET_MS).toISOString().slice(0, 19);
}
