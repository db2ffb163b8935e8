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
}

export function numberFiles(attachments: readonly LetterFile[]): NumberedFile[] {
  const numbered: NumberedFile[] = [];
  const number = (files: readonly LetterFile[], within: number | null): void => {
    for (const file of files) {
      if (numbered.length >= MOST_FILES) return;
      const no = numbered.length + 1;
      numbered.push({ no, within, file });
      number(file.members, no);
    }
  };
  number(attachments, null);
  return numbered;
}

/** @param self address of the item */
export function showFiles(attachments: readonly LetterFile[], self: string): InboxFile[] {
  return numberFiles(attachments).map(({ no, within, file }) => ({
    no,
    ...(within === null ? {} : { within }),
    name: file.safeName,
    mediaType: file.detectedType ?? file.contentType,
    sizeBytes: file.sizeBytes,
    sha256: file.sha256,
    role: file.role,
    marks: file.marks,
    href: `${self}/files/${no}`,
  }));
}
