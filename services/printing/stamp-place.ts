import type { OpenPdf } from "./open-pdf.ts";
import { broken, type Dictionary, readArray, readDictionary, referredNumber } from "./pdf-syntax.ts";
import type { StampDrawing } from "./receive-stamp.ts";

/** Where the stamp goes on the first page. */
export interface StampPlace {
  readonly pageNumber: number;
  readonly page: Dictionary;
  /** Left, lower, right and upper edge in the page's own coordinates. */
  readonly rectangle: readonly [number, number, number, number];
  /** Turns the stamp so that it stands upright when the page is shown: a b c d of a matrix. */
  readonly matrix: readonly [number, number, number, number];
}

interface FirstPage {
  readonly number: number;
  readonly page: Dictionary;
  /** With what it inherits. */
  readonly attributes: Dictionary;
}

const DEEPEST_TREE = 50;
const MOST_NODES = 10_000;
const INHERITED = ["MediaBox", "CropBox", "Rotate"];
/** ISO 32000-1 annex C: pages from 3 to 14,400 units; a stamp on less than an inch cannot be read. */
const SMALLEST_PT = 72;
const LARGEST_PT = 14_400;

/** The upper right corner of the first page as it is shown, which may be turned (ISO 32000-1 §7.7.3.3, Rotate). */
export function findStampPlace(pdf: OpenPdf, drawing: StampDrawing, marginPt: number): StampPlace {
  const { number, page, attributes } = findFirstPage(pdf);
  const [left, lower, right, upper] = visibleBox(pdf, attributes);
  const turn = (((Number(pdf.resolve(attributes.get("Rotate") ?? "0")) % 360) + 360) % 360) / 90;
  const [width, height] = [right - left, upper - lower];
  const shown = turn % 2 === 1 ? { width: height, height: width } : { width, height };
  const scale = Math.min(
    1,
    (shown.width - 2 * marginPt) / drawing.widthPt,
    (shown.height - 2 * marginPt) / drawing.heightPt,
  );
  const [long, high] = [drawing.widthPt * scale, drawing.heightPt * scale];
  const [l, b, r, t] = [left + marginPt, lower + marginPt, right - marginPt, upper - marginPt];
  const found = { pageNumber: number, page };
  // A page turned clockwise shows its upper left corner at the upper right, and so on.
  if (turn === 0) return { ...found, matrix: [1, 0, 0, 1], rectangle: [r - long, t - high, r, t] };
  if (turn === 1) return { ...found, matrix: [0, 1, -1, 0], rectangle: [l, t - long, l + high, t] };
  if (turn === 2) return { ...found, matrix: [-1, 0, 0, -1], rectangle: [l, b, l + long, b + high] };
  if (turn === 3) return { ...found, matrix: [0, -1, 1, 0], rectangle: [r - high, b, r, b + long] };
  throw broken("the page is turned by no right angle");
}

function findFirstPage(pdf: OpenPdf): FirstPage {
  const catalogue = readDictionary(pdf.resolve(pdf.trailer.get("Root")));
  const waiting: { reference: string; depth: number; inherited: Dictionary }[] = [
    { reference: catalogue.get("Pages") ?? "null", depth: 0, inherited: new Map() },
  ];
  const seen = new Set<number>();
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const number = referredNumber(node.reference);
    if (number === null || seen.has(number) || seen.size >= MOST_NODES || node.depth > DEEPEST_TREE) {
      throw broken("the tree of pages");
    }
    seen.add(number);
    const own = readDictionary(pdf.resolve(node.reference));
    const attributes = new Map(node.inherited);
    for (const name of INHERITED) {
      const value = own.get(name);
      if (value !== undefined) attributes.set(name, value);
    }
    if (!own.has("Kids")) return { number, page: own, attributes };
    const kids = readArray(pdf.resolve(own.get("Kids")));
    // The first kid is looked at next; the others only if it holds no page.
    for (const reference of kids.slice(0, MOST_NODES).reverse()) {
      waiting.push({ reference, depth: node.depth + 1, inherited: attributes });
    }
  }
  throw broken("no page");
}

/** What of the page is shown: CropBox within MediaBox. */
function visibleBox(pdf: OpenPdf, attributes: Dictionary): [number, number, number, number] {
  const media = readBox(pdf, attributes.get("MediaBox"));
  if (media === null) throw broken("a page without size");
  const crop = readBox(pdf, attributes.get("CropBox")) ?? media;
  const box: [number, number, number, number] = [
    Math.max(media[0], crop[0]),
    Math.max(media[1], crop[1]),
    Math.min(media[2], crop[2]),
    Math.min(media[3], crop[3]),
  ];
  for (const side of [box[2] - box[0], box[3] - box[1]]) {
    if (!(side >= SMALLEST_PT && side <= LARGEST_PT)) throw broken("a page of no usual size");
  }
  return box;
}

function readBox(pdf: OpenPdf, value: string | undefined): [number, number, number, number] | null {
  const written = pdf.resolve(value);
  if (written === "null") return null;
  const [a, b, c, d] = readArray(written).map((edge) => Number(pdf.resolve(edge)));
  if (a === undefined || b === undefined || c === undefined || d === undefined) throw broken("a page's box");
  return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
}
