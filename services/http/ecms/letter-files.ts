import type { WireObject } from "../../shared/ecms/write-document.ts";

/** As room reading keeps it in reading.attachments, as far as it counts here. */
export interface ArrivedAttachment {
  readonly contentType: string;
  readonly detectedType: string | null;
  /** Null when it cannot be decoded. */
  readonly sizeBytes: number | null;
  readonly role: "main" | "enclosure" | "other";
  readonly inline: boolean;
  readonly partId: string;
  readonly members: readonly ArrivedAttachment[];
}

/** A file of a letter as it goes over the wire, and by what it is found in the arrival's octets. */
export interface LetterFile extends Pick<WireObject, "role" | "mimeCode"> {
  readonly partId: string;
}

/** As many as a document on the wire may carry. */
const MOST_FILES = 100;

/**
 * The files of a letter, the letter itself first. Files that are packed in others stay packed, but for those of a letter that
 * came as one XML or JSON: there the request is the package. Pictures that only the text of a mail shows are left out.
 */
export function filesOfLetter(attachments: readonly ArrivedAttachment[]): LetterFile[] {
  const files = attachments.flatMap((file) => (isRequest(file) ? file.members : [file]));
  const given = files.filter(({ sizeBytes, inline }) => sizeBytes !== null && sizeBytes > 0 && !inline);
  const main = given.find(({ role }) => role === "main");
  const rest = given.filter((file) => file !== main);
  return [...(main ? [asWired(main, "main")] : []), ...rest.map((file) => asWired(file, "attachment"))].slice(
    0,
    MOST_FILES,
  );
}

function isRequest({ contentType, members }: ArrivedAttachment): boolean {
  return members.length > 0 && /^(?:application|text)\/(?:xml|json)$/.test(contentType);
}

/** What the octets show counts, where they show something: receivers name the file by it. */
function asWired(file: ArrivedAttachment, role: WireObject["role"]): LetterFile {
  return { role, mimeCode: file.detectedType ?? file.contentType, partId: file.partId };
}
