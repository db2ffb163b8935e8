import type { RegisterColumn } from "./register-columns.ts";

/** A4 on its side, in points (1/72 inch); y runs upwards from the lower edge. */
export const PAGE = { width: 841.89, height: 595.28, left: 28, right: 813.89, top: 567, bottom: 40 } as const;
/** Text of the table, points. The lines stand far enough apart for a tone mark over a vowel. */
export const TEXT_SIZE = 9.5;
export const LINE_HEIGHT = 13.2;
export const CELL_PADDING = 3;

export interface PlacedColumn extends RegisterColumn {
  readonly left: number;
  /** For text, in points. */
  readonly innerWidth: number;
  readonly right: number;
}

/** The columns over the whole width of the page, by their shares. */
export function placeColumns(columns: readonly RegisterColumn[]): PlacedColumn[] {
  const shares = columns.reduce((sum, { share }) => sum + share, 0);
  let left: number = PAGE.left;
  return columns.map((column) => {
    const width = ((PAGE.right - PAGE.left) * column.share) / shares;
    const placed = { ...column, left, right: left + width, innerWidth: width - 2 * CELL_PADDING };
    left += width;
    return placed;
  });
}
