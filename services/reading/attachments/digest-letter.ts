import { createHash } from "node:crypto";
import { normaliseThai, thaiDigitsToArabic } from "../../shared/letter/thai-text.ts";
import type { Attachment } from "../reading.ts";
import { isAside } from "./guess-roles.ts";

/**
 * SHA-256, hex: equal for the same letter in another message or over another channel. Over the sorted digests of its
 * files, packed or not, without pictures of the text and signatures; files of an attached message count where the mail
 * has none of its own. Without files over the text, white space left out and digits made Arabic.
 *
 * @returns null when there is neither, and when a file cannot be decoded: what is left may be another letter's too.
 */
export function digestOfLetter(attachments: readonly Attachment[], text: string): string | null {
  const own = attachments.filter((attachment) => !isMessage(attachment));
  for (const taken of [own, attachments.filter(isMessage)]) {
    const digests = taken.flatMap((attachment) => digestsOf(attachment));
    if (digests.includes(null)) return null;
    if (digests.length > 0) return digest([...new Set(digests)].sort().join("\n"));
  }
  const folded = thaiDigitsToArabic(normaliseThai(text)).replace(/\s+/gu, "");
  return folded === "" ? null : digest(folded);
}

function isMessage({ contentType, detectedType }: Attachment): boolean {
  return /^message\/(?:rfc822|global)$/.test(contentType) || detectedType === "message/rfc822";
}

function digestsOf(attachment: Attachment): (string | null)[] {
  const { members, sha256, marks } = attachment;
  if (members.length === 0) return isAside(attachment) || isMessage(attachment) ? [] : [sha256];
  const ofMembers = members.flatMap((member) => digestsOf(member));
  // Not wholly unpacked: only the packing as a whole says which letter it is.
  const whole = !marks.includes("not-unpacked") && !ofMembers.includes(null);
  return whole || isMessage(attachment) ? ofMembers : [sha256];
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
