import type { RegisterLine } from "../shared/letter/register-line.ts";
import type { RegisterOrder } from "./register-writer.ts";
import { PRINT_LIMITS, type PrintLimits, startPrintProcess } from "./start-print-process.ts";

export interface PrintOptions {
  /** Called after each batch with the lines done so far. */
  readonly onProgress?: (linesDone: number) => void;
  readonly signal?: AbortSignal;
  /** For each batch of lines. */
  readonly limits?: PrintLimits;
}

/** A page of the register has about 12 lines; the process is busy for some hundredths of a second. */
const LINES_A_BATCH = 200;

/**
 * Prints a register (Annex 6 §2.3) as PDF, XLSX or CSV, in a process of its own, piece by piece: lines are asked for as the
 * bytes are taken, so a year of 100,000 lines needs no more memory than a batch. Whoever stops reading stops it.
 *
 * @param lines in the order of their numbers
 * @throws PrintLimitReached, the signal's reason, or what `lines` throws; the bytes yielded so far are then no whole file
 */
export async function* printRegister(
  order: RegisterOrder,
  lines: AsyncIterable<RegisterLine>,
  { onProgress, signal, limits = PRINT_LIMITS }: PrintOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const printing = startPrintProcess(limits, signal);
  try {
    await printing.ask({ do: "open-register", order });
    let linesDone = 0;
    for await (const batch of inBatches(lines)) {
      const bytes = await printing.ask({ do: "add-lines", lines: batch });
      linesDone += batch.length;
      onProgress?.(linesDone);
      if (bytes.length > 0) yield bytes;
    }
    yield await printing.ask({ do: "end-register" });
  } finally {
    await printing.stop();
  }
}

async function* inBatches(lines: AsyncIterable<RegisterLine>): AsyncGenerator<RegisterLine[]> {
  let batch: RegisterLine[] = [];
  for await (const line of lines) {
    batch.push(line);
    if (batch.length < LINES_A_BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
