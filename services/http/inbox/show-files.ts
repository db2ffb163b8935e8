import type { InboxFile } from "../../shared/letter/exchange-types.ts";
import type { LetterFile } from "./item-store.ts";

/** As many as are numbered: more stand in no letter, and each would be asked for by itself. */
const MOST_FILES = 500;

/** A file with its number: 1, 2 … in the order of the letter, what is packed in a file right behind it. */
export interface NumberedFile {
  readonly no: number;
  /** Of the file that it is packed in; null for one of the letter's own. */
  readonly within: number | null;
  readonly file: LetterFile;
  /** Whether it can be fetched by itself. */
  readonly isOpen: boolean;
}

export function numberFiles(attachments: readonly LetterFile[]): NumberedFile[] {
  const numbered: NumberedFile[] = [];
  const number = (files: readonly LetterFile[], within: number | null, isOpen: boolean): void => {
    for (const file of files) {
      if (numbered.length >= MOST_FILES) return;
      const no = numbered.length + 1;
      numbered.push({ no, within, file, isOpen: isOpen && file.sizeBytes !== null });
      number(file.members, no, isOpen && OPENED.test(file.contentType));
    }
  };
  number(attachments, null, true);
  return numbered;
}

/** Documents and mails out of which a file is streamed by itself; an archive goes as a whole. */
const OPENED = /^(?:message\/(?:rfc822|global)|(?:application|text)\/(?:[a-z0-9.-]{1,80}\+)?(?:xml|json))$/;

/** @param self address of the item */
export function showFiles(attachments: readonly LetterFile[], self: string): InboxFile[] {
  return numberFiles(attachments).map(({ no, within, file, isOpen }) => ({
    no,
    ...(within === null ? {} : { within }),
    name: file.safeName,
    mediaType: file.detectedType ?? file.contentType,
    sizeBytes: file.sizeBytes,
    sha256: file.sha256,
    role: file.role,
    marks: file.marks,
    ...(isOpen ? { href: `${self}/files/${no}` } : {}),
  }));
}
