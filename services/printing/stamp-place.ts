import type { PDFPage } from "@cantoo/pdf-lib";
import type { StampDrawing } from "./receive-stamp.ts";

/** Where the stamp goes on a page. */
export interface StampPlace {
  /** Left, lower, right and upper edge in the page's own coordinates. */
  readonly rectangle: readonly [number, number, number, number];
  /** Turns the stamp so that it stands upright when the page is shown: a b c d of a matrix. */
  readonly matrix: readonly [number, number, number, number];
}

/** ISO 32000-1 annex C: pages from 3 to 14,400 units; a stamp on less than an inch cannot be read. */
const SMALLEST_PT = 72;
const LARGEST_PT = 14_400;

/** The upper right corner of the page as it is shown, which may be turned (ISO 32000-1 §7.7.3.3, Rotate). Throws. */
export function findStampPlace(page: PDFPage, drawing: StampDrawing, marginPt: number): StampPlace {
  const [left, lower, right, upper] = visibleBox(page);
  const turn = (((page.getRotation().angle % 360) + 360) % 360) / 90;
  const [width, height] = [right - left, upper - lower];
  const shown = turn % 2 === 1 ? { width: height, height: width } : { width, height };
  const scale = Math.min(
    1,
    (shown.width - 2 * marginPt) / drawing.widthPt,
    (shown.height - 2 * marginPt) / drawing.heightPt,
  );
  const [long, high] = [drawing.widthPt * scale, drawing.heightPt * scale];
  const [l, b, r, t] = [left + marginPt, lower + marginPt, right - marginPt, upper - marginPt];
  // A page turned clockwise shows its upper left corner at the upper right, and so on.
  if (turn === 0) return { matrix: [1, 0, 0, 1], rectangle: [r - long, t - high, r, t] };
  if (turn === 1) return { matrix: [0, 1, -1, 0], rectangle: [l, t - long, l + high, t] };
  if (turn === 2) return { matrix: [-1, 0, 0, -1], rectangle: [l, b, l + long, b + high] };
  if (turn === 3) return { matrix: [0, -1, 1, 0], rectangle: [r - high, b, r, b + long] };
  throw new Error("the page is turned by no right angle");
}

/** What of the page is shown: CropBox within MediaBox. */
function visibleBox(page: PDFPage): [number, number, number, number] {
  const [media, crop] = [page.getMediaBox(), page.getCropBox()];
  const box: [number, number, number, number] = [
    Math.max(media.x, crop.x),
    Math.max(media.y, crop.y),
    Math.min(media.x + media.width, crop.x + crop.width),
    Math.min(media.y + media.height, crop.y + crop.height),
  ];
  for (const side of [box[2] - box[0], box[3] - box[1]]) {
    if (!(side >= SMALLEST_PT && side <= LARGEST_PT)) throw new Error("a page of no usual size");
  }
  return box;
}
