import type { QrWords } from "./qr-words.ts";

/** What stands in every code of a version: the patterns by which readers find it, and where the codewords go. */
interface Frame {
  readonly size: number;
  /** 1 for a dark square; of the squares for codewords and format 0. */
  readonly dark: Uint8Array;
  /** Squares of the codewords, in the order of their bits. */
  readonly places: Uint16Array;
  /** By mask, for each of these squares whether it is flipped. */
  readonly flips: readonly Uint8Array[];
}

/** Places of alignment patterns (ISO/IEC 18004 annex E), by version from 1. */
const ALIGNMENT = [
  ...[[], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38]],
  ...[
    [6, 24, 42],
    [6, 26, 46],
    [6, 28, 50],
    [6, 30, 54],
    [6, 32, 58],
    [6, 34, 62],
  ],
];

const MASKS: readonly ((row: number, column: number) => boolean)[] = [
  (i, j) => (i + j) % 2 === 0,
  (i) => i % 2 === 0,
  (_i, j) => j % 3 === 0,
  (i, j) => (i + j) % 3 === 0,
  (i, j) => (Math.floor(i / 2) + Math.floor(j / 3)) % 2 === 0,
  (i, j) => ((i * j) % 2) + ((i * j) % 3) === 0,
  (i, j) => (((i * j) % 2) + ((i * j) % 3)) % 2 === 0,
  (i, j) => (((i + j) % 2) + ((i * j) % 3)) % 2 === 0,
];

const frames: Frame[] = [];

/** All squares, row after row, under each of the eight masks (ISO/IEC 18004 §7.7 to 7.10); 1 for a dark one. */
export function* maskedSquares({
  version,
  words,
}: QrWords): Generator<{ size: number; squares: Uint8Array }> {
  const frame = frames[version] ?? frameOf(version);
  frames[version] = frame;
  const { size, dark, places, flips } = frame;
  for (let mask = 0; mask < MASKS.length; mask++) {
    const squares = dark.slice();
    const flip = flips[mask] as Uint8Array;
    for (let bit = 0; bit < places.length; bit++) {
      const value = ((words[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;
      squares[places[bit] as number] = value ^ (flip[bit] as number);
    }
    writeFormat(squares, size, mask);
    yield { size, squares };
  }
}

function frameOf(version: number): Frame {
  const size = version * 4 + 17;
  const dark = new Uint8Array(size * size);
  const taken = new Uint8Array(size * size);
  const put = (row: number, column: number, isDark: boolean): void => {
    if (row < 0 || column < 0 || row >= size || column >= size) return;
    dark[row * size + column] = Number(isDark);
    taken[row * size + column] = 1;
  };
  for (let at = 0; at < size; at++) {
    put(6, at, at % 2 === 0);
    put(at, 6, at % 2 === 0);
  }
  const rings = (row: number, column: number, reach: number, light: readonly number[]): void => {
    for (let i = -reach; i <= reach; i++)
      for (let j = -reach; j <= reach; j++)
        put(row + i, column + j, !light.includes(Math.max(Math.abs(i), Math.abs(j))));
  };
  for (const [row, column] of [
    [3, 3],
    [3, size - 4],
    [size - 4, 3],
  ] as const)
    rings(row, column, 4, [2, 4]);
  const centres = ALIGNMENT[version - 1] as readonly number[];
  const last = centres.at(-1);
  for (const row of centres)
    for (const column of centres)
      if (!(row === 6 && (column === 6 || column === last)) && !(row === last && column === 6))
        rings(row, column, 2, [1]);
  for (let at = 0; at < 9; at++) {
    if (at !== 6)
      for (const [row, column] of [
        [8, at],
        [at, 8],
      ] as const)
        put(row, column, false);
    if (at < 8)
      for (const [row, column] of [
        [8, size - 1 - at],
        [size - 1 - at, 8],
      ] as const)
        put(row, column, false);
  }
  put(size - 8, 8, true);
  if (version >= 7) {
    const bits = (version << 12) | remainder(version, 0x1f25, 12);
    for (let at = 0; at < 18; at++) {
      const row = Math.floor(at / 3);
      const column = size - 11 + (at % 3);
      put(row, column, ((bits >> at) & 1) === 1);
      put(column, row, ((bits >> at) & 1) === 1);
    }
  }
  const places = placesOf(size, taken);
  const flips = MASKS.map((flips) =>
    Uint8Array.from(places, (place) => Number(flips(Math.floor(place / size), place % size))),
  );
  return { size, dark, places, flips };
}

/** Upwards and downwards in pairs of columns, from the right, around what is taken. */
function placesOf(size: number, taken: Uint8Array): Uint16Array {
  const places: number[] = [];
  for (let right = size - 1, isUpward = true; right > 0; right -= 2, isUpward = !isUpward) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step++) {
      const row = isUpward ? size - 1 - step : step;
      for (const place of [row * size + right, row * size + right - 1]) if (!taken[place]) places.push(place);
    }
  }
  return Uint16Array.from(places);
}

/** Level M and the mask, twice, with their own error correction. */
function writeFormat(squares: Uint8Array, size: number, mask: number): void {
  const bits = ((mask << 10) | remainder(mask, 0x537, 10)) ^ 0x5412; // level M is 00
  for (let at = 0; at < 15; at++) {
    const value = (bits >> at) & 1;
    const down = at < 6 ? at : at < 8 ? at + 1 : size - 15 + at;
    const along = at < 8 ? size - 1 - at : at === 8 ? 7 : 14 - at;
    squares[down * size + 8] = value;
    squares[8 * size + along] = value;
  }
}

/** Of value · x^degree by a polynomial of that degree over GF(2) (BCH codes of ISO/IEC 18004 annexes C and D). */
function remainder(value: number, polynomial: number, degree: number): number {
  let rest = value << degree;
  for (let bit = 31 - Math.clz32(rest || 1); bit >= degree; bit--)
    if ((rest >> bit) & 1) rest ^= polynomial << (bit - degree);
  return rest;
}
