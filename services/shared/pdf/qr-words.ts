/** Data and error correction of a QR code at level M (ISO/IEC 18004 §7.2 to 7.6), for versions 1 to 13. */
export interface QrWords {
  readonly version: number;
  /** In the order in which they are placed. */
  readonly words: Uint8Array;
}

/** By version, from 1: error correction codewords of each block, and blocks (ISO/IEC 18004 table 9, level M). */
const CHECK_WORDS = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9];
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
// QR code's own alphabet, in which a character takes 5.5 bits in place of 8.
const ALPHANUMERIC = /^[0-9A-Z $%*+\-./:]*$/;

/** @throws RangeError for more than version 13 holds: 331 characters, 483 of the alphanumeric ones */
export function qrWords(text: string): QrWords {
  for (const [index, checkWords] of CHECK_WORDS.entries()) {
    const blocks = BLOCKS[index] as number;
    const room = Math.floor(squaresForWords(index + 1) / 8);
    const data = dataWords(text, index + 1, room - checkWords * blocks);
    if (data !== null) return { version: index + 1, words: interleaved(data, room, blocks, checkWords) };
  }
  throw new RangeError("the text is too long for a QR code");
}

/** Squares that are neither finder, timing, alignment, format nor version (ISO/IEC 18004 table 1). */
function squaresForWords(version: number): number {
  const alignments = version === 1 ? 0 : Math.floor(version / 7) + 2;
  const size = version * 4 + 17;
  const ofAlignment = version === 1 ? 0 : (alignments * alignments - 3) * 25 - (alignments - 2) * 10;
  return size * size - 3 * 64 - 31 - 2 * (size - 16) - ofAlignment - (version >= 7 ? 36 : 0);
}

/** Mode, length, characters, terminator and padding; null when there is no room for them. */
function dataWords(text: string, version: number, room: number): Uint8Array | null {
  const words = new Uint8Array(room);
  let used = 0;
  const put = (value: number, bits: number): void => {
    for (let bit = bits - 1; bit >= 0; bit--, used++)
      if ((value >> bit) & 1 && used < room * 8)
        words[used >> 3] = (words[used >> 3] as number) | (0x80 >> (used & 7));
  };
  if (ALPHANUMERIC.test(text)) {
    put(0b0010, 4);
    put(text.length, version < 10 ? 9 : 11);
    for (let at = 0; at + 1 < text.length; at += 2)
      put(ALPHABET.indexOf(text[at] as string) * 45 + ALPHABET.indexOf(text[at + 1] as string), 11);
    if (text.length % 2 === 1) put(ALPHABET.indexOf(text.at(-1) as string), 6);
  } else {
    put(0b0100, 4);
    put(text.length, version < 10 ? 8 : 16);
    for (let at = 0; at < text.length; at++) put(text.charCodeAt(at), 8);
  }
  if (used > room * 8) return null;
  used = Math.ceil(Math.min(room * 8, used + 4) / 8);
  for (let pad = 0xec; used < room; used++, pad ^= 0xec ^ 0x11) words[used] = pad;
  return words;
}

/** The blocks' data in turn, then their error correction in turn; the later blocks may have one data codeword more. */
function interleaved(data: Uint8Array, room: number, blocks: number, checkWords: number): Uint8Array {
  const generator = generatorOf(checkWords);
  const short = Math.floor(data.length / blocks);
  const shortBlocks = blocks - (data.length % blocks);
  const all = new Uint8Array(room);
  let from = 0;
  for (let block = 0; block < blocks; block++) {
    const length = short + (block < shortBlocks ? 0 : 1);
    const part = data.subarray(from, from + length);
    from += length;
    for (let at = 0; at < length; at++)
      all[at < short ? at * blocks + block : short * blocks + block - shortBlocks] = part[at] as number;
    const check = remainderOf(part, generator);
    for (let at = 0; at < checkWords; at++) all[data.length + at * blocks + block] = check[at] as number;
  }
  return all;
}

/** Powers of 2 in GF(256) modulo x^8 + x^4 + x^3 + x^2 + 1, and their logarithms. */
const POWERS = new Uint8Array(510);
const LOGARITHMS = new Uint8Array(256);
for (let exponent = 0, value = 1; exponent < 255; exponent++) {
  POWERS[exponent] = value;
  POWERS[exponent + 255] = value;
  LOGARITHMS[value] = exponent;
  value = value < 128 ? value * 2 : (value * 2) ^ 0x11d;
}

function times(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : (POWERS[(LOGARITHMS[a] as number) + (LOGARITHMS[b] as number)] as number);
}

/** (x - 2^0)(x - 2^1) …, the highest coefficient, 1, left out. */
function generatorOf(degree: number): Uint8Array {
  const generator = new Uint8Array(degree);
  generator[degree - 1] = 1;
  for (let root = 0; root < degree; root++) {
    for (let at = 0; at < degree; at++)
      generator[at] = times(generator[at] as number, POWERS[root] as number) ^ (generator[at + 1] ?? 0);
  }
  return generator;
}

function remainderOf(data: Uint8Array, generator: Uint8Array): Uint8Array {
  const rest = new Uint8Array(generator.length);
  for (const word of data) {
    const factor = word ^ (rest[0] as number);
    rest.copyWithin(0, 1);
    rest[rest.length - 1] = 0;
    if (factor === 0) continue;
    for (let at = 0; at < rest.length; at++)
      rest[at] = (rest[at] as number) ^ times(generator[at] as number, factor);
  }
  return rest;
}
