import type { PdfTools } from "./pdf-glyphs.ts";

/** From the page's own coordinates to points from the top left corner, with its rotation and crop. */
export interface Shown {
  readonly ax: number;
  readonly bx: number;
  readonly cx: number;
  readonly ay: number;
  readonly by: number;
  readonly cy: number;
}

/** Null when the page has no sensible size. */
export function shownAs(
  { pdfium, scratch }: PdfTools,
  page: number,
  widthPt: number,
  heightPt: number,
): Shown | null {
  if (!(widthPt > 0 && heightPt > 0 && widthPt < 20_000 && heightPt < 20_000)) return null;
  const fine = 1_000;
  const far = 100;
  const place = (x: number, y: number): [number, number] => {
    const width = Math.round(widthPt * fine);
    const height = Math.round(heightPt * fine);
    pdfium.FPDF_PageToDevice(page, 0, 0, width, height, 0, x, y, scratch, scratch + 4);
    const view = new DataView(pdfium.memory.buffer);
    return [view.getInt32(scratch, true) / fine, view.getInt32(scratch + 4, true) / fine];
  };
  const [cx, cy] = place(0, 0);
  const [rightX, rightY] = place(far, 0);
  const [upX, upY] = place(0, far);
  return {
    ax: (rightX - cx) / far,
    bx: (upX - cx) / far,
    cx,
    ay: (rightY - cy) / far,
    by: (upY - cy) / far,
    cy,
  };
}

/** In the page's own coordinates, which grow upwards. */
export interface Box {
  readonly left: number;
  readonly low: number;
  readonly right: number;
  readonly high: number;
}

/** FS_RECTF of PDFium: left, top, right, bottom. */
export function floatBox(view: DataView, at: number): Box {
  const read = (index: number): number => view.getFloat32(at + 4 * index, true);
  return { left: read(0), high: read(1), right: read(2), low: read(3) };
}

/** What FPDFText_GetCharBox gives: left, right, bottom, top. */
export function doubleBox(view: DataView, at: number): Box {
  const read = (index: number): number => view.getFloat64(at + 8 * index, true);
  return { left: read(0), right: read(1), low: read(2), high: read(3) };
}

/** Where a box ends and has its middle, from the pen along the baseline, and how far its middle is off the baseline; in points. */
export function alongBaseline(
  box: Box,
  penX: number,
  penY: number,
  angle: number,
  shown: Shown,
): { end: number; middle: number; across: number } {
  const turn = (angle * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const along: number[] = [];
  const across: number[] = [];
  for (const cornerX of [box.left, box.right]) {
    for (const cornerY of [box.low, box.high]) {
      const x = shown.ax * (cornerX - penX) + shown.bx * (cornerY - penY);
      const y = shown.ay * (cornerX - penX) + shown.by * (cornerY - penY);
      along.push(x * cos + y * sin);
      across.push(y * cos - x * sin);
    }
  }
  const end = Math.max(...along);
  const middle = (end + Math.min(...along)) / 2;
  const off = Math.abs((Math.max(...across) + Math.min(...across)) / 2);
  return Number.isFinite(end + middle + off)
    ? { end: Math.max(0, end), middle, across: off }
    : { end: 0, middle: 0, across: 0 };
}
