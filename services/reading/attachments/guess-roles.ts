import { readFileName } from "../facts/read-file-name.ts";
import { isOldWord } from "../facts/read-office-document.ts";
import type { Attachment } from "../reading.ts";
import type { LetterFile } from "./letter-file.ts";

const PAGES =
  /^application\/(?:pdf|msword$|vnd\.openxmlformats-officedocument\.wordprocessingml|vnd\.oasis\.opendocument\.text|rtf)/;

/** Signatures, cards and calendars, pictures of the text, and packings whose contents stand for them. */
export function isAside(attachment: Attachment): boolean {
  const type = attachment.detectedType ?? attachment.contentType;
  return (
    attachment.inline ||
    /pkcs7|pgp-(?:signature|keys)/.test(attachment.contentType) ||
    /^text\/(?:vcard|calendar|x-vcard)$|^application\/(?:pkcs7|ms-tnef)/.test(type)
  );
}

/**
 * A first guess at which file is the letter, from names and types alone; the readers of contents settle it. An e-CMS
 * document has said of its objects itself what they are; its role is then that of the letter.
 */
export function guessRoles(files: readonly LetterFile[]): void {
  for (const { attachment } of files) if (isAside(attachment)) attachment.role = "other";
  const open = files.filter(({ attachment }) => attachment.role === "enclosure");
  if (files.some(({ attachment }) => attachment.role === "main")) return;
  const own = open.filter(({ forwarded }) => !forwarded);
  for (const pool of [own, open]) {
    const main = mainOf(pool);
    if (main === null) continue;
    main.attachment.role = "main";
    return;
  }
}

/** Annex 7: enclosures bear a running number behind the name of the letter. */
function mainOf(pool: readonly LetterFile[]): LetterFile | null {
  const pages = pool
    .map((file) => ({ file, says: readFileName(file.attachment.name, null, new Map()) }))
    .filter(({ file: { attachment }, says }) => {
      const type = attachment.detectedType ?? attachment.contentType;
      return (
        (PAGES.test(type) || isOldWord(attachment)) &&
        says.enclosureNumber === null &&
        says.says !== "enclosure"
      );
    });
  const pdf = pages.filter(({ file: { attachment } }) =>
    (attachment.detectedType ?? attachment.contentType).endsWith("/pdf"),
  );
  const chosen =
    pages.find(({ says }) => says.says === "letter" || says.number !== null) ?? pdf[0] ?? pages[0];
  return chosen?.file ?? null;
}
