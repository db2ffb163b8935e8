import { pdfNumber } from "./pdf-file.ts";
import { qrPenalty } from "./qr-penalty.ts";
import { maskedSquares } from "./qr-squares.ts";
import { qrWords } from "./qr-words.ts";

/** A QR code (ISO/IEC 18004): dark and light squares, without the quiet zone around them. */
export interface QrCode {
  /** Squares along an edge. */
  readonly size: number;
  isDark(row: number, column: number): boolean;
}

/** Four squares of white on each side (ISO/IEC 18004 §6.3.8), or readers do not find it. */
const QUIET_ZONE = 4;
/**
 * Our own, because the library that was here before (qrcode-generator, now the tests' peer) took 1.4 ms for a code, most of
 * them for the choice of its mask, and a receipt takes as long altogether.
 * @param text ASCII, up to some 300 characters; level M: it is read with 15 % of it soiled
 */
export function qrCode(text: string): QrCode {
  let best: { size: number; squares: Uint8Array } | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const masked of maskedSquares(qrWords(text))) {
    const penalty = qrPenalty(masked.squares, masked.size);
    if (penalty >= least) continue;
    least = penalty;
    best = masked;
  }
  const { size, squares } = best as NonNullable<typeof best>;
  return { size, isDark: (row, column) => squares[row * size + column] === 1 };
}

/** Operators that draw it, quiet zone included, into a square with this lower left corner; as shapes, sharp at any size. */
export function drawQrCode(code: QrCode, left: number, bottom: number, sizePt: number): string {
  const unit = sizePt / (code.size + 2 * QUIET_ZONE);
  const origin = `${pdfNumber(left + QUIET_ZONE * unit)} ${pdfNumber(bottom + QUIET_ZONE * unit)}`;
  const scale = (Math.round(unit * 1e5) / 1e5).toString();
  let squares = "";
  for (let row = 0; row < code.size; row++) {
    for (let from = 0; from < code.size; from++) {
      if (!code.isDark(row, from)) continue;
      let to = from + 1;
      while (to < code.size && code.isDark(row, to)) to++;
      squares += `${from} ${code.size - 1 - row} ${to - from} 1 re\n`;
      from = to;
    }
  }
  return `q ${scale} 0 0 ${scale} ${origin} cm 0 g\n${squares}f Q\n`;
}

/** The same as a picture for a page: one shape, sharp at any size, white all around as readers need it. */
export function qrSvg(text: string): string {
  const code = qrCode(text);
  const edge = code.size + 2 * QUIET_ZONE;
  let squares = "";
  for (let row = 0; row < code.size; row++) {
    for (let from = 0; from < code.size; from++) {
      if (!code.isDark(row, from)) continue;
      let to = from + 1;
      while (to < code.size && code.isDark(row, to)) to++;
      squares += `M${from + QUIET_ZONE} ${row + QUIET_ZONE}h${to - from}v1h-${to - from}z`;
      from = to;
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${edge} ${edge}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${edge}v${edge}H0z"/><path d="${squares}"/></svg>`;
}
