import type { PartContent } from "../../shared/mime/part-content.ts";
import type { Attachment } from "../reading.ts";

const MAX_RTF_BYTES = 4 * 1024 * 1024;

/** Whether a file is an RTF document small enough to be looked through. */
export function isRtf({ detectedType }: Attachment, content: PartContent | null): boolean {
  return detectedType === "application/rtf" && content !== null && content.sizeBytes <= MAX_RTF_BYTES;
}

// Characters are written by their codes, Thai of code page 874 or Unicode; all other commands only part words.
const TIS_OFFSET = 0x0e00 - 0xa0;

/**
 * The text of an RTF document, a line for each paragraph and a tab between the cells of a row: enough to see what it is marked
 * as, not to read a letter from. Never throws for what is in it.
 */
export async function readRtfText(content: PartContent): Promise<string> {
  const octets = await content.read();
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
