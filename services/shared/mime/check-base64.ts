/**
 * Whether octets said to be base64 are base64 (RFC 2045 §6.8). Decoders skip what they do not know, and turn a
 * damaged PDF into a shorter damaged PDF without a word; an officer must be told instead.
 */
export type Base64Check = { update(chunk: Uint8Array): void; intact(): boolean };

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
  return {
    update(chunk) {
      if (broken) return;
      for (let at = 0; at < chunk.length; at++) {
        const kind = KIND[chunk[at] as number];
        if (kind === DATA) {
          // Data behind padding: two pieces glued together, or noise that happens to be letters.
          if (padding > 0) {
            broken = true;
            return;
          }
          data++;
        } else if (kind === PAD) padding++;
        else if (kind !== SPACE) {
          broken = true;
          return;
        }
      }
    },
    intact() {
      if (broken || padding > 2) return false;
      // Some mailers leave the padding off; a single letter over decodes to nothing and means a cut.
      return padding > 0 ? (data + padding) % 4 === 0 : data % 4 !== 1;
    },
  };
}
