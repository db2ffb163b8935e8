import type { ReceiveStamp } from "./receive-stamp.ts";
import type { StampedLetter } from "./stamp-letter.ts";
import { PrintLimitReached, type PrintLimits, startPrintProcess } from "./start-print-process.ts";

/** A letter of 64 MB is read in a second and held four times: as it came, as objects, stamped, and on the way back. */
export const STAMP_LIMITS: PrintLimits = { taskMs: 20_000, heapMb: 256, memoryMb: 768 };

export type StampOutcome = StampedLetter | { readonly stamped: false; readonly fault: "too-costly" };

/**
 * Stamps a letter's PDF in a process of its own that is killed when the file costs more time or memory than a letter may.
 * What is wrong with the file is returned, not thrown; the stamp alone (stampSheetPdf) can then be printed onto it.
 */
export async function stampLetterApart(
  letter: Uint8Array,
  stamp: ReceiveStamp,
  { signal, limits = STAMP_LIMITS }: { readonly signal?: AbortSignal; readonly limits?: PrintLimits } = {},
): Promise<StampOutcome> {
  const printing = startPrintProcess(limits, signal);
  try {
    return await printing.ask({ do: "stamp-letter", letter, stamp });
  } catch (error) {
    if (error instanceof PrintLimitReached) return { stamped: false, fault: "too-costly" };
    throw error;
  } finally {
    await printing.stop();
  }
}
