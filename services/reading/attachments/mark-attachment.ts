import { createHash } from "node:crypto";
import type { PartContent } from "../../shared/mime/part-content.ts";
import type { Attachment, ReadingProblem } from "../reading.ts";
import { extensionsOf, isMismatch } from "./detect-type.ts";
import { extensionOf, safeName } from "./safe-name.ts";

const MAX_HELD_BYTES = 32 * 1024 * 1024;

/** An attachment of which nothing is known yet but what its sender says. */
export function emptyAttachment(name: string | null, contentType: string, partId: string): Attachment {
  return {
    name,
    safeName: "",
    contentType,
    detectedType: null,
    sizeBytes: null,
    sha256: null,
    role: "enclosure",
    marks: [],
    members: [],
    inline: false,
    partId,
  };
}

export function describe(attachment: Attachment, octets: Buffer): void {
  attachment.sizeBytes = octets.length;
  attachment.sha256 = createHash("sha256").update(octets).digest("hex");
}

export function note(attachment: Attachment, mark: Attachment["marks"][number]): void {
  if (!attachment.marks.includes(mark)) attachment.marks.push(mark);
}

export function limit(attachment: Attachment, problems: Set<ReadingProblem>): void {
  note(attachment, "not-unpacked");
  problems.add("archive-too-large");
}

export function locked(attachment: Attachment, problems: Set<ReadingProblem>): void {
  note(attachment, "encrypted");
  problems.add("encrypted-attachment");
}

export function unreadable(attachment: Attachment, problems: Set<ReadingProblem>): void {
  note(attachment, "unreadable");
  problems.add("undecodable-attachment");
}

export function noteMismatch(attachment: Attachment): void {
  const { detectedType, name, contentType } = attachment;
  if (isMismatch(detectedType, name, contentType)) note(attachment, "type-mismatch");
}

/** Some hold a saved mail's octets under another type; a text that merely quotes a head is no message. */
export function isNamedMessage({ name, contentType }: Attachment): boolean {
  const extension = extensionOf(name ?? "").toLowerCase();
  return extension === "eml" || (extension === "" && contentType === "application/octet-stream");
}

/** A new office document with a password is an old one outside, whose contents are one encrypted stream. */
export async function isLockedOffice({ name }: Attachment, content: PartContent): Promise<boolean> {
  if (!/^(?:doc|xls|ppt)[xm]$|^xlsb$/i.test(extensionOf(name ?? "")) || content.sizeBytes > MAX_HELD_BYTES)
    return false;
  return (await content.read()).includes(Buffer.from("EncryptedPackage", "utf16le"));
}

/** Gives each its name for saving, packings before what is in them. */
export function nameAll(attachments: readonly Attachment[], taken: Map<string, number>): void {
  for (const attachment of attachments) {
    attachment.safeName = safeName(attachment.name, extensionsOf(attachment.detectedType), taken);
    nameAll(attachment.members, taken);
  }
}
