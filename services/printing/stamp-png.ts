import { crc32 } from "node:zlib";
import { Resvg } from "@resvg/resvg-js";
import type { ReceiveStamp, StampFaces } from "./receive-stamp.ts";
import { stampSvg } from "./stamp-svg.ts";

/** Finer than 600 dpi no office prints, and a stamp of 100 MB helps nobody. */
const MOST_DPI = 600;
/** Signature and IHDR (ISO/IEC 15948): what says the density stands behind them. */
const HEADER_BYTES = 33;

/** The stamp as a PNG picture with a clear ground and its real size, to be laid over a letter. */
export function stampPng(stamp: ReceiveStamp, faces: StampFaces, dpi: number): Buffer {
  if (!(dpi >= 36 && dpi <= MOST_DPI)) throw new RangeError(`dpi must lie between 36 and ${MOST_DPI}`);
  const png = new Resvg(stampSvg(stamp, faces), { dpi, font: { loadSystemFonts: false } }).render().asPng();
  return Buffer.concat([png.subarray(0, HEADER_BYTES), densityChunk(dpi), png.subarray(HEADER_BYTES)]);
}

/** pHYs, in dots a metre: resvg leaves it out, and without it a program lays the stamp down in any size. */
function densityChunk(dpi: number): Buffer {
  const chunk = Buffer.alloc(21);
  const dotsPerMetre = Math.round(dpi / 0.0254);
  chunk.writeUInt32BE(9, 0);
  chunk.write("pHYs", 4, "latin1");
  chunk.writeUInt32BE(dotsPerMetre, 8);
  chunk.writeUInt32BE(dotsPerMetre, 12);
  chunk.writeUInt8(1, 16);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 17)), 17);
  return chunk;
}
