import { crc32, deflateSync } from "node:zlib";
import { drawReceiveStamp, type ReceiveStamp, STAMP_INK, type StampFaces } from "./receive-stamp.ts";
import { outlineStamp, type Step } from "./stamp-outline.ts";

/** Finer than 600 dpi no office prints, and a stamp of 100 MB helps nobody. */
const MOST_DPI = 600;
/** Lines scanned in each row of pixels: the edges then have 16 shades upwards, and any number sideways. */
const SCANS = 16;

/** The stamp as a PNG picture (ISO/IEC 15948) with a clear ground, to be laid over a letter. */
export function stampPng(stamp: ReceiveStamp, faces: StampFaces, dpi: number): Buffer {
  if (!(dpi >= 36 && dpi <= MOST_DPI)) throw new RangeError(`dpi must lie between 36 and ${MOST_DPI}`);
  const drawing = drawReceiveStamp(stamp, faces);
  const scale = dpi / 72;
  const width = Math.ceil(drawing.widthPt * scale);
  const height = Math.ceil(drawing.heightPt * scale);
  const cover = coverage(outlineStamp(drawing, faces), scale, width, height);
  const rows = Buffer.alloc((width * 4 + 1) * height);
  for (let row = 0, at = 0; row < height; row++) {
    at += 1; // no filter
    for (let column = 0; column < width; column++, at += 4) {
      const alpha = Math.min(255, Math.round((cover[row * width + column] ?? 0) * 255));
      rows.set([STAMP_INK.red, STAMP_INK.green, STAMP_INK.blue, alpha], at);
    }
  }
  return encodePng(width, height, dpi, rows);
}

interface Edge {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** How much of each pixel the shapes cover, 0 to 1, by the nonzero winding rule. */
function coverage(steps: readonly Step[], scale: number, width: number, height: number): Float32Array {
  const cover = new Float32Array(width * height);
  const scans: { x: number; turn: number }[][] = Array.from({ length: height * SCANS }, () => []);
  for (const { x1, y1, x2, y2 } of edgesOf(steps, scale * SCANS)) {
    const turn = y2 > y1 ? 1 : -1;
    const [top, bottom] = y2 > y1 ? [y1, y2] : [y2, y1];
    for (let scan = Math.max(0, Math.ceil(top - 0.5)); scan + 0.5 < bottom && scan < scans.length; scan++) {
      const x = x1 + ((scan + 0.5 - y1) * (x2 - x1)) / (y2 - y1);
      scans[scan]?.push({ x: x / SCANS, turn });
    }
  }
  for (const [scan, crossings] of scans.entries()) {
    crossings.sort((a, b) => a.x - b.x);
    const row = Math.floor(scan / SCANS) * width;
    let winding = 0;
    let from = 0;
    for (const { x, turn } of crossings) {
      if (winding !== 0) addSpan(cover, row, width, from, x);
      winding += turn;
      from = x;
    }
  }
  return cover;
}

function addSpan(cover: Float32Array, row: number, width: number, from: number, to: number): void {
  for (let column = Math.max(0, Math.floor(from)); column < Math.min(width, to); column++) {
    const part = Math.min(to, column + 1) - Math.max(from, column);
    cover[row + column] = (cover[row + column] ?? 0) + part / SCANS;
  }
}

/** Straight edges; a curve in eight of them differs from itself by less than a printer's dot. */
function edgesOf(steps: readonly Step[], scale: number): Edge[] {
  const edges: Edge[] = [];
  let [startX, startY, x, y] = [0, 0, 0, 0];
  const lineTo = (toX: number, toY: number): void => {
    if (toY !== y) edges.push({ x1: x * scale, y1: y * scale, x2: toX * scale, y2: toY * scale });
    [x, y] = [toX, toY];
  };
  for (const step of steps) {
    if (step.to === "close") lineTo(startX, startY);
    else if (step.to === "line") lineTo(step.x, step.y);
    else if (step.to === "move") [startX, startY, x, y] = [step.x, step.y, step.x, step.y];
    else {
      const [fromX, fromY] = [x, y];
      for (let part = 1; part <= 8; part++) {
        const t = part / 8;
        const curve = (a: number, c: number, b: number): number =>
          (1 - t) ** 2 * a + 2 * t * (1 - t) * c + t ** 2 * b;
        lineTo(curve(fromX, step.cx, step.x), curve(fromY, step.cy, step.y));
      }
    }
  }
  return edges;
}

function encodePng(width: number, height: number, dpi: number, rows: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8); // 8 bits a channel, colour with alpha
  const density = Buffer.alloc(9);
  const dotsPerMetre = Math.round(dpi / 0.0254);
  density.writeUInt32BE(dotsPerMetre, 0);
  density.writeUInt32BE(dotsPerMetre, 4);
  density.writeUInt8(1, 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("pHYs", density),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "ascii"), data]);
  const bytes = Buffer.alloc(body.length + 8);
  bytes.writeUInt32BE(data.length, 0);
  body.copy(bytes, 4);
  bytes.writeUInt32BE(crc32(body), body.length + 4);
  return bytes;
}
