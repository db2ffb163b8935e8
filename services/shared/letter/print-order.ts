/** What can be made of a book: the register as a file, or the receive stamp of one of its lines. */
export const PRINT_FORMATS = {
  pdf: { contentType: "application/pdf", extension: "pdf" },
  xlsx: {
    contentType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    extension: "xlsx",
  },
  csv: { contentType: "text/csv; charset=utf-8", extension: "csv" },
  "stamp-svg": { contentType: "image/svg+xml", extension: "svg" },
  "stamp-png": { contentType: "image/png", extension: "png" },
  "stamp-pdf": { contentType: "application/pdf", extension: "pdf" },
} as const;

export type PrintFormat = keyof typeof PRINT_FORMATS;

/** What somebody wants printed, as it stands in print_order.wanted. */
export interface PrintWanted {
  /** Calendar year (C.E.) of the book. */
  readonly year: number;
  /** Days of registration (ISO, Asia/Bangkok), both included; null for the whole year. */
  readonly from: string | null;
  readonly to: string | null;
  /** For a stamp: the line. */
  readonly number: number | null;
  readonly digits: "arabic" | "thai";
}

/** Name of a print's file in the folder of prints: from its id and format alone, nothing a person wrote. */
export function printFileName(id: string, format: PrintFormat): string {
  return `${id}.${PRINT_FORMATS[format].extension}`;
}

/** Prints are kept this long; then they are made again when they are wanted. */
export const PRINTS_KEPT_DAYS = 7;
