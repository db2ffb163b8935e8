import qrcode from "qrcode-generator";
import { expect, test } from "vitest";
import { drawQrCode, qrCode } from "./qr-code.ts";
import { maskedSquares } from "./qr-squares.ts";
import { qrWords } from "./qr-words.ts";

const TEXT = "https://saraban.example.go.th/verify/7G3KQ2M9XW4T0HVD";

/** Reads the drawing back as a picture of squares, light ones around it included. */
function squaresOf(operators: string): boolean[][] {
  const [scale = 0, left = 0, bottom = 0] = (
    /^q ([\d.]+) 0 0 [\d.]+ ([\d.]+) ([\d.]+) cm/.exec(operators) ?? []
  )
    .slice(1)
    .map(Number);
  const rectangles = [...operators.matchAll(/^(\d+) (\d+) (\d+) 1 re$/gm)].map((match) =>
    match.slice(1).map(Number),
  );
  // The page's points for each corner, as a viewer works them out.
  const size = Math.round(100 / scale);
  const picture = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
  for (const [x = 0, y = 0, width = 0] of rectangles) {
    for (let column = x; column < x + width; column++) {
      const px = Math.round((left + column * scale - 10) / scale);
      const py = Math.round((bottom + y * scale - 20) / scale);
      const row = picture[size - 1 - py] as boolean[];
      expect(row[px]).toBe(false);
      row[px] = true;
    }
  }
  return picture;
}

/** Reads the characters out of the squares by the standard (ISO/IEC 18004 §7.7), for a code of one block in byte mode. */
function readSquares(dark: (row: number, column: number) => boolean, size: number): string {
  // Format information beside the upper left finder: level and mask, spoilt with 101010000010010.
  let format = 0;
  for (const [row, column] of [
    [8, 0],
    [8, 1],
    [8, 2],
    [8, 3],
    [8, 4],
  ] as const)
    format = format * 2 + Number(dark(row, column));
  const mask = (format ^ 0b10101) & 0b111;
  const flips = [
    (i: number, j: number) => (i + j) % 2 === 0,
    (i: number) => i % 2 === 0,
    (_i: number, j: number) => j % 3 === 0,
    (i: number, j: number) => (i + j) % 3 === 0,
    (i: number, j: number) => (Math.floor(i / 2) + Math.floor(j / 3)) % 2 === 0,
    (i: number, j: number) => ((i * j) % 2) + ((i * j) % 3) === 0,
    (i: number, j: number) => (((i * j) % 2) + ((i * j) % 3)) % 2 === 0,
    (i: number, j: number) => (((i + j) % 2) + ((i * j) % 3)) % 2 === 0,
  ][mask] as (i: number, j: number) => boolean;
  const alignment = size - 7;
  const isFunction = (i: number, j: number): boolean =>
    (i < 9 && j < 9) ||
    (i < 9 && j >= size - 8) ||
    (i >= size - 8 && j < 9) ||
    i === 6 ||
    j === 6 ||
    (size > 21 && Math.abs(i - alignment) <= 2 && Math.abs(j - alignment) <= 2);
  const bits: number[] = [];
  let upwards = true;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step++) {
      const row = upwards ? size - 1 - step : step;
      for (const column of [right, right - 1])
        if (!isFunction(row, column)) bits.push(Number(dark(row, column) !== flips(row, column)));
    }
    upwards = !upwards;
  }
  const take = (count: number): number => bits.splice(0, count).reduce((value, bit) => value * 2 + bit, 0);
  expect(take(4)).toBe(0b0100);
  const length = take(8);
  return String.fromCharCode(...Array.from({ length }, () => take(8)));
}

test("what is drawn is the code, with four light squares around it", () => {
  const code = qrCode(TEXT);
  const picture = squaresOf(drawQrCode(code, 10, 20, 100));
  expect(picture).toHaveLength(code.size + 8);
  for (let row = -4; row < code.size + 4; row++) {
    for (let column = -4; column < code.size + 4; column++) {
      const inside = row >= 0 && column >= 0 && row < code.size && column < code.size;
      expect(picture[row + 4]?.[column + 4], `${row} ${column}`).toBe(inside && code.isDark(row, column));
    }
  }
});

test("the drawing can be read: the three finders, and a short text square by square", () => {
  const code = qrCode("verify/7g3kq2");
  const picture = squaresOf(drawQrCode(code, 10, 20, 100));
  const dark = (row: number, column: number): boolean => picture[row + 4]?.[column + 4] === true;
  const finder = (row: number, column: number): string =>
    Array.from({ length: 7 }, (_, i) =>
      Array.from({ length: 7 }, (_, j) => +dark(row + i, column + j)).join(""),
    ).join(" ");
  const expected = "1111111 1000001 1011101 1011101 1011101 1000001 1111111";
  for (const [row, column] of [
    [0, 0],
    [0, code.size - 7],
    [code.size - 7, 0],
  ] as const)
    expect(finder(row, column)).toBe(expected);
  expect(readSquares(dark, code.size)).toBe("verify/7g3kq2");
});

test("a code in capitals takes fewer squares than an address", () => {
  expect(qrCode("7G3K-Q2M9-XW4T-0HVD").size).toBe(21);
  expect(qrCode(TEXT).size).toBe(33);
});

/** The peer's squares under the mask that it has chosen, row after row. */
function peerSquares(text: string, mode: "Alphanumeric" | "Byte"): { squares: number[]; size: number } {
  const code = qrcode(0, "M");
  code.addData(text, mode);
  code.make();
  const size = code.getModuleCount();
  const squares = Array.from({ length: size * size }, (_, at) =>
    Number(code.isDark(Math.floor(at / size), at % size)),
  );
  return { squares, size };
}

test("every version, full and nearly empty, has the squares that another encoder gives it under one of the masks", () => {
  const sizes = new Set<number>();
  const masks = new Set<number>();
  for (const [mode, alphabet, most] of [
    ["Byte", "https://saraban.example.go.th/verify/7g3kq2m9xw4t0hvd?", 331],
    ["Alphanumeric", "7G3K-Q2M9-XW4T-0HVD $%*+./:", 483],
  ] as const) {
    for (let length = 1; length <= most; length += 3) {
      const text = Array.from({ length }, (_, at) => alphabet[(at * at + length) % alphabet.length]).join("");
      const peer = peerSquares(text, mode);
      const ours = [...maskedSquares(qrWords(text))];
      const mask = ours.findIndex(({ squares }) => squares.every((dark, at) => dark === peer.squares[at]));
      expect(ours[0]?.size, `${mode} ${length}`).toBe(peer.size);
      expect(mask, `${mode} ${length}`).toBeGreaterThanOrEqual(0);
      sizes.add(peer.size);
      masks.add(mask);
    }
  }
  expect(sizes.size).toBe(13);
  expect(masks.size).toBe(8);
  expect(() => qrCode("x".repeat(332))).toThrow(RangeError);
});
