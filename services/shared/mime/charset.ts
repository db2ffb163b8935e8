/**
 * Octets to text, for the charsets Thai mail really carries.
 *
 * Labels lie: TIS-620 octets travel unlabelled, or as iso-8859-1, us-ascii or even utf-8, and under names the
 * Encoding Standard does not know. So valid UTF-8 is believed, octets that read as Thai are read as Thai, and
 * only then the label. TIS-620 and ISO-8859-11 are read as windows-874, which contains both.
 */
export type DecodedText = {
  text: string;
  /** False when the label names no charset at all; the text is then a guess. */
  charsetKnown: boolean;
};

const THAI_LABEL =
  /^(?:x-)?(?:tis-?620(?:[.-]?(?:0|2529|2533)(?:-[01])?)?|(?:windows|win|cp|ms|ibm|dos|iso-ir|csibm|csiso)-?(?:874|166)|iso[-_]?8859-?11(?::2001)?|mac-?thai|thai8|csiso8859-?11|cstis620)$/;
const UTF8_LABEL = /^(?:x-)?(?:unicode-1-1-)?utf-?8$/;
// Labels that mailers write when they know nothing, or under which Thai octets are sent all the same.
const VAGUE_LABEL =
  /^(?:|us-?ascii|ascii|ansi_x3\.4-1968|unknown|unknown-8bit|8bit|default|none|iso-?8859-?(?:1|15)|latin-?1|windows-?125[02]|cp125[02])$/;

export function decodeText(octets: Uint8Array, label: string | null): DecodedText {
  // RFC 2231 §5: an encoded word may add a language after the charset.
  const charset = (label ?? "").split("*")[0]?.trim().toLowerCase().replace(/^"|"$/g, "") ?? "";
  if (THAI_LABEL.test(charset)) {
    const text = isAscii(octets)
      ? decode(octets, "utf-8")
      : (thaiUnderWrongLabel(octets) ?? decode(octets, "windows-874"));
    return { text, charsetKnown: true };
  }
  if (UTF8_LABEL.test(charset) || VAGUE_LABEL.test(charset)) {
    return { text: guess(octets), charsetKnown: true };
  }
  try {
    return { text: decode(octets, charset), charsetKnown: true };
  } catch {
    return { text: guess(octets), charsetKnown: false };
  }
}

function guess(octets: Uint8Array): string {
  try {
    return decode(octets, "utf-8", true);
  } catch {
    // Cut inside a character at the end, by a limit or by the sender: still UTF-8, if anything before shows it.
    const text = decode(octets, "utf-8");
    const whole = text.replace(/\uFFFD{1,2}$/u, "");
    if (!whole.includes("\uFFFD") && /[\u0080-\u{10FFFF}]/u.test(whole)) return text;
    if (readsAsThai(octets)) return decode(octets, "windows-874");
    return mostlyReadable(text) ? text : decode(octets, "windows-1252");
  }
}

/** UTF-8 sent under a Thai label reads as a salad of Thai letters; its own validity gives it away. */
function thaiUnderWrongLabel(octets: Uint8Array): string | null {
  try {
    const text = decode(octets, "utf-8", true);
    return /[\u0E00-\u0E7F]/u.test(text) ? text : null;
  } catch {
    return null;
  }
}

/** Thai octets (0xA1–0xFB) outnumber every other octet above 0x7F by far. */
function readsAsThai(octets: Uint8Array): boolean {
  let thai = 0;
  let other = 0;
  for (const octet of octets) {
    if (octet < 0x80) continue;
    if (octet >= 0xa1 && octet <= 0xfb && !(octet >= 0xdb && octet <= 0xde)) thai++;
    // Quotation marks, dashes, the ellipsis and the no-break space of windows-874.
    else if (octet !== 0xa0 && octet !== 0x85 && !(octet >= 0x91 && octet <= 0x97)) other++;
  }
  return thai >= 3 && other * 20 <= thai;
}

function mostlyReadable(text: string): boolean {
  let lost = 0;
  for (const character of text) if (character === "\uFFFD") lost++;
  return lost * 10 <= text.length;
}

function isAscii(octets: Uint8Array): boolean {
  for (const octet of octets) if (octet >= 0x80) return false;
  return true;
}

function decode(octets: Uint8Array, charset: string, fatal = false): string {
  return new TextDecoder(charset, { fatal }).decode(octets);
}
