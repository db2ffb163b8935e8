/**
 * How hard a code is to read (ISO/IEC 18004 §7.8.3.1): long runs and blocks of one colour, what looks like a finder pattern,
 * and much more of one colour than of the other.
 */
export function qrPenalty(squares: Uint8Array, size: number): number {
  let penalty = 0;
  let dark = 0;
  for (let line = 0; line < size; line++) {
    penalty += linePenalty(squares, size, line * size, 1) + linePenalty(squares, size, line, size);
  }
  for (let place = 0; place < squares.length; place++) {
    const colour = squares[place] as number;
    dark += colour;
    const isBlock =
      place % size < size - 1 &&
      place + size < squares.length &&
      squares[place + 1] === colour &&
      squares[place + size] === colour &&
      squares[place + size + 1] === colour;
    if (isBlock) penalty += 3;
  }
  return penalty + 10 * Math.floor(Math.abs((dark * 100) / squares.length - 50) / 5);
}

/** 1 : 1 : 3 : 1 : 1 with four light squares before or behind, as the last eleven squares. */
const LIKE_FINDER = [0b00001011101, 0b10111010000];

/** @param step from one square to the next: 1 along a row, the size down a column */
function linePenalty(squares: Uint8Array, size: number, start: number, step: number): number {
  let penalty = 0;
  let run = 0;
  let before = -1;
  let seen = 0;
  for (let at = 0, place = start; at < size; at++, place += step) {
    const colour = squares[place] as number;
    run = colour === before ? run + 1 : 1;
    before = colour;
    if (run === 5) penalty += 3;
    else if (run > 5) penalty += 1;
    seen = ((seen << 1) | colour) & 0x7ff;
    if (at >= 10 && (seen === LIKE_FINDER[0] || seen === LIKE_FINDER[1])) penalty += 40;
  }
  return penalty;
}
