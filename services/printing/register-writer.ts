import type { RegisterLine } from "../shared/letter/register-line.ts";
import type { Digits } from "./printed-words.ts";
import type { RegisterHeader } from "./register-columns.ts";

export type RegisterFormat = "pdf" | "xlsx" | "csv";

/** What to print, without the lines. */
export interface RegisterOrder {
  readonly format: RegisterFormat;
  readonly header: RegisterHeader;
  /** Of the PDF; tables for programs have Arabic digits always. */
  readonly digits: Digits;
}

/** Writes a register piece by piece, so that a year of 100,000 lines needs no more memory than a page. */
export interface RegisterWriter {
  /** The bytes that these lines have finished; may be none. */
  add(lines: readonly RegisterLine[]): Uint8Array;
  /** The last bytes. */
  end(): Uint8Array;
}
