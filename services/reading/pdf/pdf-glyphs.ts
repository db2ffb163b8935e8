import { alongBaseline, type Box, doubleBox, floatBox, type Shown, shownAs } from "./pdf-places.ts";
import type { Pdfium } from "./pdfium-functions.ts";

/** A letter as it is drawn, in points from the top left corner of the page as it is shown. */
export interface PdfGlyph {
  /** One letter, or those that one drawing stands for. "\uFFFD" where the font does not tell. */
  text: string;
  /** Where the pen is set down, and the baseline. */
  readonly x: number;
  readonly y: number;
  /** How far the pen moves on, along the baseline. */
  advance: number;
  /** The middle of what is seen, along the baseline from x: a tone mark is drawn behind its pen. */
  readonly middle: number;
  readonly sizePt: number;
  /** Direction of the baseline, degrees: 0 runs right, 90 runs down. */
  readonly angle: number;
  readonly red: boolean;
  /** Not drawn: what text recognition lays behind a scan. */
  readonly invisible: boolean;
  /** Equal for the letters of one font, and of one piece of drawing. */
  readonly font: number;
  readonly piece: number;
}

export interface PdfPageGlyphs {
  readonly number: number;
  readonly widthPt: number;
  readonly heightPt: number;
  readonly glyphs: PdfGlyph[];
  /** More than is read of one page. */
  readonly cut: boolean;
  /** Text is drawn, but nothing of it can be had: its fonts are damaged. */
  readonly lost: boolean;
}

/** PDFium with what its functions are called with. */
export interface PdfTools {
  readonly pdfium: Pdfium;
  /** 64 octets for what its functions give back. */
  readonly scratch: number;
  /** The word, as C writes it. */
  readonly actualText: number;
}

/** Neither a space nor one of the marks, which take no room and so share their pen with what follows. */
const SPACING = /^[^\s\p{M}]+$/u;
const MAX_PAGE_GLYPHS = 20_000;
const INVISIBLE_MODE = 3;
const STRING_VALUE = 3;
const MAX_MARKS = 20;
const MAX_OBJECTS = 50_000;
const TEXT_OBJECT = 1;
/** A scanner may leave an empty text or two on its page. */
const LOST_OBJECTS = 5;
/** Parts of the page's height: somewhat more than where markings are looked for. */
const TOP_EDGE = 0.17;
const BOTTOM_EDGE = 0.86;

/**
 * The letters of a page in the order of PDFium, without what it guesses; none when the page has no sensible size.
 * @param part "edges": only those at its top and bottom, at a fraction of the work
 */
export function readPageGlyphs(
  tools: PdfTools,
  page: number,
  part: "all" | "edges",
): Omit<PdfPageGlyphs, "number"> {
  const { pdfium } = tools;
  const widthPt = pdfium.FPDF_GetPageWidthF(page);
  const heightPt = pdfium.FPDF_GetPageHeightF(page);
  const text = pdfium.FPDFText_LoadPage(page);
  const count = text === 0 ? 0 : pdfium.FPDFText_CountChars(text);
  const shown = count > 0 ? shownAs(tools, page, widthPt, heightPt) : null;
  const middle = part === "edges" ? { from: heightPt * TOP_EDGE, to: heightPt * BOTTOM_EDGE } : null;
  const glyphs =
    shown === null
      ? []
      : readGlyphs(tools, text, Math.min(count, MAX_PAGE_GLYPHS), shown, spokenBoxes(tools, page), middle);
  if (text !== 0) pdfium.FPDFText_ClosePage(text);
  return {
    widthPt,
    heightPt,
    glyphs,
    cut: count > MAX_PAGE_GLYPHS,
    lost: count <= 0 && drawsText(pdfium, page),
  };
}

