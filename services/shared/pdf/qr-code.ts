import qrcode from "qrcode-generator";
import { pdfNumber } from "./pdf-file.ts";

/** A QR code (ISO/IEC 18004): dark and light squares, without the quiet zone around them. */
export interface QrCode {
  /** Squares along an edge. */
  readonly size: number;
  isDark(row: number, column: number): boolean;
}

/** Four squares of white on each side (ISO/IEC 18004 §6.3.8), or readers do not find it. */
const QUIET_ZONE = 4;
// QR code's own alphabet, in which a character takes 5.5 bits in place of 8.
const ALPHANUMERIC = /^[0-9A-Z $%*+\-./:]*$/;

/** @param text ASCII, up to some 300 characters; level M: it is read with 15 % of it soiled */
export function qrCode(text: string): QrCode {
  const code = qrcode(0, "M");
  code.addData(text, ALPHANUMERIC.test(text) ? "Alphanumeric" : "Byte");
  code.make();
  return { size: code.getModuleCount(), isDark: (row, column) => code.isDark(row, column) };
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
