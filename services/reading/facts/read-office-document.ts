import { readXml, type XmlElement, type XmlLimits } from "../../shared/ecms/xml-gate.ts";
import type { PartContent } from "../../shared/mime/part-content.ts";
import { type PartsBudget, readZipParts } from "../attachments/read-zip-parts.ts";
import { extensionOf } from "../attachments/safe-name.ts";
import type { Attachment } from "../reading.ts";

export interface OfficeText {
  /** Heads and feet of the pages, as often as the document holds them. */
  readonly margins: readonly string[];
  /** A line for each paragraph, those in cells and text boxes included; a tab is a tab, a break a line feed. */
  readonly lines: readonly string[];
  /** limit: not all was looked at; damaged: no such document, or not wholly; encrypted: it has a password. */
  readonly fault: "limit" | "damaged" | "encrypted" | null;
}

type Format = "docx" | "odt";

const MAX_XML_BYTES = 8 * 1024 * 1024;
const MAX_LINES = 20_000;
const MAX_LINE_CHARACTERS = 4_000;
// A drawing in a text box in a cell of a nested table: deeper than any letter on the wire.
const LIMITS: XmlLimits = {
  maxBytes: MAX_XML_BYTES,
  maxDepth: 250,
  maxElements: 400_000,
  // Pictures drawn with an older Word stand in one attribute.
  maxPieceCharacters: 2 * 1024 * 1024,
  maxPieces: 1_200_000,
  maxAttributes: 120,
};
/** Of one message. */
export const OFFICE_BYTES = 32 * 1024 * 1024;

// The margins first: of what is too much, they are the part to be known.
const PARTS: Readonly<Record<Format, readonly RegExp[]>> = {
  docx: [/^word\/(?:header|footer)[0-9]{0,4}\.xml$/i, /^word\/document[0-9]{0,4}\.xml$/i],
  odt: [/^META-INF\/manifest\.xml$/, /^styles\.xml$/, /^content\.xml$/],
};
const MAIN = /^word\/document|^content\.xml$/i;

/** Whether a file is a letter in Word or OpenDocument that can be looked into; null when it is none. */
export function officeFormat({ detectedType }: Attachment): Format | null {
  const type = detectedType ?? "";
  if (type.includes("wordprocessingml.")) return "docx";
  return type.startsWith("application/vnd.oasis.opendocument.text") ? "odt" : null;
}

/** Word as it was until 2007: no text can be had of it, as of a scan. */
export function isOldWord({ detectedType, contentType, name }: Attachment): boolean {
  if (detectedType === "application/msword") return true;
  return (
    detectedType === "application/x-cfb" &&
    (/^do[ct]$/i.test(extensionOf(name ?? "")) || contentType === "application/msword")
  );
}

/**
 * The text of a DOCX or ODT: what stands in it as text now, not what was deleted or noted beside it. Watermarks count, as
 * that is how Word marks each page. What was read before a limit or a fault is told with it.
 *
 * Never throws for what is in the file.
 */
export async function readOfficeDocument(
  content: PartContent,
  format: Format,
  budget: PartsBudget = { bytes: OFFICE_BYTES },
): Promise<OfficeText> {
  const margins: string[] = [];
  const lines: string[] = [];
  const archive = await readZipParts(content, PARTS[format], MAX_XML_BYTES, budget);
  let { fault }: Pick<OfficeText, "fault"> = archive;
  for (const { name, octets } of archive.parts) {
    if (name === "META-INF/manifest.xml") {
      if (octets.includes("encryption-data")) return { margins, lines, fault: "encrypted" };
      continue;
    }
    const reader = openText(format, MAIN.test(name) ? lines : margins);
    const xmlFault = await readXml(heldContent(octets), reader, afterOthers, LIMITS);
    if (reader.end()) fault ??= "limit";
    if (xmlFault === null) continue;
    const limited = xmlFault === "too-large" || xmlFault === "too-deep" || xmlFault === "too-many-elements";
    fault ??= limited ? "limit" : "damaged";
  }
  if (!archive.parts.some(({ name }) => MAIN.test(name))) fault ??= "damaged";
  return { margins, lines, fault };
}

/** A large document takes a second: other letters' steps go on between its slices. */
function afterOthers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function heldContent(octets: Buffer): PartContent {
  return {
    sizeBytes: octets.length,
    head: octets.subarray(0, 4_100),
    read: async () => octets,
    async *octets() {
      yield octets;
    },
    path: () => Promise.reject(new Error("held in memory only")),
  };
}

// By their local names: some writers choose prefixes of their own.
const NOT_TEXT: Readonly<Record<Format, RegExp>> = {
  docx: /^(?:del|moveFrom)$/,
  odt: /^(?:tracked-changes|annotation|title|desc|binary-data|script)$/,
};
const PARAGRAPH = /^[ph]$/;
const BREAK = /^(?:br|cr|line-break)$/;
const TAB = /^(?:tab|ptab)$/;

/** Paragraphs lie within paragraphs where a text box is anchored in one: each is a line of its own. */
function openText(format: Format, lines: string[]) {
  const opened: string[] = [];
  const paragraphs: string[] = [];
  let left = 0;
  let cut = false;
  const put = (line: string): void => {
    if (line.trim() === "") return;
    if (lines.length < MAX_LINES) lines.push(line);
    else cut = true;
  };
  const add = (text: string): void => {
    const last = paragraphs.length - 1;
    const line = paragraphs[last];
    if (left > 0 || line === undefined) return;
    paragraphs[last] = line + text.slice(0, Math.max(0, MAX_LINE_CHARACTERS - line.length));
  };
  return {
    open({ name, attributes }: XmlElement): boolean {
      opened.push(name);
      if (NOT_TEXT[format].test(name)) left++;
      if (left > 0) return false;
      if (PARAGRAPH.test(name)) paragraphs.push("");
      else if (BREAK.test(name)) add("\n");
      // The stops of a style are called so too, and stand in its settings.
      else if (TAB.test(name) && opened.at(-2) !== "tabs") add("\t");
      else if (name === "noBreakHyphen") add("-");
      else if (format === "odt" && name === "s") add(" ".repeat(spaces(attributes)));
      else if (name === "textpath") put(attributes.get("string") ?? "");
      return false;
    },
    text(text: string): void {
      if (format === "odt") add(text.replaceAll(/[ \t\r\n]+/g, " "));
      else if (opened.at(-1) === "t") add(text);
    },
    raw(): void {},
    close(): void {
      const name = opened.pop() ?? "";
      if (NOT_TEXT[format].test(name)) left--;
      else if (left === 0 && PARAGRAPH.test(name)) put(paragraphs.pop() ?? "");
    },
    /** Tells what a document broken off had begun; true when there were more lines than are told. */
    end(): boolean {
      for (const line of paragraphs.splice(0)) put(line);
      return cut;
    },
  };
}

function spaces(attributes: ReadonlyMap<string, string>): number {
  const count = [...attributes].find(([name]) => /(?:^|:)c$/.test(name))?.[1] ?? "1";
  return Math.min(100, Math.max(1, Number.parseInt(count, 10) || 1));
}