function drawsText(pdfium: Pdfium, page: number): boolean {
  const count = Math.min(pdfium.FPDFPage_CountObjects(page), MAX_OBJECTS);
  let drawn = 0;
  for (let index = 0; index < count && drawn < LOST_OBJECTS; index++)
    if (pdfium.FPDFPageObj_GetType(pdfium.FPDFPage_GetObject(page, index)) === TEXT_OBJECT) drawn += 1;
  return drawn >= LOST_OBJECTS;
}

/** What the letters of one piece of drawing (a text object) have in common. */
interface Piece {
  readonly sizePt: number;
  readonly angle: number;
  readonly red: boolean;
  readonly invisible: boolean;
  readonly font: number;
  /** The marked content with ActualText that it belongs to; 0 for none. */
  readonly spoken: number;
}

/** ActualText: what a span of drawing says. PDFium gives its letters one place, and only some of its drawing. */
function spokenBoxes(tools: PdfTools, page: number): ReadonlyMap<number, readonly Box[]> {
  const { pdfium, scratch } = tools;
  const boxes = new Map<number, Box[]>();
  const count = Math.min(pdfium.FPDFPage_CountObjects(page), MAX_OBJECTS);
  for (let index = 0; index < count; index++) {
    const object = pdfium.FPDFPage_GetObject(page, index);
    if (object === 0 || pdfium.FPDFPageObj_GetType(object) !== TEXT_OBJECT) continue;
    const span = spokenMark(tools, object);
    if (span === 0) continue;
    pdfium.FPDFPageObj_GetBounds(object, scratch, scratch + 4, scratch + 8, scratch + 12);
    const view = new DataView(pdfium.memory.buffer);
    const [left, low, right, high] = [0, 4, 8, 12].map((offset) =>
      view.getFloat32(scratch + offset, true),
    ) as Four;
    const known = boxes.get(span) ?? [];
    known.push({ left, low, right, high });
    boxes.set(span, known);
  }
  return boxes;
}

/** The innermost marked content with ActualText that an object stands in; 0 for none. */
function spokenMark({ pdfium, actualText }: PdfTools, object: number): number {
  const marks = Math.min(pdfium.FPDFPageObj_CountMarks(object), MAX_MARKS);
  for (let nth = marks - 1; nth >= 0; nth--) {
    const mark = pdfium.FPDFPageObj_GetMark(object, nth);
    if (mark !== 0 && pdfium.FPDFPageObjMark_GetParamValueType(mark, actualText) === STRING_VALUE)
      return mark;
  }
  return 0;
}

