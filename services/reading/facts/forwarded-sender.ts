import { normaliseThai } from "../../shared/letter/thai-text.ts";
import { type KnownSender, type KnownSenders, senderOf } from "../reading.ts";

const FORWARDED = /^\s{0,20}(?:fwd?|wg|ส่งต่อ)\s{0,4}[:：]/iu;
const MAX_CHARACTERS = 20_000;
const MAX_LINES = 200;
// A mail program writes From and at least one more of these above what it passes on.
const FROM = /^[ \t*>]{0,4}(?:from|จาก|ผู้ส่ง)[ \t*]{0,4}[:：]/iu;
const FIELD = /^[ \t*>]{0,4}(?:sent|date|to|cc|subject|ส่งเมื่อ|ส่ง|วันที่|ถึง|สำเนา|เรื่อง)[ \t*]{0,4}[:：]/iu;
const ADDRESS = /[^\s<>()[\]",;:@]{1,64}@[a-z0-9.-]{1,253}[a-z0-9]/iu;
const FIELDS_WITHIN = 4;

/**
 * Who wrote the letter that a mail passes on in its text ("Forwarded message", and the header a mail program copies there):
 * the first such header names the nearest one. Null when the mail is no forward, or when that writer is in no directory.
 */
export function forwardedSender(
  subjectHeader: string,
  bodies: readonly string[],
  known: KnownSenders,
): KnownSender | null {
  if (!FORWARDED.test(subjectHeader)) return null;
  for (const body of bodies) {
    const lines = normaliseThai(body.slice(0, MAX_CHARACTERS)).split("\n", MAX_LINES);
    for (const [index, line] of lines.entries()) {
      if (!FROM.test(line)) continue;
      const below = lines.slice(index + 1, index + 1 + FIELDS_WITHIN);
      // A long name may put the address on a line of its own.
      const address = ADDRESS.exec(
        `${line.slice(0, 500)} ${FIELD.test(below[0] ?? "") ? "" : (below[0] ?? "").slice(0, 500)}`,
      );
      if (address !== null && below.some((each) => FIELD.test(each))) return senderOf(address[0], known);
    }
  }
  return null;
}
