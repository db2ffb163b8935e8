/**
 * Whether octets said to be base64 are base64 (RFC 2045 §6.8). Decoders skip what they do not know, and turn a
 * damaged PDF into a shorter damaged PDF without a word; an officer must be told instead.
 */
export type Base64Check = {
  update(chunk: Uint8Array): void;
  /** As update, for text whose octets are decoded already: a piece that is encoded to the same again is right, at a tenth of the cost. */
  updateDecoded(text: string, octets: Buffer): void;
  intact(): boolean;
};

const DATA = 1;
const PAD = 2;
const SPACE = 3;
const KIND = new Uint8Array(256);
for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
  KIND[letter.charCodeAt(0)] = DATA;
}
KIND["=".charCodeAt(0)] = PAD;
for (const space of " \t\r\n") KIND[space.charCodeAt(0)] = SPACE;

export function checkBase64(): Base64Check {
  let data = 0;
  let padding = 0;
  let broken = false;
  const check: Base64Check = {
    updateDecoded(text, octets) {
      const isPlain = padding === 0 && !text.endsWith("=") && octets.toString("base64") === text;
      if (isPlain) data += text.length;
      // In UTF-8: cut to an octet each, Thai letters would be taken for those of the alphabet.
      else check.update(Buffer.from(text, "utf8"));
    },
    update(chunk) {
      if (broken) return;
      // In locals of the loop: this looks at every octet of every attachment.
      let letters = data;
      let pads = padding;
      for (let at = 0; at < chunk.length; at++) {
        const kind = KIND[chunk[at] as number];
        // Data behind padding: two pieces glued together, or noise that happens to be letters.
        if (kind === DATA && pads === 0) letters++;
        else if (kind === PAD) pads++;
        else if (kind !== SPACE) {
          broken = true;
          return;
        }
      }
      data = letters;
      padding = pads;
    },
    intact() {
      if (broken || padding > 2) return false;
      // Some mailers leave the padding off; a single letter over decodes to nothing and means a cut.
      return padding > 0 ? (data + padding) % 4 === 0 : data % 4 !== 1;
    },
  };
  return check;
}
