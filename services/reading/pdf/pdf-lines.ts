import { normaliseThai } from "../../shared/letter/thai-text.ts";
import type { PdfGlyph, PdfPageGlyphs } from "./pdf-glyphs.ts";
import type { PdfLine } from "./read-pdf.ts";

const MARK = /^[\u0E31\u0E34-\u0E3A\u0E47-\u0E4E\p{M}]+$/u;
const THAI_BASE_END = /[\u0E01-\u0E2E][\u0E48-\u0E4B]?$/u;
const SARA_AA = /^([\u0E48-\u0E4B]?)\u0E32/u;
/** In ems of the line's letters. */
const SAME_LINE = 0.3;
const SAME_RUN_BEHIND = -0.6;
const SAME_RUN_AHEAD = 1;
const COLUMN_GAP = 2.5;
const SPACE_GAP = 0.2;
const KEPT_SPACE_GAP = 0.08;
const NO_GAP = 0.15;
const MARK_REACH = 0.9;

const MIN_SIZE_PT = 3;
/** Each is compared with every letter. */
const MAX_LOOSE_MARKS = 2_000;
const MAX_DIRECTIONS = 8;
const MAX_LINE_CHARACTERS = 1_000;
const TOP = 0.15;
const BOTTOM = 0.88;

/** A letter that takes room of its own, with the marks above and below it. */
interface Cluster {
  readonly glyph: PdfGlyph;
  readonly order: number;
  text: string;
  /** Along the line, and across it (grows downwards). */
  readonly x: number;
  end: number;
  readonly y: number;
  readonly sizePt: number;
}

/**
 * The printed lines of a page, by where the letters stand: the order in which a file draws them need not be the order in
 * which they are read, and marks may be drawn at any time. Lines that run down, up or aslant are told after the others.
 */
export function layOutLines(page: PdfPageGlyphs): PdfLine[] {
  const seen = page.glyphs.filter((glyph) => isOnPage(glyph, page) && glyph.sizePt >= MIN_SIZE_PT);
  const directions = new Map<number, PdfGlyph[]>();
  for (const glyph of seen) {
    const direction = Math.round(glyph.angle / 5) * 5;
    const straight = Math.abs(glyph.angle) <= 10 ? 0 : direction;
    const group = directions.get(straight) ?? [];
    if (group.length === 0 && directions.size >= MAX_DIRECTIONS) continue;
    group.push(glyph);
    directions.set(straight, group);
  }
  const groups = [...directions].sort(([, a], [, b]) => b.length - a.length);
  const turned = turnOf(groups[0]?.[0] ?? 0);
  return groups.flatMap(([direction, glyphs]) =>
    linesOf(clustersOf(glyphs, direction)).flatMap((line) => toPdfLine(line, page, turned)),
  );
}

function isOnPage({ x, y }: PdfGlyph, { widthPt, heightPt }: PdfPageGlyphs): boolean {
  return x > -5 && y > 0 && x < widthPt && y < heightPt + 5;
}

/** Quarter turns of a page that was laid into the file sideways, without saying so. */
function turnOf(direction: number): 0 | 1 | 2 | 3 {
  return (((Math.round(direction / 90) % 4) + 4) % 4) as 0 | 1 | 2 | 3;
}

