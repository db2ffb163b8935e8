import { decodeEntities } from "./html-text.ts";
import type { PartContent } from "./part-content.ts";
import type { Attachment } from "./reading.ts";
import { readZipMembers } from "./unpack-zip.ts";

const WORD = /wordprocessingml\.document|opendocument\.text/;
const RTF = /^application\/rtf$/;
// A marking is often printed in the head and foot of each page.
const MEMBERS = /^(?:word\/(?:document|header[0-9]{0,3}|footer[0-9]{0,3})\.xml|content\.xml|styles\.xml)$/;
const LIMITS = { maxMembers: 12, maxBytes: 4 * 1024 * 1024 };
const MAX_DOCUMENT_BYTES = 20 * 1024 * 1024;
const MAX_RTF_BYTES = 4 * 1024 * 1024;

/** Whether a file is a text document (Word, OpenDocument, RTF) small enough to be looked through. */
export function isWordDocument({ detectedType }: Attachment, { sizeBytes }: PartContent): boolean {
  const type = detectedType ?? "";
  return (
    (WORD.test(type) && sizeBytes <= MAX_DOCUMENT_BYTES) || (RTF.test(type) && sizeBytes <= MAX_RTF_BYTES)
  );
}

/**
 * The text of such a document, a line for each paragraph and a tab between the cells of a row: enough to see what it is
 * marked as, not to read a letter from. Never throws for what is in it.
 */
export async function readWordText(content: PartContent): Promise<string> {
  if (content.head.subarray(0, 5).toString("latin1") === "{\\rtf") return textOfRtf(await content.read());
  const parts = await readZipMembers(content, MEMBERS, LIMITS);
  return parts.map((part) => textOfXml(part.toString("utf8"))).join("\n");
}

function textOfXml(xml: string): string {
  const marked = xml
    // Between the elements of a document white space says nothing.
    .replaceAll(/>[\r\n\t ]{1,200}</g, "><")
    .replaceAll(/<\/(?:w:p|text:p|text:h)>|<(?:w:br|w:cr|text:line-break)[ />]/g, "\n$&")
    .replaceAll(/<(?:w:tab|text:tab)[ />]|<\/(?:w:tc|table:table-cell)>/g, "\t$&")
    .replaceAll(/<text:s[ />]/g, " $&");
  return decodeEntities(marked.replaceAll(/<[^<>]{0,20000}>/g, ""));
}

const TIS_OFFSET = 0x0e00 - 0xa0;

/** Characters by their codes (Thai of code page 874, or Unicode); all other commands only part words. */
function textOfRtf(octets: Buffer): string {
  return octets
    .toString("latin1")
    .replaceAll(/\r?\n/g, "")
    .replaceAll(/\\(?:par|line|row|sect|page)(?![a-z])-?[0-9]{0,9} ?/g, "\n")
    .replaceAll(/\\(?:tab|cell)(?![a-z]) ?/g, "\t")
    .replaceAll(/\\u(-?[0-9]{1,6}) ?(?:\\'[0-9a-f]{2}|\?)?/gi, (_, code: string) =>
      String.fromCharCode(Number(code) & 0xffff),
    )
    .replaceAll(/\\'([0-9a-f]{2})/gi, (_, hex: string) => {
      const code = Number.parseInt(hex, 16);
      return String.fromCharCode(code > 0xa0 ? code + TIS_OFFSET : code);
    })
    .replaceAll(/\\[a-z]{1,32}-?[0-9]{0,9} ?|[{}]/g, "");
}