function readGlyphs(
  tools: PdfTools,
  text: number,
  count: number,
  shown: Shown,
  spans: ReadonlyMap<number, readonly Box[]>,
  leftOut: { readonly from: number; readonly to: number } | null,
): PdfGlyph[] {
  const { pdfium, scratch } = tools;
  const glyphs: PdfGlyph[] = [];
  const pieces = new Map<number, Piece>();
  // ActualText stands for all pieces of its span, and PDFium may repeat it at each: the first one says it.
  const saidAt = new Map<number, number>();
  let last = { piece: 0, x: 0, y: 0, inkLeft: 0 };
  for (let index = 0; index < count; index++) {
    const object = pdfium.FPDFText_GetTextObject(text, index);
    // Spaces and line ends that PDFium has guessed.
    if (object === 0 || pdfium.FPDFText_IsGenerated(text, index) === 1) continue;
    pdfium.FPDFText_GetCharOrigin(text, index, scratch, scratch + 8);
    const pen = new DataView(pdfium.memory.buffer);
    const pageX = pen.getFloat64(scratch, true);
    const pageY = pen.getFloat64(scratch + 8, true);
    const x = shown.ax * pageX + shown.bx * pageY + shown.cx;
    const y = shown.ay * pageX + shown.by * pageY + shown.cy;
    if (leftOut !== null && y > leftOut.from && y < leftOut.to) continue;
    const piece = pieces.get(object) ?? readPiece(tools, text, index, object, shown);
    pieces.set(object, piece);
    const first = piece.spoken === 0 ? object : (saidAt.get(piece.spoken) ?? object);
    if (first !== object) continue;
    if (piece.spoken !== 0) saidAt.set(piece.spoken, object);
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    pdfium.FPDFText_GetLooseCharBox(text, index, scratch + 16);
    pdfium.FPDFText_GetCharBox(text, index, scratch + 32, scratch + 40, scratch + 48, scratch + 56);
    const view = new DataView(pdfium.memory.buffer);
    const along = (box: Box) => alongBaseline(box, pageX, pageY, piece.angle, shown);
    const room = along(floatBox(view, scratch + 16));
    const letter = letterOf(
      pdfium.FPDFText_GetUnicode(text, index),
      pdfium.FPDFText_HasUnicodeMapError(text, index) === 1,
    );
    const before = glyphs.at(-1);
    const ink = doubleBox(view, scratch + 32);
    const samePen = last.piece === object && last.x === pageX && last.y === pageY;
    if (
      before !== undefined &&
      samePen &&
      (piece.spoken !== 0 || (ink.left === last.inkLeft && SPACING.test(before.text + letter)))
    ) {
      // Several letters of one drawing: a ligature, or a span with ActualText.
      before.text += letter;
      if (piece.spoken === 0) before.advance = Math.max(before.advance, room.end);
      continue;
    }
    last = { piece: object, x: pageX, y: pageY, inkLeft: ink.left };
    const drawn = along(ink);
    const span = (spans.get(piece.spoken) ?? []).map(along).filter(({ across }) => across < piece.sizePt);
    glyphs.push({
      text: letter,
      x,
      y,
      // The width that a font gives for a letter of ActualText may be another letter's, but for the first one.
      advance: Math.max(room.end, ...span.map(({ end }) => end)),
      middle: drawn.middle,
      sizePt: piece.sizePt,
      angle: piece.angle,
      red: piece.red,
      invisible: piece.invisible,
      font: piece.font,
      piece: object,
    });
  }
  return glyphs;
}

function readPiece(tools: PdfTools, text: number, index: number, object: number, shown: Shown): Piece {
  const { pdfium, scratch } = tools;
  pdfium.FPDFText_GetMatrix(text, index, scratch);
  pdfium.FPDFText_GetFillColor(text, index, scratch + 24, scratch + 28, scratch + 32, scratch + 36);
  const view = new DataView(pdfium.memory.buffer);
  const [a, b, c, d] = [0, 4, 8, 12].map((offset) => view.getFloat32(scratch + offset, true)) as Four;
  const [red, green, blue] = [24, 28, 32].map((offset) => view.getUint32(scratch + offset, true)) as Three;
  const fontSize = pdfium.FPDFText_GetFontSize(text, index);
  const sizePt = fontSize * Math.hypot(shown.ax * c + shown.bx * d, shown.ay * c + shown.by * d);
  const angle = (Math.atan2(shown.ay * a + shown.by * b, shown.ax * a + shown.bx * b) * 180) / Math.PI;
  return {
    sizePt: Number.isFinite(sizePt) && sizePt > 0 ? sizePt : 0,
    angle: Number.isFinite(angle) ? angle : 0,
    red: red >= 150 && green <= 90 && blue <= 90,
    invisible: pdfium.FPDFTextObj_GetTextRenderMode(object) === INVISIBLE_MODE,
    font: pdfium.FPDFTextObj_GetFont(object),
    spoken: spokenMark(tools, object),
  };
}

type Three = [number, number, number];
type Four = [number, number, number, number];

/** PDFium gives a code of the font where it knows no letter, and 2 for a hyphen that ends a line. */
function letterOf(code: number, unknown: boolean): string {
  if (code === 2 || code === 0xfffe) return "-";
  if (unknown || code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return "\uFFFD";
  return code < 0x20 ? " " : String.fromCodePoint(code);
}