function clustersOf(glyphs: readonly PdfGlyph[], direction: number): Cluster[] {
  const turn = (direction * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const clusters: Cluster[] = [];
  const loose: Cluster[] = [];
  let last: Cluster | null = null;
  for (const [order, glyph] of glyphs.entries()) {
    const x = glyph.x * cos + glyph.y * sin;
    const y = glyph.y * cos - glyph.x * sin;
    const cluster: Cluster = {
      glyph,
      order,
      text: glyph.text,
      x,
      end: x + glyph.advance,
      y,
      sizePt: glyph.sizePt,
    };
    if (!MARK.test(glyph.text)) {
      clusters.push(cluster);
      if (glyph.text.trim() !== "") last = cluster;
    } else if (last !== null && isOver(cluster, last, 0.05)) {
      last.text += glyph.text;
      last.end = Math.max(last.end, cluster.end);
    } else loose.push(cluster);
  }
  for (const mark of loose.slice(0, MAX_LOOSE_MARKS)) giveToNearest(mark, clusters);
  return clusters;
}

/** Where a mark is seen: its pen stands behind the letter that it stands over. */
function middleOf(mark: Cluster): number {
  const { middle } = mark.glyph;
  return mark.x + (Math.abs(middle) < 0.01 * mark.sizePt ? -0.2 * mark.sizePt : middle);
}

/** @param reach in ems, how far beside the letter the mark may be seen */
function isOver(mark: Cluster, base: Cluster, reach: number): boolean {
  const em = base.sizePt;
  const middle = middleOf(mark);
  return (
    Math.abs(mark.y - base.y) < MARK_REACH * em &&
    middle > base.x - reach * em &&
    middle < base.end + reach * em
  );
}

/** A mark that is not drawn right after its letter belongs to the one that it stands over. */
function giveToNearest(mark: Cluster, clusters: readonly Cluster[]): void {
  let nearest: Cluster | null = null;
  let least = Number.POSITIVE_INFINITY;
  const middle = middleOf(mark);
  for (const base of clusters) {
    if (base.glyph.text.trim() === "" || !isOver(mark, base, 0.4)) continue;
    const off = Math.abs(middle - (base.x + base.end) / 2) + Math.abs(mark.y - base.y);
    if (off < least) [least, nearest] = [off, base];
  }
  if (nearest !== null) nearest.text += mark.text;
}

function linesOf(clusters: readonly Cluster[]): Cluster[][] {
  const byHeight = [...clusters].sort((a, b) => a.y - b.y || a.order - b.order);
  const lines: Cluster[][] = [];
  let line: Cluster[] = [];
  let y = Number.NEGATIVE_INFINITY;
  for (const cluster of byHeight) {
    if (cluster.y - y > SAME_LINE * cluster.sizePt) {
      line = [];
      lines.push(line);
      y = cluster.y;
    }
    line.push(cluster);
  }
  return lines.map(inReadingOrder);
}

/**
 * Left to right by runs, not by letters: what is printed over a line (a stamp) must not be mixed into it.
 */
function inReadingOrder(line: Cluster[]): Cluster[] {
  const runs: Cluster[][] = [];
  let run: Cluster[] = [];
  let last: Cluster | null = null;
  for (const cluster of line.sort((a, b) => a.order - b.order)) {
    const gap: number = last === null ? 0 : (cluster.x - last.end) / Math.max(cluster.sizePt, last.sizePt);
    if (last === null || gap < SAME_RUN_BEHIND || gap > SAME_RUN_AHEAD) {
      run = [];
      runs.push(run);
    }
    run.push(cluster);
    last = cluster;
  }
  return runs.sort((a, b) => (a[0]?.x ?? 0) - (b[0]?.x ?? 0)).flat();
}

/** Fonts draw SARA AM as its circle and SARA AA, and some makers of PDFs tell the whole letter for the circle alone. */
const SARA_AM_AND_AA = /\u0E33([\u0E48-\u0E4B]?)\u0E32/gu;

function toPdfLine(line: readonly Cluster[], page: PdfPageGlyphs, turned: 0 | 1 | 2 | 3): PdfLine[] {
  const text = normaliseThai(textOf(line))
    .replace(SARA_AM_AND_AA, "$1\u0E33")
    .replace(/ {2,}/g, " ")
    .replace(/ ?\t[ \t]*/g, "\t")
    .trim()
    .slice(0, MAX_LINE_CHARACTERS)
    .toWellFormed();
  const first = line.find(({ glyph }) => glyph.text.trim() !== "")?.glyph;
  if (first === undefined || text === "") return [];
  const across = first.x / page.widthPt;
  const down = first.y / page.heightPt;
  const [left, at] = (
    [
      [across, down],
      [down, 1 - across],
      [1 - across, 1 - down],
      [1 - down, across],
    ] as const
  )[turned];
  const letters = line.filter(({ glyph }) => glyph.text.trim() !== "");
  return [
    {
      text,
      zone: at <= TOP ? "top" : at >= BOTTOM ? "bottom" : "middle",
      at: rounded(at),
      left: rounded(left),
      sizePt: Math.round(Math.max(...letters.slice(0, 500).map(({ sizePt }) => sizePt)) * 10) / 10,
      red: letters.filter(({ glyph }) => glyph.red).length * 2 > letters.length,
    },
  ];
}

function rounded(share: number): number {
  return Math.round(Math.min(1, Math.max(0, share)) * 1_000) / 1_000;
}

function textOf(line: readonly Cluster[]): string {
  const letters: Cluster[] = [];
  const spacesBefore = new Set<Cluster>();
  let space = false;
  for (const cluster of line) {
    if (cluster.text.trim() === "") {
      space = true;
      continue;
    }
    if (isPrintedTwice(cluster, letters)) continue;
    if (space) spacesBefore.add(cluster);
    space = false;
    letters.push(cluster);
  }
  const usual = usualGap(letters);
  let text = "";
  for (const [index, letter] of letters.entries()) {
    const before = letters[index - 1];
    if (before !== undefined) {
      const gap = gapBetween(before, letter);
      const explicit = spacesBefore.has(letter);
      const aa = explicit && gap < NO_GAP && THAI_BASE_END.test(text) ? SARA_AA.exec(letter.text) : null;
      if (aa !== null) {
        text += `${aa[1]}\u0E33${letter.text.slice(aa[0].length)}`;
        continue;
      }
      text += between(gap, explicit, usual, before.text, letter.text);
    }
    text += letter.text;
    if (text.length > MAX_LINE_CHARACTERS * 2) break;
  }
  return text;
}

function gapBetween(before: Cluster, after: Cluster): number {
  return (after.x - before.end) / Math.max(before.sizePt, after.sizePt);
}

function between(gap: number, explicit: boolean, usual: number, before: string, after: string): string {
  if (gap >= COLUMN_GAP) return "\t";
  if (!explicit) return gap > Math.max(SPACE_GAP, usual + 0.18) ? " " : "";
  // A space that takes no room, between two Thai letters, is none.
  const thai = /[\u0E01-\u0E5B]$/u.test(before) && /^[\u0E01-\u0E5B]/u.test(after);
  return thai && gap < KEPT_SPACE_GAP ? "" : " ";
}

/** Half of the letters stand no further apart: text that is spread out over its line has wide gaps everywhere. Dots that lead to a number do not count. */
function usualGap(letters: readonly Cluster[]): number {
  const gaps: number[] = [];
  for (let index = 1; index < letters.length && gaps.length < 400; index++) {
    const [before, letter] = [letters[index - 1] as Cluster, letters[index] as Cluster];
    if (/[\p{L}\p{N}]/u.test(before.text) && /[\p{L}\p{N}]/u.test(letter.text))
      gaps.push(gapBetween(before, letter));
  }
  gaps.sort((a, b) => a - b);
  return Math.min(0.6, Math.max(0, gaps[Math.floor(gaps.length / 2)] ?? 0));
}

/** Bold print that a font does not have is made by drawing each letter again, a hair to the side. */
function isPrintedTwice(cluster: Cluster, letters: readonly Cluster[]): boolean {
  for (let back = 1; back <= 3; back++) {
    const other = letters[letters.length - back];
    if (
      other !== undefined &&
      other.glyph.piece !== cluster.glyph.piece &&
      other.glyph.text === cluster.glyph.text &&
      Math.abs(other.x - cluster.x) < NO_GAP * cluster.sizePt
    )
      return true;
  }
  return false;
}
