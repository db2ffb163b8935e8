import type { PartContent } from "../../shared/mime/part-content.ts";
import type { Attachment } from "../reading.ts";

/**
 * A file of a letter with its contents: attached, or unpacked from what was attached (ZIP, winmail.dat, S/MIME, an XML
 * letter, an attached message). What is said of it stands in `attachment`; the readers of its contents are read-files.ts'.
 */
export interface LetterFile {
  readonly attachment: Attachment;
  /** Null when it is damaged, encrypted or beyond what may be kept. */
  readonly content: PartContent | null;
  /** Comes with a message that is attached to this one: facts in it are the forwarded letter's. */
  readonly forwarded: boolean;
}
