import type { ReceiveStamp } from "./receive-stamp.ts";
import type { StampedLetter } from "./stamp-letter.ts";
import { PrintLimitReached, type PrintLimits, startPrintWorker } from "./start-print-worker.ts";

/** A letter of 64 MB is read in a second and held three times: as bytes, as text and stamped. */
export const STAMP_LIMITS: PrintLimits = { taskMs: 20_000, heapMb: 256, buffersMb: 384 };

export type StampOutcome = StampedLetter | { readonly stamped: false; readonly fault: "too-costly" };

/**
 * Stamps a letter's PDF in a thread of its own that is ended when the file costs more time or memory than a letter may.
 * What is wrong with the file is returned, not thrown; the stamp alone (stampSheetPdf) can then be printed onto it.
 */
export async function stampLetterInWorker(
  letter: Uint8Array,
  stamp: ReceiveStamp,
  { signal, limits = STAMP_LIMITS }: { readonly signal?: AbortSignal; readonly limits?: PrintLimits } = {},
): Promise<StampOutcome> {
  const worker = startPrintWorker(limits, signal);
  try {
    return await worker.ask({ do: "stamp-letter", letter, stamp });
  } catch (error) {
    if (error instanceof PrintLimitReached) return { stamped: false, fault: "too-costly" };
    throw error;
  } finally {
    await worker.stop();
  }
}
