import { normaliseThai } from "../shared/letter/thai-text.ts";

export const LONGEST_NAME = 255;
/** File systems count octets; three to each Thai letter. */
const MOST_BYTES = 240;
// Windows opens a device by these names, whatever stands behind the first dot.
const DEVICES = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;

/**
 * The name under which an uploaded file is kept, shown and downloaded: one path component that is safe on any system. The
 * name that it goes out under is made by Annex 7 when the letter is sent.
 * @returns null when the name is too long, or nothing of it is left
 */
export function uploadName(given: string): string | null {
  if (given.length > LONGEST_NAME) return null;
  const base = normaliseThai(given)
    .split(/[/\\]/)
    .findLast((part) => /[^\s.~-]/u.test(part));
  const plain = (base ?? "")
    .replace(/[<>:"|?*%]/g, "_")
    .replace(/\s+/gu, " ")
    // A leading dot hides a file, a leading hyphen is an option to a program; Windows drops trailing dots and spaces.
    .replace(/^[\s.~-]{1,255}/u, "")
    .replace(/(?<![\s.])[\s.]{1,255}$/u, "");
  const named = DEVICES.test(plain) ? `_${plain}` : plain;
  return named === "" ? null : cut(named);
}

/** Shortened before its extension. */
function cut(name: string): string {
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? "";
  let kept = "";
  let bytes = Buffer.byteLength(extension);
  for (const character of name.slice(0, name.length - extension.length)) {
    bytes += Buffer.byteLength(character);
    if (bytes > MOST_BYTES) break;
    kept += character;
  }
  return `${kept.replace(/(?<![\s.])[\s.]{1,255}$/u, "")}${extension}`;
}

/** A media type as a header names it, without its parameters; application/octet-stream for what is none. */
export function mediaTypeOf(header: string | undefined): string {
  const type = (header ?? "").slice(0, 200).split(";")[0]?.trim().toLowerCase() ?? "";
  return /^[a-z0-9][a-z0-9!#$&^_.+-]{0,62}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}$/.test(type)
    ? type
    : "application/octet-stream";
}
