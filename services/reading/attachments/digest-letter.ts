import { createHash } from "node:crypto";
import { normaliseThai, thaiDigitsToArabic } from "../../shared/letter/thai-text.ts";
import type { Attachment } from "../reading.ts";
import { isAside } from "./guess-roles.ts";

/**
 * SHA-256, hex: equal for the same letter in another message or over another channel. Over the sorted digests of its
 * files, packed or not, without pictures of the text, signatures and an e-CMS document that carries no file; files of an attached message count where the mail
 * has none of its own. Without files over the text, white space left out and digits made Arabic.
 *
 * @returns null when there is neither, and when a file cannot be decoded: what is left may be another letter's too.
 */
export function digestOfLetter(attachments: readonly Attachment[], text: string): string | null {
  const own = attachments.filter((attachment) => !isMessage(attachment));
  for (const taken of [own, attachments.filter(isMessage)]) {
    const files = taken.filter((attachment) => !saysFactsAlone(attachment));
    const counted = files.length > 0 ? files : taken;
    const digests = counted.flatMap((attachment) => digestsOf(attachment));
    if (digests.includes(null)) return null;
    if (digests.length > 0) return digest([...new Set(digests)].sort().join("\n"));
  }
  const folded = thaiDigitsToArabic(normaliseThai(text)).replace(/\s+/gu, "");
  return folded === "" ? null : digest(folded);
}

/** A GovernmentDocument beside the letter's files, for programs: another channel says the same in its own form. */
function saysFactsAlone({ role, contentType, members }: Attachment): boolean {
  return role === "main" && members.length === 0 && /[/+]xml$/.test(contentType);
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
